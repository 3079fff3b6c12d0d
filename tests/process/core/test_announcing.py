"""Which aliases a partition announces, and what it makes of announcements."""

import json
from typing import Any, Final

import pytest

from tests.process.core.partitions import (
    BASE_MS,
    NOTHING,
    fetched,
    fold,
    running,
    scan,
)
from tracker import limits
from tracker.domain.parcel import CorruptRecord
from tracker.domain.partition import partition_of
from tracker.process.core.batch import FoldedBatch
from tracker.process.core.partition import State
from tracker.process.core.reason import Reason
from tracker.store.claims import NO_COUNTERS, Claimed, Mark, StoredNames

S10: Final = "RR123456785KZ"
SSCC: Final = "095287654321012346"
DAY_MS: Final = 86_400_000


def read_with(alias: str = SSCC, time: int = BASE_MS, **more: Any) -> bytes:
    """A scan of S10 by a tunnel that has read an alias too."""
    return json.dumps({"barcodes": [S10, alias], "event": "ARRIVED", "time": time, **more}).encode()


def announced(folded: FoldedBatch) -> list[tuple[bytes | None, dict[str, Any], bytes]]:
    """Key, value and source of what a batch announces."""
    out = [one for one in folded.outgoing if one.value is not None and one.value.startswith(b'{"alias"')]
    assert all(one.rekeyed for one in out)
    return [(one.key, json.loads(one.value or b""), one.headers["source"]) for one in out]


def announcement(time: int = BASE_MS) -> dict[str, Any]:
    return {"alias": SSCC, "parcel": S10, "time": time}


def test_an_alias_is_announced_under_its_own_key_in_the_order_of_the_log() -> None:
    one = running()
    _, folded = fold(one, fetched({0: read_with(), 1: b"bad", 2: scan("P1"), 3: read_with("1Z5R89390357567127")}))
    assert announced(folded) == [
        (SSCC.encode(), announcement(), b"scans/0/0"),
        (b"1Z5R89390357567127", announcement() | {"alias": "1Z5R89390357567127"}, b"scans/0/3"),
    ]
    assert [out.headers["source"][-1:] for out in folded.outgoing] == [b"0", b"1", b"3"]
    assert folded.batch.counters == (3, 1, 1, 0, 0)


def test_of_an_alias_one_announcement_a_day_is_enough_and_it_has_the_newest() -> None:
    one = running()
    first = BASE_MS - 3 * DAY_MS
    days = [first + DAY_MS, first, first + 2 * DAY_MS, first + 2 * DAY_MS + 1]
    _, folded = fold(one, fetched({i: read_with(time=time) for i, time in enumerate(days)}))
    assert announced(folded) == [(SSCC.encode(), announcement(days[2]), b"scans/0/2")]
    one.remember_announced(folded.announced)
    _, again = fold(one, fetched({4: read_with(time=days[2] + 5), 5: read_with(time=first)}))
    assert again.outgoing == []
    _, later = fold(one, fetched({6: read_with(time=BASE_MS)}))
    assert announced(later) == [(SSCC.encode(), announcement(BASE_MS), b"scans/0/6")]


def test_what_is_not_acknowledged_is_announced_again() -> None:
    one = running()
    _, folded = fold(one, fetched({0: read_with()}))
    _, again = fold(one, fetched({1: read_with()}))
    assert len(announced(folded)) == len(announced(again)) == 1


@pytest.mark.parametrize("how", ["lost", "revoked"])
def test_what_was_announced_is_forgotten_with_the_chain(how: str) -> None:
    one = running()
    _, folded = fold(one, fetched({0: read_with()}))
    one.remember_announced(folded.announced)
    one.lost(Reason("the connection is lost")) if how == "lost" else one.revoked()
    one.claim()
    one.claimed(Claimed(Mark(2, None), NO_COUNTERS), NOTHING, 0, 100)
    _, again = fold(one, fetched({0: read_with()}))
    assert announced(again) == announced(folded)


def test_a_scan_that_is_not_applied_announces_nothing() -> None:
    sources = [(b"S", b"%d" % i) for i in range(limits.SOURCES_MAX)]
    one = running(names=StoredNames(sources, [b"ARRIVED"]))
    _, folded = fold(one, fetched({0: read_with(site="NEW"), 1: b"bad"}))
    assert [out.headers["reason"] for out in folded.outgoing] == [b"too_many_names", b"not_json"]


def test_an_announcement_is_added_to_what_the_store_has_of_its_alias_and_to_no_parcel() -> None:
    one = running()
    value = json.dumps(announcement()).encode()
    read = one.read(fetched({0: value, 1: scan("P1"), 2: value}))
    assert (read.parcels, read.missing, read.with_data) == ([b"P1"], [b"P1"], [])
    assert read.aliases == [SSCC.encode()]
    folded = one.fold(read, [None, b"30000 P7 2 RR123456785KZ"])
    assert folded.batch.aliases == {SSCC.encode(): b"30000 P7 %d RR123456785KZ" % (BASE_MS // DAY_MS)}
    assert folded.batch.counters == (1, 0, 0, 0, 2)
    assert (folded.counts.scans, folded.counts.announcements, folded.outgoing) == (1, 2, [])


def test_an_announcement_on_another_partition_is_sent_on_under_its_alias() -> None:
    home = partition_of(SSCC.encode(), 4)
    one = running(number=(home + 1) % 4, partitions=4)
    value = json.dumps(announcement()).encode()
    _, folded = fold(one, fetched({0: value}))
    assert [(out.rekeyed, out.key, out.value) for out in folded.outgoing] == [(True, SSCC.encode(), value)]
    assert folded.batch.counters == (0, 0, 0, 1, 0)
    assert folded.batch.aliases == {}


@pytest.mark.parametrize("bad", [b"", b"no days", b"1 P1 2"])
def test_what_is_no_list_of_parcels_stops_the_partition(bad: bytes) -> None:
    one = running()
    read = one.read(fetched({0: json.dumps(announcement()).encode()}))
    with pytest.raises(CorruptRecord) as caught:
        one.fold(read, [bad])
    one.stop(Reason(str(caught.value), "corrupt_record"))
    assert one.state is State.STOPPED
