"""What stands in Redis, read whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis

from tracker.domain.parcel import Names
from tracker.store import claims, keys

_MGET_KEYS: Final = 2_000


@dataclass(frozen=True, slots=True)
class StoredPartition:
    """A partition as it stands in Redis, undecoded; without names where its dictionaries are broken."""

    mark: Mapping[bytes, bytes]
    names: Names | str
    records: dict[str, bytes]
    data: dict[str, bytes]

    @property
    def next(self) -> int:
        """The offset behind what is applied."""
        return int(self.mark.get(b"next", 0))


def read_partition(store: Redis, number: int) -> StoredPartition:
    """Reads all that Redis holds of a partition."""
    records, data = [_read_strings(store, prefix(number)) for prefix in (keys.parcels, keys.data)]
    return StoredPartition(_hash(store, keys.mark(number)), _read_names(store, number), records, data)


def _read_names(store: Redis, number: int) -> Names | str:
    names = Names([])
    try:
        for site, device in claims.places_of(_hash(store, keys.sources(number))):
            names.place(site, device)
        for name in claims.codes_of(_hash(store, keys.codes(number))):
            names.code(name)
    except ValueError as error:
        return f"partition {number}: {error}"
    return names


def _hash(store: Redis, key: bytes) -> Mapping[bytes, bytes]:
    # redis-py declares for a client that may decode; this one does not.
    return cast("Mapping[bytes, bytes]", store.hgetall(key))


def _read_strings(store: Redis, prefix: bytes) -> dict[str, bytes]:
    """The strings whose keys begin so, without that beginning."""
    names: list[bytes] = list(store.scan_iter(match=prefix + b"*", count=_MGET_KEYS))
    found: dict[str, bytes] = {}
    for begin in range(0, len(names), _MGET_KEYS):
        some = names[begin : begin + _MGET_KEYS]
        values = cast("list[bytes | None]", store.mget(some))
        found.update((name[len(prefix) :].decode(), value) for name, value in zip(some, values, strict=True) if value)
    return found
