"""Redis' append-only file after a crash: it ends anywhere, and is started as it is."""

from pathlib import Path

from hiredis import Reader

from tests.servers import Redis


def cut(server: Redis, lost: int) -> int:
    """Cuts at most so many bytes off the end of a file that no server uses; gives how many."""
    tail, whole = _tail(server), size(server)
    with tail.open("r+b") as file:
        file.truncate(max(whole - lost, 0))
    return min(lost, whole)


def size(server: Redis) -> int:
    """The bytes of the file that a server appends to."""
    return _tail(server).stat().st_size


def commands(server: Redis, begin: int) -> list[list[bytes]]:
    """What has been appended from a byte on."""
    reader = Reader()
    reader.feed(_tail(server).read_bytes()[begin:])
    return list(iter(reader.gets, False))


def _tail(server: Redis) -> Path:
    (tail,) = (server.folder / "appendonlydir").glob("*.incr.aof")
    return tail
