"""Codes, vocabularies, and the files that they come from."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tracker.domain.errors import Rejection
from tracker.domain.machine import EVENTS, KINDS
from tracker.domain.scan import FullReader
from tracker.domain.vocabulary import SHIPPED, Code, Origin, Vocabularies, docs, load
from tracker.errors import TrackerError
from tracker.limits import (
    CODE_CHARS_MAX,
    DETAIL_BYTES_MAX,
    NEAREST_MAX,
    VOCABULARY_BYTES_MAX,
    VOCABULARY_PREFIX_CHARS_MAX,
    VOCABULARY_SOURCES_MAX,
)

GIVEN = Path(__file__).parents[3].parent / "shared" / "tables" / "vocabularies"
PAGE = Path(__file__).parents[3] / "docs" / "vocabularies.md"
OF_WORDS = re.compile(r"T[0-9a-f]{8}")

DIFFERENT_ON_PURPOSE: dict[str, str] = {}
"""Codes that mean another event here than in the given tables: name -> why."""


@pytest.fixture(scope="module")
def shipped() -> Vocabularies:
    return load()


def written(folder: Path, *files: Any) -> Path:
    """The folder, with a vocabulary's file for each of `files` (bytes as they are, others as JSON)."""
    for number, content in enumerate(files):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / f"{number}.json").write_bytes(raw)
    return folder


def refusal(folder: Path, content: Any) -> str:
    with pytest.raises(TrackerError) as caught:
        load(written(folder, content))
    assert caught.value.code == "bad_vocabulary"
    return str(caught.value)


def test_a_code_is_found_by_its_full_name(shipped: Vocabularies) -> None:
    code = shipped.find("EMSEVT:EMD")
    assert (code.name, code.vocabulary, code.event, code.undoes) == ("EMSEVT:EMD", "EMSEVT", "ARRIVED", None)
    assert shipped["EMSEVT"].codes["EMD"] is code


def test_a_code_may_have_blanks_and_slashes(shipped: Vocabularies) -> None:
    assert shipped.find("SENDLE:In Transit").event == "EN_ROUTE"
    assert shipped.find("GEODIS:AAR/CFM").event == "ARRIVED"


@pytest.mark.parametrize("name", KINDS)
def test_every_canonical_name_is_a_code_that_means_itself(shipped: Vocabularies, name: str) -> None:
    code = shipped.find(name)
    assert (code.name, code.vocabulary, code.resolve("any text", "damaged")) == (name, None, name)


@pytest.mark.parametrize(
    ("name", "reason", "says"),
    [
        ("DHLX:ZZ", "unknown_event", "one of the 49 codes of DHLX, got 'DHLX:ZZ'"),
        ("dhlx:OK", "unknown_vocabulary", "got 'dhlx:OK'"),
        ("NOBODY:1", "unknown_vocabulary", "17TRACK, AFTERSHIP, AMZL"),
        (":OK", "unknown_vocabulary", "got ':OK'"),
        ("", "unknown_event", "a canonical event (ARRIVED, DELIVERED, ...) or VOCABULARY:CODE, got ''"),
        ("arrived", "unknown_event", "got 'arrived'"),
        ("ARRIVED ", "unknown_event", "got 'ARRIVED '"),
        ("DHLX:", "unknown_event", "got 'DHLX:'"),
        ("\ud800\x00", "unknown_event", r"got '\ud800\x00'"),
    ],
)
def test_an_unknown_event_is_refused_with_what_was_expected_and_what_came(
    shipped: Vocabularies, name: str, reason: str, says: str
) -> None:
    with pytest.raises(TrackerError, match=re.escape(says)) as caught:
        shipped.find(name)
    assert caught.value.code == reason


def test_a_message_does_not_repeat_an_endless_event(shipped: Vocabularies) -> None:
    with pytest.raises(TrackerError) as caught:
        shipped.find("A" * 60_000)
    assert len(str(caught.value)) < 200


