"""What a worker counts is what it has read; only what stays amiss is believed."""

from tests.chaos.watch import AGAIN, _Counts


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
