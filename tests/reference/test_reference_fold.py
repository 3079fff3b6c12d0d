"""The fold by the model: a small example for each rule of sections 2 and 3, with the result worked out by hand."""

from typing import Any, Final

import pytest

from tracker.limits import (
    CLOCK_BEHIND_MS,
    CLOCK_SKEW_MS_MAX,
    EVENTS_KEPT_NEWEST,
    EVENTS_MAX,
    LIFE_GAP_MS,
    REOPEN_MS,
    REREAD_WINDOW_MS,
)

from . import moment
from .parcel import COPIES_MAX, Parcel, as_json, depends_on_arrival, events_of
from .scan import Scan, Target

T = 1_700_000_000_000
KINDS = {"IN": "ARRIVED", "SLIP": "DEPARTED"}


def scan(code: str, time: int = 0, site: str = "", **fields: Any) -> Scan:
    """A scan at T + time; a code is its own kind but for those in KINDS."""
    return Scan(
        "P", code, fields.pop("kind", KINDS.get(code, code)), T + time, fields.pop("received", -1), site, **fields
    )


def by_id(target: Scan) -> Target:
    return "id", target.id


def parcel(*scans: Scan) -> dict[str, Any]:
    return as_json(Parcel(scans))


def effects(*scans: Scan) -> str:
    """The effects in order, one word an event; a re-read's says so."""
    events = parcel(*scans)["events"]
    return " ".join("reread" if "reread" in event["marks"] else event["effect"] for event in events)


def test_a_parcel_is_shown_as_the_product_shows_it() -> None:
    first = scan("PRE_ADVISED", 0, given_id=255)
    second = scan("ARRIVED", 60_000, "KZALA", device="T", seq=7)
    assert parcel(second, first, second) == {
        "id": "P",
        "life": 1,
        "state": "IN_TRANSIT",
        "since": "2023-11-14T22:14:20.000Z",
        "site": "KZALA",
        "flags": ["no_acceptance"],
        "duplicates": 1,
        "beyond": 0,
        "previous": [],
        "events": [
            {
                "event": "PRE_ADVISED",
                "code": "PRE_ADVISED",
                "time": "2023-11-14T22:13:20.000Z",
                "site": "",
                "device": "",
                "seq": None,
                "effect": "apply",
                "marks": [],
                "id": "00000000000000ff",
            },
            {
                "event": "ARRIVED",
                "code": "ARRIVED",
                "time": "2023-11-14T22:14:20.000Z",
                "site": "KZALA",
                "device": "T",
                "seq": 7,
                "effect": "apply",
                "marks": [],
                "id": f"{second.id:016x}",
            },
        ],
    }


def test_without_a_change_of_state_there_is_no_since() -> None:
    shown = parcel(scan("DELAYED", 0, "A"))
    assert (shown["state"], shown["since"], shown["site"], shown["flags"]) == ("UNKNOWN", None, "", ["delayed"])


def test_since_stays_while_the_state_does() -> None:
    assert parcel(scan("ARRIVED"), scan("DEPARTED", 60_000))["since"] == moment.write(T)


def test_events_at_the_same_time_go_by_tie_rank_site_device_and_seq() -> None:
    ordered = [
        scan("ARRIVED", site="A", device="b"),
        scan("ARRIVED", site="B", device="a"),
        scan("ARRIVED", site="B", device="b"),
        scan("ARRIVED", site="B", device="b", seq=0),
        scan("ARRIVED", site="B", device="b", seq=5),
        scan("DEPARTED", site="A"),
        scan("CORRECT", target=("code", "X")),
        scan("UNDO", target=("code", "X")),
    ]
    assert [event.scan for event in events_of(reversed(ordered))] == ordered


def test_names_are_ordered_as_bytes() -> None:
    events = events_of(scan("ARRIVED", site=site) for site in ("\U0001f600", "\uffff", "é", "z"))
    assert [event.scan.site for event in events] == ["z", "é", "\uffff", "\U0001f600"]


