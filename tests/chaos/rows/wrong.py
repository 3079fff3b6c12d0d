"""What a worker must not touch: another store than its own, and records of another version."""

from collections.abc import Mapping
from typing import Final, cast

from redis import Redis as Client

from tests.chaos import operator, traffic
from tests.chaos.row import KAFKA, REDIS, WORKER, Await, Row, Strike
from tests.chaos.sender import Burst
from tests.chaos.world import World
from tests.servers import Redis
from tracker.domain.partition import partition_of
from tracker.store import keys

WRONG: Final[Mapping[str, str]] = {"log": "another-cluster/another-topic", "partitions": "3", "version": "99"}
"""What a mark may say that is not ours."""

OTHER_VERSION: Final = b"\x02"
"""The first byte of a record is the version of its layout; this one is not known to anybody yet."""


def wrong_redis(world: World) -> Strike:
    """Workers are led to a Redis that was made otherwise: they stop, touch nothing, and go on when they are back."""
    field = world.random.choice(sorted(WRONG))
    with Redis() as stranger, Client.from_url(stranger.url) as strange, Client.from_url(world.settings.redis) as store:
        for number in range(world.settings.partitions):
            mark = cast("dict[bytes, bytes]", store.hgetall(keys.mark(number)))
            strange.hset(keys.mark(number), mapping={**mark, field.encode(): WRONG[field]})
            strange.set(keys.parcels(number) + b"STRANGER", "not ours")
        before = _contents(strange)
        try:
            _point_at(world, stranger.port)
            yield Await(lambda: operator.all_stopped(world, f"wrong_{field}"))
            touched = _contents(strange) != before
        finally:
            _point_at(world, world.redis.port)
    if touched:
        world.watch.found.unexpected.append(f"a Redis with another {field} was written")
    return f"another {field}"


def other_version(world: World) -> Strike:
    """A parcel's record is of another version: its partition stops at its next scan, and goes on when it is mended."""
    with Client.from_url(world.settings.redis) as store:
        if (name := _any_record(world, store)) is None:
            return None
        parcel = name.rpartition(b":p:")[2]
        number = partition_of(parcel, world.settings.partitions)
        before = cast("bytes", store.get(name))
        other = OTHER_VERSION + before[1:]
        world.watch.probing = False  # It would say that this record can't be read.
        try:
            if not _put(store, number, name, before, other):
                return None
            scan = traffic.scan(parcel.decode(), seq=world.random.randrange(10**9))
            sent = world.sender.send(Burst([(parcel, scan)]))
            yield Await(lambda: sent.sent)
            yield Await(lambda: operator.stopped(world).get(number, "").startswith("corrupt_record:"))
            passed = world.next_of(number) > sent.offsets[0][1]
        finally:
            mended = _put(store, number, name, other, before)
            world.watch.probing = True
    if passed or not mended:
        world.watch.found.unexpected.append(f"{name!r} of another version was passed over, or written")
    return f"partition {number}, {parcel.decode()}"


def _point_at(world: World, port: int) -> None:
    """From now on the workers' Redis is another one."""
    for link in world.links:
        link.redis.target = port
        link.redis.cut()
        link.redis.heal()


def _contents(store: Client) -> dict[bytes, bytes]:
    names = cast("list[bytes]", sorted(store.keys()))
    return {name: cast("bytes", store.dump(name)) for name in names}


def _any_record(world: World, store: Client) -> bytes | None:
    """The key of a parcel's record, which no worker need have in memory; that of a parcel whose id is plain."""
    number = world.random.randrange(world.settings.partitions)
    found = [name for name in store.scan_iter(match=keys.parcels(number) + b"*", count=500) if name[-1:].isalnum()]
    return world.random.choice(sorted(found)) if found else None


def _put(store: Client, number: int, name: bytes, before: bytes, after: bytes) -> bool:
    """Replaces a record, if that is still the same, and claims the partition, so that it is read."""
    with store.pipeline(transaction=True) as pipe:
        pipe.watch(name)  # type: ignore[no-untyped-call]
        if pipe.get(name) != before:
            return False
        pipe.multi()
        pipe.set(name, after, keepttl=True)
        pipe.hincrby(keys.mark(number).decode(), "epoch", 1)
        pipe.execute()
    return True


WRONG_ROWS: Final = (
    Row("the wrong Redis", wrong_redis, frozenset({REDIS, WORKER, KAFKA}), mixed=False),
    Row("two record versions side by side", other_version, frozenset({REDIS, WORKER, KAFKA}), mixed=False),
)
