"""What a claim and an apply are, apart from any connection: their commands, and what the answers mean.

A worker that applies a batch proves with it that nobody has written the partition since its last batch: the apply is a
transaction under WATCH of the mark, whose epoch and offset were read behind that WATCH and compared before the
transaction was sent. So a batch lands once, from the worker that holds the claim, on top of just the batch before it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from operator import add
from typing import Any, Final, NamedTuple

from hiredis import pack_command

from tracker.domain import _resp
from tracker.domain.parcel import NameTable, has_data
from tracker.limits import CHANGES_BATCHES_MAX, CHANGES_BATCHES_MIN, CHANGES_PARCELS_MAX, CODES_MAX, SOURCES_MAX
from tracker.store import keys

CLAIM: Final = files("tracker.store").joinpath("scripts/claim.lua").read_bytes()
"""The script of the claim."""

SEPARATOR: Final = b"\x1f"
"""Between site and device in the dictionary of sources."""


class Counters(NamedTuple):
    """What a mark counts. All but the duplicates add up to the records before the mark.

    Attributes:
        scans: applied, duplicates too.
        duplicates: of these, scans that were known already.
        rejected: records that went to the dead letters.
        rekeyed: records that were sent on to the partition of their key.
        aliases: announcements of aliases.
    """

    scans: int = 0
    duplicates: int = 0
    rejected: int = 0
    rekeyed: int = 0
    aliases: int = 0

    def plus(self, more: "Counters") -> "Counters":
        """Both together."""
        return Counters(*map(add, self, more))


COUNTERS: Final = Counters._fields
"""Their names, which are their fields in a mark."""

NO_COUNTERS: Final = Counters()


class ChainBrokenError(Exception):
    """The connection is lost or Redis refuses: nothing that was held in memory is valid any more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark says: who holds the partition, and up to where its log is applied.

    Attributes:
        epoch: of the last claim.
        next: offset of the first record that is not applied, None before the first batch.
    """

    epoch: int
    next: int | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A partition that is ours.

    Attributes:
        mark: with the new epoch.
        counters: of the partition.
        from_offset: where the mark stood until this claim took it back, since half of a batch had come back; None
            where it did not.
    """

    mark: Mark
    counters: Counters
    from_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """A partition that must not be touched.

    Attributes:
        code: `wrong_log`, `wrong_partitions`, `wrong_version`, `wrong_type`, `rebuilding`.
        expected, found: what this worker has, and what the store has.
    """

    code: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class StoredNames:
    """What the partition's dictionaries hold, in the order of their numbers.

    Attributes:
        sources: [(site, device)], from number 1 on.
        codes: [name], from number 0 on.
        corrupt: why no worker can have written them, empty if they are sound.
    """

    sources: list[tuple[bytes, bytes]]
    codes: list[bytes]
    corrupt: str = ""


@dataclass(frozen=True, slots=True)
class ApplyBatch:
    """All that one apply writes.

    Attributes:
        begin, end: the offset of its first record in the chain, and the one behind its last: the new mark.
        records: {parcel id: record}.
        data: {parcel id: JSON} of those whose data changed.
        final: ids of parcels that are in a final state now.
        sources: [(number, site, device)] and codes: [(number, name)] that are new in the dictionary.
        counters: of the partition, absolute.
        aliases: {alias: the parcels that it was read on} of those that were announced.
        counted: the counters before it.
        reopened: ids of parcels with data that were in a final state before it or within it, and are not now. "Within"
            counts, since half a batch that came back may have set their data to expire.
    """

    begin: int
    end: int
    records: dict[bytes, bytes]
    data: dict[bytes, bytes]
    final: frozenset[bytes]
    sources: Sequence[tuple[int, bytes, bytes]]
    codes: Sequence[tuple[int, bytes]]
    counters: Counters
    aliases: dict[bytes, bytes] = field(default_factory=dict)
    reopened: frozenset[bytes] = frozenset()
    counted: Counters = NO_COUNTERS


@dataclass(frozen=True, slots=True)
class Applied:
    """The batch has landed, once."""