def test_undos_that_differ_in_their_targets_only_are_two_events_in_one_order() -> None:
    one, other = (scan("UNDO", target=("id", target)) for target in (1, 2))
    assert one.id == other.id
    assert [event.scan for event in events_of([other, one])] == [one, other]


def test_copies_without_id_are_one_event() -> None:
    shown = parcel(*[scan("ARRIVED", seq=1)] * 3, scan("ARRIVED", seq=2))
    assert (shown["duplicates"], len(shown["events"])) == (2, 2)


def test_copies_by_id_may_differ_and_the_least_is_kept() -> None:
    late = scan("DELIVERED", 5, "B", given_id=1)
    early = scan("ARRIVED", 4, "A", given_id=1)
    shown = parcel(late, early)
    assert (shown["state"], shown["site"], shown["duplicates"]) == ("IN_TRANSIT", "A", 1)


def test_an_id_that_is_given_makes_no_copy_of_one_that_is_computed() -> None:
    computed = scan("ARRIVED")
    assert len(parcel(computed, scan("ARRIVED", given_id=computed.id))["events"]) == 2


def test_of_copies_the_least_data_is_kept_with_its_container() -> None:
    (event,) = events_of(
        [scan("ARRIVED", data=data, container=box) for data, box in ((b"", "A"), (b"{}", ""), (b"{}", "B"))]
    )
    assert (event.data, event.container, event.copies) == (b"{}", "B", 3)


def test_an_event_counts_no_more_copies_than_two_bytes_hold() -> None:
    shown = parcel(*[scan("ARRIVED")] * (COPIES_MAX + 1))
    assert (shown["duplicates"], shown["beyond"]) == (COPIES_MAX - 1, 1)


def test_a_re_read_is_the_same_code_and_place_within_the_window() -> None:
    window = REREAD_WINDOW_MS
    assert effects(scan("IN", 0, "A"), scan("IN", window, "A", device="x")) == "apply reread"
    assert effects(scan("IN", 0, "A"), scan("IN", window + 1, "A")) == "apply apply"
    assert effects(scan("IN", 0, "A"), scan("IN", 1, "B")) == "apply apply"
    assert effects(scan("IN", 0, "A"), scan("ARRIVED", 1, "A")) == "apply apply"
    assert effects(scan("IN", 0, "A"), scan("IN", 1, "A", kind="UNLOADED")) == "apply apply"


def test_a_re_read_is_no_anchor_of_another() -> None:
    times = (0, 20_000, 40_000, 60_000)
    assert effects(*(scan("IN", time, "A") for time in times)) == "apply reread apply reread"


def test_a_re_read_does_not_move_the_parcel() -> None:
    assert parcel(scan("IN", 0, "A"), scan("SLIP", 10, "B"), scan("IN", 20, "A"))["site"] == "B"


def test_an_undo_brings_the_earlier_state_back() -> None:
    delivered = scan("DELIVERED", 1, "B")
    shown = parcel(scan("ARRIVED", 0, "A"), delivered, scan("UNDO", 2, "C", target=by_id(delivered)))
    assert [event["effect"] for event in shown["events"]] == ["apply", "void", "apply"]
    assert (shown["state"], shown["site"], shown["since"]) == ("IN_TRANSIT", "A", moment.write(T))


def test_an_undo_by_id_may_stand_before_its_target() -> None:
    delivered = scan("DELIVERED", 5)
    assert effects(scan("UNDO", 0, target=by_id(delivered)), delivered) == "apply void"


def test_an_undo_waits_until_its_target_comes() -> None:
    delivered = scan("DELIVERED", 1)
    undo = scan("UNDO", 2, target=by_id(delivered))
    assert effects(undo) == "note"
    assert effects(undo, delivered) == "void apply"


def test_an_undo_of_an_undo_lets_the_event_stand() -> None:
    delivered = scan("DELIVERED", 0)
    undo = scan("UNDO", 1, target=by_id(delivered))
    assert effects(delivered, undo, scan("UNDO", 2, target=by_id(undo))) == "apply void apply"
    assert effects(delivered, undo, scan("UNDO", 0, target=by_id(undo))) == "void note apply"


