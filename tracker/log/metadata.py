"""Kafka's Metadata request for one topic, in the version that tells its id (KIP-516), which aiokafka does not have."""

from typing import Any, NamedTuple, Self

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest_v5
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

_Text = CompactString("utf-8")
_ID = (("id_high", Int64), ("id_low", Int64))
"""A topic id is 16 bytes; the nil one stands for none."""


class MetadataResponse_v10(Response):  # type: ignore[misc]  # noqa: N801 - as its kind are named in aiokafka
    """What a broker of Kafka 2.8 or newer answers."""

    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(("node_id", Int32), ("host", _Text), ("port", Int32), ("rack", _Text),
                                 ("tags", TaggedFields))),
        ("cluster_id", _Text),
        ("controller_id", Int32),
        ("topics", CompactArray(
            ("error_code", Int16),
            ("topic", _Text),
            *_ID,
            ("is_internal", Boolean),
            ("partitions", CompactArray(
                ("error_code", Int16),
                ("partition", Int32),
                ("leader", Int32),
                ("leader_epoch", Int32),
                ("replicas", CompactArray(Int32)),
                ("isr", CompactArray(Int32)),
                ("offline_replicas", CompactArray(Int32)),
                ("tags", TaggedFields),
            )),
            ("authorized_operations", Int32),
            ("tags", TaggedFields),
        )),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )  # fmt: skip


class MetadataRequest_v10(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """The same question in version 10."""

    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = MetadataResponse_v10
    SCHEMA = Schema(
        ("topics", CompactArray(*_ID, ("topic", _Text), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicRequest(Request[MetadataRequest_v5 | MetadataRequest_v10]):  # type: ignore[misc]
    """Asks for one topic, and makes none.

    Args:
        topic: its name.
    """

    API_KEY = 3

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[Any]) -> Any:  # noqa: ANN401 - one of its kinds
        """The question in the newest version that both sides have."""
        if request_struct_class is MetadataRequest_v10:
            return MetadataRequest_v10([(0, 0, self._topic, {})], False, False, False, {})
        return MetadataRequest_v5([self._topic], False)


class About(NamedTuple):
    """What a broker knows of a cluster and one topic.

    Attributes:
        cluster_id: of the cluster.
        error_code: of the topic, 0 for none.
        topic_id: its high and its low 64 bits, signed; 0 and 0 where brokers are older than Kafka 2.8.
        partitions: how many it has.
    """

    cluster_id: str
    error_code: int
    topic_id: tuple[int, int]
    partitions: int

    @classmethod
    def of(cls, response: Response) -> Self:
        """Reads an answer."""
        answer = response.to_object()
        (topic,) = answer["topics"]
        topic_id = (topic.get("id_high", 0), topic.get("id_low", 0))
        return cls(str(answer["cluster_id"]), topic["error_code"], topic_id, len(topic["partitions"]))
