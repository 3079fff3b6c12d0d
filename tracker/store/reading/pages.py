"""All parcels of a store, page by page: a page is what one step of a walk over its keys finds. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

from tracker.domain.parcel import CorruptRecord, NameTable, decode, has_data
from tracker.errors import TrackerError
from tracker.store import claims, keys
from tracker.store.query import Query, together
from tracker.store.reading.decode import Stored, corrupt, event_data
from tracker.store.walk import Step, Walk

KEYS_A_SCAN: Final = 1_000
"""Keys of one step through the store: a megabyte of records, and Redis serves nobody else for half a millisecond."""

_PARCEL_KEY: Final = re.compile(rb"t:\{([0-9]{1,4})\}:p:([A-Za-z0-9._/-]{1,64})")

OnCorrupt = Callable[[TrackerError], None]
_Dictionaries = dict[int, tuple[list[Any], NameTable]]
"""{partition: the edition of its dictionary that was read last, and that dictionary}."""


class _Chunk(NamedTuple):
    """Records of one partition.

    Attributes:
        partition: its number.
        records: {parcel id: record}.
        edition: of the dictionary that has their names: it is another one when the dictionary has grown.
    """

    partition: int
    records: dict[bytes, bytes]
    edition: list[Any]


def pages(on_corrupt: OnCorrupt) -> Iterator[Query[Iterator[Stored]]]:
    """Queries that give all parcels, page by page, each to be run before the next is taken.

    Args:
        on_corrupt: told of each record that can't be read.
    """
    dictionaries: _Dictionaries = {}
    for step in Walk("t:{*}:p:*", _PARCEL_KEY, KEYS_A_SCAN).steps():
        yield _page(step, dictionaries, on_corrupt)


def _page(step: Query[Step], dictionaries: _Dictionaries, on_corrupt: OnCorrupt) -> Query[Iterator[Stored]]:
    """The parcels that one step found. Those that have expired since then are not there."""
    found = yield from step
    chunks = yield from together([_chunk(partition, its_keys) for partition, its_keys in found.items()])
    names = []
    for chunk in chunks:
        # One after another, for a dictionary can be large. Few are read at all: one is kept until it has grown.
        names.append((yield from _dictionary(chunk, dictionaries)))  # noqa: PERF401  No comprehension can ask.
    data = yield from together([_data_of(chunk) for chunk in chunks])
    return chain.from_iterable(map(_stored, chunks, names, data, repeat(on_corrupt)))


def _dictionary(chunk: _Chunk, dictionaries: _Dictionaries) -> Query[NameTable]:
    """The partition's whole dictionary, read again whenever it has grown, or was claimed, since."""
    partition = chunk.partition
    if (held := dictionaries.get(partition)) and held[0] == chunk.edition:
        return held[1]
    sources, codes = yield [("HGETALL", keys.sources(partition)), ("HGETALL", keys.codes(partition))]
    try:
        names = claims.names_of(sources, codes)
    except ValueError as error:
        raise TrackerError("corrupt_dictionary", f"partition {partition}: {error}") from None
    dictionaries[partition] = (chunk.edition, names)
    return names


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
    chunk: _Chunk, names: NameTable, data: Mapping[bytes, bytes | None], on_corrupt: OnCorrupt
) -> Iterator[Stored]:
    """Decodes a chunk, a parcel at a time."""
    for parcel, record in chunk.records.items():
        try:
            yield Stored(decode(names, parcel, record), event_data(parcel, data.get(parcel)))
        except CorruptRecord as error:
            on_corrupt(corrupt(parcel, error))
