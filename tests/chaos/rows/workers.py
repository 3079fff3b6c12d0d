"""Workers are killed, stopped and replaced, and claims are taken from them."""

import time
from typing import Final

from redis import Redis as Client

from tests.chaos.row import TRAFFIC, WAY_TO_REDIS, WORKER, Await, Row, Strike
from tests.chaos.traps import ApplyTrap, KeptRequest, LostReply
from tests.chaos.workers import Worker
from tests.chaos.world import AFTER_KILL_S, PARTITIONS, SESSION_TIMEOUT_S, World
from tracker.store import keys

ZOMBIE_S: Final = SESSION_TIMEOUT_S + 2.0
STORM_S: Final = 300.0
STORM_EVERY_S: Final = 2.0
BELOW_WANTED: Final = 1
"""Workers that a storm may leave fewer than wanted; above it, it may have as many as there are slots."""


def killed_idle(world: World) -> Strike:
    """By SIGKILL while there is nothing to do; scans come again right after it, another worker a moment later."""
    rate = world.sender.rate
    try:
        world.sender.rate = 0.0
        yield Await(world.settled)
        if (worker := world.crew.one()) is None:
            return None
        worker.kill()
    finally:
        world.sender.rate = rate
    return (yield from _replaced(world, worker))


def killed_applied(world: World) -> Strike:
    """By SIGKILL when Redis has executed a batch and the worker has not read the answer: nothing is committed."""
    return (yield from _killed_with(world, LostReply()))


def killed_in_batch(world: World) -> Strike:
    """By SIGKILL when a batch is on its way: half of it, or nothing, comes to Redis."""
    return (yield from _killed_with(world, KeptRequest(hang_up=False, half=True)))


def _killed_with(world: World, trap: ApplyTrap) -> Strike:
    if (worker := world.crew.one()) is None:
        return None
    proxy = worker.link.redis
    try:
        proxy.set_trap(trap)
        yield Await(trap.caught.is_set)
        executed = world.next_of(trap.partition) >= trap.next
        worker.kill()
    finally:
        proxy.set_trap(None)
        world.broker.network.loop.call_soon_threadsafe(trap.release)
    yield from _replaced(world, worker)
    if executed != isinstance(trap, LostReply):
        return None
    return f"{worker.folder.name} with a batch of partition {trap.partition} up to {trap.next}"


def _replaced(world: World, worker: Worker) -> Strike:
    """Another one starts a moment after a worker has gone."""
    yield world.random.uniform(*AFTER_KILL_S)
    world.fill_up()
    return worker.folder.name


def zombie(world: World) -> Strike:
    """Paused for longer than its session: it comes back while others have its partitions."""
    if (worker := world.crew.one()) is None:
        return None
    before = world.epochs()
    worker.pause()
    try:
        yield ZOMBIE_S
        claimed = world.epochs() != before
    finally:
        if worker.runs:
            worker.resume()
    return worker.folder.name if claimed else None


def replaced(world: World) -> Strike:
    """Another one joins, and a moment later one is told to end, by SIGTERM."""
    if (worker := world.crew.one()) is None or not world.crew.has_room:
        return None
    joined = world.crew.start()
    yield world.random.uniform(2.0, 4.0)
    if worker.runs and not worker.paused:
        worker.terminate()
        yield Await(lambda: not worker.runs)
    return f"{worker.folder.name} for {joined.folder.name}"


def claims_taken(world: World) -> Strike:
    """Somebody claims every partition, as a worker would that the group has just let in."""
    yield world.random.uniform(0.0, 0.2)
    with Client.from_url(world.settings.redis) as store:
        epochs = [store.hincrby(keys.mark(number), "epoch", 1) for number in range(PARTITIONS)]
    return f"epochs {epochs}"


def storm(world: World) -> Strike:
    """A worker starts or stops every two seconds, for five minutes."""
    until, turns, wanted = time.monotonic() + STORM_S, 0, world.workers_wanted
    try:
        world.workers_wanted = max(1, wanted - BELOW_WANTED)
        while time.monotonic() < until:
            able = world.crew.able
            stops = len(able) > world.workers_wanted and (world.random.random() < 0.5 or not world.crew.has_room)
            if stops:
                worker = world.random.choice(able)
                (worker.kill if world.random.random() < 0.25 else worker.terminate)()
            elif world.crew.has_room:
                world.crew.start()
            turns += 1
            yield STORM_EVERY_S
    finally:
        world.workers_wanted = wanted
    world.fill_up()
    while len(able := world.crew.able) > wanted:
        able[0].terminate()
    return f"{turns} starts and stops"


WORKER_ROWS: Final = (
    Row("worker killed idle", killed_idle, frozenset({WORKER, TRAFFIC}), proof=World.epochs, mixed=False),
    Row(
        "worker killed between apply and commit", killed_applied, frozenset({WORKER, WAY_TO_REDIS}), proof=World.epochs
    ),
    Row(
        "worker killed in the middle of a batch", killed_in_batch, frozenset({WORKER, WAY_TO_REDIS}), proof=World.epochs
    ),
    Row("zombie longer than the session timeout", zombie, frozenset({WORKER})),
    Row("worker replaced", replaced, frozenset({WORKER}), proof=World.epochs),
    Row("claims taken by somebody else", claims_taken, frozenset({WORKER}), proof=World.epochs),
    Row("rebalance storm", storm, frozenset({WORKER}), wanted=1, mixed=False),
)
