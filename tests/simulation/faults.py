"""What can happen to a world, and how often. Each gives False where there was nothing for it to strike."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tests.simulation import oracle, reached, scans
from tests.simulation.content import Content, writes_of

if TYPE_CHECKING:
    from tests.simulation.world import World

WORK: Final = "work"
PRODUCE: Final = "produce"
NOTHING: Final = "nothing"

SILENCE_S: Final = 6.0
"""Longer than a client waits for a reply."""

CUT_BATCHES_MAX: Final = 8
"""A file is cut inside of one of so many last batches: what is cut is the end that was not on the disk yet."""

RECREATED_S: Final = 12.0
"""How long a topic that was made anew stays empty.

A worker that reads where the new log has records already can't tell them from the old log's until it has asked for the
log's identity again, which it does every five seconds.
"""


def join(world: "World") -> bool:
    """A worker starts."""
    return world.join()


def rebalance(world: "World") -> bool:
    """The group hands the partitions out anew; a worker that is stopped does not hear of it."""
    world.rebalance()
    return True


def crash(world: "World") -> bool:
    """A worker is killed; what it has sent may still arrive, later."""
    worker = world.workers.pop(world.random.randrange(len(world.workers)))
    world.reached[reached.KILLED_IN_FLIGHT] += reached.in_flight(worker)
    worker.kill()
    world.gone += [chain for chain in worker.chains if chain.requests]
    for send in worker.sends:
        if world.random.random() < 0.5:
            send()
    if not world.workers:
        world.join()
    world.rebalance()
    return True


def pause(world: "World") -> bool:
    """A worker stops, as by SIGSTOP; the group mostly goes on without it, and it knows nothing of that."""
    awake = [worker for worker in world.workers if not worker.paused]
    if not awake:
        return False
    worker = world.random.choice(awake)
    world.reached[reached.PAUSED_IN_FLIGHT] += reached.in_flight(worker)
    worker.paused = True
    if world.random.random() < 0.7:
        if len(awake) == 1:
            world.join()
        world.rebalance()
    return True


def resume(world: "World") -> bool:
    """A stopped worker goes on where it was: a zombie."""
    asleep = [worker for worker in world.workers if worker.paused]
    for worker in asleep:
        worker.paused = False
    return bool(asleep)


def lose_reply(world: "World") -> bool:
    """A request is run, and the connection breaks before its reply arrives."""
    waiting = [chain for chain in world.chains() if chain.requests and chain.is_open]
    if not waiting:
        return False
    chain = world.random.choice(waiting)
    landed = world.batches
    chain.serve()
    chain.break_off()
    world.reached[reached.LANDED_UNHEARD] += world.batches - landed
    return True


def drop(world: "World") -> bool:
    """A connection breaks, and what was on its way is lost."""
    chains = [chain for chain in world.chains() if chain.is_open]
    if not chains:
        return False
    chain = world.random.choice(chains)
    chain.requests.clear()
    chain.break_off()
    return True


def delay(world: "World") -> bool:
    """Redis is silent for longer than a client waits; the request stays on its way."""
    waiting = [
        worker
        for worker in world.workers
        if not worker.paused and any(chain.is_open and chain.requests and chain.waits for chain in worker.chains)
    ]
    if not waiting:
        return False
    world.clock.now_s += SILENCE_S
    for worker in waiting:
        worker.loop.step()  # Before anything else happens: its client gives up.
    return True


def deliver_late(world: "World") -> bool:
    """A request of a connection that its client has given up arrives at last."""
    given_up = [chain for chain in (*world.gone, *world.chains()) if chain.requests and not chain.is_open]
    if not given_up:
        return False
    landed = world.batches
    world.random.choice(given_up).serve()
    world.reached[reached.LANDED_LATE] += world.batches - landed
    return True


def repeat(world: "World") -> bool:
    """Something on the way sends a request a second time.

    Not where another worker has written since: the first run of an apply is refused there, and watches the mark anew
    for the second. A connection repeats nothing, and the product's client is told not to.
    """
    waiting = [chain for chain in world.chains() if chain.requests and chain.is_open and chain.holds_watch]
    if not waiting:
        return False
    landed = world.batches
    world.random.choice(waiting).serve(twice=True)
    world.reached[reached.LANDED_TWICE] += world.batches > landed
    return True


def roll_back(world: "World") -> bool:
    """The store goes back to an earlier state, and every connection breaks."""
    now = len(world.store.history) - 1
    if now < 2:
        return False
    world.store.roll_back(world.random.randrange(now))
    _break_all(world)
    return True


def cut_inside(world: "World") -> bool:
    """The store's append-only file is cut inside of a batch's transaction, whose beginning stays in the file."""
    steps = world.store.history
    cuts = [i for i, step in enumerate(steps) if step.batch is not None and len(writes_of(0, step.batch)) > 1]
    if not cuts:
        return False
    at = world.random.choice(cuts[-CUT_BATCHES_MAX:])
    batch = steps[at].batch
    assert batch is not None
    world.store.cut_inside(at, world.random.randint(1, len(writes_of(0, batch))))
    _break_all(world)
    return True


def come_back(world: "World") -> bool:
    """The store starts again after such a cut: half of the lost batch comes back, without its mark.

    What was written since is written upon it, and the end of that may be lost in turn.
    """
    half, length = world.store.half, len(world.store.history)
    if half is None or length == half.base:
        return False
    until = length if world.random.random() < 0.5 else world.random.randint(half.base + 1, length)
    world.store.come_back(until)
    _break_all(world)
    return True


def lose_acknowledgement(world: "World") -> bool:
    """Kafka has a dead letter, a re-keyed scan or an announcement, and the worker is not told; or has it not."""
    sending = [worker for worker in world.workers if worker.sends and not worker.paused]
    if not sending:
        return False
    reaches = world.lost_acknowledgements % 2 == 0
    world.lost_acknowledgements += 1
    world.random.choice(sending).sends.pop(0)(lost=True, reaches=reaches)
    return True


def fill_memory(world: "World") -> bool:
    """The store is out of memory, and refuses batches and claims as a whole."""
    struck = not world.store.full
    world.store.full = True
    return struck


def free_memory(world: "World") -> bool:
    """The store has memory again."""
    struck = world.store.full
    world.store.full = False
    return struck


def retain(world: "World") -> bool:
    """Retention deletes what has been applied; a rollback of the store may still need it."""
    marks = [content.next_offset for content in world.store.contents]
    logs = world.log.partitions
    having = [n for n, mark in enumerate(marks) if logs[n].earliest < mark <= logs[n].end]
    if not having:
        return False
    number = world.random.choice(having)
    world.log.retain(number, world.random.randint(logs[number].earliest + 1, marks[number]))
    return True


# What ends partitions: a person has to look. One at most strikes a world.


def overtake(world: "World") -> bool:
    """Retention deletes what has not been applied."""
    marks = [content.next_offset for content in world.store.contents]
    logs = world.log.partitions
    behind = [n for n, mark in enumerate(marks) if mark < logs[n].end]
    if not behind:
        return False
    number = world.random.choice(behind)
    world.log.retain(number, world.random.randint(marks[number] + 1, logs[number].end))
    return True


def recreate(world: "World") -> bool:
    """The topic is deleted and made anew."""
    world.log.recreate()
    world.log.open = False
    world.log_opens_s = world.clock.now_s + RECREATED_S
    return True


def wrong_redis(world: "World") -> bool:
    """At the store's address stands one that was made from another log."""
    world.foreign = tuple(
        Content(epoch=7, next=5, log="cluster/other", partitions=scans.PARTITIONS, records={b"P1": b"theirs"})
        for _ in range(scans.PARTITIONS)
    )
    world.store.replace_by(world.foreign)
    _break_all(world)
    return True


