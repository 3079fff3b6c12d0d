"""The numbers that the generator makes, against the examples of their standards and our own reader."""

from random import Random

import pytest

from tracker.simulate import labels


def test_check_digits_are_those_of_the_standards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_scattered", lambda number, _modulus: number)
    # UPU S10-12 Annex A; the remainders ten and eleven.
    for serial, check in ((47312482, 9), (87654321, 6), (12310000, 0), (0, 5)):
        assert labels.s10(serial, "CA", Random(0))[2:11] == f"{serial:08}{check}"
    # 4 + 3*8 + 7 + 3*1 = 38, to the next ten 2.
    assert labels.sscc(1) == "048700000000000012"
    # K counts 2, Z counts 7: 2 + 2*7 + 6 + 2*7 + 1 = 37, to the next ten 3.
    assert labels.ups(1) == "1ZKZ00006700000013"


@pytest.mark.parametrize("make", [labels.sscc, labels.ups, lambda number: labels.s10(number, "KZ", Random(number))])
def test_numbers_are_unlike_each_other_and_our_reader_reads_them(make: object) -> None:
    barcode = pytest.importorskip("tracker.domain.barcode")
    assert callable(make)
    made = [make(number) for number in range(2_000)]
    assert len(set(made)) == 2_000
    for text in made:
        assert barcode.recognise_set([text]).key == text