def test_an_undo_of_a_vocabulary_knows_what_it_takes_back(shipped: Vocabularies) -> None:
    undo = shipped.find("KAZPOST:DLV_UNDO")
    assert (undo.event, undo.undoes) == ("UNDO", "KAZPOST:DLV")


def test_an_undo_may_be_of_a_code_that_the_vocabulary_does_not_have(shipped: Vocabularies) -> None:
    assert shipped.find("KAZPOST:PRNNTC2_UNDO").undoes == "KAZPOST:PRNNTC2"
    assert "PRNNTC2" not in shipped["KAZPOST"].codes


def test_kazpost_has_25_undo_codes(shipped: Vocabularies) -> None:
    assert sum(code.event == "UNDO" for code in shipped["KAZPOST"].codes.values()) == 25


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (None, "EN_ROUTE"),
        ("", "EN_ROUTE"),
        ("Your shipment has been accepted, and has arrived", "ACCEPTED"),
        ("Your shipment has arrived, and was accepted", "ACCEPTED"),
        ("It has arrived at the post office", "DELIVERY_OFFICE_ARRIVED"),
        ("It has arrived", "ARRIVED"),
        ("HAS ARRIVED", "EN_ROUTE"),
    ],
)
def test_the_first_words_of_the_vocabulary_that_stand_in_the_text_win(
    shipped: Vocabularies, text: str | None, event: str
) -> None:
    assert shipped.find("SHIPPO:TRANSIT").resolve(text) == event


def test_a_disposition_stands_for_an_event_in_cbv_only(shipped: Vocabularies) -> None:
    assert shipped.find("CBV:inspecting").resolve(disposition="damaged") == "DAMAGED"
    assert shipped.find("CBV:inspecting").resolve(disposition="in_transit") == "MEASURED"
    assert shipped.find("CBV:inspecting").resolve() == "MEASURED"
    assert shipped.find("DHLX:OK").resolve(disposition="damaged") == "DELIVERED"


def test_an_undo_stays_an_undo_whatever_the_disposition(shipped: Vocabularies) -> None:
    assert shipped.find("CBV:void_shipping").resolve(disposition="damaged") == "UNDO"


def test_what_is_shipped_has_a_meaning_for_each_code_in_plain_ascii(shipped: Vocabularies) -> None:
    for vocabulary in shipped.values():
        assert vocabulary.name
        for code in vocabulary.codes.values():
            assert code.means, code.name
            assert code.means.isascii(), code.name


def test_a_shipped_file_has_its_prefix_for_a_name_and_one_code_a_line_in_their_order(shipped: Vocabularies) -> None:
    files = {path.stem: path.read_text("utf-8").splitlines() for path in SHIPPED.glob("*.json")}
    assert set(files) == set(shipped)
    for prefix, lines in files.items():
        codes = [line.split('"')[1] for line in lines if line.startswith("    ")]
        assert codes == sorted(shipped[prefix].codes)


