"""Times as text, from the epoch to the end of RFC 3339."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.times import date, moment, rfc3339
from tracker.limits import TIME_MS_MAX

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time_ms", "text"), [(0, "1970-01-01T00:00:00.000Z"), (TIME_MS_MAX, "9999-12-31T23:59:59.999Z")]
)
def test_the_first_and_the_last_time_are_exact(time_ms: int, text: str) -> None:
    assert rfc3339(time_ms) == text
    assert moment(time_ms) == text[:-5].replace("T", " ")
    assert date(time_ms) == text[:10]


@given(st.integers(0, TIME_MS_MAX))
def test_rfc3339_loses_no_millisecond(time_ms: int) -> None:
    assert (datetime.fromisoformat(rfc3339(time_ms)) - EPOCH) // timedelta(milliseconds=1) == time_ms
