"""The file of sources: everything in it is looked at before anything starts, and refused by name."""

from pathlib import Path

import pytest

from tracker.config import Address
from tracker.errors import TrackerError
from tracker.ingest import sources
from tracker.limits import SOURCES_BYTES_MAX

TUNNEL = """
[[tcp]]
name = "tunnel-3"
preset = "sick-lector"
listen = "0.0.0.0:2112"
site = "KZALAA"
event = "SORTED"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file stands."""
    return tmp_path / "sources.toml"


def refusal(path: Path, text: str | bytes) -> str:
    """Why a file is refused, without its path."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TrackerError) as caught:
        sources.load(path)
    assert caught.value.code == "bad_setting"
    assert str(caught.value).startswith("TRACKER_SOURCES: ")
    return str(caught.value).removeprefix(f"TRACKER_SOURCES: {path}: ")


def test_sources_are_read_in_their_order(path: Path) -> None:
    path.write_text(TUNNEL + TUNNEL.replace("tunnel-3", "tunnel-4").replace("2112", "2113"))
    first, second = sources.load(path).tcp
    assert (first.name, first.listen, first.start) == ("tunnel-3", Address("0.0.0.0", 2112), b"\x02")  # noqa: S104
    assert second.name == "tunnel-4"


def test_brokers_and_readers_stand_in_one_file_and_their_names_differ(path: Path) -> None:
    broker = '[[mqtt]]\nname = "hall-1"\nbroker = "mqtt://broker"\ntopics = ["scans/{site}/{device}"]\n'
    path.write_text(TUNNEL + broker)
    found = sources.load(path)
    assert ([one.name for one in found.tcp], [one.name for one in found.mqtt]) == (["tunnel-3"], ["hall-1"])
    again = "name: expected another one than that of any other source"
    assert refusal(path, TUNNEL + broker.replace("hall-1", "tunnel-3")) == f"[[mqtt]] 'tunnel-3': {again}"
    assert "topics: expected one topic at least" in refusal(path, broker.replace('["scans/{site}/{device}"]', "[]"))


def test_an_empty_file_names_no_source(path: Path) -> None:
    path.write_text("")
    assert sources.load(path) == sources.Sources()


def test_two_sources_of_one_name_or_one_address_are_refused(path: Path) -> None:
    again = "[[tcp]] 'tunnel-3': name: expected another one than that of any other source"
    assert refusal(path, TUNNEL + TUNNEL) == again
    other = TUNNEL.replace("tunnel-3", "tunnel-4")
    address = "listen: expected another address than that of 'tunnel-3', got 0.0.0.0:2112"
    assert refusal(path, TUNNEL + other) == f"[[tcp]] 'tunnel-4': {address}"


def test_a_table_of_another_kind_is_refused(path: Path) -> None:
    assert refusal(path, "[[udp]]\nname = 'x'").startswith("expected tables [[tcp]]")
    assert refusal(path, "[tcp]\nname = 'x'").startswith("expected tables [[tcp]], with two brackets, got {'name'")
    assert refusal(path, "tcp = 3") == "expected tables [[tcp]], with two brackets, got 3"


def test_what_is_no_toml_is_refused_with_its_place(path: Path) -> None:
    assert "at line 1, column 3" in refusal(path, "a b")
    assert "expected TOML" in refusal(path, b"\xff")


def test_a_file_is_taken_at_its_limit_and_refused_one_past_it(path: Path) -> None:
    path.write_text("#" * (SOURCES_BYTES_MAX - 1) + "\n")
    assert sources.load(path) == sources.Sources()
    assert refusal(path, "#" * (SOURCES_BYTES_MAX + 1)) == f"expected at most {SOURCES_BYTES_MAX} bytes"


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(TrackerError, match="No such file"):
        sources.load(path)