def test_every_shipped_vocabulary_says_where_its_codes_come_from_and_how_many_there_are(shipped: Vocabularies) -> None:
    for path in SHIPPED.glob("*.json"):
        raw, origin = json.loads(path.read_text("utf-8")), shipped[path.stem].origin
        assert raw["here"] == len(shipped[path.stem].codes), path.stem
        assert raw["documented"] == origin.documented, path.stem
        assert origin.sources, path.stem
        assert origin.as_of, path.stem
        assert origin.documented is not None or origin.lacks, path.stem


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        ("17TRACK", 9 + 30 - 1),  # InfoReceived is a main status and a sub-status.
        ("AFTERSHIP", 9 + 48),
        ("CBV", 41),
        ("EASYPOST", 10 + 28 - 5),  # Five words are a status and a detail.
        ("EMSEVT", 26),
        ("KARRIO", 12),
        ("KAZPOST", 60 + 25),
        ("PUROLATOR", 5),
        ("SHIPPO", 6 + 27),
    ],
)
def test_a_whole_vocabulary_has_as_many_codes_as_its_source(shipped: Vocabularies, prefix: str, number: int) -> None:
    assert docs.Row.of(shipped[prefix]) == (prefix, number, number, 0)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("17TRACK:Exception_Returning", "RETURN_STARTED"),
        ("17TRACK:NotFound_Other", "INFO"),
        ("AFTERSHIP:Exception_011", "RETURNED"),
        ("AFTERSHIP:Pending_001", "INFO"),
        ("CAPOST:2600", "RETURN_STARTED"),
        ("DHLX:RT", "RETURN_STARTED"),
        ("EASYPOST:return_to_sender", "RETURN_STARTED"),
        ("FEDEX:RS", "RETURN_STARTED"),
        ("FEDEX:CA", "CANCELLED"),
        ("KARRIO:on_hold", "HELD"),
        ("LAPOSTE:DI2", "RETURNED"),
        ("PUROLATOR:OnDelivery", "OUT_FOR_DELIVERY"),
        ("SHIPPO:RETURNED", "RETURN_STARTED"),
        ("UPS:034", "RETURNED"),
        ("UPS:X-DL", "RETURN_STARTED"),
        ("UPS:X-UA", "RETURNED"),
        ("UPS:X-45", "DAMAGED"),
        ("UPS:D-ML", "DELIVERED"),
        ("UPSMI:SQ", "RETURNED"),
    ],
)
def test_returns_notes_and_stops_of_carriers_are_what_they_say(shipped: Vocabularies, name: str, event: str) -> None:
    assert shipped.find(name).resolve() == event


@pytest.mark.parametrize(
    ("name", "text", "event"),
    [
        ("PUROLATOR:Undeliverable", "Shipment undeliverable - Returned to sender", "RETURN_STARTED"),
        ("PUROLATOR:Undeliverable", "Returned to sender.  Shipment no longer available for pickup", "RETURN_STARTED"),
        ("PUROLATOR:Undeliverable", "Shipment available for pickup. Unable to contact customer", "PICKUP_READY"),
        ("PUROLATOR:Undeliverable", "Arrived at sort facility", "ARRIVED"),
        ("PUROLATOR:Undeliverable", None, "HELD"),
        ("FEDEX:EA", "Export approved", "CUSTOMS_RELEASED"),
        ("FEDEX:EA", "En route to airport", "EN_ROUTE"),
        ("EASYPOST:arrived_at_destination", "Delivered, Front Door/Porch", "DELIVERED"),
        ("EASYPOST:arrived_at_destination", "Out for delivery", "ARRIVED"),
    ],
)
def test_a_code_of_several_meanings_is_told_by_its_text(
    shipped: Vocabularies, name: str, text: str | None, event: str
) -> None:
    assert shipped.find(name).resolve(text) == event


def test_the_page_is_made_from_what_is_shipped(shipped: Vocabularies) -> None:
    page = docs.page()
    assert PAGE.read_text("utf-8") == page, "run make pages"
    for vocabulary in shipped.values():
        section = page.split(f"\n## {vocabulary.prefix}\n")[1].split("\n## ")[0]
        assert all(f"| `{code}` |" in section for code in vocabulary.codes)


def test_an_address_among_the_sources_is_one_of_https(shipped: Vocabularies) -> None:
    for vocabulary in shipped.values():
        assert not any("http:" in source for source in vocabulary.origin.sources)


@pytest.mark.skipif(not GIVEN.exists(), reason=f"{GIVEN} is not there")
def test_what_is_shipped_has_the_given_codes_and_contradicts_none(shipped: Vocabularies) -> None:
    for path in GIVEN.glob("*.json"):
        given = json.loads(path.read_text("utf-8"))
        ours = shipped[given["prefix"]]
        assert dict(ours.disposition_instead) == given.get("disposition_instead", {})
        for key, entry in given["codes"].items():
            code = ours.codes[key]
            meant = (code.event, code.undoes, code.when_text_has)
            same = meant == (
                entry["event"],
                f"{given['prefix']}:{entry['of']}" if "of" in entry else None,
                tuple(map(tuple, entry.get("when_text_has", []))),
            )
            assert same != (code.name in DIFFERENT_ON_PURPOSE), code.name


