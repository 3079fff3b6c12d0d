"""Runs plain Faust (bench/plain_faust.py) on scans that stand in Kafka already."""

import io
import json
import subprocess
import threading
from typing import Final

from bench.servers import Servers, child

TIMEOUT_S: Final = 90


def scans_per_second(servers: Servers, form: str, scans: int) -> float:
    """What a plain agent writes in a second.

    Args:
        servers: with at least so many scans in the topic `scans`; Redis is emptied first.
        form: `each` or `take`.
        scans: after which the time is taken.
    """
    with servers.client() as client:
        client.flushall()
    arguments = ["bench.plain_faust", form, servers.kafka.address, servers.redis.url, str(scans)]
    with child(arguments) as process:
        said = _first_json(process)
    return float(said["scans"] / said["seconds"])


def _first_json(process: subprocess.Popen[str]) -> dict[str, float]:
    """The first line of JSON that it prints; Faust's greeting comes before it."""
    output = process.stdout or io.StringIO()
    # Whoever waits for the next line sees the end of the output when the process is ended.
    watch = threading.Timer(TIMEOUT_S, process.kill)
    watch.start()
    try:
        said = next((line for line in output if line.startswith("{")), None)
    finally:
        watch.cancel()
    if said is None:
        raise RuntimeError(f"it ended, or took longer than {TIMEOUT_S} s")
    found: dict[str, float] = json.loads(said)
    return found
