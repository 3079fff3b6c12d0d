"""Redis' append-only file after a crash.

A file that ends inside of a command of a transaction is cut by Redis behind the last whole command, not before MULTI
(`aof-load-truncated yes`; Valkey mended it in pull request 4342). What is written next stands behind an open MULTI, so
that at the next start the half transaction comes to life: records without their mark. `redis-check-aof --fix` cuts
before MULTI. So Redis is started here as it should be everywhere: mended first.
"""

import subprocess
from pathlib import Path

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


def mend(server: Redis) -> None:
    """Cuts what is not whole off the end of the file."""
    (manifest,) = (server.folder / "appendonlydir").glob("*.manifest")
    # The server's program is the checker too, by the name that it is called by.
    subprocess.run(
        ["redis-check-aof", "--fix", manifest],  # noqa: S607
        executable=server.program,
        input=b"y\n",
        capture_output=True,
        check=True,
    )


def _tail(server: Redis) -> Path:
    (tail,) = (server.folder / "appendonlydir").glob("*.incr.aof")
    return tail