@pytest.mark.skipif(not GIVEN.exists(), reason=f"{GIVEN} is not there")
def test_a_code_of_words_is_made_as_the_page_says() -> None:
    for path in GIVEN.glob("*.json"):
        for key, entry in json.loads(path.read_text("utf-8"))["codes"].items():
            if OF_WORDS.fullmatch(key):
                assert key == "T" + hashlib.sha256(entry["means"].lower().encode()).hexdigest()[:8]


@pytest.mark.skipif(not GIVEN.exists(), reason=f"{GIVEN} is not there")
def test_the_given_tables_load_as_an_operators_folder(shipped: Vocabularies) -> None:
    both = load(GIVEN)
    assert both.find("AUSPOST:T373e0712").event == "DELIVERED"
    assert both["USPS"].origin == shipped["USPS"].origin
    assert len(both["USPS"].codes) == len(shipped["USPS"].codes)


def test_kazpost_has_the_zone_of_kazakhstan(shipped: Vocabularies) -> None:
    zone = ZoneInfo(str(shipped["KAZPOST"].zone))
    assert datetime(2024, 3, 1, 12, tzinfo=zone).astimezone(UTC).hour == 7
    assert datetime(2024, 2, 29, 12, tzinfo=zone).astimezone(UTC).hour == 6


@pytest.mark.parametrize(("event", "hour"), [("KAZPOST:RCP", 5), ("KAZPOST:TRN_UNDO", 5)])
def test_a_time_of_kazpost_without_a_zone_is_that_of_kazakhstan(shipped: Vocabularies, event: str, hour: int) -> None:
    scan = {"parcel": "P", "event": event, "time": "2026-11-22 10:15"}
    read = FullReader(shipped, {})(json.dumps(scan).encode())
    assert datetime.fromtimestamp(read.time / 1_000, UTC) == datetime(2026, 11, 22, hour, 15, tzinfo=UTC)
    with pytest.raises(Rejection) as caught:
        FullReader(shipped, {})(json.dumps({**scan, "event": "DHLX:OK"}).encode())
    assert caught.value.code == "no_zone"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("DHLX:ok", "'DHLX:OK'"),
        ("DHLX:0K", "'DHLX:OK'"),
        ("DHLX: OK", "'DHLX:OK'"),
        ("EMSEVT:EMD ", "'EMSEVT:EMD'"),
        ("EMSEVT:emd", "'EMSEVT:EMD'"),
        ("AFTERSHIP:InTransit001", "'AFTERSHIP:InTransit_001'"),
        ("AFTERSHIP:In Transit", "'AFTERSHIP:InTransit'"),
        ("AFTERSHIP:Delivred", "'AFTERSHIP:Delivered'"),
        ("SENDLE:in_transit", "'SENDLE:In Transit'"),
        ("CAPOST:104", "'CAPOST:0104'"),
        ("UPS:11", "'UPS:011'"),
        ("USPS:1", "'USPS:01'"),
        ("17TRACK:InTransit-PickedUp", "'17TRACK:InTransit_PickedUp'"),
        ("dhlx:OK", "'DHLX'"),
        ("FEDX:OD", "'FEDEX'"),
        ("17 TRACK:Delivered", "'17TRACK'"),
        ("arrived", "'ARRIVED'"),
        ("OUT FOR DELIVERY", "'OUT_FOR_DELIVERY'"),
        ("DELIVERD", "'DELIVERED'"),
    ],
)
def test_an_unknown_code_is_refused_with_the_one_that_was_meant(shipped: Vocabularies, name: str, nearest: str) -> None:
    with pytest.raises(TrackerError) as caught:
        shipped.find(name)
    suggested = str(caught.value).partition("; most alike: ")[2].split(", ")
    assert suggested[0] == nearest
    assert len(suggested) <= NEAREST_MAX


