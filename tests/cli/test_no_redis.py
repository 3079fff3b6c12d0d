"""What keeps a command out of Redis is one line, with what to change and without any password; no traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.servers import Authority, Redis, SecureRedis, User
from tracker.local.embedded import EmbeddedBroker

CANARY: Final = "canary-of-a-password"

WORKER: Final = ("worker", "--start-timeout-s", "0")
SHOW: Final = ("show", "RR123456785KZ")
ALL: Final = (WORKER, SHOW, ("why", *SHOW[1:]), ("export",), ("accept-loss", "--yes"), ("rebuild", "--all", "--yes"))
"""All that come to Redis but `init`, which asks more of Kafka first than this broker answers (test_main.py)."""


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker({"scans": 4, "scans.rejected": 1}) as broker:
        yield broker


@pytest.fixture(scope="module")
def secure(redis_server: Redis, authority: Authority) -> Iterator[SecureRedis]:
    del redis_server  # Skips where there is none.
    with SecureRedis(users={"worker": User()}, authority=authority) as server:
        yield server


def run(arguments: tuple[str, ...], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own, with these TRACKER_* variables only."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    return subprocess.run(
        [sys.executable, "-m", "tracker.cli", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **variables},
        cwd="/",
    )


@pytest.mark.parametrize(
    ("way", "commands"),
    [("a wrong password", ALL), ("an unknown authority", (WORKER, SHOW)), ("no Sentinel", (WORKER, SHOW))],
)
def test_each_command_says_it_in_a_line(
    broker: EmbeddedBroker,
    secure: SecureRedis,
    authority: Authority,
    unknown_authority: Authority,
    way: str,
    commands: tuple[tuple[str, ...], ...],
) -> None:
    url = f"rediss://{secure.address}/0"
    login = {"TRACKER_REDIS_USER": "worker", "TRACKER_REDIS_PASSWORD": CANARY}
    ways: dict[str, tuple[dict[str, Any], str]] = {
        "a wrong password": (
            {"TRACKER_REDIS": url, "TRACKER_REDIS_CA": str(authority.certificate)},
            "there is no user 'worker', or its password is another one: set TRACKER_REDIS_USER",
        ),
        "an unknown authority": (
            {"TRACKER_REDIS": url, "TRACKER_REDIS_CA": str(unknown_authority.certificate)},
            "set TRACKER_REDIS_CA to the file with the certificate of the server's authority",
        ),
        "no Sentinel": (
            {"TRACKER_REDIS": f"redis+sentinel://127.0.0.1:1/{CANARY[:3]}"},
            "Sentinel does not say where the primary is: 127.0.0.1:1: Connection refused",
        ),
    }
    variables, said = ways[way]
    shared = {"TRACKER_KAFKA": broker.address, "TRACKER_PARTITIONS": "4", "TRACKER_MONITOR": "off"}
    with ThreadPoolExecutor(2) as side_by_side:
        ran = list(side_by_side.map(lambda one: run(one, shared | login | variables), commands))
    for command, done in zip(commands, ran, strict=True):
        error = [line for line in done.stderr.splitlines() if line.startswith("tracker: error[")]
        assert done.returncode == 2, (command, done)
        assert len(error) == 1, (command, done)
        assert error[0].startswith(f"tracker: error[no_redis]: Redis at {variables['TRACKER_REDIS']} (TRACKER_REDIS): ")
        assert said in error[0], (command, done)
        assert "Traceback" not in done.stderr
        assert CANARY not in done.stdout + done.stderr
