"""What a parcel with ten scans takes in Redis: key, record, and the expiry of a delivered one.

Real records, made by the fold from ten scans each, are written under their real keys into a real Redis.
"""

import statistics
import time
from typing import Final

import redis

from bench import batches
from bench.figures import Figure, at_most
from bench.workload import STEPS, Workload
from tests.servers import Redis
from tracker.domain import parcel
from tracker.domain.partition import partition_of
from tracker.store import keys

PARCELS: Final = 100_000
PARCELS_QUICK: Final = 12_500
"""As many as fill Redis's hash table, a power of two, to the same part: its slots are shared by the parcels."""

PARTITIONS: Final = 4
TTL_S: Final = 400 * 24 * 3_600
SAMPLE: Final = 1_000
A_TIME: Final = 5_000
REST_S: Final = 0.3
"""Redis moves the slots of a growing table ten times a second."""


def run(*, quick: bool) -> list[Figure]:
    """Writes the parcels and asks Redis what they take."""
    parcels = PARCELS_QUICK if quick else PARCELS
    with Redis() as server, redis.Redis(port=server.port) as client:
        records = _records(parcels)
        before = _used(client)
        written = list(records)
        for begin in range(0, parcels, A_TIME):
            client.mset({key: records[key] for key in written[begin : begin + A_TIME]})
        lasting = (_used(client) - before) / parcels
        for begin in range(0, parcels, A_TIME):
            pipeline = client.pipeline(transaction=False)
            for key in written[begin : begin + A_TIME]:
                pipeline.expire(key, TTL_S)
            pipeline.execute()
        expiring = (_used(client) - before) / parcels
        alone = statistics.median(client.memory_usage(key, samples=0) or 0 for key in written[:SAMPLE])
        length = statistics.mean(map(len, records.values()))
    what = f"{parcels:,} parcels with {STEPS} scans each"
    return [
        Figure("memory.parcel", expiring, "bytes", f"a parcel, key and expiry included: {what}", at_most(400)),
        Figure("memory.parcel.lasting", lasting, "bytes", "a parcel that does not expire yet"),
        Figure("memory.parcel.alone", alone, "bytes", "a parcel by MEMORY USAGE, median"),
        Figure("memory.record", length, "bytes", "the record of a parcel, mean"),
    ]


def _records(parcels: int) -> batches.Records:
    """Keys of Redis and the records that belong there."""
    names = parcel.NameTable(batches.READER.names)
    records = batches.histories(names, Workload(parcels), range(STEPS))
    return {keys.parcels(partition_of(one, PARTITIONS)) + one: record for one, record in records.items()}


def _used(client: redis.Redis) -> int:
    """Bytes that Redis uses once it is at rest: a table that grows is there twice until all of it is moved."""
    before = -1
    while (used := int(client.info("memory")["used_memory"])) != before:
        before = used
        time.sleep(REST_S)
    return used