@pytest.mark.parametrize("name", ["DHLX:ZZ", "DHLX:", "NOBODY:1", ":", "", "EMSEVT:\ud800", "CAPOST:987654321"])
def test_nothing_is_suggested_where_nothing_is_alike(shipped: Vocabularies, name: str) -> None:
    with pytest.raises(TrackerError) as caught:
        shipped.find(name)
    assert "most alike" not in str(caught.value)


@pytest.mark.parametrize("code", ["Exception_" * 6_000, "".join(map(chr, range(33, 127))) * 600, "\x00" * 60_000])
def test_the_detail_of_an_endless_code_is_short(shipped: Vocabularies, code: str) -> None:
    with pytest.raises(TrackerError) as caught:
        shipped.find(f"AFTERSHIP:{code}")
    assert len(str(caught.value).encode()) < DETAIL_BYTES_MAX


def test_an_operators_file_adds_a_carrier(tmp_path: Path) -> None:
    file = {
        "_note": "from the contract of 2026",
        "prefix": "MY_POST_1",
        "name": "My post",
        "zone": "Asia/Almaty",
        "codes": {
            "a:b": {"event": "ARRIVED", "means": "прибыло", "sure": "contract", "when_text_has": [["x", "HELD"]]},
            "back": {"event": "UNDO"},
        },
    }
    loaded = load(written(tmp_path, file))
    assert (loaded["MY_POST_1"].name, loaded["MY_POST_1"].zone) == ("My post", "Asia/Almaty")
    code = loaded.find("MY_POST_1:a:b")
    assert code == Code("MY_POST_1:a:b", "MY_POST_1", "ARRIVED", "прибыло", None, (("x", "HELD"),))
    assert loaded.find("MY_POST_1:back").undoes is None
    assert loaded.find("EMSEVT:EMD").event == "ARRIVED"


def test_an_operators_file_may_say_where_its_codes_come_from(tmp_path: Path, shipped: Vocabularies) -> None:
    file = {
        "prefix": "MINE",
        "sources": ["the contract of 2026"],
        "as_of": "2026-11-28",
        "documented": 3,
        "here": 3,
        "lacks": "letters",
        "codes": {"A": {"event": "HELD"}, "B": {"event": "HELD"}, "C": {"event": "LOST", "seen": True}},
    }
    loaded = load(written(tmp_path, file, {"prefix": "EMSEVT", "here": 0}))
    assert loaded["MINE"].origin == Origin(("the contract of 2026",), "2026-11-28", 3, "letters")
    assert loaded.find("MINE:C").seen
    assert docs.Row.of(loaded["MINE"]).claim == "2 / 3"
    assert loaded["EMSEVT"].origin == shipped["EMSEVT"].origin


def test_an_operators_file_of_a_shipped_prefix_adds_and_overrides(tmp_path: Path, shipped: Vocabularies) -> None:
    first = {"prefix": "EMSEVT", "codes": {"EMX": {"event": "LOST"}, "EMZ": {"event": "FOUND"}}}
    second = {"prefix": "EMSEVT", "zone": "Asia/Tokyo", "codes": {"EMX": {"event": "DAMAGED"}}}
    loaded = load(written(tmp_path, first, second))
    assert loaded.find("EMSEVT:EMX").event == "DAMAGED"
    assert loaded.find("EMSEVT:EMZ").event == "FOUND"
    assert loaded.find("EMSEVT:EMD") == shipped.find("EMSEVT:EMD")
    assert (loaded["EMSEVT"].name, loaded["EMSEVT"].zone) == (shipped["EMSEVT"].name, "Asia/Tokyo")


