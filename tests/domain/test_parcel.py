"""The compiled record and fold, held against the reference model field by field."""

import itertools
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import compiled
from tests.reference import moment
from tests.reference import parcel as reference
from tests.reference.strategies import BASE_MS, PARCEL, Record, histories, long_histories, read_all, value
from tracker.domain import _parcel, machine, parcel
from tracker.domain.parcel import CorruptRecord
from tracker.limits import CLOCK_BEHIND_MS, CLOCK_SKEW_MS_MAX, LIFE_GAP_MS

# Places in a record's header (ext/record.pxd).
EVENTS_AT, FIRST_AT, HEADER_BYTES = 4, 6, 36


def expected(records: list[Record]) -> dict[str, object]:
    return reference.as_json(reference.Parcel(read_all(records)))


@given(histories(), st.integers(1, 4))
def test_any_history_folds_to_the_reference_models_parcel(records: list[Record], batches: int) -> None:
    assert compiled.fold_one(records, batches) == expected(records)


@pytest.mark.slow
@given(long_histories(), st.integers(1, 3))
def test_a_history_at_and_beyond_its_bound_folds_to_the_reference_models_parcel(
    records: list[Record], batches: int
) -> None:
    if not reference.depends_on_arrival(read_all(records)):
        assert compiled.fold_one(records, batches) == expected(records)


@given(st.data())
def test_the_same_scans_give_the_same_parcel_in_any_order(data: st.DataObject) -> None:
    records = data.draw(histories())
    assert compiled.fold_one(data.draw(st.permutations(records))) == compiled.fold_one(records)


@given(histories())
def test_scans_that_come_again_change_nothing_but_the_duplicates(records: list[Record]) -> None:
    once = compiled.fold_one(records)
    twice = compiled.fold_one(records + records)
    lives = [(a, b) for a, b in zip([once, *once["previous"]], [twice, *twice["previous"]], strict=True)]
    for first, second in lives:
        assert second["duplicates"] == 2 * first["duplicates"] + len(first["events"])
        assert {**second, "duplicates": 0, "previous": 0} == {**first, "duplicates": 0, "previous": 0}


@given(
    st.lists(st.tuples(st.integers(-2, 2), st.sampled_from((None, -1, 0, 1, 2))), min_size=1, max_size=5),
    st.sampled_from((0, CLOCK_SKEW_MS_MAX, CLOCK_SKEW_MS_MAX + 3, -CLOCK_BEHIND_MS, -LIFE_GAP_MS)),
    st.randoms(use_true_random=False),
)
def test_copies_that_came_by_other_gateways_are_one_event_in_any_order(
    ways: list[tuple[int, int | None]], time: int, random: Random
) -> None:
    scan = {"parcel": PARCEL, "event": "DELIVERED", "time": BASE_MS + time, "site": "A"}
    copies = [
        Record(value(**scan, received=None if received is None else BASE_MS + received), BASE_MS + timestamp)
        for timestamp, received in ways
    ]
    first = min(min(timestamp, timestamp if received is None else received) for timestamp, received in ways)
    effective = first if time > first + CLOCK_SKEW_MS_MAX else time
    for _ in range(3):
        random.shuffle(copies)
        alone = compiled.fold_one(copies)
        assert alone == expected(copies)
        assert (alone["since"], alone["duplicates"]) == (moment.write(BASE_MS + effective), len(copies) - 1)
        # A later event is what shows that a clock runs behind.
        later = Record(
            value(parcel=PARCEL, event="RETURNED", time=BASE_MS + CLOCK_BEHIND_MS), BASE_MS + CLOCK_BEHIND_MS
        )
        assert compiled.fold_one([*copies, later]) == expected([*copies, later])


@pytest.mark.parametrize("targets", list(itertools.permutations(("ARRIVED", "DEPARTED", "LAB:OUT", "ACCEPTED"), 2)))
def test_two_undo_that_differ_only_in_the_code_they_take_back_stand_as_in_the_reference_model(
    targets: tuple[str, str],
) -> None:
    undo = {"parcel": PARCEL, "event": "UNDO", "time": BASE_MS, "site": "B", "device": "D1", "seq": 4}
    records = [Record(json.dumps({**undo, "target": target}).encode()) for target in targets]
    assert compiled.fold_one(records) == reference.as_json(reference.Parcel(read_all(records)))


@pytest.mark.slow
@given(histories())
def test_the_header_says_what_the_fold_gives(records: list[Record]) -> None:
    names, kept = compiled.fold(records)
    for key, record in kept.items():
        state, overlays, _, events, life, place, since, scans = _parcel.summary(record)
        now = parcel.decode(names, key, record).current
        assert machine.STATES[state] == now.state
        assert [name for bit, name in enumerate(machine.OVERLAYS) if overlays >> bit & 1] == [
            flag for flag in now.flags if flag in machine.OVERLAYS
        ]
        assert names.source_named(place)[0].decode() == now.site
        assert since == now.since
        assert scans == len(records)
        assert life == len(parcel.decode(names, key, record).lives)
        assert events == sum(len(one.events) for one in parcel.decode(names, key, record).lives)


