"""The vectors and the dictionary of GS1. Tracking numbers are tested with the formats that read them."""

import pytest

from tests.conformance import VECTORS, agreement, dictionary, epcis, gs1_vectors
from tracker.domain import gs1

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the vectors of others are not at {VECTORS}")


@pytest.mark.parametrize("kind", gs1_vectors.KINDS)
def test_every_vector_of_gs1_passes(kind: str) -> None:
    vectors = [vector for each, vector in gs1_vectors.vectors() if each == kind]
    assert vectors
    assert [vector for vector in vectors if not gs1_vectors.KINDS[kind][1](vector)] == []


def test_every_ai_of_the_own_table_is_as_the_dictionary_says() -> None:
    compared = agreement.compared()
    assert set(compared) == set(gs1.PARCELS.ais)
    assert {ai: found for ai, found in compared.items() if found} == {}


def test_the_whole_dictionary_is_read() -> None:
    assert len(dictionary.table()) == 541


def test_predefined_lengths_are_those_of_the_dictionary() -> None:
    for identifier, is_predefined in dictionary.identifiers():
        length = identifier.predefined_length
        assert (length is not None) == is_predefined
        if length is not None:
            assert sum(part.most for part in identifier.components) == length


@pytest.mark.parametrize("folder", epcis.FOLDERS)
def test_every_file_of_epcis_is_taken_or_refused_as_it_should_be(folder: str) -> None:
    outcomes = epcis.outcomes(folder)
    assert outcomes
    assert [outcome.text for outcome in outcomes if not epcis.FOLDERS[folder](outcome)] == []


def test_files_of_epcis_have_parcels_in_them() -> None:
    scans = [outcome.scans for folder in ("documents", "events") for outcome in epcis.outcomes(folder)]
    assert 0 in scans
    assert sum(count > 0 for count in scans) >= 8
