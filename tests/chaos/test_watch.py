"""What a worker counts is what it has read; only what stays amiss is believed; and who watches goes on."""

from random import Random
from typing import Any

import pytest

from tests.chaos import watch
from tests.chaos.consumer import UnreadError
from tests.chaos.report import Report
from tests.chaos.watch import AGAIN, Watch, _Counts
from tracker.config import Settings


def metrics(applied: int, rejected: int, offset: int, claims: int = 1) -> str:
    return (
        f"tracker_scans_applied_total {applied}.0\n"
        f'tracker_scans_rejected_total{{reason="not_json"}} {rejected}.0\n'
        f'tracker_claims_total{{result="claimed"}} {claims}.0\n'
        f'tracker_partition_applied_offset{{partition="2"}} {offset}.0\n'
    )


def looked_at(counts: _Counts, text: str) -> list[str]:
    return [amiss for _ in range(2 * AGAIN) if (amiss := counts.amiss(text))]


def test_what_is_read_is_what_is_counted() -> None:
    counts = _Counts()
    assert not looked_at(counts, metrics(100, 5, 1_105))
    assert not looked_at(counts, metrics(180, 6, 1_186))


def test_a_record_that_is_not_counted_is_found_once() -> None:
    counts = _Counts()
    assert not looked_at(counts, metrics(100, 5, 1_105))
    assert looked_at(counts, metrics(180, 5, 1_186)) == ["its offsets have moved by 1 more than it has counted records"]


def test_an_offset_that_is_ahead_of_its_count_for_a_moment_is_not() -> None:
    counts = _Counts()
    assert not looked_at(counts, metrics(100, 5, 1_105))
    assert not counts.amiss(metrics(100, 5, 1_186))
    assert not looked_at(counts, metrics(180, 6, 1_186))


def test_a_claim_may_move_an_offset_anywhere() -> None:
    counts = _Counts()
    assert not looked_at(counts, metrics(100, 5, 1_105))
    assert not looked_at(counts, metrics(100, 5, 700, claims=2))


class _Stumbling:
    """An oracle that can't make sense of what it sees, whose broker is away next, and which finds something then."""

    def __init__(self) -> None:
        self.watched_by: Watch | None = None
        self._errors = [KeyError("P1"), UnreadError("the broker is away")]

    def probe(self, number: int, random: Random) -> Report:
        del number, random
        if self._errors:
            raise self._errors.pop(0)
        assert self.watched_by is not None
        self.watched_by._stop.set()
        return Report(lost=["P2"])


def test_a_probe_that_stumbles_is_found_amiss_and_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.001)
    oracle: Any = _Stumbling()
    watched = Watch(Settings(), oracle, list, lambda: None, Random(1), gaps=False)
    oracle.watched_by = watched
    watched._look()
    assert watched.found.lost == ["P2"]
    (amiss,) = watched.found.different
    assert "KeyError: 'P1'" in amiss
