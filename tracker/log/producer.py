"""The one producer that everything which sends scans goes through.

A scan that was handed over is either acknowledged by all in-sync replicas, once and in order on its partition, or
counted as failed with its reason. Nothing is dropped: when the queue is full, `send` waits for the broker.
"""

from collections.abc import Callable, Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message

from tracker.errors import TrackerError
from tracker.limits import QUEUE_KIB_MAX, QUEUE_SCANS_MAX, RECORD_BYTES_MAX
from tracker.log import clients, permissions
from tracker.log.cluster import Cluster

Setting = str | int | float | bool

OnDelivery = Callable[[str | None, int, int], None]
"""Told once what came of a scan: (None, partition, offset) when all in-sync replicas have it, the offset -1 where the
broker did not say; (reason, -1, -1) when it was given up, though it may stand in the log nevertheless."""

_SENDS_A_POLL: Final = 256
"""Sends between two polls. A poll costs 1 us and serves all reports that came; one a send would be half of the
sending."""

SETTINGS: Final[dict[str, Setting]] = {
    "enable.idempotence": True,
    "acks": "all",
    # What Java clients do, and `tracker.domain.partition` computes. librdkafka's own default is CRC-32.
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "linger.ms": 5,
    "batch.num.messages": 10_000,
    # Below a broker's default message.max.bytes of 1 MiB. A longer record goes in a batch of its own.
    "batch.size": 1_000_000,
    # A value of RECORD_BYTES_MAX, with room for its key, headers and frame.
    "message.max.bytes": RECORD_BYTES_MAX + 4_096,
    "queue.buffering.max.messages": QUEUE_SCANS_MAX,
    "queue.buffering.max.kbytes": QUEUE_KIB_MAX,
}
"""Of librdkafka, for whoever sends scans."""


class ScanProducer:
    """Sends scans to Kafka: idempotent, `acks=all`, partitioned like Java clients do. Belongs to one thread.

    Args:
        cluster: to which.
        topic: where a scan goes unless `send` says otherwise.
        settings: librdkafka settings that stand above ours.

    Attributes:
        attempted: scans handed over.
        acknowledged: of these, acknowledged by the broker.
        failed: of these, given up.
        last_error: the last reason of a failed scan or of trouble with the broker, None if there was none.
        denied: which permission is missing, None as long as no broker has said so.
    """

    def __init__(self, cluster: Cluster, topic: str, settings: Mapping[str, Setting] | None = None) -> None:
        self.topic = topic
        self.attempted = 0
        self.acknowledged = 0
        self.failed = 0
        self.last_error: str | None = None
        self.denied: str | None = None
        self._until_poll = _SENDS_A_POLL
        self._plain_report = self._report
        self._cluster = cluster
        self._producer = clients.producer(cluster, {**SETTINGS, **(settings or {}), "error_cb": self._on_error})

    @property
    def unacknowledged(self) -> int:
        """Scans of which it is not known yet what came of them."""
        return self.attempted - self.acknowledged - self.failed

    def send(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, str | bytes | None]] | None = None,
        on_delivery: OnDelivery | None = None,
        *,
        topic: str | None = None,
        partition: int = -1,
    ) -> None:
        """Hands one scan over; waits while the queue is full.

        A scan that can't be handed over at all, since it is much longer than RECORD_BYTES_MAX, counts as failed.

        Raises:
            TrackerError: `no_kafka`, we may not send: no scan before this one was acknowledged.

        Args:
            key: canonical parcel id in ASCII; None goes to a random partition.
            value: the scan, as JSON; None is a record without a value.
            headers: the record's headers.
            on_delivery: told what came of it, within this or a later `send`, `poll` or `flush`.
            topic: another topic than the producer's own.
            partition: -1 for the partition of the key.
        """
        self.attempted += 1
        report = self._plain_report if on_delivery is None else self._report_to(on_delivery)
        while True:
            try:
                if headers is None:
                    self._producer.produce(topic or self.topic, value, key, partition, report)
                else:
                    self._producer.produce(topic or self.topic, value, key, partition, report, headers=headers)
                break
            except BufferError:
                self.poll(0.05)
            except KafkaException as error:
                report(error.args[0], None)
                break
        self._until_poll -= 1
        if not self._until_poll:
            self._until_poll = _SENDS_A_POLL
            self.poll()
            self._check_allowed()

    def poll(self, seconds: float = 0.0) -> None:
        """Serves the reports that have come, waiting at most so long for a first one."""
        self._serve(self._producer.poll, seconds)

    def flush(self, timeout_s: float) -> int:
        """Waits until it is known of every scan what came of it. Returns of how many it is still not known."""
        self._serve(self._producer.flush, timeout_s)
        return self.unacknowledged

    def finish(self, timeout_s: float) -> None:
        """Flushes, and is satisfied only if every scan was acknowledged.

        Raises:
            TrackerError: `not_acknowledged`, with the counts and the last reason; `no_kafka`, we may not send.
        """
        if self.flush(timeout_s) or self.failed:
            self._check_allowed()
            raise TrackerError(
                "not_acknowledged",
                f"expected all {self.attempted} scans acknowledged; {self.acknowledged} were, {self.failed} failed, "
                f"{self.unacknowledged} are open after {timeout_s:g} s "
                f"(last error: {self.denied or self.last_error or 'none'}). Look at the broker, then send them "
                "again: a scan that arrives twice is counted once.",
            )

    def _check_allowed(self) -> None:
        if self.denied is not None and not self.acknowledged:
            raise TrackerError("no_kafka", f"{self._cluster.place}: {self.denied}")

    def _report(self, error: KafkaError | None, message: Message | None) -> None:
        if error is None:
            self.acknowledged += 1
        else:
            self.failed += 1
            self._note(error, (message and message.topic()) or self.topic)

    def _report_to(self, on_delivery: OnDelivery) -> Callable[[KafkaError | None, Message | None], None]:
        def report(error: KafkaError | None, message: Message | None) -> None:
            self._report(error, message)
            if error is not None or message is None:
                on_delivery("unknown" if error is None else error.str(), -1, -1)
            else:
                offset = message.offset()
                on_delivery(None, message.partition() or 0, -1 if offset is None else offset)

        return report

    def _on_error(self, error: KafkaError) -> None:
        self._note(error, self.topic)

    def _note(self, error: KafkaError, topic: str) -> None:
        self.last_error = error.str()
        if error.code() in permissions.KINDS:
            # Of the cluster itself nothing is needed: who may write to a topic may do so as an idempotent producer.
            self.denied = permissions.lacks(self._cluster, permissions.TOPIC, "Write", topic)

    def _serve(self, wait: Callable[[float], object], seconds: float) -> None:
        """Has the client serve its reports, so that Ctrl-C gets through."""
        try:
            wait(seconds)
        except (KafkaException, SystemError) as error:
            # What is raised while a report is served gets lost in the client, which then says SystemError: by a
            # signal's handler, or by the client itself, which will send nothing any more.
            failure = error if isinstance(error, KafkaException) else error.__cause__
            if not isinstance(failure, KafkaException):
                raise KeyboardInterrupt from error
            self._note(failure.args[0], self.topic)
            wait(seconds)