def test_two_undos_of_one_event_leave_the_earlier_waiting() -> None:
    delivered = scan("DELIVERED", 0)
    assert effects(delivered, *(scan("UNDO", time, target=by_id(delivered)) for time in (1, 2))) == "void note apply"


def test_an_undo_does_not_take_itself_back() -> None:
    assert effects(scan("UNDO", 0, given_id=1, target=("id", 1))) == "note"


def test_an_undo_takes_the_re_reads_along() -> None:
    first, again = scan("IN", 0, "A"), scan("IN", 10, "A")
    assert effects(first, again, scan("UNDO", 20, target=by_id(first))) == "void void apply"
    assert effects(first, again, scan("UNDO", 20, target=by_id(again))) == "apply void apply"


def test_an_undo_by_code_takes_the_newest_at_its_site() -> None:
    undo = scan("UNDO", 100_000, "A", target=("code", "IN"))
    scans = [scan("IN", 0, "A"), scan("IN", 40_000, "A"), scan("IN", 50_000, "A"), scan("IN", 60_000, "B")]
    assert effects(*scans, undo) == "apply void void apply apply"
    assert (
        effects(*scans, undo, scan("UNDO", 100_001, "A", target=("code", "IN"))) == "void void void apply apply apply"
    )


def test_an_undo_by_code_does_not_reach_forward() -> None:
    assert effects(scan("UNDO", 0, "A", target=("code", "IN")), scan("IN", 1, "A")) == "note apply"
    assert effects(scan("UNDO", 0, "A", target=("code", "IN")), scan("IN", 0, "A")) == "void apply"


def test_undos_by_id_act_before_those_by_code() -> None:
    newest = scan("IN", 50_000, "A")
    undos = scan("UNDO", 60_000, "A", target=("code", "IN")), scan("UNDO", 70_000, target=by_id(newest))
    assert effects(scan("IN", 0, "A"), newest, *undos) == "void void apply apply"


def test_a_correct_acts_at_its_own_time_and_site() -> None:
    delivered = scan("DELIVERED", 0, "A")
    shown = parcel(delivered, scan("CORRECT", 5, "B", target=by_id(delivered), right_event="ARRIVED"))
    assert (shown["state"], shown["site"], shown["since"]) == ("IN_TRANSIT", "B", moment.write(T + 5))
    assert [event["event"] for event in shown["events"]] == ["DELIVERED", "CORRECT"]


def test_a_correct_without_right_event_has_the_kind_that_it_took() -> None:
    slip = scan("SLIP", 0, "A")
    shown = parcel(scan("DELIVERED", -5), slip, scan("CORRECT", 5, "B", target=("id", slip.id)))
    assert [(event["effect"], event["marks"]) for event in shown["events"][1:]] == [
        ("void", []),
        ("anomaly", ["scan_after_terminal"]),
    ]


def test_a_correct_by_code_takes_the_newest_at_its_site() -> None:
    correct = scan("CORRECT", 9, "A", target=("code", "IN"), right_event="DELIVERED")
    assert parcel(scan("IN", 0, "A"), correct)["state"] == "DELIVERED"
    assert parcel(scan("IN", 0, "B"), correct)["state"] == "IN_TRANSIT"


def test_a_correct_of_a_correct_replaces_the_first_event() -> None:
    delivered = scan("DELIVERED", 0)
    first = scan("CORRECT", 1, target=by_id(delivered), right_event="LOST")
    second = scan("CORRECT", 2, target=by_id(first))
    third = scan("CORRECT", 3, target=by_id(second), right_event="RETURNED")
    assert effects(delivered, first, second) == "void void apply"
    assert parcel(delivered, first, second)["state"] == "DELIVERED"
    assert effects(delivered, first, second, third) == "void void void apply"
    assert parcel(delivered, first, second, third)["state"] == "RETURNED"


