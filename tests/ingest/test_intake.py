"""What can be taken is made durable with what the gateway knows of it; what can't is refused and kept as well."""

import asyncio
import json
from typing import Any

import pytest

from tests.ingest.middles import NOW_MS, Made, lines, scan, sender
from tracker.ingest.ports import Kept, OverBudgetError, Receipt, Refused, Sender, UnavailableError


def take(made: Made, body: bytes, who: Sender | None = None, *, whole: bool = False) -> Receipt:
    return asyncio.run(made.middle.take(body, who or sender(), NOW_MS, whole=whole))


def values(made: Made, topic: str = "scans") -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in made.shelf.records if record.topic == topic]


@pytest.mark.parametrize(
    "body",
    [
        lines(scan(), scan(parcel="P2")),
        lines(scan(), b"", scan(parcel="P2"), b"\r\n"),
        json.dumps([scan(), scan(parcel="P2")], indent=2).encode(),
    ],
    ids=["lines", "lines with blanks", "an array"],
)
def test_every_scan_of_a_body_is_taken_and_says_when_it_was_received(body: bytes) -> None:
    made = Made()
    assert take(made, body) == Receipt(2)
    assert values(made) == [scan(received=NOW_MS), scan(parcel="P2", received=NOW_MS)]
    assert [record.key for record in made.shelf.records] == [b"P1", b"P2"]


def test_one_scan_over_several_lines_is_one() -> None:
    made = Made()
    assert take(made, json.dumps(scan(), indent=2).encode()) == Receipt(1)


def test_a_scan_that_names_neither_site_nor_device_gets_the_senders() -> None:
    made = Made()
    assert take(made, lines(scan(site=None), scan(device="own")), sender(site="KZALAA", device="TUN-7")) == Receipt(2)
    assert [(value["site"], value["device"]) for value in values(made)] == [("KZALAA", "TUN-7"), ("KZALAA", "own")]


def test_a_scan_of_another_site_than_the_senders_is_refused() -> None:
    made = Made()
    receipt = take(made, lines(scan(site="KZNQZA"), scan()), sender(site="KZALAA"))
    assert (receipt.accepted, [(one.index, one.reason) for one in receipt.rejected]) == (1, [(0, "wrong_site")])
    assert "'KZNQZA'" in receipt.rejected[0].detail
    assert values(made, "scans.rejected") == [scan(site="KZNQZA")]


def test_a_refused_scan_is_kept_with_its_bytes_its_reason_and_who_sent_it() -> None:
    made = Made()
    receipt = take(made, lines(b'{"parcel": "P1"}', scan(), b"\xff\x00 no JSON"))
    assert (receipt.accepted, [(one.index, one.reason) for one in receipt.rejected]) == (
        1,
        [(0, "missing_field"), (2, "not_json")],
    )
    letters = [record for record in made.shelf.records if record.topic == "scans.rejected"]
    assert [letter.value for letter in letters] == [b'{"parcel": "P1"}', b"\xff\x00 no JSON"]
    headers = dict(letters[0].headers)
    assert headers["reason"] == b"missing_field"
    assert headers["source"] == b"gateway/http/7k3"
    assert headers["received"] == b"%d" % NOW_MS


def test_a_body_that_is_to_be_taken_as_a_whole_is_not_taken_if_a_scan_of_it_is_refused() -> None:
    made = Made()
    receipt = take(made, lines(scan(), b'{"parcel": "P1"}'), whole=True)
    assert (receipt.accepted, [(one.index, one.reason) for one in receipt.rejected]) == (0, [(1, "missing_field")])
    receipt = take(made, lines(scan(site="KZNQZA"), scan()), sender(site="KZALAA"), whole=True)
    assert (receipt.accepted, [(one.index, one.reason) for one in receipt.rejected]) == (0, [(0, "wrong_site")])
    assert made.shelf.records == []
    assert take(made, lines(scan(), scan(parcel="P2")), whole=True) == Receipt(2)


def test_a_scan_that_says_itself_when_it_was_received_is_refused() -> None:
    receipt = take(Made(), lines(scan(received=1)))
    assert [one.reason for one in receipt.rejected] == ["reserved_field"]


def test_a_body_that_is_no_array_though_it_begins_like_one_is_refused_and_kept() -> None:
    made = Made()
    receipt = take(made, b'[{"parcel": "P1"')
    assert [(one.index, one.reason) for one in receipt.rejected] == [(0, "not_json")]
    assert made.shelf.records[0].value == b'[{"parcel": "P1"'


@pytest.mark.parametrize("body", [b"", b" \n\r\n", b"[]", b" [ ] "])
def test_a_body_without_a_scan_is_nothing(body: bytes) -> None:
    made = Made()
    assert take(made, body) == Receipt(0)
    assert not made.shelf.records


def test_a_receipt_says_that_scans_are_in_the_spool() -> None:
    made = Made()
    made.shelf.kept = Kept.SPOOL
    assert take(made, lines(scan())) == Receipt(1, (), spooled=True)


def test_nothing_is_taken_where_nothing_is_durable() -> None:
    made = Made()
    made.shelf.away = True
    with pytest.raises(UnavailableError) as caught:
        take(made, lines(scan()))
    assert caught.value.retry_after_s == 7


def test_nothing_is_taken_beyond_the_budget_and_rejected_scans_count() -> None:
    made = Made()
    made.purse.scans = 3
    take(made, lines(scan(), b"x"))
    with pytest.raises(OverBudgetError):
        take(made, lines(scan(), scan()))
    assert len(made.shelf.records) == 2


def test_rejected_scans_beyond_the_bound_are_told_and_not_kept() -> None:
    made = Made()
    made.purse.letters = 2
    receipt = take(made, lines(*[b"x"] * 5))
    assert receipt.rejected[4] == Refused(4, "not_json", receipt.rejected[0].detail)
    assert len(made.shelf.records) == 2
