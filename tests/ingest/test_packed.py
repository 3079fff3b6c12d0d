"""A request's records as bytes: every record comes back, and what a disk has changed is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ingest.packed import DamagedError, pack, unpack
from tracker.ingest.ports import Record

RECORDS = st.lists(
    st.builds(
        Record,
        st.text("abcdefghijklmnopqrstuvwxyz.", max_size=249),
        st.none() | st.binary(max_size=64),
        st.binary(max_size=300),
        st.lists(st.tuples(st.text(max_size=10), st.binary(max_size=50)), max_size=3).map(tuple),
    ),
    max_size=20,
)


@given(RECORDS)
def test_what_was_packed_comes_back(records: list[Record]) -> None:
    assert unpack(pack(records)) == records


@given(RECORDS, st.data())
def test_a_changed_byte_is_noticed(records: list[Record], data: st.DataObject) -> None:
    packed = bytearray(pack(records))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedError):
        unpack(bytes(packed))


@pytest.mark.parametrize("other", [None, 7, "text", b"", b"\x00\x00\x00", b"garbage garbage"])
def test_what_is_no_packed_request_is_noticed(other: object) -> None:
    with pytest.raises(DamagedError):
        unpack(other)


def test_scans_that_are_alike_take_a_tenth() -> None:
    value = b'{"barcode": "RR123456785KZ", "event": "EMSEVT:EMD", "time": "2026-11-22T10:15:30+05:00"}'
    records = [Record("scans", b"K%d" % number, value) for number in range(1_000)]
    assert len(pack(records)) < 1_000 * len(value) / 10