def test_a_disposition_that_an_operator_adds_holds_for_the_shipped_codes_too(tmp_path: Path) -> None:
    file = {"prefix": "CBV", "disposition_instead": {"recalled": "HELD", "expired": "DESTROYED"}}
    code = load(written(tmp_path, file)).find("CBV:shipping")
    assert [code.resolve(disposition=word) for word in ("recalled", "expired", "damaged")] == [
        "HELD",
        "DESTROYED",
        "DAMAGED",
    ]


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path, shipped: Vocabularies) -> None:
    for name in (".#draft.json", "README.md", "old.json.bak"):
        (tmp_path / name).write_text("no vocabulary")
    assert dict(load(tmp_path)) == dict(shipped)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert "MINE" in load(written(tmp_path, b'\xef\xbb\xbf{"prefix": "MINE"}'))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match="nowhere: expected a folder with vocabularies") as caught:
        load(tmp_path / "nowhere")
    assert caught.value.code == "bad_vocabulary"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.json").mkdir()
    with pytest.raises(TrackerError, match=r"mine\.json: cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "0.json: is not JSON"),
        (b"{", "0.json: is not JSON"),
        (b"\xff{}", "0.json: is not JSON"),
        (b'{"prefix": ' + b"1" * 5_000 + b"}", "0.json: is not JSON"),
        (b"[" * 100_000, "0.json: is nested too deep"),
        (b'{"prefix": "A", "codes": {"X": {}, "X": {}}}', "'X' stands twice"),
        ([], "0.json: expected an object, got []"),
        ({}, '"prefix": expected 1 to 16 of A-Z 0-9 _, got None'),
        ({"prefix": "kazpost"}, "got 'kazpost'"),
        ({"prefix": "А"}, "got 'А'"),
        ({"prefix": "A\n"}, "got 'A\\n'"),
        (
            {"prefix": "A", "nmae": "x"},
            "expected the names as_of, codes, disposition_instead, documented, here, lacks, name, prefix, sources",
        ),
        ({"prefix": "A", "name": 7}, '"name": expected printable text, got 7'),
        ({"prefix": "A", "name": "\ud800"}, '"name": expected printable text'),
        ({"prefix": "A", "sources": "https://a"}, "\"sources\": expected an array of at most 8, got 'https://a'"),
        ({"prefix": "A", "sources": ["a"] * (VOCABULARY_SOURCES_MAX + 1)}, '"sources": expected an array of at most 8'),
        ({"prefix": "A", "sources": [7]}, '"sources": expected printable text, got 7'),
        ({"prefix": "A", "as_of": "28.11.2026"}, '"as_of": expected a day such as'),
        ({"prefix": "A", "as_of": "20261128"}, '"as_of": expected a day such as'),
        ({"prefix": "A", "as_of": "2026-02-30"}, "got '2026-02-30'"),
        ({"prefix": "A", "as_of": 2026}, "got 2026"),
        ({"prefix": "A", "documented": -1}, '"documented": expected a number of codes, got -1'),
        ({"prefix": "A", "documented": True}, '"documented": expected a number of codes, got True'),
        ({"prefix": "A", "here": 1.0}, '"here": expected a number of codes, got 1.0'),
        ({"prefix": "A", "here": 1}, '"here": expected the number of its codes, 0, got 1'),
        ({"prefix": "A", "lacks": ["x"]}, '"lacks": expected printable text'),
        ({"prefix": "A", "documented": 1}, '"lacks": expected what is missing: 1 are documented, 0 are here'),
        (
            {"prefix": "A", "documented": 0, "codes": {"X": {"event": "HELD"}}},
            '"documented": expected 1 or more, as many codes are not "seen", got 0',
        ),
        ({"prefix": "A", "codes": []}, '"codes": expected an object, got []'),
        (
            {"prefix": "A", "disposition_instead": {"x": "UNDO"}},
            "\"disposition_instead\" 'x': expected a canonical event",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(tmp_path: Path, content: Any, says: str) -> None:
    message = refusal(tmp_path, content)
    assert str(tmp_path / "0.json") in message
    assert says in message


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (None, "expected an object, got None"),
        ({}, "expected a canonical event or UNDO, got None"),
        ({"event": "ARIVED"}, "expected a canonical event or UNDO, got 'ARIVED'"),
        ({"event": "CORRECT"}, "got 'CORRECT'"),
        ({"event": ["ARRIVED"]}, "got ['ARRIVED']"),
        ({"event": "ARRIVED", "mean": "x"}, "expected the names event, means, of, seen, sure, when_text_has; got"),
        ({"event": "ARRIVED", "means": "a\x00"}, "\"means\": expected printable text, got 'a\\x00'"),
        ({"event": "ARRIVED", "of": "X"}, "\"of\": expected a code, and only where the event is UNDO, got 'X'"),
        ({"event": "ARRIVED", "seen": "yes"}, "\"seen\": expected true or false, got 'yes'"),
        ({"event": "UNDO", "of": ""}, "\"of\": expected a code, and only where the event is UNDO, got ''"),
        ({"event": "UNDO", "of": 3}, '"of": expected a code, and only where the event is UNDO, got 3'),
        ({"event": "UNDO", "when_text_has": [["a", "HELD"]]}, "an UNDO is always an UNDO"),
        ({"event": "ARRIVED", "when_text_has": {"a": "HELD"}}, "expected an array of [words, event]"),
        ({"event": "ARRIVED", "when_text_has": ["ab"]}, "expected [words, event], got 'ab'"),
        ({"event": "ARRIVED", "when_text_has": [["", "HELD"]]}, "expected [words, event], got ['', 'HELD']"),
        ({"event": "ARRIVED", "when_text_has": [["a"]]}, "expected [words, event], got ['a']"),
        ({"event": "ARRIVED", "when_text_has": [["a", "UNDO"]]}, "expected a canonical event, got 'UNDO'"),
    ],
)
def test_a_wrong_code_is_refused_by_the_names_of_file_and_code(tmp_path: Path, entry: Any, says: str) -> None:
    message = refusal(tmp_path, {"prefix": "A", "codes": {"AR": entry}})
    assert f"{tmp_path / '0.json'}, code 'AR'" in message
    assert says in message


