"""What every process that serves has: its log on standard error, and an end that comes in time."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable

from tracker.limits import END_S_MAX

log = logging.getLogger("tracker")


def log_to_stderr(*, quiet: Iterable[str] = ()) -> None:
    """Writes the log to standard error, a line each, from INFO on.

    Args:
        quiet: libraries that tell too much; from WARNING on.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for name in quiet:
        logging.getLogger(name).setLevel(logging.WARNING)


def ending_signals() -> tuple[signal.Signals, ...]:
    """The signals that ask for an orderly end; SIGHUP of a terminal that is closed too, unless `nohup` ignores it."""
    asked = (signal.SIGINT, signal.SIGTERM)
    return asked if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (*asked, signal.SIGHUP)


def end_in_time(remark: str, seconds: float = END_S_MAX) -> None:
    """Ends the process by itself, with exit code 0, when its orderly end takes too long. For a signal's handler.

    Args:
        remark: what of that a person should know.
        seconds: how long the orderly end may take.
    """

    def end() -> None:
        log.warning("the orderly end took more than %s s and was cut short; %s", seconds, remark)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
