"""Which partition a parcel lives on: Kafka's own murmur2, as Java clients and librdkafka's `murmur2_random` compute it.

Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` and `BuiltInPartitioner.partitionForKey`.
"""

from typing import Final

_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF
_31_BITS: Final = 0x7FFFFFFF


def murmur2(key: bytes) -> int:
    """Kafka's hash of a key, unsigned: 0 to 2**32 - 1. Java prints the same 32 bits as a signed number.

    >>> murmur2(b"foobar") - 2**32
    -790332482
    """
    length = len(key)
    whole = length & ~3
    h = _SEED ^ length
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _MULTIPLIER & _32_BITS
        k = (k ^ k >> 24) * _MULTIPLIER & _32_BITS
        h = (h * _MULTIPLIER & _32_BITS) ^ k
    if whole < length:
        h = (h ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _32_BITS
    h = (h ^ h >> 13) * _MULTIPLIER & _32_BITS
    return h ^ h >> 15


def partition_of(key: bytes, count: int) -> int:
    """The partition of a key, 0 to count - 1, on a topic of `count` partitions.

    >>> partition_of(b"RR123456785KZ", 64)
    10
    """
    return (murmur2(key) & _31_BITS) % count
