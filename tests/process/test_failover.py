"""A worker behind Sentinel whose primary is killed while scans flow: each counts once, and it goes on in seconds."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final, Self

import pytest
import redis

from tests.process.test_worker import scan
from tests.process.workers import Worker, counters, ends, marks, new_topic, parcels, send, until, until_applied
from tests.servers import PRIMARY, Authority, Kafka, Redis, Sentinels, User
from tests.store.test_acl import RULES

PARCELS: Final = 400
ROUNDS: Final = 20
"""Scans of a parcel at most; a record keeps 128 events."""

USER: Final = "tracker-worker"

RECOVERY_S_MAX: Final = 20
"""From the kill on. Sentinels take some two seconds to agree and to promote the replica, on a busy machine more."""


@pytest.fixture(scope="module")
def group(redis_server: Redis, authority: Authority) -> Iterator[Sentinels]:
    del redis_server  # Skips where there is none.
    acl = " ".join(rule for rule in RULES[USER] if rule not in {"reset", "on"})
    with Sentinels(3, users={USER: User(acl)}, authority=authority, client_certificate=True) as group:
        yield group


class Sender:
    """Sends a scan of each of many parcels again and again, until it is told to stop; now and then of other parcels.

    Attributes:
        sent: parcel -> how many of its scans were acknowledged.
    """

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self.sent: Counter[str] = Counter()
        self._kafka = kafka
        self._topic = topic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for number in count():
            names = [f"P-{number // ROUNDS}-{one}" for one in range(PARCELS)]
            send(self._kafka, self._topic, [(name.encode(), scan(name, number)) for name in names])
            self.sent.update(names)
            if self._stop.wait(0.05):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def test_each_scan_counts_once_when_the_primary_is_killed(
    kafka: Kafka, group: Sentinels, authority: Authority, tell: Callable[[str], None]
) -> None:
    topic = new_topic(kafka)
    worker = Worker(kafka, f"rediss+sentinel://{','.join(group.addresses)}/{PRIMARY}/0", topic)
    ours = authority.client(USER)
    worker.environment |= {
        "TRACKER_REDIS_USER": USER,
        "TRACKER_REDIS_PASSWORD": group.primary.users[USER].password,
        "TRACKER_REDIS_CA": str(authority.certificate),
        "TRACKER_REDIS_CERTIFICATE": str(ours.certificate),
        "TRACKER_REDIS_KEY": str(ours.key),
    }
    with worker, redis.Redis.from_url(group.primary.url) as before, redis.Redis.from_url(group.replica.url) as client:
        with Sender(kafka, topic) as sender:
            until(lambda: sum(marks(before)) > 3 * PARCELS, "nothing is applied", worker)
            killed_s = time.monotonic()
            group.fail_over()
            promoted_s = time.monotonic() - killed_s
            there = ends(kafka, topic)
            until(
                lambda: all(mark >= end for mark, end in zip(marks(client), there, strict=True)),
                "it does not go on",
                worker,
            )
            recovered_s = time.monotonic() - killed_s
        until_applied(kafka, client, topic, worker)
        tell(
            f"the replica was promoted {promoted_s:.1f} s after the kill, the worker at work after {recovered_s:.1f} s"
        )
        assert recovered_s < RECOVERY_S_MAX
        assert {name: len(one["events"]) for name, one in parcels(client).items()} == sender.sent
        counted = counters(client)
        assert (counted["scans"], counted["duplicates"], counted["rejected"]) == (sender.sent.total(), 0, 0)
        assert worker.says("Traceback") == 0
