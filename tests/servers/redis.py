"""A real redis-server with the durability that the product asks for."""

import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.servers.machine import found
from tests.servers.process import Server, free_port

SETTINGS: Final[Mapping[str, str]] = {
    "bind": "127.0.0.1",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}


class Redis(Server):
    """A redis-server on a free port, AOF `everysec`, `noeviction`.

    Args:
        folder: where the data is kept; a temporary one if None.
        settings: lines of redis.conf that stand beside or over SETTINGS.
    """

    name = "redis"

    def __init__(self, folder: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self.program = found("redis_server", "redis")
        self.port = free_port()
        self.settings = {**SETTINGS, **(settings or {})}

    @staticmethod
    def version() -> str:
        """Gives the version of the machine's server, such as "7.0.15"."""
        program = found("redis_server", "redis")
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        return shown.split("v=")[1].split()[0]

    @property
    def url(self) -> str:
        """As TRACKER_REDIS takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        """Gives redis-server with every setting as an argument."""
        settings = {"port": str(self.port), "dir": str(self.folder), **self.settings}
        return [str(self.program), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def ready(self) -> bool:
        """Tells if it answers to PING and has loaded its data."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                # With a password set, a server that asks for it is ready too.
                return re.match(rb"\+PONG|-NOAUTH", connection.recv(64)) is not None
        except OSError:
            return False
