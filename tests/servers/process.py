"""A server as a child process: starts, is waited for, stops, is killed, starts again on the same data."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final, Self

START_TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 20
PR_SET_PDEATHSIG: Final = 1

TAKEN_MAX: Final = 100
"""A campaign needs 20 ports before it has bound the first; and a process may have 1,024 sockets."""

_PORTS: Final = (15_000, 30_000)
_taken: Final[deque[socket.socket]] = deque()

_libc: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def free_port() -> int:
    """Gives a free TCP port below the ephemeral range, so that no client takes it while its server is down.

    It is given to nobody else, in no other process either, until TAKEN_MAX more were asked for: so long this process
    holds the UDP port of that number, which none of these servers uses.
    """
    while True:
        port = random.randint(*_PORTS)
        taken = socket.socket(type=socket.SOCK_DGRAM)
        if _binds(taken, port) and _is_free(port):
            break
        taken.close()
    if len(_taken) == TAKEN_MAX:
        _taken.popleft().close()
    _taken.append(taken)
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, port)


def _binds(to: socket.socket, port: int) -> bool:
    try:
        to.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _die_with_parent() -> None:
    """Asks Linux to kill this child when the thread that started it ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server(ABC):
    """A server in a folder of its own.

    As a context manager it starts, and at the end it stops and removes the folder, unless that was given. Start it
    from the main thread, or from one that lives as long as the server should: Linux kills it with the thread that
    started it.

    Args:
        folder: where data, settings and log are kept; a temporary one if None.

    Attributes:
        environment: what the process is given beside this one's environment.
        poll_s: how often a server that starts is asked whether it is ready.
        allowed: whether one may start now; a test that is not marked `server` may start none.
    """

    name: str
    poll_s = 0.05
    allowed: ClassVar[bool] = True

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"tracker-{self.name}-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Gives the command that runs the server in the foreground."""

    @abstractmethod
    def ready(self) -> bool:
        """Tells if the server takes work."""

    @property
    def runs(self) -> bool:
        """Whether the process is there; a server may also end by itself. Any thread may ask."""
        return self.running_pid is not None

    @property
    def running_pid(self) -> int | None:
        """The process' id, None while it does not run. Any thread may ask."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    @property
    def pid(self) -> int:
        """The process' id; the server must run."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    def start(self) -> None:
        """Starts the server on the data in its folder and waits until it takes work.

        Raises:
            RuntimeError: it ended, or wasn't ready within START_TIMEOUT_S; with the end of its log.
        """
        self.launch()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.ready():
            if not self.runs or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} did not start: {self.log_end()}")
            time.sleep(self.poll_s)

    def launch(self) -> None:
        """Starts the server and does not wait."""
        assert self._process is None, f"{self.name} runs already"
        assert Server.allowed, "a test that starts a server is marked so: @pytest.mark.server"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, loaded before the fork
            )

    def stop(self) -> None:
        """Ends the server by SIGTERM, by SIGKILL if that takes longer than STOP_TIMEOUT_S."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Ends the server by SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Stops the server's clock by SIGSTOP: connections stay, answers don't come."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a paused server run again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def log_end(self, lines: int = 20) -> str:
        """Gives the last lines of the server's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Nobody needs what a temporary server would save while it stops.
        if self._temporary:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.stop()
