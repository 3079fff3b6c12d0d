"""Which keys are asked for to read parcels, and what the replies mean. Pure: a connection runs the queries.

A record and the entries of the dictionary that it names are written in one transaction, and a dictionary only grows: so
whoever reads the record first and the dictionary afterwards finds them. Only a store that is rolled back in between
shows a record without its names; then both are read again.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

from tracker.domain import _parcel, aliases, side_data
from tracker.domain.aliases import ReadOn
from tracker.domain.parcel import CorruptRecord, NameTable, Parcel, decode, has_data
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError, shown
from tracker.limits import PARTITIONS_MAX
from tracker.store import claims, keys
from tracker.store.query import Query, together
from tracker.store.walk import Step, Walk

ATTEMPTS: Final = 5
"""How often a parcel is read before its record counts as corrupt. A rollback between two reads is rare once."""

KEYS_A_SCAN: Final = 1_000
"""Keys of one step through the store: a megabyte of records, and Redis serves nobody else for half a millisecond."""

_PARCEL_KEY: Final = re.compile(rb"t:\{([0-9]{1,4})\}:p:([A-Za-z0-9._/-]{1,64})")
_MADE_FOR: Final = ("partitions", "version")
_MARK_FIELDS: Final = (*_MADE_FOR, "epoch", "next", "log", "rebuild", *claims.COUNTERS)


@dataclass(frozen=True, slots=True)
class Stored:
    """A parcel as the store has it.

    Attributes:
        parcel: its record, decoded and folded.
        event_data: {event id, 16 hexadecimal digits: {"data": {...}, "container": "..."}} of events that have either.
    """

    parcel: Parcel
    event_data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """`Parcel.to_dict`, in which events that have `data` or a `container` show them."""
        whole = self.parcel.to_dict()
        for life in (whole, *whole["previous"]) if self.event_data else ():
            for event in life["events"]:
                event.update(self.event_data.get(event["id"], {}))
        return whole


class _Chunk(NamedTuple):
    """Records of one partition: {parcel id: record}, and the edition of the dictionary that has their names."""

    partition: int
    records: dict[bytes, bytes]
    edition: list[Any]


class Queries:
    """The questions that a reader of parcels asks a store.

    Args:
        partitions: how many the store has.

    Every query raises TrackerError `wrong_partitions` or `wrong_version`, if the store was made with another partition
    count or by another version than this one. What it returns is never from such a store.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._names: dict[int, tuple[list[Any], NameTable]] = {}

    def marks(self) -> Query[dict[int, dict[str, str]]]:
        """The mark of each partition that was ever claimed: {partition: {field: value}}."""
        rows = yield [("HMGET", keys.mark(partition), *_MARK_FIELDS) for partition in range(self._partitions)]
        marks = {partition: mark for partition, row in enumerate(rows) if (mark := _mark(_MARK_FIELDS, row))}
        for mark in marks.values():
            self._check(mark)
        return marks

    def parcel(self, parcel: str) -> Query[Stored | None]:
        """The parcel of a canonical id; None if no scan of it has been applied.

        Raises:
            TrackerError: `corrupt_record`, and those of every query.
        """
        encoded = parcel.encode()
        partition = partition_of(encoded, self._partitions)
        for attempt in range(1, ATTEMPTS + 1):
            record, data = yield from self._get(partition, [keys.parcels(partition), keys.data(partition)], encoded)
            if record is None:
                return None
            try:
                return Stored((yield from _decoded(partition, encoded, record)), _event_data(encoded, data))
            except CorruptRecord as error:
                if attempt == ATTEMPTS:
                    raise _corrupt(encoded, error) from None
        raise AssertionError

    def read_on(self, key: str) -> Query[list[ReadOn]]:
        """The parcels that a key was read on as another label, the newest first; none if it is no such label.

        Raises:
            TrackerError: `corrupt_record`, and those of every query.
        """
        encoded = key.encode()
        partition = partition_of(encoded, self._partitions)
        (held,) = yield from self._get(partition, [keys.aliases(partition)], encoded)
        try:
            return [] if held is None else aliases.parcels(encoded, held)
        except CorruptRecord as error:
            raise TrackerError("corrupt_record", f"alias {error}") from None

    def pages(self, on_corrupt: Callable[[TrackerError], None]) -> Iterator[Query[Iterator[Stored]]]:
        """Queries that give all parcels, page by page, each to be run before the next is taken.

        They come in no order, each as it is when its turn comes; the memory needed does not grow with them. One that a
        worker writes for the first time meanwhile may be missing; when many expire meanwhile, so that Redis shrinks its
        table of keys, one may come twice.

        Args:
            on_corrupt: told of each record that can't be read; the others still come.
        """
        yield self._checked()
        for step in Walk("t:{*}:p:*", _PARCEL_KEY, KEYS_A_SCAN).steps():
            yield self._page(step, on_corrupt)

    def keys_in_all(self) -> Query[int]:
        """How many keys the server has: about how many parcels, or more."""
        (count,) = yield [("DBSIZE",)]
        return int(count)

    def _check(self, mark: Mapping[str, str]) -> None:
        """Refuses a store that was made otherwise: an id would be looked for in the wrong partition."""
        expected = str(self._partitions)
        if (found := mark.get("partitions", expected)) != expected:
            message = f"expected a store of {expected} partitions (TRACKER_PARTITIONS), got one of {found}"
            raise TrackerError("wrong_partitions", message)
        if (found := mark.get("version", "none")) != str(keys.VERSION):
            raise TrackerError("wrong_version", f"expected a store of version {keys.VERSION}, got {found}")

    def _checked(self) -> Query[Iterator[Stored]]:
        """A first page, without parcels: all marks are as they should be."""
        yield from self.marks()
        return iter(())

    def _get(self, partition: int, prefixes: Sequence[bytes], name: bytes) -> Query[list[bytes | None]]:
        """Values of one name, all from the same moment, with what the mark says beside them."""
        row, values = yield [
            ("HMGET", keys.mark(partition), *_MADE_FOR),
            ("MGET", *(prefix + name for prefix in prefixes)),
        ]
        if mark := _mark(_MADE_FOR, row):
            self._check(mark)
        else:
            # Nobody has claimed this partition. A store of fewer partitions has the name in another one.
            yield from self.marks()
        found: list[bytes | None] = values
        return found

    def _page(self, step: Query[Step], on_corrupt: Callable[[TrackerError], None]) -> Query[Iterator[Stored]]:
        """The parcels that one step found. Those that have expired since then are not there."""
        found = yield from step
        chunks = yield from together([_chunk(partition, its_keys) for partition, its_keys in found.items()])
        names = []
        for chunk in chunks:
            # One after another, for a dictionary can be large. Few are read at all: one is kept until it has grown.
            names.append((yield from self._dictionary(chunk)))  # noqa: PERF401  No comprehension can ask.
        data = yield from together([_data_of(chunk) for chunk in chunks])
        return chain.from_iterable(map(_stored, chunks, names, data, repeat(on_corrupt)))

    def _dictionary(self, chunk: _Chunk) -> Query[NameTable]:
        """The partition's whole dictionary, read again whenever it has grown, or was claimed, since."""
        partition = chunk.partition
        if (held := self._names.get(partition)) and held[0] == chunk.edition:
            return held[1]
        sources, codes = yield [("HGETALL", keys.sources(partition)), ("HGETALL", keys.codes(partition))]
        try:
            names = claims.names_of(sources, codes)
        except ValueError as error:
            raise TrackerError("corrupt_dictionary", f"partition {partition}: {error}") from None
        self._names[partition] = (chunk.edition, names)
        return names


