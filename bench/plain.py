"""Runs plain Faust (bench/plain_faust.py) on scans that stand in Kafka already."""

import io
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

from bench import plain_faust
from bench.servers import Servers
from tracker.local.embedded import end_with_parent

TIMEOUT_S: Final = 90
STOP_TIMEOUT_S: Final = 10


def scans_per_second(servers: Servers, form: str, scans: int) -> float:
    """What a plain agent writes in a second, from its first write to its last.

    Args:
        servers: with at least so many scans in the topic; Redis is emptied first.
        form: `each` or `take`.
        scans: after which the time is taken.

    Raises:
        RuntimeError: it ended before that, or took longer than TIMEOUT_S; with what it said.
    """
    with servers.client() as client:
        client.flushall()
    arguments = [form, servers.kafka.address, servers.redis.url, str(scans)]
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(
            [sys.executable, str(Path(plain_faust.__file__)), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, loaded before the fork
        )
        try:
            said = _first_json(process)
        finally:
            _end(process)
        if said is None:
            messages.seek(0)
            raise RuntimeError(f"plain Faust ended, or took longer than {TIMEOUT_S} s: {messages.read()[-2_000:]}")
    return said["scans"] / said["seconds"]


def _first_json(process: subprocess.Popen[str]) -> dict[str, float] | None:
    """The first line of JSON that it prints; Faust's greeting comes before it."""
    # Whoever waits for the next line sees the end of the output when the process is killed.
    watch = threading.Timer(TIMEOUT_S, process.kill)
    watch.start()
    try:
        said = next((line for line in process.stdout or io.StringIO() if line.startswith("{")), None)
    finally:
        watch.cancel()
    return None if said is None else json.loads(said)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
