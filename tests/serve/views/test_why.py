"""A parcel explained for a person, line by line."""

from collections.abc import Sequence

from tests.reference.strategies import Record
from tests.serve.stores import HOUR_MS, a_scan, journey, stored
from tracker.domain import vocabulary
from tracker.limits import LIFE_GAP_MS
from tracker.log.located import Located
from tracker.serve.views.why import lines
from tracker.serve.why import why

VOCABULARIES = vocabulary.load()


def shown(records: Sequence[Record], offsets: Sequence[int] = (), remark: str | None = None) -> list[str]:
    """The lines, where the first event has these offsets."""
    parcel = stored(records)
    located = Located(3, {parcel.parcel.lives[0].events[0].id: tuple(offsets)}, remark)
    return [line.plain for line in lines(why(parcel, VOCABULARIES, located))]


def test_an_event_has_its_id_its_cell_its_meaning_and_its_offset() -> None:
    told = shown([a_scan("EMSEVT:EMD", 0, "KZALAA", 3, device="TUN-07", container="BAG-1", data={"a": 1})], [42])
    event = stored([a_scan("EMSEVT:EMD", 0, "KZALAA", 3, device="TUN-07")]).parcel.current.events[0]
    assert told == [
        "RR123456785KZ  1 scan, partition 3",
        "",
        "IN_TRANSIT: On its way between or inside sites of the network.",
        f"  1 ● 2025-11-22T08:26:40.000Z  EMSEVT:EMD  KZALAA TUN-07 seq 3  id {event.id:016x}",
        "      UNKNOWN | ARRIVED -> IN_TRANSIT, apply, +ghost, +no_acceptance, -held",
        "      At the importing office of exchange",
        '      carries {"container":"BAG-1","data":{"a":1}}',
        "      offset 42",
        "",
        "offsets: all found in the log",
    ]


def test_many_offsets_are_cut() -> None:
    told = shown([a_scan("ARRIVED", 0)], range(20))
    assert "      offset 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..." in told


def test_reasons_stand_below_their_event_and_a_remark_about_the_log_last() -> None:
    told = shown(journey(), remark="Kafka at \x1b[2J: is not there")
    assert "      came 2 times: 1 duplicate dropped" in told
    assert told[-1] == "offsets: Kafka at \\x1b[2J: is not there"


def test_each_life_has_a_title_where_there_are_several() -> None:
    told = shown([a_scan("DELIVERED", 0), a_scan("ACCEPTED", 2 * LIFE_GAP_MS / HOUR_MS)])
    assert [line.split(": ")[:2] for line in told if line.startswith("Life ")] == [
        ["Life 1 of 2", "DELIVERED"],
        ["Life 2 of 2", "ACCEPTED"],
    ]
