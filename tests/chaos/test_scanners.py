"""What scanners know of their scans, held against parcels in a real Redis."""

import pytest

from tests.chaos.report import Report
from tests.chaos.scanners import Scanners, Sent
from tests.serve.stores import BASE_MS, HOUR_MS, PARTITIONS, a_scan, write
from tests.servers import Redis
from tracker.config import Settings

TIMES = [BASE_MS + hour * HOUR_MS for hour in range(3)]


@pytest.fixture
def store(redis_server: Redis) -> Settings:
    """Parcels: A has three scans, B one of them at two devices, C one that nobody sent."""
    url = redis_server.url.removesuffix("/0") + "/7"
    scans = [a_scan("ARRIVED", hour, "KZALAA", hour, parcel="A") for hour in range(3)]
    scans += [a_scan("ARRIVED", 0, "KZALAA", 0, parcel="B", device=device) for device in ("d1", "d2")]
    scans += [a_scan("ARRIVED", 7, "KZALAA", 7, parcel="C")]
    write(url, scans)
    return Settings(redis=url, partitions=PARTITIONS)


def found(store: Settings, *sent: Sent) -> Report:
    report = Report()
    Scanners("127.0.0.1:1", "", 0, sent=list(sent)).check(store, report)
    return report


def test_what_stands_there_once_is_well(store: Settings) -> None:
    assert found(store, Sent("A", TIMES, acknowledged=True), Sent("A", TIMES)).clean


def test_what_was_not_acknowledged_may_be_missing(store: Settings) -> None:
    assert found(store, Sent("NOWHERE", TIMES), Sent("A", [*TIMES, BASE_MS + 9 * HOUR_MS])).clean


def test_what_was_acknowledged_and_is_missing_is_lost(store: Settings) -> None:
    later = Sent("A", [*TIMES, BASE_MS + 9 * HOUR_MS], acknowledged=True)
    report = found(store, Sent("NOWHERE", TIMES, acknowledged=True), later)
    assert [line.split()[0] for line in report.lost] == ["3", "1"]


def test_what_stands_there_twice_is_doubled_whether_acknowledged_or_not(store: Settings) -> None:
    assert len(found(store, Sent("B", TIMES[:1], acknowledged=True), Sent("B", TIMES[:1])).doubled) == 2


def test_what_nobody_sent_is_unexpected(store: Settings) -> None:
    assert len(found(store, Sent("C", TIMES)).unexpected) == 1
