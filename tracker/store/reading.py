"""Reading parcels back: one by its id, or all of them, while workers go on writing.

A record and the entries of the dictionary that it names are written in one transaction, and a dictionary only grows: so
whoever reads the record first and the dictionary afterwards finds them. Only a store that is rolled back in between
shows a record without its names; then both are read again.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast

import orjson
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracker.config import Settings
from tracker.domain import _parcel, aliases
from tracker.domain.aliases import ReadOn
from tracker.domain.parcel import CorruptRecord, NameTable, Parcel, decode
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.store import claims, keys
from tracker.store.checks import reaching
from tracker.store.walk import walk

TIMEOUT_S: Final = 10
ATTEMPTS: Final = 5
"""How often a parcel is read before its record counts as corrupt. A rollback between two reads is rare once."""

KEYS_A_SCAN: Final = 1_000
"""Keys of one step through the store: a megabyte of records, and Redis serves nobody else for half a millisecond."""

_PARCEL_KEY: Final = re.compile(rb"t:\{([0-9]{1,4})\}:p:([A-Za-z0-9._/-]{1,64})")
_MARK_FIELDS: Final = ("partitions", "version", "epoch", "next", "log", "rebuild", *claims.COUNTERS)


@dataclass(frozen=True, slots=True)
class Stored:
    """A parcel as the store has it.

    Attributes:
        parcel: its record, decoded and folded.
        carried: {event id, 16 hexadecimal digits: {"data": {...}, "container": "..."}} of events that carry something.
    """

    parcel: Parcel
    carried: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """`Parcel.to_dict`, in which events that carry `data` or `container` have them."""
        whole = self.parcel.to_dict()
        for life in (whole, *whole["previous"]) if self.carried else ():
            for event in life["events"]:
                event.update(self.carried.get(event["id"], {}))
        return whole


class ParcelReader:
    """Reads parcels from the Redis of the settings. A context manager; belongs to one thread.

    Args:
        settings: `redis` and `partitions`.

    Every method raises TrackerError: `no_redis`; `wrong_partitions` or `wrong_version`, if the store was made with
    another partition count or by another version than this one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A person waits for the answer: one more try on a connection that was closed, and no more.
        self._redis = Redis.from_url(
            settings.redis,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
        )
        self._checked = False
        self._names: dict[int, tuple[NameTable, list[Any]]] = {}

    def marks(self) -> dict[int, dict[str, str]]:
        """The mark of each partition that was ever claimed: {partition: {field: value}}."""
        with reaching(self._settings), self._redis.pipeline(transaction=False) as pipe:
            for partition in range(self._settings.partitions):
                pipe.hmget(keys.mark(partition), list(_MARK_FIELDS))
            rows: list[list[bytes | None]] = pipe.execute()
        marks: dict[int, dict[str, str]] = {}
        for partition, row in enumerate(rows):
            pairs = zip(_MARK_FIELDS, row, strict=True)
            known = {name: value.decode(errors="replace") for name, value in pairs if value is not None}
            if known:
                marks[partition] = known
        self._check(marks)
        return marks

    def parcel(self, parcel: str) -> Stored | None:
        """The parcel of a canonical id; None if no scan of it has been applied.

        Raises:
            TrackerError: `corrupt_record`, and those of every method.
        """
        if not self._checked:
            self.marks()
        encoded = parcel.encode()
        partition = partition_of(encoded, self._settings.partitions)
        for attempt in range(1, ATTEMPTS + 1):
            with reaching(self._settings):
                record, data = self._get([keys.parcels(partition) + encoded, keys.data(partition) + encoded])
                if record is None:
                    return None
                try:
                    return Stored(self._decoded(partition, encoded, record), _carried(data))
                except (CorruptRecord, ValueError) as error:
                    if attempt == ATTEMPTS:
                        raise _corrupt(encoded, error) from None
        raise AssertionError

    def read_on(self, key: str) -> list[ReadOn]:
        """The parcels that a key was read on as another label, the newest first; none if it is no such label.

        Raises:
            TrackerError: `corrupt_record`, and those of every method.
        """
        if not self._checked:
            self.marks()
        encoded = key.encode()
        partition = partition_of(encoded, self._settings.partitions)
        with reaching(self._settings):
            (held,) = self._get([keys.aliases(partition) + encoded])
        try:
            return [] if held is None else aliases.parcels(encoded, held)
        except CorruptRecord as error:
            raise TrackerError("corrupt_record", f"alias {error}") from None

    def all(self, on_corrupt: Callable[[TrackerError], None]) -> Iterator[Stored]:
        """Every parcel, in no order, each as it is when its turn comes; the memory needed does not grow with them.

        One that a worker writes for the first time meanwhile may be missing; when many expire meanwhile, so that Redis
        shrinks its table of keys, one may come twice.

        Args:
            on_corrupt: told of each record that can't be read; the others still come.
        """
        self.marks()
        for step in walk(self._redis, self._settings, "t:{*}:p:*", _PARCEL_KEY, KEYS_A_SCAN):
            for partition, found in step.items():
                yield from self._chunk(partition, [key[2] for key in found], on_corrupt)

    def keys_in_all(self) -> int:
        """How many keys the server has: about how many parcels, or more."""
        with reaching(self._settings):
            return self._redis.dbsize()

    def close(self) -> None:
        """Closes the connection."""
        self._redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, marks: Mapping[int, Mapping[str, str]]) -> None:
        """Refuses a store that was made otherwise: an id would be looked for in the wrong partition."""
        for mark in marks.values():
            expected = str(self._settings.partitions)
            if (found := mark.get("partitions", expected)) != expected:
                message = f"expected a store of {expected} partitions (TRACKER_PARTITIONS), got one of {found}"
                raise TrackerError("wrong_partitions", message)
            if (found := mark.get("version", "none")) != str(keys.VERSION):
                raise TrackerError("wrong_version", f"expected a store of version {keys.VERSION}, got {found}")
        self._checked = True

    def _get(self, names: Sequence[bytes]) -> list[bytes | None]:
        return cast("list[bytes | None]", self._redis.mget(names)) if names else []

    def _decoded(self, partition: int, parcel: bytes, record: bytes) -> Parcel:
        """Decodes a record with just the entries of the dictionary that it names."""
        place_numbers, code_numbers = _parcel.numbers_of(record)
        known = [number for number in place_numbers if number]
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(keys.sources(partition), ["0", *map(str, known)])
            pipe.hmget(keys.codes(partition), list(map(str, code_numbers)))
            (_, *places), codes = pipe.execute()
        if None in places or None in codes:
            raise CorruptRecord("its record has a place or code that the partition's dictionary has not")
        names = NameTable([])
        new_places = {0: 0}
        for number, text in zip(known, places, strict=True):
            site, _, device = text.partition(claims.SEPARATOR)
            new_places[number] = names.source(site, device)
        new_codes = {number: names.code(name) for number, name in zip(code_numbers, codes, strict=True)}
        return decode(names, parcel, _parcel.renumbered(record, new_places, new_codes))

    def _chunk(
        self, partition: int, parcels: Sequence[bytes], on_corrupt: Callable[[TrackerError], None]
    ) -> Iterator[Stored]:
        """The parcels of one partition that one step found. Those that have expired since then are not there."""
        with reaching(self._settings):
            records = self._get([keys.parcels(partition) + parcel for parcel in parcels])
            pairs = list(zip(parcels, records, strict=True))
            names = self._dictionary(partition)
        decoded: dict[bytes, Parcel] = {}
        for parcel, record in pairs:
            if record is None:
                continue
            try:
                decoded[parcel] = decode(names, parcel, record)
            except CorruptRecord as error:
                on_corrupt(_corrupt(parcel, error))
        carrying = [parcel for parcel, one in decoded.items() if one.has_data]
        with reaching(self._settings):
            found = self._get([keys.data(partition) + parcel for parcel in carrying])
        data = dict(zip(carrying, found, strict=True))
        for parcel, one in decoded.items():
            try:
                yield Stored(one, _carried(data.get(parcel)))
            except ValueError as error:
                on_corrupt(_corrupt(parcel, error))

    def _dictionary(self, partition: int) -> NameTable:
        """The partition's whole dictionary, read again whenever it has grown, or was claimed, since."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hlen(keys.sources(partition))
            pipe.hlen(keys.codes(partition))
            pipe.hget(keys.mark(partition), "epoch")
            edition: list[Any] = pipe.execute()
            if (held := self._names.get(partition)) and held[1] == edition:
                return held[0]
            pipe.hgetall(keys.sources(partition))
            pipe.hgetall(keys.codes(partition))
            places, codes = pipe.execute()
        try:
            names = claims.names_of(places, codes)
        except ValueError as error:
            raise TrackerError("corrupt_dictionary", f"partition {partition}: {error}") from None
        self._names[partition] = (names, edition)
        return names


def _carried(data: bytes | None) -> dict[str, dict[str, Any]]:
    return {} if data is None else orjson.loads(data)


def _corrupt(parcel: bytes, error: Exception) -> TrackerError:
    return TrackerError("corrupt_record", f"parcel {parcel.decode()}: {error}")
