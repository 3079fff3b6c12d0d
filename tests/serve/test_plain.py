"""What a terminal may get."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.serve.plain import json_line, visible

ACTING = ("\x00", "\x07", "\x1b", "\x7f", "\x9b", "\u200b", "\u202e", "\u2028", "\u2066", "\ufeff", "\U000e0041")


@pytest.mark.parametrize("char", ACTING)
def test_what_acts_on_a_terminal_is_shown_as_its_escape(char: str) -> None:
    assert visible(f"a{char}b") == f"a{char.encode('unicode_escape').decode()}b"
    line = json_line({"site": f"a{char}b"}).decode()
    assert char not in line
    assert json.loads(line) == {"site": f"a{char}b"}


@pytest.mark.parametrize("name", ["KZALAA", "Köln 😀", "Алматы", "東京 支店", "a'b\"c\\d"])
def test_names_are_shown_as_they_are(name: str) -> None:
    assert visible(name) == name
    assert name in json_line([name]).decode() or not name.isalnum()


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert visible("x" * 200) == "x" * 200
    assert visible("x" * 201) == "x" * 199 + "…"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_one_line_of_glyphs_and_the_same_json(text: str) -> None:
    shown = visible(text, 10_000)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Zl", "Zp"}
    line = json_line(text)
    assert json.loads(line) == text
    assert line.count(b"\n") == 1
    assert not {unicodedata.category(char) for char in line[:-1].decode()} & {"Cc", "Zl", "Zp"}
