"""No room: Redis out of memory, and disks that are full under Redis and Kafka."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from redis import Redis as Client

from tests.chaos.row import KAFKA, REDIS, Await, MissedError, Row, Strike
from tests.chaos.rows.kafka import takes_again
from tests.chaos.world import World
from tests.servers import Disk, UnavailableError
from tests.servers.process import Server

NO_ROOM_S: Final = (1.0, 4.0)


def out_of_memory(world: World) -> Strike:
    """Redis may have no more memory than it uses, for a while."""
    before = _refused(world, "OOM")
    world.redis.limit_memory(full=True)
    try:
        yield world.random.uniform(*NO_ROOM_S)
        refused = _refused(world, "OOM") - before
    finally:
        world.redis.limit_memory(full=False)
    return f"{refused} refusals" if refused else None


class FullDisk:
    """A server runs on a disk that can be filled up while a row runs."""

    def __init__(self) -> None:
        self._there: Disk | None = None
        self._missing = ""

    @contextmanager
    def under(self, server: Server) -> Iterator[None]:
        """Starts a server again, with such a disk and then without; where none can be had, the strikes say so."""
        with TemporaryDirectory(prefix="tracker-disk-") as folder:
            try:
                self._there = disk = Disk(Path(folder))
            except UnavailableError as error:
                self._there, self._missing = None, str(error)
                yield
                return
            _start_again(server, disk.environment)
            try:
                yield
            finally:
                disk.free()
                _start_again(server, {})

    @property
    def _disk(self) -> Disk:
        if self._there is None:
            raise MissedError(self._missing)
        return self._there

    def under_redis(self, world: World) -> AbstractContextManager[None]:
        """Redis has such a disk."""
        return self.under(world.redis)

    def under_kafka(self, world: World) -> AbstractContextManager[None]:
        """Kafka has such a disk."""
        return self.under(world.broker)

    def redis(self, world: World) -> Strike:
        """Redis can't write its file: it refuses what comes; and it may be killed before there is room again."""
        disk, before = self._disk, _refused(world, "MISCONF")
        disk.fill()
        try:
            yield world.random.uniform(*NO_ROOM_S)
            refused = _refused(world, "MISCONF") - before
            if killed := world.random.random() < 0.5:
                world.redis.kill()
        finally:
            disk.free()
            if not world.redis.runs:
                world.redis.start()
        return f"{refused} refusals{', and killed' if killed else ''}" if refused else None

    def redis_always(self, world: World) -> Strike:
        """Redis must not answer before it has written, and can't write: it ends, and is started when there is room."""
        with Client.from_url(world.settings.redis) as store:
            store.config_set("appendfsync", "always")
        yield from self._ended(world, world.redis)
        yield Await(world.redis.ready)
        return "Redis ended by itself"

    def kafka(self, world: World) -> Strike:
        """Kafka can't write its log: it ends, and is started when there is room."""
        yield from self._ended(world, world.broker)
        yield from takes_again(world)
        return "Kafka ended by itself"

    def _ended(self, world: World, server: Server) -> Strike:
        disk = self._disk
        disk.fill()
        try:
            yield Await(lambda: not server.runs)
            yield world.random.uniform(*NO_ROOM_S) / 2
        finally:
            disk.free()
            server.kill()
            server.launch()
        return server.name


def _start_again(server: Server, environment: Mapping[str, str]) -> None:
    """Kafka takes long to end by itself, which is not what is tried here."""
    server.kill()
    server.environment = dict(environment)
    server.start()


def _refused(world: World, error: str) -> int:
    """How often Redis has refused something so."""
    with Client.from_url(world.settings.redis) as store:
        found: dict[str, dict[str, int]] = store.info("errorstats")
    return int(found.get(f"errorstat_{error}", {}).get("count", 0))


_DISK: Final = FullDisk()

ROOM_ROWS: Final = (
    Row("Redis out of memory", out_of_memory, frozenset({REDIS})),
    Row("disk full for Redis, AOF everysec", _DISK.redis, frozenset({REDIS}), around=_DISK.under_redis, mixed=False),
    Row(
        "disk full for Redis, AOF always", _DISK.redis_always, frozenset({REDIS}), around=_DISK.under_redis, mixed=False
    ),
    Row("disk full for Kafka", _DISK.kafka, frozenset({KAFKA}), around=_DISK.under_kafka, mixed=False),
)