def test_a_correct_that_took_no_ordinary_event_waits_without_a_right_event() -> None:
    first = scan("CORRECT", 1, target=("id", 1), right_event="LOST")
    assert effects(first, scan("CORRECT", 2, target=by_id(first))) == "void note"
    assert effects(first, scan("CORRECT", 2, target=by_id(first), right_event="LOST")) == "void apply"


def test_an_undo_of_a_correct_lets_the_event_stand() -> None:
    delivered = scan("DELIVERED", 0)
    correct = scan("CORRECT", 1, target=by_id(delivered), right_event="LOST")
    shown = parcel(delivered, correct, scan("UNDO", 2, target=by_id(correct)))
    assert shown["state"] == "DELIVERED"


def test_a_correct_is_never_a_re_read() -> None:
    slip = scan("SLIP", 0, "A")
    correct = scan("CORRECT", 2, "A", target=by_id(slip), right_event="ARRIVED")
    assert effects(scan("IN", 1, "A"), slip, correct) == "void apply apply"


@pytest.mark.parametrize(
    ("office", "site", "state"),
    [
        ("A", "A", "AT_DELIVERY_OFFICE"),
        ("A", "B", "IN_TRANSIT"),
        ("A", "", "AT_DELIVERY_OFFICE"),
        ("", "B", "AT_DELIVERY_OFFICE"),
    ],
)
def test_a_here_cell_stands_where_the_site_may_be_the_office(office: str, site: str, state: str) -> None:
    assert parcel(scan("DELIVERY_OFFICE_ARRIVED", 0, office), scan("ARRIVED", 1, site))["state"] == state


def test_an_anomaly_moves_neither_parcel_nor_office() -> None:
    shown = parcel(scan("DELIVERED", 0, "A"), scan("ARRIVED", 1, "B"))
    assert (shown["site"], shown["state"]) == ("A", "DELIVERED")


def test_a_skewed_event_is_clamped_and_shown_with_its_own_time() -> None:
    ahead = CLOCK_SKEW_MS_MAX + 1
    shown = parcel(scan("ARRIVED", ahead, received=T), scan("DELIVERED", 1))
    assert (shown["state"], shown["flags"][-1]) == ("DELIVERED", "clock_skew")
    assert (shown["events"][0]["time"], shown["events"][0]["marks"]) == (moment.write(T + ahead), ["clock_skew"])
    assert parcel(scan("ARRIVED", ahead, received=T))["since"] == moment.write(T)


def test_of_a_skewed_scans_copies_the_one_received_first_counts() -> None:
    ahead = 10 * CLOCK_SKEW_MS_MAX
    shown = parcel(*(scan("ARRIVED", ahead, received=T + received) for received in (9, 3, 6)))
    assert (shown["since"], shown["duplicates"]) == (moment.write(T + 3), 2)


def test_a_year_of_silence_begins_a_new_life() -> None:
    delivered = scan("DELIVERED")
    shown = parcel(delivered, scan("ACCEPTED", LIFE_GAP_MS, "A"), delivered)
    assert (shown["state"], shown["life"], shown["duplicates"], len(shown["events"])) == ("ACCEPTED", 2, 0, 1)
    (previous,) = shown["previous"]
    assert (previous["state"], previous["life"], previous["duplicates"]) == ("DELIVERED", 1, 1)
    assert "beyond" not in previous
    assert parcel(delivered, scan("ACCEPTED", LIFE_GAP_MS - 1))["life"] == 1


def test_a_lone_scan_after_a_year_of_silence_belongs_to_the_life_before_it() -> None:
    delivered, stray = scan("DELIVERED"), scan("ARRIVED", LIFE_GAP_MS)
    assert effects(delivered, stray) == "apply anomaly"
    assert parcel(delivered, stray, scan("DEPARTED", 2 * LIFE_GAP_MS - 1))["life"] == 2
    assert parcel(delivered, stray, scan("DEPARTED", 2 * LIFE_GAP_MS))["life"] == 1
    assert parcel(delivered, stray, scan("PRE_ADVISED", 2 * LIFE_GAP_MS))["life"] == 2


