"""Workers and commands at a Kafka as clusters are: each way in, under the permissions of deploy/acl and no other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest

from tests.process.systems import START_S_MAX, System
from tests.process.workers import headers_of, parcels, read_topic, until
from tests.servers import LISTENERS, Redis, SecureKafka

PARCEL: Final = "RR123456785KZ"
SCANS: Final = "".join(
    f'{{"barcode": "{PARCEL}", "event": "EMSEVT:{event}", "time": "2026-11-22T{hour}:15:30+05:00", "site": "KZALA"}}\n'
    for hour, event in zip((10, 11, 12), ("EMA", "EMB", "EMC"), strict=True)
)
NO_SCAN: Final = '{"barcode": "no parcel"}\n'


@pytest.fixture(scope="module")
def systems(
    secure_kafka: SecureKafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, System]]:
    """A system at each listener; their workers start side by side."""
    with ExitStack() as stack:
        found = {
            listener: System(
                *(secure_kafka, listener, f"at-{listener.lower()}", f"{redis_server.url[:-1]}{number}"),
                tmp_path_factory.mktemp("way"),
            )
            for number, listener in enumerate(LISTENERS)
        }
        for system in found.values():
            stack.push(system.worker)
            system.worker.launch()
        for system in found.values():
            until(system.worker.ready, "it does not start", system.worker, START_S_MAX)
        yield found


@pytest.mark.parametrize("listener", LISTENERS)
def test_scans_become_parcels_and_dead_letters_at_each_listener(
    secure_kafka: SecureKafka, systems: dict[str, System], listener: str
) -> None:
    system = systems[listener]
    sent = system.tracker("operator", "replay", "-", "--wait", scans=SCANS + NO_SCAN)
    assert "4 scans acknowledged of 4 lines" in sent.output
    assert len(parcels(system.client)[PARCEL]["events"]) == 3
    (letter,) = read_topic(secure_kafka, f"{system.topic}.rejected", 4)
    assert headers_of(letter)["reason"] == b"missing_field"
    system.until_well()


@pytest.mark.parametrize("listener", LISTENERS)
def test_what_is_asked_of_the_log_is_answered_at_each_listener(systems: dict[str, System], listener: str) -> None:
    system = systems[listener]
    system.tracker("operator", "replay", "-", "--wait", scans=SCANS)
    explained = json.loads(system.tracker("reader", "why", PARCEL, "--json").stdout)
    assert explained["offsets_remark"] is None
    assert all(event["offsets"] for event in explained["events"])
    assert "is there" in system.tracker("init", "init").output
    assert "nothing to accept" in system.tracker("operator", "accept-loss", "--yes").output


def test_a_parcel_is_explained_also_where_the_log_may_not_be_read_and_that_is_a_remark(
    systems: dict[str, System],
) -> None:
    system = systems["SASL_SSL_PLAIN"]
    system.tracker("operator", "replay", "-", "--wait", scans=SCANS)
    wrong = {"TRACKER_KAFKA_PASSWORD": "wrong"}
    explained = json.loads(system.tracker("reader", "why", PARCEL, "--json", **wrong).stdout)
    assert len(explained["events"]) == 3
    assert "does not accept TRACKER_KAFKA_USER 'reader' with its TRACKER_KAFKA_PASSWORD" in explained["offsets_remark"]
    denied = system.tracker("init", "why", PARCEL, "--json")
    remark = json.loads(denied.stdout)["offsets_remark"]
    assert f"User:init lacks the permission Read on topic {system.topic}: kafka-acls.sh --add " in remark
