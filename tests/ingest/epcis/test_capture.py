"""Capture jobs are kept within bounds, and each is seen by its owner alone."""

from tracker import limits
from tracker.ingest.epcis.capture import Behaviour, Job, Jobs


def add(jobs: Jobs, owner: str = "7k3") -> Job:
    return jobs.add(
        owner=owner,
        created_ms=1_795_000_000_000,
        finished_ms=1_795_000_000_007,
        behaviour=Behaviour.ROLLBACK,
        errors=(),
        error_count=0,
        events=1,
        scans=1,
        spooled=False,
    )


def test_a_job_is_seen_by_its_owner_alone() -> None:
    jobs = Jobs()
    one, other = add(jobs), add(jobs, "another")
    assert jobs.find(one.id, "7k3") is one
    assert jobs.find(one.id, "another") is None
    assert [*jobs.newest("another")] == [other]


def test_the_oldest_jobs_are_forgotten() -> None:
    jobs = Jobs()
    first = add(jobs)
    for _ in range(limits.EPCIS_JOBS_MAX - 1):
        add(jobs)
    assert jobs.find(first.id, "7k3") is first
    add(jobs)
    assert len(jobs) == limits.EPCIS_JOBS_MAX
    assert jobs.find(first.id, "7k3") is None