def test_an_undo_does_not_reach_into_another_life() -> None:
    delivered = scan("DELIVERED", 0, "A")
    undo = scan("UNDO", LIFE_GAP_MS, "A", target=by_id(delivered))
    assert effects(delivered, undo) == "void apply"
    assert parcel(delivered, undo, scan("ARRIVED", LIFE_GAP_MS + 1))["previous"][0]["state"] == "DELIVERED"


def test_a_history_is_cut_one_past_the_limit() -> None:
    loop = [scan("ARRIVED", minute * 60_000, "A") for minute in range(EVENTS_MAX + 1)]
    whole, cut = parcel(*loop[:-1]), parcel(*loop)
    assert (len(whole["events"]), whole["beyond"], "cut" in whole["flags"]) == (EVENTS_MAX, 0, False)
    assert "cut" in cut["flags"]
    assert (len(cut["events"]), cut["beyond"]) == (EVENTS_KEPT_NEWEST + 1, EVENTS_MAX - EVENTS_KEPT_NEWEST)


def test_a_cut_history_keeps_the_newest_of_each_kind() -> None:
    loop = [scan("ARRIVED", minute * 60_000, "A") for minute in range(EVENTS_MAX)]
    shown = parcel(scan("ACCEPTED", -2), *[scan("ACCEPTED", -1)] * 3, scan("UNDO", -3, target=("code", "X")), *loop)
    assert [event["event"] for event in shown["events"][:3]] == ["UNDO", "ACCEPTED", "ARRIVED"]
    assert (shown["duplicates"], shown["beyond"]) == (2, 1 + EVENTS_MAX - EVENTS_KEPT_NEWEST - 1)


def test_arrival_shows_only_in_a_cut_history_with_copies_at_different_places() -> None:
    loop = [scan("ARRIVED", minute * 60_000, "A") for minute in range(EVENTS_MAX)]
    early, late = scan("ACCEPTED", 0, given_id=1), scan("ACCEPTED", 1, given_id=1)
    assert depends_on_arrival([*loop, early, late])
    assert not depends_on_arrival([*loop, early, early])
    assert not depends_on_arrival([*loop[1:], early, late])


HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR


@pytest.mark.parametrize(
    ("event", "later", "site", "state"),
    [
        ("OUT_FOR_DELIVERY", 5 * 60_000, "C", "DELIVERED"),
        ("OUT_FOR_DELIVERY", REOPEN_MS - 1, "C", "DELIVERED"),
        ("OUT_FOR_DELIVERY", REOPEN_MS, "C", "OUT_FOR_DELIVERY"),
        ("OUT_FOR_DELIVERY", 5 * 60_000, "ELSEWHERE", "OUT_FOR_DELIVERY"),
        ("ARRIVED", 5 * 60_000, "ELSEWHERE", "DELIVERED"),
        ("ARRIVED", 2 * DAY, "ELSEWHERE", "IN_TRANSIT"),
        ("ACCEPTED", 5 * 60_000, "A", "DELIVERED"),
        ("ACCEPTED", 2 * DAY, "A", "ACCEPTED"),
        ("ARRIVED", LIFE_GAP_MS, "ELSEWHERE", "DELIVERED"),
        ("INFO", 2 * DAY, "CALLCENTRE", "DELIVERED"),
    ],
)
def test_what_is_scanned_after_a_delivery_is_a_late_record_soon_and_something_new_hours_later(
    event: str, later: int, site: str, state: str
) -> None:
    shown = parcel(
        scan("DELIVERY_OFFICE_ARRIVED", 0, "C"), scan("DELIVERED", HOUR, "C"), scan(event, HOUR + later, site)
    )
    assert shown["state"] == state
    assert ("reopened" in shown["flags"]) == (state != "DELIVERED")


def test_a_late_record_of_a_round_leaves_a_parcel_where_it_was_delivered() -> None:
    delivered = scan("DELIVERED", HOUR, "DOOR")
    shown = parcel(scan("OUT_FOR_DELIVERY", 0, "C"), delivered, scan("PICKUP_READY", 2 * HOUR, "C"))
    assert (shown["state"], shown["site"]) == ("DELIVERED", "DOOR")


