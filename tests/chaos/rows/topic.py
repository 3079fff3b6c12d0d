"""What becomes of the log under the workers: gaps in its offsets, its beginning deleted, the whole topic made anew."""

import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from confluent_kafka import Producer
from redis import Redis as Client

from tests.chaos import operator, traffic
from tests.chaos.consumer import LogReader
from tests.chaos.row import KAFKA, REDIS, WORKER, Await, Form, Row, Strike, Wait
from tests.chaos.world import World
from tracker.log import topics
from tracker.simulate.send import Record

TRANSACTIONS: Final = 4
SCANS: Final = 40
"""Of a transaction."""

OPEN_S: Final = (0.0, 1.5)
"""How long a transaction stands open: nobody reads what comes behind it until it has ended."""

VERSIONS: Final = 4
KEYS: Final = 60
"""Compaction keeps the last of so many versions of each key."""

HOSTILE: Final = 0.3
ROLL: Final = 16
LEFT_MAX: Final = 0.6
COMPACTED_S_MAX: Final = 20.0
COMPACTION: Final = {"cleanup.policy": "compact", "segment.ms": "50", "min.cleanable.dirty.ratio": "0.01"}
NO_COMPACTION: Final = {"cleanup.policy": "delete", "segment.ms": "604800000"}
ENDS_S: Final = 1.0
"""Within which a compaction that is under way has ended."""

BEHIND_MIN: Final = 100
"""Records that a partition must have beyond its mark before they are deleted."""

GAPS: Final = Form(own="offset gaps", gaps=True)
COMPACTED: Final = Form(
    own="compaction",
    gaps=True,
    kafka=(("log.cleaner.backoff.ms", "100"), ("log.cleaner.dedupe.buffer.size", "4194304")),
)
RETENTION: Final = Form(own="retention", gaps=True)
ANEW: Final = Form(own="topic made anew", gaps=True)


def _producer(world: World, **settings: str) -> Producer:
    """One that partitions as the product does, beside the sender and its ledger."""
    shared = {"bootstrap.servers": world.settings.kafka, "partitioner": "murmur2_random", "log_level": 0}
    return Producer({**shared, **settings})


def _produce(producer: Producer, topic: str, records: list[Record]) -> None:
    for key, value in records:
        producer.produce(topic, value, key)
    producer.flush(20)


def transactions(world: World) -> Strike:
    """Transactions amid the traffic: committed, aborted, and left open until the broker hears of a new sender."""
    name = f"chaos-{world.random.randrange(10**9)}"
    # One that is left open for good is aborted by the broker after that time.
    settings = {"transactional.id": name, "transaction.timeout.ms": "10000"}
    producer = _producer(world, **settings)
    producer.init_transactions(20)
    ends = world.random.choices(("committed", "aborted", "left"), (5, 4, 1), k=TRANSACTIONS)
    for end in ends:
        producer.begin_transaction()
        _produce(producer, world.settings.topic, world.sender.take(SCANS))
        yield world.random.uniform(*OPEN_S)
        if end == "committed":
            producer.commit_transaction(20)
        elif end == "aborted":
            producer.abort_transaction(20)
        else:
            producer = _producer(world, **settings)
            producer.init_transactions(20)
    return ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))


def compacted(world: World) -> Strike:
    """What nobody has read yet is compacted: of each key the last record stays, with gaps between their offsets.

    While that goes on no worker reads, and what they have applied before is known to the oracle: so both see the same.
    """
    rate, proxies = world.sender.rate, [link.kafka for link in world.links]
    world.sender.rate, world.watch.probing = 0.0, False
    try:
        yield Await(world.settled)
        begin = world.oracle.read_on()
        for proxy in proxies:
            proxy.cut()
        try:
            sent, left = yield from _sent_and_left(world, begin)
            world.broker.configure_topic(world.settings.topic, NO_COMPACTION)
            yield ENDS_S
        finally:
            world.broker.configure_topic(world.settings.topic, NO_COMPACTION)
            world.oracle.read_from(begin)
    finally:
        for proxy in proxies:
            proxy.heal()
        world.sender.rate, world.watch.probing = rate, True
    return f"{sent - left} of {sent} records are gone" if left < sent else None


