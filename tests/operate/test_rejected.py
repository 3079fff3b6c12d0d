"""The topic of rejected scans, read as a person wants it, at a real broker; a test writes what workers would."""

import time
import tracemalloc
import uuid
from collections.abc import Callable

import pytest

from tests.process.workers import producer
from tests.servers import Kafka
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.limits import REJECTIONS_FOLLOWED_MAX
from tracker.log.offsets import OffsetSet
from tracker.log.rejected import DeadLetter, Receipt, Source
from tracker.operate.rejected import DeadLetters, Wanted, count

HOUR_MS = 3_600_000
NOW_MS = time.time_ns() // 1_000_000

Write = Callable[..., None]


def offset_of(letter: DeadLetter) -> int:
    """Where its scan stands in its partition."""
    assert isinstance(letter.source, Source)
    return letter.source.offset


@pytest.fixture
def settings(kafka: Kafka) -> Settings:
    topic = f"rejected-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, 2, {"message.timestamp.type": "CreateTime"})
    return Settings(kafka=kafka.address, rejected_topic=topic)


@pytest.fixture
def letter(kafka: Kafka, settings: Settings) -> Write:
    """Writes dead letters: (partition, reason, offset of the scan, hours ago, value)."""
    sender = producer(kafka)

    def write(partition: int, reason: str, offset: int, hours: float = 0, value: bytes = b"{}") -> None:
        headers = {"reason": reason, "detail": "", "source": f"scans/0/{offset}"}
        at = NOW_MS - int(hours * HOUR_MS)
        sender.produce(settings.rejected_topic, value, b"KEY", partition, headers=dict(headers), timestamp=at)
        assert sender.flush(20) == 0

    return write


@pytest.fixture
def receipt(kafka: Kafka, settings: Settings) -> Write:
    """Writes receipts: (position of the dead letter, offset of the scan that was sent)."""
    sender = producer(kafka)

    def write(partition: int, offset: int, sent: int) -> None:
        headers = dict(Receipt((partition, offset), Source("scans", 0, sent)).headers())
        sender.produce(settings.rejected_topic, None, None, partition, headers=headers)
        assert sender.flush(20) == 0

    return write


def test_the_newest_come_first_and_all_are_counted(settings: Settings, letter: Write, receipt: Write) -> None:
    letter(0, "not_json", 1, hours=3)
    letter(1, "no_zone", 2, hours=2)
    letter(0, "no_zone", 3, hours=1, value=b"x" * 100_000)
    receipt(1, 0, 9)
    with DeadLetters(settings) as letters:
        found = letters.overview(Wanted(), 2)
    assert [offset_of(one) for one in found.newest] == [3, 2]
    assert found.newest[0].value == b"x" * 200  # Its beginning.
    assert found.reasons == {"no_zone": 2, "not_json": 1}
    assert (found.again, found.others) == (1, 0)
    assert found.sent == {(1, 0): Source("scans", 0, 9)}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(frozenset({"no_zone"})), [3, 2]),
        (Wanted(since_ms=NOW_MS - 90 * 60_000), [3]),
        (Wanted(frozenset({"not_json"}), NOW_MS - 90 * 60_000), []),
        (Wanted(frozenset({"not_json", "no_zone"}), NOW_MS - 4 * HOUR_MS), [3, 2, 1]),
    ],
)
def test_they_are_chosen_by_reason_and_time(
    settings: Settings, letter: Write, wanted: Wanted, expected: list[int]
) -> None:
    letter(0, "not_json", 1, hours=3)
    letter(1, "no_zone", 2, hours=2)
    letter(0, "no_zone", 3, hours=1)
    with DeadLetters(settings) as letters:
        found = letters.overview(wanted, 20)
        assert [offset_of(one) for one in found.newest] == expected
        assert found.reasons.total() == len(expected)
        assert sorted(offset_of(one) for one in letters.letters(wanted, OffsetSet())) == sorted(expected)