@pytest.mark.parametrize("event", ["OUT_FOR_DELIVERY", "PICKUP_READY"])
def test_a_round_recorded_soon_after_a_delivery_by_another_office_is_a_late_record_too(event: str) -> None:
    planned = scan("DELIVERY_OFFICE_ARRIVED", 0, "C"), scan("FORWARDED", 1, "C"), scan("DELIVERED", DAY, "D")
    assert parcel(*planned, scan(event, DAY + 300_000, "D"))["state"] == "DELIVERED"
    assert parcel(*planned, scan(event, DAY + 300_000, "E"))["state"] != "DELIVERED"


@pytest.mark.parametrize("later", [0, 1, DAY])
def test_a_return_that_is_also_called_delivered_went_back_to_its_sender(later: int) -> None:
    turned = scan("RETURN_STARTED", 0, "C")
    for first, second in (("DELIVERED", "RETURNED"), ("RETURNED", "DELIVERED")):
        assert parcel(turned, scan(first, DAY, "A"), scan(second, DAY + later, "A"))["state"] == "RETURNED"


@pytest.mark.parametrize("event", ["ACCEPTED", "ARRIVED", "DELIVERY_OFFICE_ARRIVED", "OUT_FOR_DELIVERY", "DELIVERED"])
def test_a_parcel_whose_label_was_cancelled_and_that_is_then_seen_has_been_sent_all_the_same(event: str) -> None:
    shown = parcel(scan("PRE_ADVISED"), scan("CANCELLED", 1), scan(event, DAY, "B"))
    assert shown["state"] not in ("CANCELLED", "PRE_ADVISED")
    assert "reopened" in shown["flags"]


@pytest.mark.parametrize("event", ["INFO", "DELAYED", "PRE_ADVISED", "RETURN_STARTED", "LOST", "CANCELLED"])
def test_only_who_has_the_parcel_in_hand_moves_its_place(event: str) -> None:
    assert parcel(scan("ARRIVED", 0, "A"), scan(event, HOUR, "CALLCENTRE"))["site"] == "A"


@pytest.mark.parametrize(
    ("event", "site", "held"),
    [
        *((event, "A", True) for event in ("ARRIVED", "SORTED", "SORTED_OUT", "MISSORTED", "RELEASED", "EN_ROUTE")),
        *((event, "", True) for event in ("ARRIVED", "SORTED", "MEASURED", "EN_ROUTE")),
        *((event, "B", False) for event in ("ARRIVED", "SORTED", "SORTED_OUT", "EN_ROUTE", "OUT_FOR_DELIVERY")),
        *((event, "A", False) for event in ("CUSTOMS_RELEASED", "DEPARTED", "LOADED")),
    ],
)
def test_what_customs_hold_stays_held_until_customs_release_it_or_it_leaves_the_site(
    event: str, site: str, held: bool
) -> None:
    shown = parcel(scan("ARRIVED", 0, "A"), scan("CUSTOMS_HELD", HOUR, "A"), scan(event, 2 * HOUR, site))
    assert ("held" in shown["flags"]) == held


NOW: Final = 30 * DAY
"""When the scans of these tests are received, after T."""

RESET: Final = 946_684_860_000 - T
"""The first minute of the year 2000: what a clock shows that has lost its battery, after T."""


def received(code: str, time: int, site: str = "C", device: str = "HAND-1", after: int = NOW) -> Scan:
    return scan(code, time, site, device=device, received=T + after)


def moved(*scans: Scan) -> bool:
    """Whether the first of the scans stands where it was received."""
    shown = parcel(*scans)
    lives = [*shown["previous"], shown]
    first = moment.write(scans[0].time)
    (event,) = [event for life in lives for event in life["events"] if event["time"] == first]
    assert ("clock_skew" in shown["flags"]) == ("clock_skew" in event["marks"])
    return "clock_skew" in event["marks"]


