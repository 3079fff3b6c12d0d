"""Whose clock is steadily wrong."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.times import rfc3339
from tracker.ingest.ports import Door, Sender
from tracker.ingest.skew import Skew, sent_ms
from tracker.limits import SKEW_SAMPLES, SKEW_TOLD_MS_MIN, SKEWED_DEVICES_MAX, TIME_MS_MAX

NOW_MS = 1_795_324_530_500


def noted(skew: Skew, *differences_ms: int, device: str = "one") -> dict[str, int]:
    for difference in differences_ms:
        skew.note(device, NOW_MS + difference, NOW_MS)
    return skew.steady_ms()


@given(st.integers(0, TIME_MS_MAX))
def test_a_now_is_read_as_rfc_3339_has_it(time_ms: int) -> None:
    assert sent_ms(rfc3339(time_ms)) == time_ms


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1795324530500", NOW_MS),
        ("2026-11-22T10:15:30.5+05:00", NOW_MS),
        ("2026-11-22t05:15:30.500z", NOW_MS),
        ("2026-11-22 05:15:30.500Z", NOW_MS),
        ("2026-11-22T10:15:30.5", None),
        ("2026-02-30T10:15:30Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("1969-12-31T23:59:59Z", None),
        ("0", 0),
        ("1795324530", 1_795_324_530),
        ("999999999999999", None),
        ("-1795324530500", None),
        ("", None),
        ("now", None),
        ("\u0661795324530500", None),
    ],
)
def test_a_now_has_its_zone_and_its_place(text: str, read: int | None) -> None:
    assert sent_ms(text) == read


@given(st.text(max_size=40))
def test_no_text_is_more_than_unread(text: str) -> None:
    found = sent_ms(text)
    assert found is None or 0 <= found <= TIME_MS_MAX


@pytest.mark.parametrize("wrong_ms", [-SKEW_TOLD_MS_MIN, SKEW_TOLD_MS_MIN, 3_600_000])
def test_a_steady_difference_is_told_once_with_its_way(wrong_ms: int, caplog: pytest.LogCaptureFixture) -> None:
    skew = Skew()
    assert noted(skew, *[wrong_ms] * (SKEW_SAMPLES - 1)) == {}
    assert noted(skew, wrong_ms, wrong_ms) == {"one": wrong_ms}
    (told,) = [record.message for record in caplog.records]
    assert (
        told
        == f"the clock of device one is {abs(wrong_ms) // 1_000:,} s {'ahead' if wrong_ms > 0 else 'behind'}: set it"
    )
    assert skew.worst_ms() == abs(wrong_ms)


def test_a_difference_below_the_limit_is_none() -> None:
    assert noted(Skew(), *[SKEW_TOLD_MS_MIN - 1] * 20) == {}


def test_requests_that_waited_on_their_way_are_no_wrong_clock() -> None:
    skew = Skew()
    assert noted(skew, *[0, 0, 0, 0, 0, -600_000, -590_000, -300_000, -60_000] * 3) == {}
    assert noted(skew, *range(-900_000, 0, 100_000)) == {}
    assert skew.worst_ms() == 0


def test_a_wrong_clock_is_told_of_though_some_requests_waited() -> None:
    assert noted(Skew(), *[60_000, 60_100, 59_000, 60_000, 60_500, -600_000, 0, 60_000, 60_000]) == {"one": 60_000}


def test_a_clock_that_was_set_is_told_of_again_when_it_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    skew = Skew()
    noted(skew, *[90_000] * SKEW_SAMPLES)
    assert noted(skew, *[20_000] * SKEW_SAMPLES) == {"one": 20_000}  # It is better, and not yet right.
    assert noted(skew, *[10] * SKEW_SAMPLES) == {}
    assert noted(skew, *[90_000] * SKEW_SAMPLES) == {"one": 90_000}
    assert [record.message.split(" is ")[1] for record in caplog.records] == [
        "90 s ahead: set it",
        "right again",
        "90 s ahead: set it",
    ]


def test_a_request_says_its_now_once_or_not_at_all() -> None:
    skew = Skew()
    named, unnamed = Sender("key", Door.HTTP, device="T1"), Sender("key", Door.HTTP)
    for _ in range(SKEW_SAMPLES):
        skew.heard(named, rfc3339(NOW_MS + 60_000), NOW_MS)
        skew.heard(unnamed, str(NOW_MS - 60_000), NOW_MS)
        skew.heard(named, None, NOW_MS)
        skew.heard(named, "soon", NOW_MS)
    assert skew.steady_ms() == {"T1": 60_000, "key": -60_000}


def test_devices_are_told_apart_and_no_more_are_compared_than_the_limit() -> None:
    skew = Skew()
    noted(skew, *[90_000] * SKEW_SAMPLES)
    assert noted(skew, 0, device="two") == {"one": 90_000}
    for number in range(SKEWED_DEVICES_MAX):
        skew.note(f"device {number}", NOW_MS, NOW_MS)
    assert skew.steady_ms() == {}
    assert len(skew._last) == SKEWED_DEVICES_MAX
