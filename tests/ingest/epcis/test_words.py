"""The words of CBV, in each form in which senders write them."""

import pytest

from tests.domain.compiled import VOCABULARIES
from tracker.ingest.epcis.checks import Refusal
from tracker.ingest.epcis.words import BIZ_STEPS, DISPOSITIONS


@pytest.mark.parametrize(
    "written",
    [
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "https://ns.gs1.org/cbv/BizStep-shipping",
        "cbv:BizStep-shipping",
    ],
)
def test_a_word_is_the_same_in_each_form(written: str) -> None:
    assert BIZ_STEPS.read(written) == "shipping"


def test_a_disposition_has_forms_of_its_own() -> None:
    assert DISPOSITIONS.read("urn:epcglobal:cbv:disp:in_transit") == "in_transit"
    assert DISPOSITIONS.read("https://ref.gs1.org/cbv/Disp-in_transit") == "in_transit"


@pytest.mark.parametrize("written", ["https://example.com/bizStep/weighing", "ext1:summarising_discharge"])
def test_the_uri_of_another_owner_stays_as_it_is(written: str) -> None:
    assert BIZ_STEPS.read(written) == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        "transforming",
        "Shipping",
        "in_transit",
        "a b",
        "https://ref.gs1.org/cbv/BizStep-transforming",
        "cbv:BizStep-",
        "urn:epcglobal:cbv:bizstep:transforming",
    ],
)
def test_another_word_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match="business step of CBV"):
        BIZ_STEPS.read(written)


def test_every_code_of_the_shipped_vocabulary_is_a_word_of_the_standard() -> None:
    assert VOCABULARIES["CBV"].codes.keys() <= BIZ_STEPS.bare
    assert VOCABULARIES["CBV"].disposition_instead.keys() <= DISPOSITIONS.bare
    assert (len(BIZ_STEPS.bare), len(DISPOSITIONS.bare)) == (41, 33)