def test_what_was_sent_again_is_passed_over(settings: Settings, letter: Write, receipt: Write) -> None:
    for offset in range(5):
        letter(0, "no_zone", offset)
    receipt(0, 1, 77)
    receipt(0, 3, 78)
    letter(0, "no_zone", 77)
    with DeadLetters(settings) as letters:
        left = list(letters.letters(Wanted(), letters.replayed()))
    assert [offset_of(one) for one in left] == [0, 2, 4, 77]
    assert count(left) == {"no_zone": 4}


def test_what_comes_while_they_are_read_is_left_for_the_next_time(settings: Settings, letter: Write) -> None:
    letter(0, "no_zone", 0)
    with DeadLetters(settings) as letters:
        letter(0, "no_zone", 1)
        assert letters.overview(Wanted(), 20).reasons.total() == 1


def test_one_that_was_rejected_again_leads_back_to_its_first_dead_letter(
    settings: Settings, letter: Write, receipt: Write
) -> None:
    letter(0, "unknown_event", 10)
    receipt(0, 0, 20)
    letter(1, "no_zone", 20)
    receipt(1, 0, 30)
    letter(0, "not_json", 30)
    with DeadLetters(settings) as letters:
        last = letters.find("scans/0/30")
        assert [one.reason for one in letters.earlier(last)] == ["no_zone", "unknown_event"]
        first = letters.find("0/0")
        assert (letters.earlier(first), letters.sent(first)) == ([], [Source("scans", 0, 20)])


def test_receipts_that_lead_in_a_circle_are_not_followed_for_ever(
    settings: Settings, letter: Write, receipt: Write
) -> None:
    letter(0, "no_zone", 10)
    receipt(0, 0, 10)
    with DeadLetters(settings) as letters:
        assert len(letters.earlier(letters.find("0/0"))) == REJECTIONS_FOLLOWED_MAX


def test_of_two_dead_letters_of_one_scan_the_newest_is_found_by_its_source(settings: Settings, letter: Write) -> None:
    letter(0, "no_zone", 10, hours=2)
    letter(1, "unknown_event", 10, hours=1)
    with DeadLetters(settings) as letters:
        assert letters.find("scans/0/10").reason == "unknown_event"


@pytest.mark.parametrize(
    ("name", "code"),
    [("0/7", "unknown_rejected"), ("9/0", "unknown_rejected"), ("scans/0/1", "unknown_rejected"), ("x", "bad_setting")],
)
def test_one_that_is_not_there_is_an_error_that_says_so(settings: Settings, name: str, code: str) -> None:
    with DeadLetters(settings) as letters, pytest.raises(TrackerError) as unknown:
        letters.find(name)
    assert unknown.value.code == code


def test_a_receipt_is_no_dead_letter(settings: Settings, receipt: Write) -> None:
    receipt(0, 5, 1)
    with DeadLetters(settings) as letters, pytest.raises(TrackerError, match="holds no rejected scan 0/0"):
        letters.find("0/0")


def test_a_topic_that_is_not_there_is_empty(kafka: Kafka) -> None:
    with DeadLetters(Settings(kafka=kafka.address, rejected_topic="no-such-topic.rejected")) as letters:
        found = letters.overview(Wanted(), 20)
    assert (found.newest, found.reasons.total(), found.others) == ([], 0, 0)


def test_tens_of_thousands_are_counted_while_the_memory_stays_small(kafka: Kafka, settings: Settings) -> None:
    sender = producer(kafka, **{"linger.ms": 50})
    for number in range(40_000):
        headers = {"reason": "no_zone", "detail": "", "source": f"scans/0/{number}"}
        sender.produce(settings.rejected_topic, b"v" * 200, None, number % 2, headers=dict(headers))
        sender.poll(0)
    assert sender.flush(60) == 0
    with DeadLetters(settings) as letters:
        tracemalloc.start()
        found = letters.overview(Wanted(), 20)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (found.reasons.total(), len(found.newest)) == (40_000, 20)
    assert peak < 4_000_000