def partitions_of_store() -> Query[int | None]:
    """How many partitions the store has, as its marks say; None if no worker has claimed any of them.

    Raises:
        TrackerError: `wrong_partitions`, two marks say different things.
    """
    said = yield [("HGET", keys.mark(partition), "partitions") for partition in range(PARTITIONS_MAX)]
    counts = sorted({count.decode(errors="replace") for count in said if count is not None})
    if not counts:
        return None
    if len(counts) > 1 or not re.fullmatch("[0-9]{1,4}", counts[0]) or not 1 <= int(counts[0]) <= PARTITIONS_MAX:
        expected = f"expected a store of one partition count, up to {PARTITIONS_MAX}"
        raise TrackerError("wrong_partitions", f"{expected}, got one of {' and '.join(map(shown, counts))}")
    return int(counts[0])


def _chunk(partition: int, found: Sequence[re.Match[bytes]]) -> Query[_Chunk]:
    """Reads records of one partition, then which dictionary it has."""
    parcels = [key[2] for key in found]
    records, *edition = yield [
        ("MGET", *(keys.parcels(partition) + parcel for parcel in parcels)),
        ("HLEN", keys.sources(partition)),
        ("HLEN", keys.codes(partition)),
        ("HGET", keys.mark(partition), "epoch"),
    ]
    pairs = zip(parcels, records, strict=True)
    return _Chunk(partition, {parcel: record for parcel, record in pairs if record is not None}, edition)


