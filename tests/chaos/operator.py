"""What a person sees and does: the health of the workers, and the product's own commands."""

import http.client
import json
import subprocess
import sys
from typing import Final

from tests.chaos.world import World
from tracker import config

ASK_S: Final = 0.5
COMMAND_S: Final = 30.0
_SETTINGS: Final = ("kafka", "redis", "topic", "partitions")


def stopped(world: World) -> dict[int, str]:
    """Why partitions are stopped, as the workers' health says it: {partition: reason}."""
    reasons: dict[int, str] = {}
    for worker in world.crew.able:
        connection = http.client.HTTPConnection(worker.monitor.host, worker.monitor.port, timeout=ASK_S)
        try:
            connection.request("GET", "/healthz")
            health = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        for number, partition in health.get("partitions", {}).items():
            if partition["state"] == "stopped":
                reasons[int(number)] = partition["reason"]
    return reasons


def all_stopped(world: World, reason: str) -> bool:
    """Whether every partition is stopped for a reason."""
    reasons = stopped(world)
    wanted = range(world.settings.partitions)
    return all(reasons.get(number, "").startswith(f"{reason}:") for number in wanted)


def command(world: World, *words: str) -> str:
    """Runs a command of the product, and gives what it says.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    flags = [part for name in _SETTINGS for part in (config.flag(name), config.shown(world.settings, name))]
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli", *words, *flags],
        capture_output=True, text=True, check=True, timeout=COMMAND_S,
    )  # fmt: skip
    return done.stdout
