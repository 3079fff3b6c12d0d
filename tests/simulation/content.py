"""What a partition's part of the store holds, and the single writes that a batch consists of."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Final, Literal, NamedTuple

from tracker.domain.parcel import has_data
from tracker.store import keys
from tracker.store.claims import NO_COUNTERS, Batch, Counters, Mark

NOTHING: Final[dict[Any, Any]] = {}
"""As everything in a Content, never changed."""

Change = tuple[int, int, tuple[bytes, ...]]
"""One entry of a partition's stream of changes: from, next, ids of parcels."""


class Content(NamedTuple):
    """All that the store holds of one partition. Never changed, so that an earlier one can come back."""

    epoch: int | None = None
    next: int | None = None
    log: str = ""
    partitions: int = 0
    counters: Counters = NO_COUNTERS
    records: dict[bytes, bytes] = NOTHING
    data: dict[bytes, bytes] = NOTHING
    aliases: dict[bytes, bytes] = NOTHING
    places: dict[int, tuple[bytes, bytes]] = NOTHING
    codes: dict[int, bytes] = NOTHING
    out: tuple[Change, ...] = ()
    expiring: tuple[bytes, ...] = ()
    began: dict[int, Counters] = NOTHING
    back: int = 0

    @property
    def mark(self) -> Mark | None:
        """The mark."""
        return None if self.epoch is None else Mark(self.epoch, self.next)

    @property
    def next_offset(self) -> int:
        """Offset of the first record that is not applied."""
        return self.next or 0


Kind = Literal["records", "data", "aliases"]
"""What strings hold."""

Write = Callable[[Content], Content]
"""What a command does to what a partition holds."""


def writes_of(partition: int, batch: Batch) -> list[Write]:
    """The writes of a batch, in the order of the product's transaction (tracker.store.claims.apply_command)."""
    found: list[Write] = [lambda content: content._replace(began=content.began | {batch.begin: batch.counted})]
    if batch.places:
        places = {number: (site, device) for number, site, device in batch.places}
        found.append(lambda content: content._replace(places=content.places | places))
    if batch.codes:
        found.append(lambda content: content._replace(codes=content.codes | dict(batch.codes)))
    found += [_persist(keys.data(partition), key) for key in sorted(batch.reopened - batch.data.keys())]
    kinds: tuple[tuple[Kind, dict[bytes, bytes], AbstractSet[bytes]], ...] = (
        ("records", batch.records, batch.final),
        ("data", batch.data, batch.final & batch.data.keys()),
        ("aliases", batch.aliases, batch.aliases.keys()),
    )
    for kind, values, going in kinds:
        found += [_set(partition, kind, {key: values[key]}, expires=True) for key in sorted(going)]
        if staying := {key: value for key, value in values.items() if key not in going}:
            found.append(_set(partition, kind, staying, expires=False))
    found += [
        _expire(keys.data(partition), key)
        for key in sorted(batch.final - batch.data.keys())
        if has_data(batch.records[key])
    ]
    if batch.records:
        change = (batch.begin, batch.end, tuple(batch.records))
        found.append(lambda content: content._replace(out=(*content.out, change)))
    found.append(lambda content: content._replace(next=batch.end, counters=batch.counters))
    found.append(lambda content: content._replace(began=_without(content.began, batch.begin)))
    return found


def taking_back(found: Content) -> Write:
    """What a claim writes that finds this: where half a batch has come to life, all from its beginning is read again.

    It writes the same where it is written again, whatever the store holds then.
    """
    if not found.began:
        return lambda content: content
    begin = min(found.began)
    counted = found.began[begin]
    goes_back = begin < found.next_offset

    def write(content: Content) -> Content:
        if goes_back:
            content = content._replace(next=begin, counters=counted, back=content.back + 1)
        return content._replace(began=_without(content.began, *found.began))

    return write


def taken_back(content: Content) -> Content:
    """What a claim will make of it."""
    return taking_back(content)(content)


def _without(began: dict[int, Counters], *begins: int) -> dict[int, Counters]:
    return {begin: counted for begin, counted in began.items() if begin not in begins}


def after(content: Content, some: Iterable[Write]) -> Content:
    """What is held after some writes."""
    for write in some:
        content = write(content)
    return content


def _set(partition: int, kind: Kind, values: dict[bytes, bytes], *, expires: bool) -> Write:
    """SET with EX of one, or MSET of some: whatever expired before does so by this write only."""
    prefix = {"records": keys.parcels, "data": keys.data, "aliases": keys.aliases}[kind](partition)

    def write(content: Content) -> Content:
        expiring = content.expiring
        if expires or expiring:
            names = {prefix + key for key in values}
            expiring = tuple(sorted((set(expiring) - names) | (names if expires else set())))
        content = content._replace(expiring=expiring)
        if kind == "records":
            return content._replace(records=content.records | values)
        if kind == "data":
            return content._replace(data=content.data | values)
        return content._replace(aliases=content.aliases | values)

    return write


def _persist(prefix: bytes, key: bytes) -> Write:
    """PERSIST of a parcel's data."""
    return lambda content: content._replace(expiring=tuple(name for name in content.expiring if name != prefix + key))


def _expire(prefix: bytes, key: bytes) -> Write:
    """EXPIRE of a parcel's data, where it has some."""

    def write(content: Content) -> Content:
        if key not in content.data:
            return content
        return content._replace(expiring=tuple(sorted({*content.expiring, prefix + key})))

    return write
