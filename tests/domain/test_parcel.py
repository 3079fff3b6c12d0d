"""The compiled record and fold, held against the reference model field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import compiled
from tests.reference import parcel as reference
from tests.reference.strategies import Record, histories, long_histories, read_all
from tracker.domain import _parcel, machine, parcel
from tracker.domain.parcel import CorruptRecord


def expected(records: list[Record]) -> dict[str, object]:
    return reference.as_json(reference.Parcel(read_all(records)))


@given(histories(), st.integers(1, 4))
def test_any_history_folds_to_the_reference_models_parcel(records: list[Record], batches: int) -> None:
    assert compiled.fold_one(records, batches) == expected(records)


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


@given(histories())
def test_the_header_says_what_the_fold_gives(records: list[Record]) -> None:
    names, kept = compiled.fold(records)
    for key, record in kept.items():
        state, overlays, _, events, life, place, since, scans = _parcel.summary(record)
        now = parcel.decode(names, key, record).now
        assert machine.STATES[state] == now.state
        assert [name for bit, name in enumerate(machine.OVERLAYS) if overlays >> bit & 1] == [
            flag for flag in now.flags if flag in machine.OVERLAYS
        ]
        assert names.place_named(place)[0].decode() == now.site
        assert since == now.since
        assert scans == len(records)
        assert life == len(parcel.decode(names, key, record).lives)
        assert events == sum(len(one.events) for one in parcel.decode(names, key, record).lives)


@given(histories())
def test_a_renumbered_record_is_the_same_parcel(records: list[Record]) -> None:
    names, kept = compiled.fold(records)
    ((key, record),) = kept.items()
    places, codes = _parcel.numbers_of(record)
    other = parcel.Names([])
    other.place(b"Elsewhere", b"X-1")
    new_places = {number: other.place(*names.place_named(number)) for number in places}
    new_codes = {number: other.code(names.code_named(number)) for number in codes}
    again = _parcel.renumbered(record, new_places, new_codes)
    assert parcel.decode(other, key, again) == parcel.decode(names, key, record)


def test_every_cell_of_the_compiled_table_is_the_tables() -> None:
    for s, state in enumerate(machine.STATES):
        for e, event in enumerate(machine.EVENTS):
            for here in (False, True):
                cell = machine.cell(state, event, here=here)
                assert _parcel.cell(s, e, here) == (
                    machine.STATES.index(cell.next),
                    cell.action,
                    sum(1 << machine.OVERLAYS.index(name) for name in cell.raises),
                    sum(1 << machine.OVERLAYS.index(name) for name in cell.clears),
                    sum(1 << machine.MARKS.index(name) for name in cell.marks),
                )


SCAN = Record(b'{"parcel":"P1","event":"ARRIVED","time":1700000000000,"site":"KZALA","device":"T1","seq":5}')


def test_a_parcel_whose_record_was_not_read_is_an_error_and_not_a_new_parcel() -> None:
    names = parcel.Names(compiled.READER.names)
    scans = compiled.read([SCAN.value])
    with pytest.raises(KeyError):
        parcel.fold(names, scans.parcels(), scans.buffer, scans.arena, scans.scans, {})


@pytest.mark.parametrize(
    "mend", [lambda r: r[:-1], lambda r: r + b"\0", lambda r: b"\2" + r[1:], lambda r: r[:0], lambda r: r[:24]]
)
def test_bytes_that_are_no_record_are_an_error_and_not_a_parcel(mend: object) -> None:
    names, kept = compiled.fold([SCAN])
    bad = mend(kept[b"P1"])  # type: ignore[operator]
    scans = compiled.read([SCAN.value])
    with pytest.raises(CorruptRecord):
        parcel.fold(names, scans.parcels(), scans.buffer, scans.arena, scans.scans, {b"P1": bad})
    with pytest.raises(CorruptRecord):
        parcel.decode(names, b"P1", bad)


def test_a_record_that_names_what_the_dictionary_has_not_is_an_error() -> None:
    _, kept = compiled.fold([SCAN])
    with pytest.raises(CorruptRecord, match="dictionary"):
        parcel.decode(parcel.Names([]), b"P1", kept[b"P1"])


def test_a_record_with_ten_scans_has_234_bytes() -> None:
    scans = [
        Record(SCAN.value.replace(b'"seq":5', b'"seq":%d' % i).replace(b"00000,", b"%05d," % (i * 7)))
        for i in range(10)
    ]
    _, kept = compiled.fold(scans)
    assert len(kept[b"P1"]) == 24 + 10 * 21
