"""Which partition a parcel lives on: Kafka's own murmur2, as Java clients and librdkafka's `murmur2_random` compute it.

Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` and `BuiltInPartitioner.partitionForKey`.
"""

from tracker.domain._scan import partition_of_key


def partition_of(key: bytes, count: int) -> int:
    """The partition of a key, 0 to count - 1, on a topic of `count` partitions.

    >>> partition_of(b"RR123456785KZ", 64)
    10
    """
    return partition_of_key(key, count)