@pytest.mark.parametrize(
    "zone", ["Asia/Alma-Ata", "", "../passwd", "/etc/passwd", "America", "A\x00", "a" * 5_000, 5, {}]
)
def test_a_zone_that_is_no_iana_name_is_refused(tmp_path: Path, zone: object) -> None:
    assert '"zone": expected an IANA name such as "Asia/Almaty"' in refusal(tmp_path, {"prefix": "A", "zone": zone})


@pytest.mark.parametrize("code", ["", " ", " A", "A\u00a0", "A\n", "A\u200b", "\ud800", "A" * (CODE_CHARS_MAX + 1)])
def test_a_code_that_nobody_could_read_back_is_refused(tmp_path: Path, code: str) -> None:
    message = refusal(tmp_path, {"prefix": "A", "codes": {code: {"event": EVENTS[0]}}})
    assert "expected 1 to 64 printable characters, no blanks at the ends" in message


def test_prefix_code_and_file_may_be_as_long_as_the_limits_say(tmp_path: Path) -> None:
    prefix, code = "P" * VOCABULARY_PREFIX_CHARS_MAX, "C" * CODE_CHARS_MAX
    raw = json.dumps({"prefix": prefix, "codes": {code: {"event": "HELD"}}}).encode().ljust(VOCABULARY_BYTES_MAX)
    assert load(written(tmp_path, raw)).find(f"{prefix}:{code}").event == "HELD"
    assert "expected at most 1,048,576 bytes, found 1,048,577" in refusal(tmp_path, raw + b" ")
    assert "got 'PPPPPPPPPPPPPPPPP'" in refusal(tmp_path, {"prefix": prefix + "P"})
