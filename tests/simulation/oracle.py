"""Says what the store must hold, and where a partition must stop, by the log alone and the reference model."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from tests.record import next_of
from tests.reference import aliases as reference
from tests.reference.scan import DAY_MS, Announcement, Rejection, Scan
from tests.simulation import scans
from tests.simulation.content import Content, taken_back
from tests.simulation.log import Entry, SimulatedLog
from tests.simulation.scans import Sent
from tests.simulation.violation import Violation
from tracker.domain import aliases, parcel
from tracker.domain.machine import TERMINAL
from tracker.store import keys
from tracker.store.claims import ApplyBatch

CORRUPT: Final = b"\xffno record"
"""What a corrupt record holds."""


def must_stop(number: int, content: Content, log: SimulatedLog) -> str:
    """The reason for which whoever has a partition must have stopped it; empty if it must go on to its end."""
    partition, content = log.partitions[number], taken_back(content)
    if content.log and content.log != log.identity:
        return "wrong_log"
    if content.partitions and content.partitions != len(log.partitions):
        return "wrong_partitions"
    if not partition.earliest <= content.next_offset <= partition.end:
        return "log_moved"
    return ""


def check_landing(number: int, before: Content, batch: ApplyBatch, epoch: int, log: SimulatedLog) -> None:
    """Checks a batch that lands.

    It is of the worker that claimed last, stands upon the batch before, and has just the parcels of its scans; those
    that were rejected or are at home elsewhere are in Kafka already.

    Raises:
        Violation: it does not.
    """
    begin = before.next_offset
    if batch.begin != begin or batch.end <= begin:
        raise Violation(
            f"partition {number}: a batch from {batch.begin} to {batch.end} landed on a mark at {begin}", "wrong batch"
        )
    if epoch != before.epoch:
        raise Violation(f"partition {number}: a batch of epoch {epoch} landed in epoch {before.epoch}", "wrong batch")
    if before.log not in log.former or before.partitions != len(log.partitions):
        raise Violation(
            f"partition {number}: a batch landed in the store of {before.log}, {before.partitions}", "wrong store"
        )
    expected = _read(number, before.log, log, log.former[before.log][number].between(begin, batch.end))
    for brought, read in ((batch.records, expected.parcels), (batch.aliases, expected.aliases)):
        if read.keys() != {key.decode() for key in brought}:
            raise Violation(
                f"partition {number}: a batch has {sorted(brought)}, what it read is of {sorted(read)}", "wrong batch"
            )
    counted = [after - was for after, was in zip(batch.counters, before.counters, strict=True)]
    if [*counted[:1], *counted[2:]] != expected.counted:
        raise Violation(f"partition {number}: a batch counts {counted}, it read {expected.counted}", "miscounted")


def check(number: int, content: Content, log: SimulatedLog, ahead: int) -> None:
    """Compares all that the store holds of a partition with the fold of its log up to the mark.

    Where half a batch has come back, records up to an offset may be ahead of the mark: then each is the fold of its
    log up to where it says that it has its scans. By the time the mark is there too, all is as ever. Where it came back
    behind its place, the mark is where the next claim takes it back to; copies are then counted once at most.

    Raises:
        Violation: with what differs.
    """
    if not content.log:
        if content != Content():
            raise Violation(f"partition {number}: nobody has claimed it, and it holds {content}", "unexpected")
        return
    content = taken_back(content)
    partition = log.former[content.log][number]
    expected = _read(number, content.log, log, partition.between(0, content.next_offset))
    beyond = _read(number, content.log, log, partition.between(content.next_offset, ahead))
    counted, parcels = expected.counted, expected.parcels
    for spoilt in _corrupt(content) & (beyond.parcels.keys() - parcels.keys()):
        parcels[spoilt] = beyond.parcels[spoilt]  # It came back without its mark, and was spoilt since.
    for key, behind in _ahead(content).items():
        if behind > ahead:
            raise Violation(f"partition {number}: {key!r} has scans up to {behind}, beyond the mark", "unexpected")
        further = _read(number, content.log, log, partition.between(content.next_offset, behind))
        parcels[key.decode()] += further.parcels.get(key.decode(), [])
    exact = content.next_offset >= ahead
    _compare(number, content, parcels, exact=exact)
    _compare_aliases(number, content, expected.aliases, beyond.aliases)
    # What half a batch has in copies is counted with the first of its scans, so before the mark is behind all of them.
    duplicates = sum(map(_copies, parcels.values())) if exact else content.counters.duplicates
    if content.back:
        duplicates = min(duplicates, content.counters.duplicates)
    counted.insert(1, duplicates)
    if [*content.counters] != counted:
        raise Violation(f"partition {number}: counted {content.counters}, sent {counted}", "miscounted")


def _copies(sent: list[Sent]) -> int:
    """How many scans of a parcel are copies of others."""
    parcel, _ = scans.folded(tuple(sent))
    return sum(life["duplicates"] for life in (parcel, *parcel["previous"]))


@dataclass
class Expected:
    """What entries of one partition come to.

    Attributes:
        parcels: {parcel: its scans}.
        aliases: {alias: its announcements}.
        rejected, rekeyed: how many records were rejected, and sent on to their own partition.
    """

    parcels: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    aliases: dict[str, list[Announcement]] = field(default_factory=lambda: defaultdict(list))
    rejected: int = 0
    rekeyed: int = 0

    @property
    def counted(self) -> list[int]:
        """What the mark counts, but for duplicates: each record once."""
        scans, announced = (sum(map(len, kind.values())) for kind in (self.parcels, self.aliases))
        return [scans, self.rejected, self.rekeyed, announced]


def _read(number: int, identity: str, log: SimulatedLog, entries: list[Entry]) -> Expected:
    """What entries come to; what they have sent to Kafka must be there."""
    expected = Expected()
    for entry in entries:
        read = scans.read(entry.value, entry.timestamp)
        source = f"scans/{number}/{entry.offset}".encode()
        if isinstance(read, Rejection):
            expected.rejected += 1
            if (letter := (read.reason, entry.key, entry.value)) not in log.rejected.get(source, ()):
                raise Violation(f"{source!r}: {letter} is not among {log.rejected.get(source)}", "not sent")
            continue
        key = read.alias if isinstance(read, Announcement) else read.parcel
        if (home := scans.home(key)) != number:
            expected.rekeyed += 1
            if (home, key.encode(), entry.value) not in log.rekeyed.get(source, ()):
                raise Violation(f"{source!r}: a record of {key} was not sent on to partition {home}", "not sent")
        elif isinstance(read, Announcement):
            expected.aliases[key].append(read)
        else:
            expected.parcels[key].append((entry.value, entry.timestamp))
            _check_announced(source, identity, read, log)
    return expected


def _check_announced(source: bytes, identity: str, scan: Scan, log: SimulatedLog) -> None:
    """The aliases of a scan that is applied stand in the log, each on its own partition."""
    for alias in scan.aliases:
        day = log.announced.get((identity, alias, scan.parcel), -1)
        if day < scan.effective // DAY_MS:
            raise Violation(f"{source!r}: {alias} is not announced as an alias of {scan.parcel}", "not sent")


def _compare_aliases(
    number: int, content: Content, upto: dict[str, list[Announcement]], beyond: dict[str, list[Announcement]]
) -> None:
    """An alias is the fold of its announcements up to the mark, and of those beyond that came back without it."""
    held = {key.decode(): aliases.parcels(key, value) for key, value in content.aliases.items()}
    least = reference.fold(one for some in upto.values() for one in some)
    most = reference.fold(one for some in (*upto.values(), *beyond.values()) for one in some)
    if lost := least.keys() - held.keys():
        raise Violation(f"partition {number}: aliases lost {sorted(lost)}", "lost")
    for alias, found in held.items():
        days = {read_on.parcel.decode(): read_on.day for read_on in found}
        wanted, allowed = dict(_by_parcel(least.get(alias))), dict(_by_parcel(most.get(alias)))
        if found != sorted(found, reverse=True) or any(days.get(parcel, -1) < day for parcel, day in wanted.items()):
            raise Violation(f"partition {number}: alias {alias} is {found}, and should be {wanted}")
        if not days or any(day > allowed.get(parcel, -1) for parcel, day in days.items()):
            raise Violation(f"partition {number}: alias {alias} is {found}, and should be {allowed}", "unexpected")


def _by_parcel(read_on: list[tuple[int, str]] | None) -> list[tuple[str, int]]:
    return [(parcel, day) for day, parcel in read_on or ()]


def _corrupt(content: Content) -> set[str]:
    """Parcels whose records are none."""
    return {key.decode() for key, record in content.records.items() if record == CORRUPT}


def _ahead(content: Content) -> dict[bytes, int]:
    """Records that say that they have scans from beyond the mark, and up to which offset."""
    nexts = {key: next_of(record) for key, record in content.records.items() if record != CORRUPT}
    return {key: behind for key, behind in nexts.items() if behind > content.next_offset}


def _compare(number: int, content: Content, expected: dict[str, list[Sent]], *, exact: bool) -> None:
    held = {key.decode() for key in content.records}
    if lost := expected.keys() - held:
        raise Violation(f"partition {number}: lost {sorted(lost)}", "lost")
    if more := held - expected.keys():
        raise Violation(f"partition {number}: unexpected {sorted(more)}", "unexpected")
    told = {key for _, _, keys in content.out for key in keys}
    if untold := told ^ content.records.keys() if exact else told - content.records.keys():
        raise Violation(
            f"partition {number}: the stream of changes and the records differ by {sorted(untold)}", "not told"
        )
    names = parcel.NameTable(scans.READER.names)
    for source in range(1, len(content.sources) + 1):
        names.source(*content.sources[source])
    for code in range(len(content.codes)):
        names.code(content.codes[code])
    final: set[bytes] = set()
    for name, sent in expected.items():
        key = name.encode()
        if content.records[key] == CORRUPT:
            continue
        wanted, carried = scans.folded(tuple(sent))
        found = parcel.decode(names, key, content.records[key]).to_dict()
        if found != wanted:
            raise Violation(f"partition {number}: {name} is {found}, and should be {wanted}")
        data = content.data.get(key)
        if exact and (json.loads(data) if data is not None else {}) != carried:
            raise Violation(f"partition {number}: {name} carries {data!r}, and should carry {carried}")
        if wanted["state"] in TERMINAL:
            final.add(key)
    if exact:
        _compare_expiring(number, content, final)


def _compare_expiring(number: int, content: Content, final: set[bytes]) -> None:
    """What goes by itself some day: parcels in a final state with all that they carry, and aliases; nothing else."""
    records, data, labels = (kind(number) for kind in (keys.parcels, keys.data, keys.aliases))
    wanted = {records + key for key in final} | {data + key for key in final & content.data.keys()}
    wanted.update(labels + alias for alias in content.aliases)
    found = set(content.expiring)
    if found != wanted:
        spoilt = {kind + key.encode() for kind in (records, data) for key in _corrupt(content)}
        if kept := wanted - found - spoilt:
            raise Violation(f"partition {number}: {sorted(kept)} should expire some day, and will not", "expiry")
        if going := found - wanted - spoilt:
            raise Violation(f"partition {number}: {sorted(going)} will expire, and should not", "expiry")
