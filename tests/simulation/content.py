"""What a partition's part of the store holds, and the single writes that a batch consists of."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final, NamedTuple

from tracker.domain.parcel import has_data
from tracker.store import keys
from tracker.store.claims import NO_COUNTERS, ApplyBatch, Counters, Mark

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
    sources: dict[int, tuple[bytes, bytes]] = NOTHING
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


Write = Callable[[Content], Content]
"""What is done at once to what a partition holds."""

Held = dict[str, Any]
"""The fields of a Content while the commands of a transaction change them, each to a new value."""

Command = Callable[[Held], None]
"""What one command of a transaction does."""


def writes_of(partition: int, batch: ApplyBatch) -> list[Command]:
    """The writes of a batch, in the order of the product's transaction (tracker.store.claims.apply_command)."""
    found: list[Command] = [partial(_add, "began", {batch.begin: batch.counted})]
    if batch.sources:
        found.append(partial(_add, "sources", {number: (site, device) for number, site, device in batch.sources}))
    if batch.codes:
        found.append(partial(_add, "codes", dict(batch.codes)))
    data = keys.data(partition)
    found += [partial(_persist, data + key) for key in sorted(batch.reopened - batch.data.keys())]
    kinds: tuple[tuple[str, bytes, dict[bytes, bytes], AbstractSet[bytes]], ...] = (
        ("records", keys.parcels(partition), batch.records, batch.final),
        ("data", data, batch.data, batch.final & batch.data.keys()),
        ("aliases", keys.aliases(partition), batch.aliases, batch.aliases.keys()),
    )
    for kind, prefix, values, going in kinds:
        found += [partial(_set_expiring, kind, prefix, key, values[key]) for key in sorted(going)]
        if staying := {key: value for key, value in values.items() if key not in going}:
            found.append(partial(_set, kind, prefix, staying))
    lasting = sorted(batch.final - batch.data.keys())
    found += [partial(_expire, data, key) for key in lasting if has_data(batch.records[key])]
    if batch.records:
        found.append(partial(_tell, (batch.begin, batch.end, tuple(batch.records))))
    found.append(partial(_move, batch.end, batch.counters))
    found.append(partial(_take_away, batch.begin))
    return found


def after(content: Content, some: Iterable[Command]) -> Content:
    """What is held after some commands."""
    held = content._asdict()
    for command in some:
        command(held)
    return Content(**held)


def _add(field: str, values: dict[Any, Any], held: Held) -> None:
    held[field] = held[field] | values


def _set(kind: str, prefix: bytes, values: dict[bytes, bytes], held: Held) -> None:
    """MSET: what expired before does no more."""
    held[kind] = held[kind] | values
    if held["expiring"]:
        held["expiring"] = tuple(sorted(set(held["expiring"]) - {prefix + key for key in values}))


def _set_expiring(kind: str, prefix: bytes, key: bytes, value: bytes, held: Held) -> None:
    """SET with EX."""
    held[kind] = held[kind] | {key: value}
    held["expiring"] = tuple(sorted({*held["expiring"], prefix + key}))


def _persist(key: bytes, held: Held) -> None:
    """PERSIST."""
    held["expiring"] = tuple(name for name in held["expiring"] if name != key)


def _expire(prefix: bytes, key: bytes, held: Held) -> None:
    """EXPIRE of a parcel's data, where it has some."""
    if key in held["data"]:
        held["expiring"] = tuple(sorted({*held["expiring"], prefix + key}))


def _tell(change: Change, held: Held) -> None:
    """XADD."""
    held["out"] = (*held["out"], change)


def _move(end: int, counters: Counters, held: Held) -> None:
    """HSET of the mark."""
    held["next"] = end
    held["counters"] = counters


def _take_away(begin: int, held: Held) -> None:
    """HDEL of the note."""
    held["began"] = _without(held["began"], begin)


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
