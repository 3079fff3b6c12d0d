"""The Faust app of a worker, and what ties it to the processor."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import faust
from aiokafka.errors import KafkaError
from yarl import URL

from tracker.config import Settings
from tracker.domain import scan, vocabulary
from tracker.limits import BATCH_BYTES_MAX
from tracker.log.cluster import Cluster
from tracker.log.identity import LogClient
from tracker.log.refusals import KafkaFailedError
from tracker.process.faust import closing, fetch
from tracker.process.faust.client import FaustClient
from tracker.process.faust.transport import BatchTransport
from tracker.process.health import Health, Membership
from tracker.process.ports import Watcher
from tracker.process.processor import Processor
from tracker.site import recogniser
from tracker.store.clients import Connector
from tracker.store.connection import RedisStore
from tracker.store.server import Server

log = logging.getLogger("tracker.process")

HEARTBEATS_A_SESSION: Final = 3
COMMIT_INTERVAL_S: Final = 2.0


GROUP: Final = "a place in the group"

JOIN_PAUSE_S_MIN, JOIN_PAUSE_S_MAX = 1.0, 5.0
"""Between two looks at whether the group has refused us: longer while it does."""


class WorkerApp(faust.App):
    """A Faust app that reads scans in whole fetches and keeps no tables.

    Args:
        settings: of the worker.
        site_zones: {site: IANA zone}.
        watcher: is told what happens.
    """

    def __init__(self, settings: Settings, site_zones: Mapping[str, str], watcher: Watcher) -> None:
        brokers = [URL(f"kafka://{address}") for address in settings.kafka.split(",")]
        session_s = float(settings.session_timeout_s)
        super().__init__(
            settings.group,
            broker=brokers,
            broker_session_timeout=session_s,
            broker_heartbeat_interval=session_s / HEARTBEATS_A_SESSION,
            broker_request_timeout=max(session_s, 30.0),
            broker_commit_interval=COMMIT_INTERVAL_S,
            consumer_max_fetch_size=settings.fetch_bytes,
            producer_max_request_size=2 * BATCH_BYTES_MAX,
            stream_wait_empty=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            autodiscover=False,
        )
        self._worker_settings = settings
        self.fetch_wait_ms = settings.fetch_wait_ms
        """How long a broker may hold an answer that has no scan in it; the transport's consumer asks for it."""
        self.cluster = Cluster(settings)
        """The way to Kafka, for the transport's consumer and producer."""
        self._transport = BatchTransport(brokers, self)
        fetch.patch_fetcher(settings.topic, settings.inflate_bytes)
        closing.patch_closed_connections()
        reader = scan.reader(vocabulary.load(settings.vocabularies), site_zones, recogniser(settings))
        store = RedisStore(Connector(Server(settings)), settings.partitions, settings.final_ttl_days * 86_400)
        self._client = FaustClient(self, self.cluster, settings.topic)
        log_client = LogClient(self.cluster, settings.topic)
        self.processor = Processor(settings, reader, store, self._client, log_client, watcher)
        self.topics.add(self.topic(settings.topic, value_type=bytes, value_serializer="raw", key_serializer="raw"))
        self._turned_s: float | None = None
        self._join_error = ""

    def health(self) -> Health:
        """What is known now; for the monitor, also from another thread."""
        if self._turned_s is None:  # Faust is still on its way.
            return Health(group=Membership(joined=False, reason="it begins"))
        group = self._client.thread.membership(self.processor.topic)
        if not group.joined:
            group = replace(group, reason=self._join_error or group.reason)
        return replace(self.processor.health(), group=group, loop_age_s=time.monotonic() - self._turned_s)

    async def on_start(self) -> None:
        """Begins to look after the worker itself. Faust's tasks wait until the group has given it partitions."""
        await super().on_start()
        self.add_future(self._turn())
        self.add_future(self.processor.watch())
        self.add_future(self._stay_in_group())

    async def _turn(self) -> None:
        """Shows again and again that the event loop turns."""
        while True:
            self._turned_s = time.monotonic()
            await asyncio.sleep(1.0)

    async def _stay_in_group(self) -> None:
        """Hears what keeps us out of the group: until somebody does, aiokafka does not try again."""
        pause_s = JOIN_PAUSE_S_MIN
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._client.thread.check_membership()
            except KafkaError as error:
                self._not_in_group(self._client.thread.group_failure(error))
                pause_s = min(2 * pause_s, JOIN_PAUSE_S_MAX)
            else:
                pause_s = JOIN_PAUSE_S_MIN
                if self._join_error and self._client.thread.membership(self.processor.topic).joined:
                    log.info("in the consumer group %s after all", self._worker_settings.group)
                    self._join_error = ""
                    self.processor.reachability.kafka_answered(GROUP)

    def _not_in_group(self, failure: KafkaFailedError) -> None:
        if str(failure) != self._join_error:
            log.warning("not in the consumer group %s: %s", self._worker_settings.group, failure)
            self._join_error = str(failure)
        if failure.final:
            self.processor.reachability.kafka_error(GROUP, self._join_error)

    def _create_directories(self) -> None:
        """Faust keeps tables on disk; there are none."""

    async def on_stop(self) -> None:
        """Finishes what is in flight before the consumer goes."""
        await self.processor.close()
        await super().on_stop()
