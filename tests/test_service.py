"""What every process that serves has: its log, and an end that comes in time."""

import subprocess
import sys
import time
from typing import Final

ENDS: Final = """
import signal, sys, time
from tracker import service
service.log_to_stderr(quiet=["loud"])
signal.signal(signal.SIGTERM, lambda *_: service.end_in_time("nothing is lost", 0.2))
signal.raise_signal(signal.SIGTERM)
{then}
"""


def ended(then: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """A process that is told to end, and how long that took."""
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", ENDS.format(then=then)], capture_output=True, text=True, check=False)
    return done, time.monotonic() - began_s


def test_a_process_that_does_not_come_to_its_end_is_ended_and_says_so() -> None:
    done, took_s = ended("time.sleep(60)")
    assert done.returncode == 0
    assert took_s < 30
    assert done.stderr.endswith(" WARNING the orderly end took more than 0.2 s and was cut short; nothing is lost\n")


def test_a_process_that_comes_to_its_end_in_time_is_left_alone() -> None:
    done, _ = ended("sys.exit(7)")
    assert (done.returncode, done.stderr) == (7, "")


def test_the_end_of_a_terminal_ends_it_too_unless_that_is_to_be_ignored() -> None:
    asked = "signal.signal(signal.SIGHUP, signal.{}); print(*map(int, service.ending_signals())); sys.exit(0)"
    assert [ended(asked.format(how))[0].stdout.split() for how in ("SIG_DFL", "SIG_IGN")] == [
        ["2", "15", "1"],
        ["2", "15"],
    ]


def test_a_library_that_tells_too_much_is_heard_from_warnings_on() -> None:
    done, _ = ended("import logging; [logging.getLogger(name).info('told') for name in ('loud', 'tracker')]")
    assert [line.split()[-2:] for line in done.stderr.splitlines()] == [["INFO", "told"]]
