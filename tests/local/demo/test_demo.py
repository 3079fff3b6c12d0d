"""The demo, as a person runs it and in a pipe, and how it measures."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
from redis import Redis as Client

from tests.process.workers import new_topic, send, until
from tests.servers import Kafka, Redis
from tracker.config import Settings
from tracker.errors import REASONS
from tracker.local.demo.visibility import Visibility, percentile
from tracker.store import keys

COMMAND: Final = (sys.executable, "-m", "tracker.cli", "demo")


def environment(folder: Path) -> dict[str, str]:
    """The test's own, without its settings, with a folder for temporary files."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    return clean | {"TMPDIR": str(folder)}


@pytest.mark.usefixtures("embedded_redis")
def test_the_demo_ends_by_itself_with_a_summary_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--parcels", "300", "--rate", "0"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment(tmp_path), timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    rows = dict(re.findall(r"^ *(\w[\w ]*?) {2,}([\d,]+)  ", done.stdout, re.MULTILINE))
    counts = {name: int(count.replace(",", "")) for name, count in rows.items()}
    assert counts["scans in"] == counts["applied"] + counts["rejected"] > 2_000
    assert counts["rejected"] == sum(count for name, count in counts.items() if name in REASONS) > 0
    assert sum(count for name, count in counts.items() if name.isupper()) == 300
    assert re.search(r"^Scan to visible: p50 \d+ ms, p99 \d+ ms$", done.stdout, re.MULTILINE)
    assert "offsets: all found in the log" in done.stdout
    assert "tracker up" in done.stdout.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("embedded_redis")
def test_sigterm_ends_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--rate", "100"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path),
    )  # fmt: skip
    assert process.stdout is not None
    while not process.stdout.readline().startswith("worker"):
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_a_scan_is_visible_at_the_time_of_the_transaction_that_passed_it(kafka: Kafka, redis_server: Redis) -> None:
    topic = new_topic(kafka, 2)
    settings = Settings(kafka=kafka.address, topic=topic, redis=redis_server.url, partitions=2)
    with Client.from_url(redis_server.url) as client:
        client.flushdb()
        with Visibility(settings) as seen:
            seen.sent(b'{"a":1}', 1_000_000)
            seen.sent(b'{"a":1}', 1_500_000)  # A copy.
            seen.sent(b'{"b":2}', 1_600_000)
            stamped = [
                b'{"a":1,"received":7}',
                b'{"alias":"X"}',
                b'{"a":1,"received":8}',
                b'{"b":2,"received":9,"site":"S"}',
            ]
            client.xadd(keys.out(1), {"from": 0, "next": 3}, id="2000-0")
            send(kafka, topic, [(b"P", value) for value in stamped], partition=1)
            until(lambda: len(seen.latencies_us) == 2, "the first two are not seen")
            assert seen.latencies_us == [1_001_000, 501_000]
            client.xadd(keys.out(1), {"from": 3, "next": 4}, id="2001-0")
            until(lambda: len(seen.latencies_us) == 3, "the third is not seen")
            assert seen.latencies_us[2:] == [402_000]
            assert (seen.ends, seen.located) == ([0, 4], 3)
            seen.check()
        client.flushdb()


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed(share: float, value: int) -> None:
    assert percentile(range(100, 0, -1), share) == value
