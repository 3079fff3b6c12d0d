"""Errors of a broker that a real one gives only in rare trouble: librdkafka's own cluster gives them when told to."""

import ctypes
from collections.abc import Sequence
from typing import Final

from tracker.local.embedded import EmbeddedBroker

PRODUCE: Final = 0
"""Number of the request in Kafka's protocol."""


def push_errors(broker: EmbeddedBroker, errors: Sequence[int]) -> None:
    """Has the next requests to produce answered with these errors, by their codes in Kafka's protocol."""
    push = broker._library.rd_kafka_mock_push_request_errors_array
    push.restype = None
    push.argtypes = (ctypes.c_void_p, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int))
    push(broker._cluster, PRODUCE, len(errors), (ctypes.c_int * len(errors))(*errors))
