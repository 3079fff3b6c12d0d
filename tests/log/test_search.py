"""Where a parcel's scans stand in a real log, and what is said where they can't all be found."""

import pytest
from confluent_kafka import Message

from tests.log.logs import fill
from tests.reference.strategies import Record
from tests.serve import stores
from tests.serve.stores import BASE_MS, HOUR_MS, READ, a_scan, journey
from tests.servers import Kafka
from tracker.log import search
from tracker.log.located import Located
from tracker.log.search import locate


def located(kafka: Kafka, topic: str, records: list[Record], seconds: float = 20.0) -> Located:
    """What a search finds of the parcel of these records."""
    settings = stores.settings("redis://127.0.0.1:1", kafka.address, topic)
    return locate(settings, stores.stored(records).parcel, READ, seconds)


def test_each_event_has_the_offsets_of_its_scans(kafka: Kafka) -> None:
    offsets = fill(kafka, "search-all", journey())
    found = located(kafka, "search-all", journey())
    events = stores.stored(journey()).parcel.current.events
    assert [found.offsets[event.id] for event in events] == [
        *((offset,) for offset in offsets[:2]),
        tuple(offsets[2:4]),
        *((offset,) for offset in offsets[4:]),
    ]
    assert found.remark is None


def test_scans_that_the_log_no_longer_holds_are_counted(kafka: Kafka) -> None:
    fill(kafka, "search-some", journey()[5:])
    found = located(kafka, "search-some", journey())
    assert len(found.offsets) == 6
    assert found.remark == "the log no longer holds 4 of 10 events"


def test_the_search_begins_where_the_oldest_scan_can_stand(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    offsets = fill(kafka, "search-late", journey(), BASE_MS - 30 * 24 * HOUR_MS)
    seen: list[int | None] = []
    take = search._Search._take

    def taken(self: search._Search, message: Message) -> None:
        seen.append(message.offset())
        take(self, message)

    monkeypatch.setattr(search._Search, "_take", taken)
    assert located(kafka, "search-late", journey()).remark is None
    assert seen[0] == offsets[0]


def test_a_search_is_bounded_in_time_and_bytes_and_says_so(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [*journey(), a_scan("INFO", 40)]
    fill(kafka, "search-long", journey())
    assert located(kafka, "search-long", records, 0).remark == "not looked for"
    assert "gave up at offset" in str(located(kafka, "search-long", records, 1e-9).remark)
    monkeypatch.setattr(search, "SEARCH_BYTES_MAX", 10)
    monkeypatch.setattr(search, "_RECORDS_A_READ", 1)
    assert "gave up at offset" in str(located(kafka, "search-long", records).remark)


def test_a_topic_that_is_not_there_or_has_other_partitions_is_a_remark(kafka: Kafka) -> None:
    assert "Unknown topic" in str(located(kafka, "search-none", journey()).remark)
    kafka.create_topic("search-two", 2)
    assert located(kafka, "search-two", journey()).remark == "topic search-two has 2 partitions, expected 4"


def test_a_clock_that_was_ahead_makes_the_search_begin_at_the_beginning(kafka: Kafka) -> None:
    ahead = [Record(a_scan("ARRIVED", 24 * 365, "KZALAA").value, BASE_MS)]
    offsets = fill(kafka, "search-ahead", ahead)
    assert list(located(kafka, "search-ahead", ahead).offsets.values()) == [tuple(offsets)]
