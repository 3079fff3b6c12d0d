"""Says what workers may send to Kafka: dead letters, records that go to their own partition, and announcements."""

from tests.reference.scan import Announcement, Rejection, Scan
from tests.simulation import scans
from tests.simulation.log import Entry, Letter, Rekeyed, SimulatedLog
from tests.simulation.violation import Violation

Read = Scan | Announcement | Rejection


def check_letter(source: bytes, letter: Letter, log: SimulatedLog) -> None:
    """A dead letter is of a record that is rejected, for that reason, and is as that came.

    Raises:
        Violation: it is not.
    """
    _, found = _of_source(source, log)
    letters = [(read.reason, entry.key, entry.value) for entry, read in found if isinstance(read, Rejection)]
    if letter not in letters:
        raise Violation(f"{source!r}: dead letter {letter}, {found} was read", "unexpected")


def check_rekeyed(source: bytes, record: Rekeyed, log: SimulatedLog) -> None:
    """A record that a worker has sent to a partition is one from elsewhere, sent home, or an alias that it has read.

    Raises:
        Violation: it is not.
    """
    number, found = _of_source(source, log)
    if not any(_is_sent_for(record, number, entry, read) for entry, read in found):
        raise Violation(f"{source!r}: {record} was sent on, {found} was read", "unexpected")


def _of_source(source: bytes, log: SimulatedLog) -> tuple[int, list[tuple[Entry, Read]]]:
    """The partition of a source, and what stands there, in the log of today and in those that it has replaced."""
    _, number, offset = source.decode().split("/")
    found = [
        (entry, scans.read(entry.value, entry.timestamp))
        for partitions in log.former.values()
        for entry in partitions[int(number)].between(int(offset), int(offset) + 1)
    ]
    return int(number), found


def _is_sent_for(record: Rekeyed, number: int, entry: Entry, read: Read) -> bool:
    """Whether a record is what must be sent of one of a partition: that itself, to its home, or an alias read there."""
    partition, key, value = record
    if isinstance(read, Rejection):
        return False
    own = read.alias if isinstance(read, Announcement) else read.parcel
    if (home := scans.home(own)) != number:
        return record == (home, own.encode(), entry.value)
    one = scans.read(value, scans.RECEIVED_MS)
    return (
        isinstance(read, Scan)
        and isinstance(one, Announcement)
        and (partition, key) == (scans.home(one.alias), one.alias.encode())
        and one.alias in read.aliases
        and (one.parcel, one.time) == (read.parcel, read.effective)
    )
