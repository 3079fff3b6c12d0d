"""A worker at those servers that the store works with beside the machine's, which all other tests are at."""

import pytest
import redis

from tests.process.test_worker import scans
from tests.process.workers import Worker, counters, new_topic, parcels, send, until_applied
from tests.servers import SERVERS, Kafka, Redis


@pytest.mark.server
@pytest.mark.parametrize("kind", SERVERS[1:])
def test_a_worker_applies_scans_and_goes_on_after_its_redis_was_killed(kafka: Kafka, kind: str) -> None:
    topic = new_topic(kafka)
    with (
        Redis(server=kind) as store,
        Worker(kafka, store.url, topic) as worker,
        redis.Redis.from_url(store.url) as client,
    ):
        send(kafka, topic, scans("A", 300))
        until_applied(kafka, client, topic, worker)
        store.kill()
        send(kafka, topic, scans("A", 300, minute=1))
        store.start()
        until_applied(kafka, client, topic, worker)
        assert {len(one["events"]) for one in parcels(client).values()} == {2}
        counted = counters(client)
        assert (counted["scans"], counted["duplicates"], counted["rejected"]) == (600, 0, 0)
        assert worker.says("Traceback") == 0