def wrong_count(world: "World") -> bool:
    """The store was made from the same log with another partition count."""
    if not all(content.log for content in world.store.contents):
        return False
    contents = world.store.contents
    world.store.replace_by(tuple(content._replace(partitions=2 * scans.PARTITIONS) for content in contents))
    _break_all(world)
    return True


def corrupt(world: "World") -> bool:
    """A record in the store becomes something that is no record."""
    having = [number for number, content in enumerate(world.store.contents) if content.records]
    if not having:
        return False
    number = world.random.choice(having)
    content = world.store.contents[number]
    key = world.random.choice(list(content.records))
    world.store.put(number, lambda content: content._replace(records=content.records | {key: oracle.CORRUPT}))
    return True


def _break_all(world: "World") -> None:
    for chain in (*world.chains(), *world.gone):
        chain.requests.clear()
        chain.break_off()


Act = Callable[["World"], bool]

SHARES: Final[dict[str, tuple[float, Act]]] = {
    "join": (0.012, join),
    "rebalance": (0.012, rebalance),
    "crash": (0.015, crash),
    "pause": (0.015, pause),
    "resume": (0.03, resume),
    "lost reply": (0.03, lose_reply),
    "connection dropped": (0.02, drop),
    "reply after timeout": (0.015, delay),
    "old request late": (0.04, deliver_late),
    "request repeated": (0.02, repeat),
    "store rolled back": (0.015, roll_back),
    "file cut inside a batch": (0.006, cut_inside),
    "half a batch comes back": (0.08, come_back),
    "acknowledgement lost": (0.04, lose_acknowledgement),
    "out of memory": (0.008, fill_memory),
    "memory freed": (0.08, free_memory),
    "retention": (0.002, retain),
}
"""Name -> share of a world's steps, and what happens. PRODUCE has 0.1; the rest is WORK."""

ENDINGS: Final[dict[str, Act]] = {
    "retention overtakes the mark": overtake,
    "topic recreated": recreate,
    "wrong Redis": wrong_redis,
    "wrong partition count": wrong_count,
    "corrupt record": corrupt,
}
"""Name -> what happens, once, in ENDINGS_SHARE of all worlds."""

ENDINGS_SHARE: Final = 0.3
PRODUCE_SHARE: Final = 0.1

ACTS: Final[dict[str, Act]] = {name: act for name, (_, act) in SHARES.items()} | ENDINGS
"""Every fault."""