@dataclass(frozen=True, slots=True)
class Lost:
    """It is not known to have landed, or somebody else has written: nothing held in memory is valid any more.

    Attributes:
        reason: a phrase for the log.
    """

    reason: str


def command(*parts: str | int | bytes) -> bytes:
    """A Redis command in RESP."""
    packed: bytes = pack_command(parts)  # type: ignore[arg-type]  # It is declared to take a tuple of one.
    return packed


def claim_command(partition: int, log: str, partitions: int) -> bytes:
    """The command that claims a partition."""
    names = (keys.mark(partition), keys.sources(partition), keys.codes(partition), keys.out(partition))
    return command("EVAL", CLAIM, len(names), *names, log, partitions, keys.VERSION)


def claim_answer(answer: Sequence[bytes]) -> Claimed | Denied:
    """What the claim's script says."""
    first, *rest = (part.decode() for part in answer)
    if first != "claimed":
        return Denied(first, *rest)
    epoch, begin, *counters, from_offset = rest
    return Claimed(
        Mark(int(epoch), int(begin) if begin else None),
        Counters(*map(int, counters)),
        int(from_offset) if from_offset else None,
    )


def mark_command(partition: int) -> bytes:
    """The command that reads the mark."""
    return command("HMGET", keys.mark(partition), "epoch", "next")


def watch_command(partition: int) -> bytes:
    """Watches the mark, then reads it. What was read still holds at the next transaction, or that writes nothing."""
    return command("WATCH", keys.mark(partition)) + mark_command(partition)


WATCH_REPLIES: Final = 2


def mark_of(answer: Sequence[bytes | None]) -> Mark | None:
    """The mark that HMGET read; None where there is none."""
    epoch, begin = answer
    return None if epoch is None else Mark(int(epoch), None if begin is None else int(begin))


def apply_command(partition: int, batch: ApplyBatch, final_ttl_s: int) -> tuple[bytes, int]:
    """One transaction that applies a batch, and the watch for the next: (bytes, replies that will come).

    Only commands that can't fail while they run stand inside, since EXEC goes on after an error. SET and MSET overwrite
    any type. The types of the other keys were checked at the claim.

    The first command notes where the batch begins, the last one takes that note away. Where the append-only file has
    lost the end of a transaction, Redis can bring its beginning back, even later, over batches that begin further on.
    Records would go back, and their scans would be missing for good. The note is what the next claim sees.
    """
    note = f"began:{batch.begin}"
    commands = [command("MULTI"), command("HSET", keys.mark(partition), note, " ".join(map(str, batch.counted)))]
    if batch.sources:
        sources = [part for number, site, device in batch.sources for part in (number, site + SEPARATOR + device)]
        commands.append(command("HSET", keys.sources(partition), *sources))
    if batch.codes:
        codes = [part for pair in batch.codes for part in pair]
        commands.append(command("HSET", keys.codes(partition), *codes))
    # Before the records, which lose their expiry by being written: a parcel must not lose its data alone.
    lasting = batch.reopened - batch.data.keys()
    commands += [command("PERSIST", keys.data(partition) + parcel) for parcel in lasting]
    records, writes = _resp.pack_writes(keys.parcels(partition), batch.records, batch.final, final_ttl_s)
    going = batch.final & batch.data.keys()
    data, data_writes = _resp.pack_writes(keys.data(partition), batch.data, going, final_ttl_s)
    # An alias stands for as long as a parcel in a final state, from the last time that it was announced.
    aliases, alias_writes = _resp.pack_writes(
        keys.aliases(partition), batch.aliases, frozenset(batch.aliases), final_ttl_s
    )
    commands += [records, data, aliases]
    for parcel in batch.final - going:
        if has_data(batch.records[parcel]):
            commands.append(command("EXPIRE", keys.data(partition) + parcel, final_ttl_s))
    if batch.records:
        commands.append(_change(partition, batch))
    counters = [part for pair in zip(COUNTERS, batch.counters, strict=True) for part in pair]
    commands.append(command("HSET", keys.mark(partition), *counters, "next", batch.end))
    commands.append(command("HDEL", keys.mark(partition), note))
    commands.append(command("EXEC"))
    commands.append(watch_command(partition))
    # Of the parts, records, data and aliases are several commands each, and the last one is two.
    return b"".join(commands), len(commands) - 4 + writes + data_writes + alias_writes + WATCH_REPLIES


