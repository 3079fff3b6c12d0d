"""What stands in Redis, read whole."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis

from tracker.domain.parcel import NameTable
from tracker.store import claims, keys

_NOTE: Final = b"began:"
_MGET_KEYS: Final = 2_000

_PTTL: Final = "local left = {} for i, key in ipairs(KEYS) do left[i] = redis.call('PTTL', key) end return left"
"""Milliseconds until each of these keys expires, below 0 where it does not."""


@dataclass(frozen=True, slots=True)
class StoredPartition:
    """A partition as it stands in Redis, undecoded; with what is wrong as `names` where its dictionaries are broken.

    Those of `records`, `data` and `aliases` that expire are in `expiring`, by their keys.
    """

    mark: Mapping[bytes, bytes]
    sources: Mapping[bytes, bytes]
    codes: Mapping[bytes, bytes]
    names: NameTable | str
    records: dict[str, bytes]
    data: dict[str, bytes]
    aliases: dict[str, bytes]
    expiring: AbstractSet[bytes] = frozenset()

    @property
    def next(self) -> int:
        """The offset behind what is applied; where half a batch has come to life, what the next claim goes back to."""
        begun = [int(field[len(_NOTE) :]) for field in self.mark if field.startswith(_NOTE)]
        return min([int(self.mark.get(b"next", 0)), *begun])


def read_partition(store: Redis, number: int) -> StoredPartition:
    """Reads all that Redis holds of a partition."""
    prefixes = (keys.parcels, keys.data, keys.aliases)
    expiring: set[bytes] = set()
    records, data, aliases = [_read_strings(store, prefix(number), expiring) for prefix in prefixes]
    mark, sources, codes = [_hash(store, key(number)) for key in (keys.mark, keys.sources, keys.codes)]
    return StoredPartition(mark, sources, codes, _names(number, sources, codes), records, data, aliases, expiring)


def read_sample(store: Redis, number: int, parcels: Sequence[str], chosen: Sequence[str]) -> StoredPartition:
    """Reads some parcels and aliases of a partition, its mark and names, as they stand at one moment; no expiries."""
    wanted = ((keys.parcels, parcels), (keys.data, parcels), (keys.aliases, chosen))
    pipeline = store.pipeline(transaction=True)
    for key in (keys.mark(number), keys.sources(number), keys.codes(number)):
        pipeline.hgetall(key)
    for prefix, names in wanted:
        # MGET takes one key at least.
        pipeline.mget([prefix(number), *(prefix(number) + name.encode() for name in names)])
    mark, sources, codes, *strings = pipeline.execute()
    records, data, aliases = [
        {name: value for name, value in zip(names, found[1:], strict=True) if value is not None}
        for (_, names), found in zip(wanted, strings, strict=True)
    ]
    return StoredPartition(mark, sources, codes, _names(number, sources, codes), records, data, aliases)


def _names(number: int, sources: Mapping[bytes, bytes], codes: Mapping[bytes, bytes]) -> NameTable | str:
    try:
        return claims.names_of(sources, codes)
    except ValueError as error:
        return f"partition {number}: {error}"


def _hash(store: Redis, key: bytes) -> Mapping[bytes, bytes]:
    # redis-py declares for a client that may decode; this one does not.
    return cast("Mapping[bytes, bytes]", store.hgetall(key))


def _read_strings(store: Redis, prefix: bytes, expiring: set[bytes]) -> dict[str, bytes]:
    """The strings whose keys begin so, without that beginning; adds the keys that expire."""
    names: list[bytes] = list(store.scan_iter(match=prefix + b"*", count=_MGET_KEYS))
    found: dict[str, bytes] = {}
    for begin in range(0, len(names), _MGET_KEYS):
        some = names[begin : begin + _MGET_KEYS]
        pipeline = store.pipeline(transaction=True)
        pipeline.mget(some)
        pipeline.eval(_PTTL, len(some), *some)
        for name, value, left_ms in zip(some, *pipeline.execute(), strict=True):
            if value is not None:
                found[name[len(prefix) :].decode()] = value
                if left_ms >= 0:
                    expiring.add(name)
    return found
