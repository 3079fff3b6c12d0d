"""How a device key is written, and that each way to mistype one is told."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ingest.keys import form

KEYS = st.builds(form.draw)
CHARS = st.sampled_from(form.ALPHABET)


@given(KEYS)
def test_a_key_has_one_form_and_knows_its_id(new: form.NewKey) -> None:
    text = new.key.value
    assert re.fullmatch(r"ptk_[0-9a-hjkmnp-tv-z]{10}_[0-9a-hjkmnp-tv-z]{52}_[0-9a-hjkmnp-tv-z]{7}", text)
    assert len(text) == form.KEY_CHARS
    assert form.id_of(text) == new.id
    assert form.is_id(new.id)
    assert form.is_typed_right(text)


def test_no_two_keys_are_alike() -> None:
    drawn = [form.draw() for _ in range(1_000)]
    assert len({new.id for new in drawn}) == len({new.key.value for new in drawn}) == len(drawn)


def test_a_secret_has_256_bits_at_least() -> None:
    assert len(form.ALPHABET) ** form.SECRET_CHARS >= 2**256


def test_a_key_that_was_drawn_is_not_shown_by_its_representation() -> None:
    new = form.draw()
    assert new.key.value not in f"{new} {new!r}"


@given(KEYS, st.integers(0, form.KEY_CHARS - 1), CHARS)
def test_one_wrong_character_is_told(new: form.NewKey, place: int, char: str) -> None:
    text = new.key.value
    wrong = text[:place] + char + text[place + 1 :]
    assert wrong == text or form.id_of(wrong) is None or not form.is_typed_right(wrong)


@given(KEYS, st.integers(4, form.KEY_CHARS - 2))
def test_two_neighbours_that_were_swapped_are_told(new: form.NewKey, place: int) -> None:
    text = new.key.value
    wrong = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assert wrong == text or form.id_of(wrong) is None or not form.is_typed_right(wrong)


@given(st.text())
def test_any_other_text_is_no_key(text: str) -> None:
    assert form.id_of(text) is None
    assert len(form.digest(text)) == 32


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key.upper(),
        lambda key: key + " ",
        lambda key: key + "\n",
        lambda key: key[:-1],
        lambda key: key.replace("ptk_", "ptk-", 1),
        lambda key: key.replace("0", "\u0660") + "\u0660",  # An Arabic zero.
        lambda key: key[:0],
    ],
)
def test_what_is_nearly_a_key_is_none(change: Callable[[str], str]) -> None:
    assert form.id_of(change(form.draw().key.value)) is None


def test_a_text_that_can_not_be_encoded_has_a_digest() -> None:
    assert len(form.digest("\udcff")) == 32


def test_the_check_is_the_crc_32_that_others_compute() -> None:
    """The check value of CRC-32 is that of "123456789": cbf43926."""
    number = 0
    for char in form._check("123456789"):
        number = number * 32 + form.ALPHABET.index(char)
    assert number == 0xCBF43926
