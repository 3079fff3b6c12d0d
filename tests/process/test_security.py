"""Workers and commands at a Kafka as clusters are: each way in, under the permissions of deploy/acl and no other."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import redis
from click.testing import CliRunner, Result

from tests.log import secured
from tests.process.workers import PARTITIONS, Worker, headers_of, parcels, read_topic, until
from tests.servers import LISTENERS, Redis, SecureKafka
from tracker.cli import main as command_line

PARCEL: Final = "RR123456785KZ"
SCANS: Final = "".join(
    f'{{"barcode": "{PARCEL}", "event": "EMSEVT:{event}", "time": "2026-11-22T{hour}:15:30+05:00", "site": "KZALA"}}\n'
    for hour, event in zip((10, 11, 12), ("EMA", "EMB", "EMC"), strict=True)
)
START_S_MAX: Final = 120.0
"""Six workers start side by side."""

NO_SCAN: Final = '{"barcode": "no parcel"}\n'


@dataclass
class System:
    """A worker at a listener of the secure broker, with topics of its own and a database of its own.

    Attributes:
        worker: which runs.
        topic: of scans.
        client: of its Redis.
        tracker: runs a command as a user.
    """

    worker: Worker
    topic: str
    client: redis.Redis
    tracker: Callable[..., Result]


@pytest.fixture(scope="module")
def systems(
    secure_kafka: SecureKafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, System]]:
    """A system at each listener; their workers start side by side."""
    with ExitStack() as stack:
        found = {
            listener: _system(
                secure_kafka, listener, f"{redis_server.url[:-1]}{number}", tmp_path_factory.mktemp("way")
            )
            for number, listener in enumerate(LISTENERS)
        }
        for system in found.values():
            stack.push(system.worker)
            system.worker.launch()
        for system in found.values():
            until(system.worker.ready, "it does not start", system.worker, START_S_MAX)
        yield found


def _system(kafka: SecureKafka, listener: str, url: str, folder: Path) -> System:
    topic = f"at-{listener.lower()}"
    secured.grant(kafka, listener, topic, folder)
    names = {"TOPIC": topic, "REJECTED_TOPIC": f"{topic}.rejected", "PARTITIONS": str(PARTITIONS), "REDIS": url}
    own = {f"TRACKER_{name}": text for name, text in names.items()}

    def tracker(user: str, *arguments: str, input: str = "") -> Result:  # noqa: A002
        variables = own | secured.variables(kafka, listener, user, folder)
        return CliRunner().invoke(command_line.cli, arguments, input=input, env=variables, catch_exceptions=False)

    client = redis.Redis.from_url(url)
    client.flushdb()
    assert f"topic {topic} with {PARTITIONS} partitions created" in tracker("init", "init").output
    worker = Worker(kafka, url, topic, settings=("--kafka", kafka.addresses[listener]))
    worker.environment = secured.variables(kafka, listener, "worker", folder)
    return System(worker, topic, client, tracker)


@pytest.mark.parametrize("listener", LISTENERS)
def test_scans_become_parcels_and_dead_letters_at_each_listener(
    secure_kafka: SecureKafka, systems: dict[str, System], listener: str
) -> None:
    system = systems[listener]
    sent = system.tracker("producer", "replay", "-", "--wait", input=SCANS + NO_SCAN)
    assert "4 scans acknowledged of 4 lines" in sent.output
    assert len(parcels(system.client)[PARCEL]["events"]) == 3
    (letter,) = read_topic(secure_kafka, f"{system.topic}.rejected", 4)
    assert headers_of(letter)["reason"] == b"missing_field"


@pytest.mark.parametrize("listener", LISTENERS)
def test_what_is_asked_of_the_log_is_answered_at_each_listener(systems: dict[str, System], listener: str) -> None:
    system = systems[listener]
    system.tracker("producer", "replay", "-", "--wait", input=SCANS)
    explained = json.loads(system.tracker("reader", "why", PARCEL, "--json").stdout)
    assert explained["offsets_remark"] is None
    assert all(event["offsets"] for event in explained["events"])
    assert "is there" in system.tracker("init", "init").output
    assert "nothing to accept" in system.tracker("operator", "accept-loss", "--yes").output
