"""Capture jobs are kept within bounds, and each is seen by its owner alone."""

import json

import pytest

from tracker import limits
from tracker.ingest.epcis.capture import Behaviour, Jobs, Outcome

RIGHT = Outcome(Behaviour.ROLLBACK, 1_795_000_000_000, 1_795_000_000_007, [], 2, 1, spooled=False)


def test_a_job_is_seen_by_its_owner_alone() -> None:
    jobs = Jobs()
    one, other = jobs.add("7k3", RIGHT), jobs.add("another", RIGHT)
    assert jobs.find(one.id, "7k3") is one
    assert jobs.find(one.id, "another") is None
    assert [*jobs.newest("another")] == [other]


def test_a_job_has_the_fields_of_the_standard() -> None:
    job = Jobs().add("7k3", RIGHT)
    assert json.loads(job.text) == {
        "captureID": job.id,
        "createdAt": "2026-11-18T11:06:40.000Z",
        "finishedAt": "2026-11-18T11:06:40.007Z",
        "running": False,
        "success": True,
        "captureErrorBehaviour": "rollback",
        "errors": [],
        "errorCount": 0,
        "events": 2,
        "scans": 1,
        "spooled": False,
    }


def test_the_oldest_jobs_are_forgotten() -> None:
    jobs = Jobs()
    first = jobs.add("7k3", RIGHT)
    for _ in range(limits.EPCIS_JOBS_MAX - 1):
        jobs.add("7k3", RIGHT)
    assert jobs.find(first.id, "7k3") is first
    jobs.add("7k3", RIGHT)
    assert len(jobs) == limits.EPCIS_JOBS_MAX
    assert jobs.find(first.id, "7k3") is None


def test_jobs_with_many_errors_are_forgotten_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs()
    wrong = Outcome(Behaviour.PROCEED, 0, 0, [{"detail": "x" * 1_000}] * 200, 1, 1, spooled=False)
    first = jobs.add("7k3", wrong)
    monkeypatch.setattr(limits, "EPCIS_JOBS_BYTES_MAX", 2 * len(first.text))
    jobs.add("7k3", wrong)
    assert len(jobs) == 2
    jobs.add("7k3", wrong)
    assert len(jobs) == 2
    assert jobs.find(first.id, "7k3") is None
