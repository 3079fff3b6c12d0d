"""Names that are alike."""

import pytest

from tracker.domain.vocabulary.nearest import COMMON_MIN, Nearest
from tracker.limits import CODE_CHARS_MAX, NEAREST_MAX


def test_the_most_alike_go_first_and_then_the_alphabet() -> None:
    nearest = Nearest(["In_Transit", "INTRANSIT", "InTransit_1", "Delivered"])
    assert nearest("in transit") == ["INTRANSIT", "In_Transit", "InTransit_1"]


def test_no_more_are_given_than_the_limit() -> None:
    assert len(Nearest([f"code_{number}" for number in range(50)])("code")) == NEAREST_MAX


def test_what_many_names_have_in_common_does_not_make_them_alike_but_the_same_letters_do() -> None:
    nearest = Nearest([f"code_{number:03}" for number in range(COMMON_MIN)])
    assert nearest("code") == []
    assert nearest("CODE 007") == ["code_007"]


@pytest.mark.parametrize("text", ["", " ", "\ud800", "?!", "xyz"])
def test_what_has_nothing_in_common_is_like_nothing(text: str) -> None:
    assert Nearest(["OK", "Delivered"])(text) == []


def test_zeros_in_front_count_in_words_only() -> None:
    nearest = Nearest(["0104", "OK", "K"])
    assert nearest("104")[0] == "0104"
    assert nearest("00104")[0] == "0104"
    assert nearest("0K")[0] == "OK"


def test_of_a_long_text_no_more_is_looked_at_than_a_code_may_have() -> None:
    nearest = Nearest(["a" * CODE_CHARS_MAX, "ab"])
    assert nearest("a" * 60_000) == nearest("a" * (CODE_CHARS_MAX + 1))
    assert nearest("a" * (CODE_CHARS_MAX + 1) + "b" * 60_000) == ["a" * CODE_CHARS_MAX]
