"""Worker processes, as children that can be killed, told to end, and paused."""

import signal
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Final

from tests.chaos.links import Link
from tests.servers.process import Server, free_port
from tracker import config
from tracker.cli.main import EXIT_ERROR
from tracker.config import Address, Settings

ROOT: Final = Path(__file__).resolve().parents[2]

END_S_MAX: Final = 10.0
"""How long a worker may take to end after SIGTERM."""

METRICS_S: Final = 0.5
"""How long a worker may take to say what it counts."""

CLAIMED: Final = "tracker_partition_applied_offset{"
"""What only a worker with a partition says."""

_SETTINGS: Final = (
    "kafka", "redis", "topic", "rejected_topic", "partitions", "group", "cache_parcels", "session_timeout_s", "monitor",
)  # fmt: skip


class Worker(Server):
    """One `tracker worker`.

    Args:
        folder: for its log.
        settings: of the worker, but for its addresses.
        link: its way to the servers.
        bug: a bug of `planted` that it runs with; None for the product as it is.
        environment: variables that it has beside.
    """

    name = "worker"

    def __init__(
        self, folder: Path, settings: Settings, link: Link, bug: str | None, environment: Mapping[str, str]
    ) -> None:
        super().__init__(folder)
        self.link = link
        self.monitor = Address("127.0.0.1", free_port())
        self.paused = False
        self.told_to_end = False
        self.missed = False
        self._settings = replace(
            settings,
            kafka=f"127.0.0.1:{link.kafka.port}",
            redis=f"redis://127.0.0.1:{link.redis.port}/0",
            monitor=self.monitor,
        )
        self._bug = bug
        self._environment = environment

    def command(self) -> Sequence[str]:
        """Gives the product's own command, or that of a planted bug."""
        program = ["tests.chaos.planted", self._bug] if self._bug else ["tracker.cli", "worker"]
        flags = [part for name in _SETTINGS for part in (config.flag(name), config.shown(self._settings, name))]
        variables = [f"{name}={value}" for name, value in {"PYTHONPATH": ROOT, **self._environment}.items()]
        return ["/usr/bin/env", *variables, sys.executable, "-m", *program, *flags]

    def ready(self) -> bool:
        """A worker is not waited for: that it is not ready yet is a part of the test."""
        return True

    @property
    def exit_code(self) -> int | None:
        """What it ended with by itself; None while it runs, or after a kill of ours. Any thread may ask."""
        process = self._process
        return None if process is None else process.poll()

    @property
    def ended_well(self) -> bool:
        """Whether it ended as it was told to; or did not start, since Kafka or Redis was away just then."""
        # SIGTERM may come before Python has begun to listen to it.
        told = self.told_to_end and self.exit_code in {0, -signal.SIGTERM}
        away = any(f"error[{reason}]" in self.log_end(1) for reason in ("no_kafka", "no_redis"))
        return told or (self.exit_code == EXIT_ERROR and away)

    def metrics(self) -> str:
        """What it says to Prometheus; empty where it says nothing in time, as one that stands still."""
        try:
            with urllib.request.urlopen(f"http://{self.monitor}/metrics", timeout=METRICS_S) as answer:
                text: str = answer.read().decode()
        except (OSError, ValueError, HTTPException):
            return ""
        return text

    def pause(self) -> None:
        """Stops it by SIGSTOP."""
        super().pause()
        self.paused = True

    def resume(self) -> None:
        """Lets it go on."""
        super().resume()
        self.paused = False

    def terminate(self) -> None:
        """Tells it to end, by SIGTERM; it is not waited for."""
        assert self._process is not None
        self.told_to_end = True
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float) -> None:
        """Waits until it has ended."""
        if self._process is not None:
            self._process.wait(timeout_s)


class Crew:
    """The workers of a world, those that are gone too.

    Args:
        folder: for their logs.
        settings: of the workers.
        links: the slots.
        bug: as of `Worker`.

    Attributes:
        environment: variables that workers are started with from now on.
    """

    def __init__(self, folder: Path, settings: Settings, links: Sequence[Link], bug: str | None) -> None:
        self.all: list[Worker] = []
        self.environment: dict[str, str] = {}
        self._folder = folder
        self._settings = settings
        self._links = links
        self._bug = bug
        self._numbers = count(1)

    @property
    def able(self) -> list[Worker]:
        """Those that run, are not paused, and were not told to end."""
        return [worker for worker in self.all if worker.runs and not worker.paused and not worker.told_to_end]

    @property
    def has_room(self) -> bool:
        """Whether one more can be started."""
        return bool(self._free())

    def start(self) -> Worker:
        """Starts one more, in a slot that is free."""
        folder = self._folder / f"worker-{next(self._numbers)}"
        worker = Worker(folder, self._settings, self._free()[0], self._bug, self.environment)
        worker.start()
        self.all.append(worker)
        return worker

    def _free(self) -> list[Link]:
        taken = {worker.link.slot for worker in self.all if worker.runs}
        return [link for link in self._links if link.slot not in taken]

    @property
    def at_work(self) -> list[Worker]:
        """Those that have claimed a partition."""
        return [worker for worker in self.able if CLAIMED in worker.metrics()]

    def missed(self) -> int:
        """How many have ended by themselves since this was asked last."""
        missing = [worker for worker in self.all if worker.exit_code is not None and not worker.missed]
        for worker in missing:
            worker.missed = True
        return sum(not worker.told_to_end for worker in missing)

    def fallen(self) -> list[str]:
        """What those say that ended without being told to, or not as they should."""
        return [
            f"{worker.folder.name} ended with {worker.exit_code}: {worker.log_end(60)}"
            for worker in self.all
            if worker.exit_code is not None and not worker.ended_well
        ]

    def said(self) -> str:
        """The last lines of every log."""
        return "\n".join(f"{worker.folder.name}: {worker.log_end(8)}" for worker in self.all)

    def end(self) -> None:
        """Tells all to end and waits.

        Raises:
            subprocess.TimeoutExpired: one took longer than END_S_MAX.
        """
        for worker in self.able:
            worker.terminate()
        for worker in self.all:
            worker.wait(END_S_MAX)

    def kill(self) -> None:
        """Ends whatever still runs."""
        for worker in self.all:
            worker.kill()
