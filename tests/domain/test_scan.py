"""Reading scans: the compiled reader and the slow one together against the reference model."""

import pytest
from hypothesis import given

from tests.domain import compiled
from tests.reference import scan as reference
from tests.reference.strategies import SITE_ZONES, VOCABULARIES, values
from tracker.domain import _scan, barcode


def _recognise(reads: list[str]) -> tuple[str | None, str | None]:
    found = barcode.recognise_set(reads)
    return found.key, found.reason


def expected(value: bytes | None) -> reference.Scan | reference.Refusal:
    return reference.read(value, vocabularies=VOCABULARIES, site_zones=SITE_ZONES, received_ms=-1, recognise=_recognise)


@given(values())
def test_a_value_is_read_or_refused_as_the_reference_model_does(value: bytes) -> None:
    model = expected(value)
    scans = compiled.read([value])
    if isinstance(model, reference.Refusal):
        assert [refusal.code for _, refusal in scans.refused] == [model.reason]
    else:
        assert scans.refused == []
        assert scans.parcels() == [model.parcel.encode()]
        assert scans.data == ({0: (model.container.encode(), model.data)} if model.data or model.container else {})


def test_a_refused_value_leaves_its_neighbours_alone() -> None:
    good = b'{"parcel":"P%d","event":"ARRIVED","time":1700000000000}'
    scans = compiled.read([good % 1, b"not JSON", None, good % 2, b"[" * 10_000, good % 3])
    assert scans.parcels() == [b"P1", b"P2", b"P3"]
    assert [(i, refusal.code) for i, refusal in scans.refused] == [(1, "not_json"), (2, "null_value"), (4, "too_deep")]


@pytest.mark.parametrize("size", [2_000_000, 65_537])
def test_a_value_that_is_too_large_is_refused_by_its_size(size: int) -> None:
    scans = compiled.read([b'{"parcel":"P1","event":"' + b"x" * (size - 25) + b'"'])
    assert [refusal.code for _, refusal in scans.refused] == ["too_large"]


def test_a_scan_of_another_partitions_parcel_is_handed_back_with_its_id() -> None:
    keys = [b"P%d" % i for i in range(50)]
    values = [b'{"parcel":"%s","event":"ARRIVED","time":1700000000000}' % key for key in keys]
    buffer, packed, _ = compiled.walk(compiled.batch((i, 0, None, value) for i, value in enumerate(values)))
    scans = compiled.READER.read(buffer, packed, 2, 4)
    own = [key for key in keys if _scan.partition_of_key(key, 4) == 2]
    assert scans.parcels() == own
    assert [key for _, key in scans.foreign] == [key for key in keys if key not in own]
    assert 0 < len(own) < 50