PROMPT: Final = (
    received("ACCEPTED", 0, "A", "COUNTER-1", DAY),
    received("OUT_FOR_DELIVERY", 2 * DAY, "C", "HAND-2", 3 * DAY),
)
"""A parcel whose scans came promptly."""


@pytest.mark.parametrize("time", [RESET, 1_000 - T, -CLOCK_BEHIND_MS, -363 * DAY])
def test_a_lone_scan_of_long_ago_stands_where_it_was_received(time: int) -> None:
    shown = parcel(received("DELIVERED", time), *PROMPT)
    assert (shown["state"], shown["life"], shown["flags"]) == ("DELIVERED", 1, ["ghost", "clock_skew"])
    assert shown["since"] == moment.write(T + NOW)
    assert [event["event"] for event in shown["events"]] == ["ACCEPTED", "OUT_FOR_DELIVERY", "DELIVERED"]
    assert shown["events"][-1]["time"] == moment.write(T + time)


def test_a_clock_that_is_behind_by_less_is_not_noticed() -> None:
    assert not moved(received("DELIVERED", 1 - CLOCK_BEHIND_MS), *PROMPT)
    assert not moved(received("DELIVERED", -CLOCK_BEHIND_MS, after=-1), *PROMPT)


@pytest.mark.parametrize("event", ["ACCEPTED", "PRE_ADVISED"])
def test_what_begins_a_life_long_ago_began_one(event: str) -> None:
    assert not moved(received(event, RESET), *PROMPT)
    assert parcel(received(event, RESET), *PROMPT)["life"] == 2


def test_two_or_three_of_one_device_stand_where_they_were_received_and_four_or_others_are_a_history() -> None:
    few = [received("ATTEMPT_FAILED", minute * 60_000 - 363 * DAY, after=NOW + minute) for minute in range(4)]
    assert moved(*few[:2], *PROMPT)
    assert moved(*few[:3], *PROMPT)
    assert not moved(*few, *PROMPT)
    assert not moved(few[0], received("ATTEMPT_FAILED", 1 - 363 * DAY, device="HAND-9"), *PROMPT)


@pytest.mark.parametrize("first", [RESET, 1_000 - T])
def test_scans_of_a_time_when_nobody_had_any_stand_where_they_were_received_however_many_there_are(
    first: int,
) -> None:
    codes = ("UNLOADED", "SORTED", "LOADED", "ATTEMPT_FAILED", "DELIVERED")
    scans = [
        received(code, first + at * 60_000, f"S-{at}", f"D-{at}" if at < 3 else "", NOW + at)
        for at, code in enumerate(codes)
    ]
    for count in range(1, len(codes) + 1):
        assert moved(*scans[:count], *PROMPT)
    shown = parcel(*scans, *PROMPT)
    assert (shown["state"], shown["site"], shown["life"]) == ("DELIVERED", "S-4", 1)
    assert not moved(*scans, received("ARRIVED", first + 600_000, after=first + 600_000), *PROMPT)
    assert parcel(received("ACCEPTED", first), *scans[1:], *PROMPT)["life"] == 2


def test_true_history_that_is_sent_again_keeps_its_times() -> None:
    years = [
        received(event, time * DAY, device=f"D-{time}") for time, event in ((-900, "DELIVERED"), (-400, "ACCEPTED"))
    ]
    assert not moved(*years)
    late = [received(one.kind, one.time - T, one.site, one.device, after=900 * DAY) for one in PROMPT]
    assert not moved(received("DELIVERED", -363 * DAY, after=900 * DAY), *late)
    assert moved(received("DELIVERED", RESET, after=900 * DAY), *late)


def test_without_other_scans_or_a_time_of_receipt_nothing_is_told_of_a_clock() -> None:
    assert not moved(received("DELIVERED", RESET))
    assert not moved(scan("DELIVERED", RESET, "C"), *PROMPT)


def test_a_copy_that_came_promptly_shows_that_the_clock_was_right() -> None:
    old = received("DELIVERED", RESET)
    assert not moved(old, received("DELIVERED", RESET, after=RESET + 1_000), *PROMPT)
