"""The pictures of docs/architecture.md are those that the code gives."""

import re

from tests import architecture
from tracker.process.core.partition import State
from tracker.store import keys

PAGE = architecture.PAGE.read_text("utf-8")


def test_the_page_is_what_the_code_gives() -> None:
    assert architecture.written(PAGE) == PAGE, "run make pages"


def test_the_page_has_every_block_once() -> None:
    assert sorted(re.findall(r"<!-- made: (\w+) -->", PAGE)) == sorted(architecture.BLOCKS)


def test_every_key_of_redis_is_laid_out() -> None:
    named = {
        function(7).decode().replace("7", "p")
        for function in (keys.mark, keys.sources, keys.codes, keys.out, keys.parcels, keys.data, keys.aliases)
    }
    shown = re.findall(r"^\| `([^`]+)`", architecture.redis_keys(), re.MULTILINE)
    assert {key.removesuffix("<id>") for key in shown} == named


def test_every_state_of_a_partition_is_drawn_with_a_way_in_and_a_way_out() -> None:
    arrows = re.findall(r"(\w+) --> (\w+)", architecture.states())
    assert {source for source, _ in arrows} == {target for _, target in arrows} == set(State)


def test_an_import_that_another_one_brings_along_is_not_drawn() -> None:
    edges = {"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset[str]()}
    assert architecture._reduced(edges) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_nothing_in_a_table_is_taken_for_html() -> None:
    for block in (architecture.redis_keys(), architecture.imports_table(), architecture.kafka_topics()):
        assert "<" not in re.sub(r"`[^`]*`", "", block)
