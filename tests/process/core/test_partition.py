"""What the worker decides for a partition, without any I/O: each answer, each refusal, each loss."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.domain import compiled
from tests.process.core.partitions import (
    BASE_MS,
    NOTHING,
    STEP_MS,
    Value,
    fetched,
    fold,
    partition,
    running,
    scan,
)
from tests.simulation.content import writes_of
from tests.simulation.store import SimulatedStore
from tracker import limits
from tracker.domain import parcel
from tracker.domain.parcel import CorruptRecord
from tracker.domain.partition import partition_of
from tracker.process.core.batch import Fetched, Outgoing
from tracker.process.core.partition import State
from tracker.process.core.reason import NO_REASON, Reason
from tracker.store import keys
from tracker.store.claims import NO_COUNTERS, Applied, Claimed, Counters, Denied, Lost, Mark, StoredNames


def test_a_fresh_store_is_read_from_the_beginning() -> None:
    one = partition()
    one.claim()
    assert one.state is State.CLAIMING
    assert one.claimed(Claimed(Mark(1, None), NO_COUNTERS), NOTHING, 0, 0) == 0
    assert (one.state, one.position, one.applied, one.reason) == (State.RUNNING, 0, 0, NO_REASON)


@pytest.mark.parametrize("bounds", [(0, 70), (70, 70), (70, 200), (0, 200)])
def test_a_claim_goes_on_where_the_mark_stands(bounds: tuple[int, int]) -> None:
    one = partition()
    one.claim()
    assert one.claimed(Claimed(Mark(7, 70), Counters(9, 1, 2, 3, 4)), NOTHING, *bounds) == 70
    assert (one.state, one.position, one.applied) == (State.RUNNING, 70, 70)
    _, folded = fold(one, fetched({70: scan(), 71: b"no scan"}))
    assert folded.batch.counters == (10, 1, 3, 3, 4)


@pytest.mark.parametrize("code", ["wrong_log", "wrong_partitions", "wrong_version", "wrong_type"])
def test_a_denied_claim_stops_the_partition_and_says_what_differs(code: str) -> None:
    one = partition()
    one.claim()
    one.denied(Denied(code, "this", "that"))
    assert one.state is State.STOPPED
    assert one.reason == Reason("this worker has this, the store has that", code)


def test_a_dictionary_that_no_worker_has_written_stops_the_partition() -> None:
    one = partition()
    one.claim()
    corrupt = StoredNames([], [], "number 3 is missing")
    assert one.claimed(Claimed(Mark(7, 70), NO_COUNTERS), corrupt, 0, 100) is None
    assert (one.state, one.reason) == (State.STOPPED, Reason("number 3 is missing", "corrupt_dictionary"))


@pytest.mark.parametrize(
    ("bounds", "gap"), [((71, 200), "deleted before they were applied"), ((0, 69), "it is another log")]
)
def test_a_log_that_does_not_hold_the_mark_stops_the_partition(bounds: tuple[int, int], gap: str) -> None:
    one = partition()
    one.claim()
    assert one.claimed(Claimed(Mark(7, 70), NO_COUNTERS), NOTHING, *bounds) is None
    assert one.state is State.STOPPED
    assert one.reason.code == "log_moved"
    assert gap in one.reason.text


def test_a_stopped_partition_takes_nothing_and_stays_stopped() -> None:
    one = running()
    one.stop(Reason("x", "corrupt_batch"))
    assert not one.takes(fetched({0: scan()}))
    one.lost(Reason("the connection is lost"))
    assert (one.state, one.reason) == (State.STOPPED, Reason("x", "corrupt_batch"))


def test_a_fetch_is_taken_only_from_the_position() -> None:
    one = running(10)
    assert one.takes(fetched({10: scan()}))
    assert not one.takes(fetched({11: scan()}))
    assert not one.takes(fetched({9: scan(), 10: scan()}))
    assert not one.takes(fetched({}, begin=10, end=10))
    fold(one, fetched({10: scan()}))
    assert not one.takes(fetched({10: scan()}))
    assert one.takes(fetched({11: scan()}))


def test_a_partition_that_is_not_claimed_takes_nothing() -> None:
    one = partition()
    assert not one.takes(fetched({0: scan()}))
    one.claim()
    assert not one.takes(fetched({0: scan()}))


def test_offsets_may_have_gaps_before_between_and_behind() -> None:
    one = running(10)
    batch = fetched({15: scan(), 20: scan("P2")}, begin=10, end=33)
    assert one.takes(batch)
    _, folded = fold(one, batch)
    assert (folded.batch.begin, folded.batch.end, one.position, folded.counts.scans) == (10, 33, 33, 2)
    assert one.takes(fetched({33: scan()}))


def test_a_fetch_without_visible_records_moves_the_mark() -> None:
    one = running(10)
    _, folded = fold(one, fetched({}, begin=10, end=14))
    assert (folded.batch.begin, folded.batch.end, folded.batch.records) == (10, 14, {})
    assert folded.counts.timestamps == ()
    assert one.answered(Applied(), folded.batch)
    assert (one.position, one.applied) == (14, 14)


def test_rejected_and_rekeyed_records_go_out_in_the_order_of_the_log_as_they_came() -> None:
    home = partition_of(b"P1", 4)
    other = next(f"Q{i}" for i in range(100) if partition_of(b"Q%d" % i, 4) != home)
    one = running(number=home, partitions=4)
    values: dict[int, Value] = {0: scan("P1"), 3: b"\xff{", 4: scan(other), 5: None, 6: scan("P1", event="NO:SUCH")}
    _, folded = fold(one, fetched(values, begin=0))
    assert [(out.rekeyed, out.key, out.value) for out in folded.outgoing] == [
        (False, b"key 3", values[3]),
        (True, other.encode(), values[4]),
        (False, b"key 5", None),
        (False, b"key 6", values[6]),
    ]
    assert [out.headers["source"] for out in folded.outgoing] == [b"scans/%d/%d" % (home, i) for i in (3, 4, 5, 6)]
    assert [out.headers.get("reason") for out in folded.outgoing] == [
        *(b"not_json", None, b"null_value", b"unknown_vocabulary")
    ]
    assert ["detail" in out.headers for out in folded.outgoing] == [True, False, True, True]
    assert folded.counts.rejected == {"not_json": 1, "null_value": 1, "unknown_vocabulary": 1}
    assert (folded.counts.scans, folded.counts.rekeyed) == (1, 1)
    assert folded.batch.counters == (1, 0, 3, 1, 0)
    assert list(folded.batch.records) == [b"P1"]


def test_a_null_key_stays_null_in_a_dead_letter() -> None:
    one = running()
    buffer, packed, after = compiled.walk(compiled.batch([(0, BASE_MS, None, b"{}")]))
    _, folded = fold(one, Fetched(0, after, buffer, packed))
    assert folded.outgoing == [Outgoing(False, None, b"{}", {**folded.outgoing[0].headers, "reason": b"missing_field"})]


def test_the_detail_of_a_dead_letter_is_bounded() -> None:
    one = running()
    _, folded = fold(one, fetched({0: scan(event="é" * 20_000), 1: scan("é" * 1_000)}))
    assert all(len(out.headers["detail"]) <= limits.DETAIL_BYTES_MAX for out in folded.outgoing)
    assert len(folded.outgoing) == 2


def test_what_a_full_dictionary_has_no_room_for_is_refused_and_its_neighbours_are_applied() -> None:
    sources = [(b"S", b"%d" % i) for i in range(limits.SOURCES_MAX)]
    one = running(names=StoredNames(sources, [b"ARRIVED"]))
    known = scan("P1", site="S", device="7")
    full = scan("P2", site="NEW")
    _, folded = fold(one, fetched({0: b"bad", 1: known, 2: full, 3: known}))
    assert [(out.headers["reason"], out.value) for out in folded.outgoing] == [
        (b"not_json", b"bad"),
        (b"too_many_names", full),
    ]
    assert list(folded.batch.records) == [b"P1"]
    assert folded.batch.sources == []
    assert (folded.counts.scans, folded.counts.duplicates) == (2, 1)
    assert folded.batch.counters == (2, 1, 2, 0, 0)


def test_what_the_dictionary_learns_is_written_once_with_the_batch_that_uses_it() -> None:
    one = running(names=StoredNames([(b"A", b"")], [b"DEPARTED"]))
    _, first = fold(one, fetched({0: scan(site="A"), 1: scan(site="B", device="D")}))
    assert first.batch.sources == [(2, b"B", b"D")]
    assert first.batch.codes == [(1, b"ARRIVED")]
    _, second = fold(one, fetched({2: scan("P2", site="B", device="D")}))
    assert (second.batch.sources, second.batch.codes) == ([], [])


@pytest.mark.parametrize("bad", [b"", b"x" * 45, b"\x01"])
def test_a_record_that_is_none_is_an_error_and_stops_the_partition(bad: bytes) -> None:
    one = running()
    read = one.read(fetched({0: scan()}))
    with pytest.raises(CorruptRecord) as caught:
        one.fold(read, [bad])
    one.stop(Reason(str(caught.value), "corrupt_record"))
    assert one.state is State.STOPPED
    assert one.reason.code == "corrupt_record"


def test_a_record_that_names_what_the_dictionary_has_not_is_an_error() -> None:
    other = running()
    _, folded = fold(other, fetched({0: scan(site="A")}))
    one = running()
    with pytest.raises(CorruptRecord, match="dictionary"):
        fold(one, fetched({0: scan()}), [folded.batch.records[b"P1"]])


@pytest.mark.parametrize("bad", [b"", b"no JSON", b"[1]", b'{"0000000000000001":3}', b'{"x":'])
def test_data_that_is_none_is_an_error(bad: bytes) -> None:
    one = running()
    read = one.read(fetched({0: scan(data={"text": "a"})}))
    assert read.with_data == [b"P1"]
    with pytest.raises(CorruptRecord):
        one.fold(read, [None, bad])


def test_data_is_added_to_what_the_store_has() -> None:
    one = running()
    _, first = fold(one, fetched({0: scan(data={"text": "a"})}))
    read = one.read(fetched({1: scan(event="DEPARTED", data={"text": "b"})}))
    assert (read.missing, read.with_data) == ([], [b"P1"])
    second = one.fold(read, [first.batch.data[b"P1"]])
    assert sorted(entry["data"]["text"] for entry in json.loads(second.batch.data[b"P1"]).values()) == ["a", "b"]


def test_only_what_the_cache_does_not_have_is_asked_for() -> None:
    one = running()
    read, _ = fold(one, fetched({0: scan("P1"), 1: scan("P2"), 2: scan("P1", event="DEPARTED")}))
    assert read.missing == [b"P1", b"P2"]
    assert one.read(fetched({3: scan("P2"), 4: scan("P3")})).missing == [b"P3"]


def test_of_a_parcel_in_both_halves_of_the_cache_the_newer_record_counts() -> None:
    one = partition(cache_parcels=2)
    one.claim()
    one.claimed(Claimed(Mark(1, None), NO_COUNTERS), NOTHING, 0, 100)
    records: dict[bytes, bytes] = {}
    for offset, key in enumerate(("P1", "P1", "P2", "P1", "P2", "P3", "P1", "P2", "P1")):
        read = one.read(fetched({offset: scan(key, time=BASE_MS + offset * 60_000)}))
        folded = one.fold(read, [records.get(missing) for missing in read.missing])
        records.update(folded.batch.records)
        assert len(one._cache.young) + len(one._cache.old) <= 3
    names = one._names
    assert len(parcel.decode(names, b"P1", records[b"P1"]).current.events) == 5


def test_a_cache_of_nothing_asks_each_time() -> None:
    one = partition(cache_parcels=0)
    one.claim()
    one.claimed(Claimed(Mark(1, None), NO_COUNTERS), NOTHING, 0, 100)
    for offset in range(4):
        read = one.read(fetched({offset: scan()}))
        folded = one.fold(read, [None] * len(read.missing))
        del folded
    assert len(one._cache.young) + len(one._cache.old) <= 1


@pytest.mark.parametrize("how", ["lost", "answered", "revoked", "again"])
def test_whatever_ends_the_chain_drops_all_that_was_held(how: str) -> None:
    one = running(names=StoredNames([(b"A", b"")], [b"ARRIVED"]))
    _, folded = fold(one, fetched({0: scan(site="B")}))
    if how == "lost":
        one.lost(Reason("the connection is lost"))
    elif how == "answered":
        assert not one.answered(Lost("expected this, found that"), folded.batch)
        assert one.reason == Reason("expected this, found that")
    elif how == "revoked":
        one.revoked()
        assert one.state is State.IDLE
    one.claim()
    assert (one.state, one.applied) == (State.CLAIMING, None)
    assert one.claimed(Claimed(Mark(2, None), NO_COUNTERS), NOTHING, 0, 100) == 0
    read, again = fold(one, fetched({0: scan(site="B")}))
    assert read.missing == [b"P1"]
    assert again.batch.sources == [(1, b"B", b"")]
    assert again.batch.counters == (1, 0, 0, 0, 0)


def test_a_parcel_with_data_that_leaves_a_final_state_is_told_and_no_other() -> None:
    one = running()

    def delivered(parcel_id: str, step: int, **more: Any) -> bytes:
        return scan(parcel_id, "DELIVERED", BASE_MS + step * STEP_MS, **more)

    def undone(parcel_id: str, step: int) -> bytes:
        return scan(parcel_id, "UNDO", BASE_MS + step * STEP_MS, target="DELIVERED")

    def final_and_reopened(values: Mapping[int, Value]) -> tuple[set[bytes], set[bytes]]:
        _, folded = fold(one, fetched(values))
        return set(folded.batch.final), set(folded.batch.reopened)

    begin = {0: delivered("P1", 0, data={"by": "A"}), 1: delivered("P2", 0), 2: scan("P3")}
    assert final_and_reopened(begin) == ({b"P1", b"P2"}, set())
    assert final_and_reopened({3: undone("P1", 1), 4: undone("P2", 1), 5: undone("P3", 1)}) == (set(), {b"P1"})
    assert final_and_reopened({6: delivered("P1", 2), 7: scan("P3")}) == ({b"P1"}, set())
    # Within one batch it comes back.
    assert final_and_reopened({8: undone("P1", 3), 9: delivered("P1", 4)}) == ({b"P1"}, set())
    # And within one it was final only in between: what half a batch brought back may expire since then.
    assert final_and_reopened({10: undone("P1", 5)}) == (set(), {b"P1"})
    assert final_and_reopened({11: delivered("P1", 6), 12: undone("P1", 7)}) == (set(), {b"P1"})
    # Another left the state, came back and left it again.
    assert final_and_reopened({13: delivered("P4", 0, data={"by": "A"})}) == ({b"P4"}, set())
    assert final_and_reopened({14: undone("P4", 1), 15: delivered("P4", 2), 16: undone("P4", 3)}) == (set(), {b"P4"})
    assert final_and_reopened({17: scan("P1", time=BASE_MS + 8 * STEP_MS)}) == (set(), set())


def test_data_that_half_a_batch_left_to_expire_lasts_when_its_parcel_leaves_the_final_state() -> None:
    store = SimulatedStore(1)
    values = [
        scan(data={"by": "A"}),
        scan(time=BASE_MS + STEP_MS, site="B"),
        scan(event="DELIVERED", time=BASE_MS + 2 * STEP_MS),
        scan(event="UNDO", time=BASE_MS + 3 * STEP_MS, target="DELIVERED"),
    ]

    def apply(begin: int, *ends: int) -> None:
        """A worker claims, and applies batches up to these ends."""
        one = running(begin, names=store.names(0))
        for end in ends:
            read = one.read(fetched({offset: values[offset] for offset in range(one.position, end)}))
            content = store.contents[0]
            found = [*map(content.records.get, read.missing), *map(content.data.get, read.with_data)]
            store.apply(0, one.fold(read, found).batch)

    apply(0, 1, 3)
    lost = store.history[-1].batch
    assert lost is not None
    store.cut_inside(len(store.history) - 1, len(writes_of(0, lost)) - 1)
    apply(1, 2)
    store.come_back(len(store.history))
    assert (store.contents[0].next, store.contents[0].expiring) == (2, (keys.data(0) + b"P1",))
    apply(2, 4)
    assert (store.contents[0].next, store.contents[0].expiring) == (4, ())


def test_what_happened_in_a_batch_is_counted() -> None:
    one = running()
    late, first = scan(event="DEPARTED"), scan(event="ARRIVED", time=BASE_MS + 60_000)
    values: dict[int, Value] = {0: first, 1: late, 2: first, 3: scan("P2", event="DELIVERED", time=BASE_MS + 120_000)}
    values[4] = scan("P2", event="ARRIVED", time=BASE_MS + 180_000)
    _, folded = fold(one, fetched(values))
    assert (folded.counts.scans, folded.counts.duplicates, folded.counts.late) == (5, 1, 1)
    assert folded.counts.timestamps == (BASE_MS, BASE_MS)
    assert folded.batch.final == {b"P2"}
    assert folded.batch.counters == (5, 1, 0, 0, 0)


def test_copies_that_count_with_a_later_batch_of_fewer_scans_take_nothing_from_the_applied() -> None:
    _, landed_without_its_mark = fold(running(), fetched(dict.fromkeys(range(4), scan())))
    again = running(names=StoredNames([], [b"ARRIVED"]))
    _, folded = fold(again, fetched({0: scan()}), [landed_without_its_mark.batch.records[b"P1"]])
    assert (folded.counts.scans, folded.counts.duplicates, folded.counts.applied) == (1, 3, 0)


def test_what_no_parcel_can_be_read_from_is_counted_by_site_and_device_and_says_whose_it_could_be() -> None:
    def unidentified(barcode: str, **source: str) -> bytes:
        return json.dumps({"barcode": barcode, "event": "ARRIVED", "time": BASE_MS, **source}).encode()

    values = [
        unidentified("287809468872", site="KZALA", device="TUN-07"),
        unidentified("287809468872", site="KZALA", device="TUN-07"),
        unidentified("~~"),
        unidentified("RR123456786KZ", site="Köln"),
        b"not json",
    ]
    _, folded = fold(running(), fetched(dict(enumerate(values))))
    assert folded.counts.unidentified == {
        ("ambiguous", b"KZALA", b"TUN-07"): 2,
        ("no_identifier", b"", b""): 1,
        ("bad_check_digit", "Köln".encode(), b""): 1,
    }
    assert sum(folded.counts.rejected.values()) == 5
    detail = folded.outgoing[0].headers["detail"]
    for candidate in (b"287809468872 (fedex_12 of fedex)", b"287809468872 (purolator of purolator)"):
        assert candidate in detail
