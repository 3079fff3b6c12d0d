"""A real redis-server with the durability that the product asks for."""

import re
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import redis

from tests.servers.machine import found
from tests.servers.process import Server, free_port

SERVERS: Final[Sequence[str]] = ("machine", "redis-6.2", "redis-8.2", "valkey-9.1")
"""The servers that the store works with: the machine's, which is Redis 7.0 in Debian 12, and those of PyPI packages."""

SETTINGS: Final[Mapping[str, str]] = {
    "bind": "127.0.0.1",
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    # A replica gets its first copy at once, not in the hope of more replicas to come.
    "repl-diskless-sync-delay": "0",
}

COPY_S_MAX: Final = 10
"""Within which a replica must have its first copy."""

WRITTEN_S_MAX: Final = 10
"""Redis puts a write off while its file is synced, for two seconds at most; a disk may take longer."""


class Redis(Server):
    """A redis-server on a free port, AOF `everysec`, `noeviction`.

    Args:
        folder: where the data is kept; a temporary one if None.
        settings: lines of redis.conf that stand beside or over SETTINGS.
        server: which of SERVERS runs.

    Attributes:
        server, settings: as given.
    """

    name = "redis"
    poll_s = 0.005

    def __init__(
        self, folder: Path | None = None, settings: Mapping[str, str] | None = None, server: str = "machine"
    ) -> None:
        super().__init__(folder)
        self.server = server
        self.program = _program(server)
        self.port = free_port()
        self.settings = {**SETTINGS, **(settings or {})}

    @staticmethod
    def version(server: str = "machine") -> str:
        """Gives the version of a server, such as "7.0.15"."""
        shown = subprocess.run([_program(server), "--version"], capture_output=True, text=True, check=True).stdout
        return shown.split("v=")[1].split()[0]

    @property
    def url(self) -> str:
        """As TRACKER_REDIS takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        """Gives redis-server with its file of settings, in which passwords are seen by no other process."""
        return [str(self.program), str(self._write())]

    def ready(self) -> bool:
        """Tells if it answers to PING and has loaded its data."""
        try:
            with self._connect() as connection:
                connection.sendall(b"PING\r\n")
                # With a password set, a server that asks for it is ready too.
                return re.match(rb"\+PONG|-NOAUTH", connection.recv(64)) is not None
        except OSError:
            return False

    def await_written(self) -> None:
        """Waits until all that it has answered to stands in its file, where it outlives a kill."""
        deadline = time.monotonic() + WRITTEN_S_MAX
        with redis.Redis.from_url(self.url) as client:
            while client.info("persistence")["aof_buffer_length"]:
                assert time.monotonic() < deadline, f"nothing is written: {self.log_end()}"
                time.sleep(0.02)

    def follow(self, primary: "Redis") -> None:
        """Makes this a replica of another one, and waits until it has all that stands there, on its disk too."""
        deadline = time.monotonic() + COPY_S_MAX
        with redis.Redis.from_url(self.url) as client:
            client.replicaof("127.0.0.1", str(primary.port))
            while not _has_copy(client.info()):
                assert time.monotonic() < deadline, f"no copy came: {self.log_end()}"
                time.sleep(0.02)

    def cut_off(self) -> None:
        """From now on this replica hears nothing of its primary: it is to follow one that is not there."""
        with redis.Redis.from_url(self.url) as client:
            client.replicaof("127.0.0.1", str(free_port()))

    def take_over(self, port: int) -> None:
        """Promotes this replica, and puts it where its primary was, which must be gone."""
        with redis.Redis.from_url(self.url) as client:
            client.replicaof("NO", "ONE")
        self.stop()
        self.port = port
        self.start()

    def limit_memory(self, *, full: bool) -> None:
        """Lets the server have no more memory than it uses now, or as much as it wants."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"] if full else 0)

    def _lines(self) -> Sequence[str]:
        """Gives the lines of redis.conf."""
        settings = {"port": str(self.port), "dir": f'"{self.folder}"', **self.settings}
        return [f"{name} {value}" for name, value in settings.items()]

    def _write(self) -> Path:
        path = self.folder / "redis.conf"
        path.write_text("".join(f"{line}\n" for line in self._lines()))
        return path

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=1)


def _program(server: str) -> Path:
    return found("redis_server", "redis") if server == "machine" else found(server, server)


def _has_copy(info: Mapping[str, object]) -> bool:
    # Until its own file is written anew from the copy, a replica would not end by SIGTERM.
    writing = info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]
    return info["master_link_status"] == "up" and not writing