def _sent_and_left(world: World, begin: Sequence[int]) -> Generator[Wait, None, tuple[int, int]]:
    """Sends versions of keys and waits until the broker has compacted them: how many were sent, and are left."""
    topic, producer = world.settings.topic, _producer(world)
    keys = [b"CHAOS-COMPACT-%d" % world.random.randrange(10**9) for _ in range(KEYS)]
    for _ in range(VERSIONS):
        _produce(producer, topic, [_version(world, key) for key in keys])
    sent = left = sum(world.oracle.ends()) - sum(begin)
    world.broker.configure_topic(topic, COMPACTION)
    until = time.monotonic() + COMPACTED_S_MAX
    while left > sent * LEFT_MAX and time.monotonic() < until:
        # A segment is closed by what comes behind it; only closed ones are compacted.
        _produce(producer, topic, [_version(world, b"CHAOS-ROLL-%d" % number) for number in range(ROLL)])
        sent += ROLL
        yield 0.3
        left = _count(world, begin)
    return sent, left


def _version(world: World, key: bytes) -> Record:
    """A scan of a parcel, or a record that is none, under that key."""
    parcel = key.decode()
    if world.random.random() < HOSTILE:
        return key, traffic.hostile(parcel, world.random)[1]
    return key, traffic.scan(parcel, seq=world.random.randrange(10**9))


def _count(world: World, begin: Sequence[int]) -> int:
    """How many records the log has from there on."""
    reader = LogReader(world.settings.kafka, world.settings.topic, begin)
    try:
        return len(reader.read())
    finally:
        reader.close()


def overtaken(world: World) -> Strike:
    """The log's beginning overtakes a mark while no worker reads: a partition stops until somebody accepts the loss."""
    number = world.random.randrange(world.settings.partitions)
    proxies = [link.kafka for link in world.links]
    try:
        for proxy in proxies:
            proxy.cut()
        yield 1.0  # What was fetched is applied.
        yield Await(lambda: world.oracle.ends()[number] >= world.next_of(number) + BEHIND_MIN)
        before = world.random.randint(world.next_of(number) + 1, world.oracle.read_on()[number])
        world.broker.delete_records(world.settings.topic, number, before)
    finally:
        for proxy in proxies:
            proxy.heal()
    yield Await(lambda: operator.stopped(world).get(number, "").startswith("log_moved:"))
    lost = range(world.next_of(number), before)
    world.oracle.deleted(number, lost)
    operator.command(world, "accept-loss", "--partition", str(number), "--yes")
    return f"{len(lost)} offsets of partition {number}"


def made_anew(world: World) -> Strike:
    """The topic is deleted and made anew: every partition stops, and Redis stays as it is until it is rebuilt."""
    producer = _producer(world)
    _produce(producer, world.settings.topic, world.sender.take(5 * SCANS))
    yield Await(world.settled)
    for kind, found in world.oracle.judge().findings.items():
        world.watch.found.findings[kind].extend(found)
    world.watch.probing = False
    try:
        before = _parcels(world)
        world.broker.delete_topic(world.settings.topic)
        yield world.random.uniform(0.0, 2.0)
        topics.ensure(world.settings)
        _produce(_producer(world), world.settings.topic, world.sender.take(5 * SCANS))
        yield Await(lambda: operator.all_stopped(world, "wrong_log"))
        if _parcels(world) != before:
            world.watch.found.unexpected.append("parcels of the old log were changed by the new one")
        world.oracle.begin_again()
        operator.command(world, "rebuild", "--all", "--yes")
    finally:
        world.watch.probing = True
    return f"{len(before)} parcels rebuilt"


@contextmanager
def _quiet(world: World) -> Iterator[None]:
    """Nothing is sent but by the row: what a deleted topic had acknowledged is nowhere."""
    rate, world.sender.rate = world.sender.rate, 0.0
    try:
        yield
    finally:
        world.sender.rate = rate


def _parcels(world: World) -> dict[bytes, object]:
    with Client.from_url(world.settings.redis) as store:
        names = sorted(store.scan_iter(match=b"t:{*}:p:*", count=2_000))
        values = itertools.chain.from_iterable(store.mget(names[at : at + 1_000]) for at in range(0, len(names), 1_000))
        return dict(zip(names, values, strict=True))


_ALL: Final = frozenset({KAFKA, REDIS, WORKER})

TOPIC_ROWS: Final = (
    Row("offset gaps: transactions committed and aborted", transactions, frozenset({KAFKA}), form=GAPS, mixed=False),
    Row("offset gaps: compaction", compacted, _ALL, form=COMPACTED, mixed=False),
    Row("retention overtakes the mark", overtaken, _ALL, form=RETENTION, mixed=False),
    Row("topic made anew", made_anew, _ALL, form=ANEW, around=_quiet, mixed=False),
)