def _data_of(chunk: _Chunk) -> Query[dict[bytes, bytes | None]]:
    """Reads the data of those parcels whose events have any."""
    parcels = [parcel for parcel, record in chunk.records.items() if has_data(record)]
    if not parcels:
        return {}
    (found,) = yield [("MGET", *(keys.data(chunk.partition) + parcel for parcel in parcels))]
    return dict(zip(parcels, found, strict=True))


def _stored(
    chunk: _Chunk, names: NameTable, data: Mapping[bytes, bytes | None], on_corrupt: Callable[[TrackerError], None]
) -> Iterator[Stored]:
    """Decodes a chunk, a parcel at a time."""
    for parcel, record in chunk.records.items():
        try:
            yield Stored(decode(names, parcel, record), _event_data(parcel, data.get(parcel)))
        except CorruptRecord as error:
            on_corrupt(_corrupt(parcel, error))


def _decoded(partition: int, parcel: bytes, record: bytes) -> Query[Parcel]:
    """Decodes a record with just the entries of the dictionary that it names."""
    source_numbers, code_numbers = _parcel.numbers_of(record)
    known = [number for number in source_numbers if number]
    # Number 0 is the source that is not known, which stands in no dictionary; and HMGET wants a field.
    (_, *sources), codes = yield [
        ("HMGET", keys.sources(partition), 0, *known),
        ("HMGET", keys.codes(partition), *code_numbers),
    ]
    if None in sources or None in codes:
        raise CorruptRecord("its record has a source or code that the partition's dictionary has not")
    names = NameTable([])
    new_sources = {0: 0}
    for number, text in zip(known, sources, strict=True):
        site, _, device = text.partition(claims.SEPARATOR)
        new_sources[number] = names.source(site, device)
    new_codes = {number: names.code(name) for number, name in zip(code_numbers, codes, strict=True)}
    return decode(names, parcel, _parcel.renumbered(record, new_sources, new_codes))


def _event_data(parcel: bytes, held: bytes | None) -> dict[str, dict[str, Any]]:
    return {} if held is None else side_data.entries(parcel, held)


def _mark(fields: Sequence[str], row: Sequence[bytes | None]) -> dict[str, str]:
    """Those fields of a mark that it has; none if there is no mark."""
    pairs = zip(fields, row, strict=True)
    return {name: value.decode(errors="replace") for name, value in pairs if value is not None}


def _corrupt(parcel: bytes, error: Exception) -> TrackerError:
    return TrackerError("corrupt_record", f"parcel {parcel.decode()}: {error}")
