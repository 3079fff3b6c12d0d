"""A parcel for a person, line by line."""

from collections.abc import Sequence

from tests.reference.strategies import Record
from tests.serve.stores import HOUR_MS, a_scan, journey, stored
from tracker.domain import vocabulary
from tracker.limits import EVENTS_MAX, LIFE_GAP_MS
from tracker.serve.show import show
from tracker.serve.views.parcel import lines

VOCABULARIES = vocabulary.load()
LATER_H = 2 * LIFE_GAP_MS / HOUR_MS


def shown(records: Sequence[Record], *, whole: bool = False) -> list[str]:
    return [line.plain for line in lines(show(stored(records), VOCABULARIES), whole=whole)]


def timeline(records: Sequence[Record]) -> list[str]:
    """The lines between the first empty one and what is said of the record."""
    told = shown(records)
    begin = told.index("") + 1
    return told[begin : begin + len(records)]


def test_the_first_lines_say_which_parcel_it_is_how_it_is_and_where() -> None:
    assert shown([a_scan("ACCEPTED", 0, "KZALAA")])[:4] == [
        "RR 123 456 785 KZ  RR123456785KZ",
        "Accepted: The network has taken the parcel over from its sender.",
        "at KZALAA, since 2025-11-22 08:26:40 UTC",
        "",
    ]


def test_a_number_that_no_format_reads_stands_once_and_a_site_that_is_not_known_is_said_to_be() -> None:
    told = shown([a_scan("ACCEPTED", 0, parcel="ORDER-7")])
    assert told[0] == "ORDER-7"
    assert told[2].startswith("at a place that is not known")


def test_what_is_wrong_comes_first_and_what_is_only_odd_about_the_scans_last() -> None:
    told = shown([a_scan("CUSTOMS_HELD", 0, "KZALAA")])
    assert [line for line in told[: told.index("")] if line.startswith("held: ")]
    assert told[-2:] == ["Seen without a pre-advice.", "Seen in the network without an acceptance."]


def test_rereads_are_counted_and_shown_on_demand() -> None:
    assert "1 re-read of the same pass not shown (--all)" in shown(journey())
    whole = shown(journey(), whole=True)
    assert not [line for line in whole if "not shown" in line]
    assert len([line for line in whole if line.startswith("  4 · ")]) == 1


def test_meanings_stand_in_a_column_unless_a_source_is_very_long() -> None:
    texts = timeline([a_scan("ACCEPTED", 0, "A"), a_scan("DEPARTED", 1, "ABCDEF"), a_scan("ARRIVED", 2, "X" * 60)])
    first, second, long = (text.index(word) for text, word in zip(texts, ("Taken", "Left", "Arrived"), strict=True))
    assert first == second < long


def test_wide_characters_take_two_columns() -> None:
    wide, narrow = timeline([a_scan("ACCEPTED", 0, "東京"), a_scan("DEPARTED", 1, "ABCD")])
    assert wide.index("Taken") + 2 == narrow.index("Left")


def test_a_name_that_would_act_on_the_terminal_is_escaped() -> None:
    (line,) = timeline([a_scan("ACCEPTED", 0, "KZ\u202eALA", device="[red]")])
    assert "KZ\\u202eALA [red]" in line


def test_earlier_lives_are_a_line_each_and_whole_on_demand() -> None:
    records = [*journey(), a_scan("ACCEPTED", LATER_H, "KZNQZA"), a_scan("DEPARTED", LATER_H + 1)]
    brief, whole = shown(records), shown(records, whole=True)
    assert brief[1].startswith("In transit: ")
    assert brief[-1] == (
        "Earlier life 1 of this number: Delivered, 2025-11-22 08:26:40 to 2025-11-23 15:26:40 UTC, 10 events"
    )
    assert whole[: len(brief)] == brief
    assert len(whole) == len(brief) + 10


def test_scans_that_a_cut_history_has_dropped_are_counted() -> None:
    records = [a_scan("INFO", number, "KZALAA", number) for number in range(EVENTS_MAX + 5)]
    assert [line for line in shown(records) if line.endswith("more scans are counted and not kept")]
