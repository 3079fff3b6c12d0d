"""Stores as a worker leaves them: scans folded by the compiled code, written under the keys of the layout."""

import json
from collections import defaultdict
from collections.abc import Iterable

import redis

from tests.domain import compiled
from tests.reference.strategies import SITE_ZONES, Record, value
from tracker.config import Settings
from tracker.domain import scan, side_data, vocabulary
from tracker.domain.aliases import ReadOn, merged
from tracker.domain.parcel import NameTable, decode
from tracker.domain.partition import partition_of
from tracker.log.search import event_id
from tracker.store import claims, keys
from tracker.store.reading.decode import Stored

PARTITIONS = 4
PARCEL = "RR123456785KZ"
BASE_MS = 1_763_800_000_000
HOUR_MS = 3_600_000
READ = scan.FullReader(vocabulary.load(), SITE_ZONES)


def settings(url: str, kafka: str = "127.0.0.1:1", topic: str = "scans") -> Settings:
    return Settings(redis=url, kafka=kafka, topic=topic, partitions=PARTITIONS)


def a_scan(event: str, hours: float, site: str = "", seq: int | None = None, **more: object) -> Record:
    """A scan of PARCEL, unless it says otherwise, so many hours after BASE_MS."""
    fields = {
        "parcel": PARCEL,
        "event": event,
        "time": BASE_MS + int(hours * HOUR_MS),
        "site": site or None,
        "seq": seq,
    }
    return Record(value(**{**fields, **more}))


def journey() -> list[Record]:
    """A parcel with everything that needs explaining: an UNDO, an anomaly, a re-read, a duplicate, one that waits."""
    arrived = a_scan("EMSEVT:EMD", 9, "KZALAA", 3, device="TUN-07", container="BAG-1", data={"weight": 1.25})
    return [
        a_scan("EMSEVT:EMA", 0, "KZNQZA", 1, device="POS-2"),
        a_scan("EMSEVT:EMC", 4, "KZNQZA", 2),
        arrived,
        arrived,
        a_scan("EMSEVT:EMD", 9 + 20 / 3_600, "KZALAA", 4, device="TUN-08"),
        a_scan("OUT_FOR_DELIVERY", 20, "KZALAA", 5, device="PDA-11"),
        a_scan("KAZPOST:BOXISS", 22, "KZALAA", 6, device="PDA-11"),
        a_scan("KAZPOST:BOXISS_UNDO", 22.5, "KZALAA", 7, device="PDA-11"),
        a_scan("DELIVERED", 26, "KZALAA", 8, device="PDA-11"),
        a_scan("SORTED", 30, "KZNQZA", 9, device="TUN-01"),
        a_scan("UNDO", 31, "KZNQZA", 10, target="DAMAGED"),
    ]


def of_parcels(count: int) -> list[Record]:
    """Two scans of each of so many parcels, at sites that differ."""
    return [
        a_scan(event, hours, f"SITE-{number % 300}", number, parcel=f"P{number}")
        for number in range(count)
        for hours, event in enumerate(("ACCEPTED", "DEPARTED"))
    ]


def stored(records: Iterable[Record]) -> Stored:
    """The one parcel of these records as a reader gives it, without any server."""
    records = list(records)
    names, kept = compiled.fold(records)
    ((key, record),) = kept.items()
    data = {parcel: side_data.entries(parcel, held) for parcel, held in _data(records, names, kept).items()}
    return Stored(decode(names, key, record), data.get(key, {}))


def write(url: str, records: Iterable[Record], partitions: int = PARTITIONS) -> None:
    """Writes what a worker would have made of these records, in their order, over whatever the store holds."""
    by_partition: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        by_partition[partition_of(json.loads(record.value)["parcel"].encode(), partitions)].append(record)
    with redis.Redis.from_url(url) as client:
        for partition, its_records in by_partition.items():
            names, kept = compiled.fold(its_records)
            data = _data(its_records, names, kept)
            _write_partition(client, partition, names, kept, data=data, partitions=partitions)


def label(url: str, alias: str, *read_on: tuple[int, str]) -> None:
    """Writes what a worker holds of an alias that was announced for these parcels."""
    encoded = alias.encode()
    held = merged(encoded, None, [ReadOn(day, parcel.encode()) for day, parcel in read_on])
    with redis.Redis.from_url(url) as client:
        client.set(keys.aliases(partition_of(encoded, PARTITIONS)) + encoded, held)


def _data(records: Iterable[Record], names: NameTable, kept: dict[bytes, bytes]) -> dict[bytes, bytes]:
    data: dict[bytes, bytes] = {}
    for record in records:
        one = READ(record.value) if b'"LAB:' not in record.value else None
        if isinstance(one, scan.Scan) and (one.data or one.container):
            carried = [(event_id(one), one.container, one.data)]
            data[one.parcel] = side_data.merged(data.get(one.parcel), carried, names, one.parcel, kept[one.parcel])
    return data


def _write_partition(
    client: redis.Redis,
    partition: int,
    names: NameTable,
    kept: dict[bytes, bytes],
    *,
    data: dict[bytes, bytes],
    partitions: int,
) -> None:
    places, codes = names.new()
    client.delete(keys.sources(partition), keys.codes(partition))
    for number, site, device in places:
        client.hset(keys.sources(partition), str(number), site + claims.SEPARATOR + device)
    for number, code in codes:
        client.hset(keys.codes(partition), str(number), code)
    client.mset({keys.parcels(partition) + parcel: record for parcel, record in kept.items()})
    for parcel, carried in data.items():
        client.set(keys.data(partition) + parcel, carried)
    mark = {"epoch": 1, "next": 7, "log": "a/b", "partitions": partitions, "version": keys.VERSION, "scans": 7}
    client.hset(keys.mark(partition), items=[str(part) for pair in mark.items() for part in pair])