@pytest.mark.slow
@given(histories())
def test_a_renumbered_record_is_the_same_parcel(records: list[Record]) -> None:
    names, kept = compiled.fold(records)
    ((key, record),) = kept.items()
    places, codes = _parcel.numbers_of(record)
    other = parcel.NameTable([])
    other.source(b"Elsewhere", b"X-1")
    new_places = {number: other.source(*names.source_named(number)) for number in places}
    new_codes = {number: other.code(names.code_named(number)) for number in codes}
    again = _parcel.renumbered(record, new_places, new_codes)
    assert parcel.decode(other, key, again) == parcel.decode(names, key, record)


def test_every_cell_of_the_compiled_table_is_the_tables() -> None:
    for s, state in enumerate(machine.STATES):
        for e, event in enumerate(machine.EVENTS):
            for bits in range(16):
                cell = machine.cell(state, event, [name for i, name in enumerate(machine.CONDITIONS) if bits >> i & 1])
                assert _parcel.cell(s, e, bits) == (
                    machine.STATES.index(cell.next),
                    cell.action,
                    sum(1 << machine.OVERLAYS.index(name) for name in cell.raises),
                    sum(1 << machine.OVERLAYS.index(name) for name in cell.clears),
                    sum(1 << machine.MARKS.index(name) for name in cell.marks),
                )


SCAN = Record(b'{"parcel":"P1","event":"ARRIVED","time":1700000000000,"site":"KZALA","device":"T1","seq":5}')


def test_a_parcel_whose_record_was_not_read_is_an_error_and_not_a_new_parcel() -> None:
    names = parcel.NameTable(compiled.READER.names)
    scans = compiled.read([SCAN.value])
    with pytest.raises(KeyError):
        parcel.fold(names, scans.parcels(), scans.buffer, scans.arena, scans.scans, {})


NONE = [
    *(
        lambda r: r[:-1],
        lambda r: r + b"\0",
        lambda r: b"\1" + r[1:],
        lambda r: b"\3" + r[1:],
        lambda r: r[:0],
        lambda r: r[:30],
    ),
    lambda r: r[:EVENTS_AT] + b"\0" + r[EVENTS_AT + 1 : HEADER_BYTES],
]


@pytest.mark.parametrize("mend", NONE)
def test_bytes_that_are_no_record_are_an_error_and_not_a_parcel(mend: object) -> None:
    names, kept = compiled.fold([SCAN])
    bad = mend(kept[b"P1"])  # type: ignore[operator]
    scans = compiled.read([SCAN.value])
    with pytest.raises(CorruptRecord):
        parcel.fold(names, scans.parcels(), scans.buffer, scans.arena, scans.scans, {b"P1": bad})
    with pytest.raises(CorruptRecord):
        parcel.decode(names, b"P1", bad)


def test_a_record_with_any_byte_changed_is_corrupt_or_a_parcel() -> None:
    names, kept = compiled.fold([SCAN, Record(SCAN.value.replace(b"1700000000000", b"1710000000000"))])
    record, sound = kept[b"P1"], 0
    for at, byte in itertools.product(range(len(record)), range(256)):
        damaged = record[:at] + bytes([byte]) + record[at + 1 :]
        try:
            assert parcel.decode(names, b"P1", damaged).current.events
            sound += 1
        except CorruptRecord:
            assert damaged != record
    assert 0 < sound < len(record) * 256


@pytest.mark.parametrize("first", [2, 3, 255])
def test_a_life_begins_with_one_of_the_records_events(first: int) -> None:
    names, kept = compiled.fold([SCAN, Record(SCAN.value.replace(b"1700000000000", b"1710000000000"))])
    record = kept[b"P1"]
    assert record[EVENTS_AT] == 2
    with pytest.raises(CorruptRecord, match="header"):
        names.check(b"P1", record[:FIRST_AT] + bytes([first]) + record[FIRST_AT + 1 :])


def test_a_record_that_names_what_the_dictionary_has_not_is_an_error() -> None:
    _, kept = compiled.fold([SCAN])
    with pytest.raises(CorruptRecord, match="dictionary"):
        parcel.decode(parcel.NameTable([]), b"P1", kept[b"P1"])


def test_only_an_event_of_the_machine_is_the_right_one_of_a_correct() -> None:
    correct = {"parcel": "P1", "event": "CORRECT", "target": "ARRIVED", "time": BASE_MS, "data": {"event": "DEPARTED"}}
    names, kept = compiled.fold([Record(json.dumps(correct).encode())])
    front, code = kept[b"P1"][:-3], kept[b"P1"][-2:]
    for kind in range(256):
        record = front + bytes([kind]) + code
        if kind < len(machine.EVENTS):
            assert parcel.decode(names, b"P1", record).current.events[0].kind == "CORRECT"
        else:
            with pytest.raises(CorruptRecord, match="event 0"):
                parcel.decode(names, b"P1", record)