def _change(partition: int, batch: ApplyBatch) -> bytes:
    entries = min(max(CHANGES_PARCELS_MAX // len(batch.records), CHANGES_BATCHES_MIN), CHANGES_BATCHES_MAX)
    return command(
        *("XADD", keys.out(partition), "MAXLEN", "~", entries, "*"),
        *("from", batch.begin, "next", batch.end, "parcels", b" ".join(batch.records)),
    )


def apply_answer(
    replies: Sequence[Any], epoch: int, end: int, said: Callable[[Exception], str] = str
) -> Applied | Lost:
    """What the replies to an apply mean. It was sent under an epoch, to bring the mark to the end of the batch.

    Args:
        replies: as they came.
        epoch: of the worker.
        end: of the batch.
        said: makes a phrase of a reply that is an error.
    """
    executed, watched, marked = replies[-3], replies[-2], replies[-1]
    if isinstance(executed, Exception):
        # The reply to the refused command says the reason. EXEC only says that there was one.
        refusal = next(reply for reply in replies if isinstance(reply, Exception))
        return Lost(f"Redis refused the batch: {said(refusal)}")
    # EXEC goes on after a command that fails, and moves the mark nevertheless. Such a batch has not landed.
    errors = [reply for reply in executed or () if isinstance(reply, Exception)]
    if errors:
        return Lost(f"a command of the batch failed: {said(errors[0])}")
    if isinstance(watched, Exception):
        return Lost(f"Redis does not watch the mark: {said(watched)}")
    mark = mark_of(marked) if isinstance(marked, Sequence) else None
    if mark == Mark(epoch, end):
        return Applied()
    return Lost(f"expected the mark at epoch {epoch}, offset {end}, found {mark}")


def stored_names(sources: Mapping[bytes, bytes], codes: Mapping[bytes, bytes]) -> StoredNames:
    """The dictionaries of a partition, as their hashes were read."""
    try:
        return StoredNames(sources_of(sources), codes_of(codes))
    except ValueError as error:
        return StoredNames([], [], str(error))


def sources_of(answer: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The dictionary of sources, in the order of its numbers, which begin at 1.

    Raises:
        ValueError: a number is missing, or two are the same source, or there are too many.
    """
    sources = [_source(answer[b"%d" % number]) for number in _numbers(answer, 1, SOURCES_MAX)]
    # The source that is not known has number 0 and stands in no dictionary.
    if len({(b"", b""), *sources}) <= len(sources):
        raise ValueError(f"two numbers of a dictionary of {len(sources)} sources are the same source")
    return sources


def codes_of(answer: Mapping[bytes, bytes]) -> list[bytes]:
    """The dictionary of codes, in the order of its numbers, which begin at 0.

    Raises:
        ValueError: a number is missing, or two are the same code, or there are too many.
    """
    codes = [answer[b"%d" % number] for number in _numbers(answer, 0, CODES_MAX)]
    if len(set(codes)) < len(codes):
        raise ValueError(f"two numbers of a dictionary of {len(codes)} codes are the same code")
    return codes


def names_of(sources: Mapping[bytes, bytes], codes: Mapping[bytes, bytes]) -> NameTable:
    """Both dictionaries, to decode records with.

    Raises:
        ValueError: as of `sources_of` and `codes_of`.
    """
    names = NameTable([])
    for site, device in sources_of(sources):
        names.source(site, device)
    for name in codes_of(codes):
        names.code(name)
    return names


def _source(text: bytes) -> tuple[bytes, bytes]:
    site, _, device = text.partition(SEPARATOR)
    return site, device


def _numbers(answer: Mapping[bytes, bytes], first: int, count_max: int) -> range:
    if len(answer) > count_max:
        raise ValueError(f"a dictionary has {len(answer)} entries, more than {count_max}")
    numbers = range(first, first + len(answer))
    for number in numbers:
        if b"%d" % number not in answer:
            raise ValueError(f"a dictionary of {len(answer)} entries, from {first} on, does not have number {number}")
    return numbers
