"""A worker with as many partitions as there may be, over TLS: it claims them soon, goes on turning, and stays small."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.servers import Authority, Redis, SecureRedis

CLAIM_S_MAX = 10
STANDSTILL_S_MAX = 1
CONNECTION_BYTES_MAX = 64 * 1024

pytestmark = pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="Linux counts what is measured here")


@pytest.fixture(scope="module")
def secure(redis_server: Redis, authority: Authority) -> Iterator[SecureRedis]:
    del redis_server  # Skips where there is none.
    with SecureRedis(authority=authority) as server:
        yield server


@pytest.fixture(scope="module")
def measured(secure: SecureRedis, authority: Authority) -> Mapping[str, float]:
    arguments = (f"rediss://{secure.address}/0", authority.certificate, secure.pid)
    child = subprocess.run(
        [sys.executable, "-m", "tests.store.many", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    found: dict[str, float] = json.loads(child.stdout)
    return found


def test_all_partitions_are_claimed_within_seconds(measured: Mapping[str, float], tell: Callable[[str], None]) -> None:
    tell(f"1,024 partitions over TLS: {measured}")
    assert measured["seconds"] < CLAIM_S_MAX


def test_the_event_loop_never_stands_still_meanwhile(measured: Mapping[str, float]) -> None:
    assert measured["standstill_s"] < STANDSTILL_S_MAX


def test_a_partition_takes_little_memory_for_its_connection_also_when_batches_have_gone_through_it(
    measured: Mapping[str, float],
) -> None:
    assert measured["claimed_bytes"] < measured["worked_bytes"] < CONNECTION_BYTES_MAX