def test_a_record_with_ten_scans_has_246_bytes() -> None:
    scans = [
        Record(SCAN.value.replace(b'"seq":5', b'"seq":%d' % i).replace(b"00000,", b"%05d," % (i * 7)))
        for i in range(10)
    ]
    _, kept = compiled.fold(scans)
    assert len(kept[b"P1"]) == 36 + 10 * 21


def further(names: parcel.NameTable, kept: dict[bytes, bytes], offsets: range) -> parcel.FoldResult:
    """Folds the same scan into a record at these offsets, as one batch."""
    read = compiled.read([SCAN.value] * len(offsets), first=offsets.start)
    return parcel.fold(names, read.parcels(), read.buffer, read.arena, read.scans, dict(kept))


def test_a_scan_that_is_in_the_record_already_is_passed_over() -> None:
    names, kept = compiled.fold([SCAN, SCAN])
    folded = further(names, kept, range(2))
    assert folded.records == kept
    assert further(names, kept, range(2, 3)).records != kept


@pytest.mark.parametrize(
    ("ends", "duplicates"),
    [([4], [3]), ([2, 4], [3, 0]), ([3, 4], [3, 0]), ([5], [4]), ([3, 5], [3, 1]), ([2, 3, 4, 5], [3, 0, 0, 1])],
)
def test_copies_in_a_record_that_is_ahead_are_counted_once_wherever_batches_end(
    ends: list[int], duplicates: list[int]
) -> None:
    names, kept = compiled.fold([SCAN])
    kept, counted = further(names, kept, range(1, 4)).records, []
    for begin, end in zip([1, *ends], ends, strict=False):
        folded = further(names, kept, range(begin, end))
        kept = folded.records
        counted.append(folded.duplicates)
    assert counted == duplicates


def test_copies_in_a_record_that_is_ahead_twice_are_counted_once() -> None:
    names, kept = compiled.fold([SCAN])
    ahead = further(names, kept, range(1, 4)).records
    landed = further(names, ahead, range(1, 3))
    ahead_again = further(names, landed.records, range(3, 5)).records
    last = [further(names, ahead_again, range(3, 4)), further(names, ahead_again, range(3, 6))]
    assert landed.duplicates == 3
    assert [folded.duplicates for folded in last] == [1, 2]


@pytest.mark.parametrize("ends", [[4], [1, 4], [1, 2, 3, 4], [2, 4]])
def test_scans_of_a_clock_that_is_seen_to_be_wrong_only_later_are_told_then_and_once(ends: list[int]) -> None:
    now, reset = 1_790_000_000_000, 946_684_800_000
    shapes = (
        (reset, "LOADED", "HAND-3"),
        (reset + 1, "DEPARTED", "HAND-3"),
        (now, "SORTED", "TUN-1"),
        (now, "ARRIVED", ""),
    )
    values = [
        json.dumps({"parcel": "P", "event": event, "time": time, "site": "KZALAA", "device": device}).encode()
        for time, event, device in shapes
    ]
    names = parcel.NameTable(compiled.READER.names)
    records: dict[bytes, bytes | None] = {b"P": None}
    told: list[tuple[bytes, bytes, bool]] = []
    for begin, end in zip([0, *ends], ends, strict=False):
        scans = compiled.read(values[begin:end], [now + 1_000] * (end - begin), first=begin)
        folded = parcel.fold(names, scans.parcels(), scans.buffer, scans.arena, scans.scans, records)
        told += [(*names.source_named(source), behind) for source, behind in folded.skewed]
        records = {**folded.records}
    assert told == [(b"KZALAA", b"HAND-3", True)] * 2


def test_scans_of_wrong_clocks_are_told_with_what_is_wrong_and_whose_they_are() -> None:
    now = 1_790_000_000_000
    shapes = ((now, "ACCEPTED", "COUNTER"), (now + 1, "ARRIVED", "TUN-1"), (946_684_800_000, "DELIVERED", "HAND-3"))
    values = [
        json.dumps({"parcel": "P", "event": event, "time": time, "site": "KZALAA", "device": device}).encode()
        for time, event, device in (*shapes, (now + CLOCK_SKEW_MS_MAX + 1_001, "HELD", "HAND-4"))
    ]
    scans = compiled.read(values, [now + 1_000] * len(values))
    names = parcel.NameTable(compiled.READER.names)
    folded = parcel.fold(names, scans.parcels(), scans.buffer, scans.arena, scans.scans, {b"P": None})
    assert [(names.source_named(source), behind) for source, behind in folded.skewed] == [
        ((b"KZALAA", b"HAND-3"), True),
        ((b"KZALAA", b"HAND-4"), False),
    ]
    with pytest.raises(IndexError):
        scans.source(4)
