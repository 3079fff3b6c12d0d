"""What the steps of a scan's hot path cost, each for a batch as large as a busy worker's, and the fold by itself.

The timed call takes the whole batch; figures are its median time by the scans in it. What the reference model in
`tests/` takes for the same step stands beside the fold.
"""

import timeit
from collections.abc import Sequence

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import batches
from bench.batches import KeyAndValue, Records
from bench.figures import Bar, Figure, at_most, keep, median_ns
from bench.workload import STEPS, Workload
from tests.reference import scan as reference_scan
from tests.reference.parcel import Parcel
from tracker.domain import parcel, vocabulary
from tracker.store import claims

PARCELS = 1_000
"""Scans of a batch, each of another parcel: a worker's that is not far behind."""

PARCELS_BEHIND = 20_000
"""The same for a worker that catches up. Its records don't fit a core's cache, so it shows what memory costs."""

REFERENCE_PARCELS = 100


def time_fold(
    benchmark: BenchmarkFixture, names: parcel.NameTable, records: Records, more: Sequence[KeyAndValue]
) -> tuple[float, parcel.FoldResult]:
    """Times the fold of one more scan into each record: (nanoseconds a scan, what was folded)."""
    scans = batches.read(more)
    ids = scans.parcels()
    folded = benchmark(parcel.fold, names, ids, scans.buffer, scans.arena, scans.scans, records)
    assert folded.records.keys() == set(ids)
    assert not folded.duplicates
    assert not folded.rejected
    return median_ns(benchmark, len(more)), folded


def reference_ns(workload: Workload, steps: int) -> float:
    """What the reference model takes for the last of so many steps, in nanoseconds: it folds the history again."""
    vocabularies = vocabulary.load()

    def read(value: bytes) -> reference_scan.Scan:
        scan = reference_scan.read(
            value,
            vocabularies=vocabularies,
            site_zones={},
            received_ms=-1,
            recognise=lambda reads: (reads[0], None),
        )
        assert isinstance(scan, reference_scan.Scan)
        return scan

    histories = [[read(workload.scan(number, step)[1]) for step in range(steps)] for number in range(REFERENCE_PARCELS)]
    seconds = timeit.repeat(lambda: [Parcel(history) for history in histories], number=1, repeat=3)
    return sorted(seconds)[1] / REFERENCE_PARCELS * 1e9


def records_of_many_lengths(names: parcel.NameTable, workload: Workload) -> tuple[Records, list[KeyAndValue]]:
    """Parcels with five to nine events, as many of each: their records, and the next scan of each."""
    records: Records = {}
    more = []
    for step in range(5, 10):
        have = batches.histories(names, workload, range(step))
        mine = range(step - 5, len(workload.ids), 5)
        records |= {workload.ids[number]: have[workload.ids[number]] for number in mine}
        more += [workload.scan(number, step) for number in mine]
    return records, more


def fold_figures(name: str, what: str, ns: float, bar: Bar, reference: float) -> tuple[Figure, Figure]:
    """The figure of a fold and its ratio to the reference model."""
    times = Figure(f"{name}.times", reference / ns, "times", "as fast as the reference model")
    return Figure(name, ns, "ns/scan", what, bar), times


@pytest.fixture(scope="module")
def workload() -> Workload:
    return Workload(PARCELS)


def test_one_more_scan_in_order(benchmark: BenchmarkFixture, workload: Workload) -> None:
    names = parcel.NameTable(batches.READER.names)
    ns, folded = time_fold(benchmark, names, *records_of_many_lengths(names, workload))
    assert folded.late == 0
    what = "one more scan in order, parcels of 5 to 9 events"
    keep(benchmark, *fold_figures("fold.in_order", what, ns, at_most(200), reference_ns(workload, 8)))


def test_one_more_scan_in_order_when_behind(benchmark: BenchmarkFixture) -> None:
    names = parcel.NameTable(batches.READER.names)
    ns, folded = time_fold(benchmark, names, *records_of_many_lengths(names, Workload(PARCELS_BEHIND)))
    assert folded.late == 0
    keep(benchmark, Figure("fold.in_order.behind", ns, "ns/scan", f"the same in batches of {PARCELS_BEHIND:,}"))


def test_late_scan(benchmark: BenchmarkFixture, workload: Workload) -> None:
    """Parcels with ten events get one that belongs in their middle."""
    names = parcel.NameTable(batches.READER.names)
    records = batches.histories(names, workload, range(STEPS))
    more = [workload.late(number) for number in range(PARCELS)]
    ns, folded = time_fold(benchmark, names, records, more)
    assert folded.late == PARCELS
    what = "a late scan into the middle of ten events"
    keep(benchmark, *fold_figures("fold.late", what, ns, at_most(1_000), reference_ns(workload, STEPS)))


@pytest.mark.parametrize("compression", [0, batches.LZ4], ids=["plain", "lz4"])
def test_walk(benchmark: BenchmarkFixture, workload: Workload, compression: int) -> None:
    """Fetched bytes to records: checksum, inflation where there is any, varints."""
    batch = batches.fetched(workload.rounds(5), compression)
    benchmark(batches.walk, batch)
    how = "lz4, inflated" if compression else "not compressed"
    name = f"fold.walk.{'lz4' if compression else 'plain'}"
    keep(benchmark, Figure(name, median_ns(benchmark, PARCELS), "ns/scan", f"records found in fetched bytes, {how}"))


def test_read(benchmark: BenchmarkFixture, workload: Workload) -> None:
    """Records to scans: JSON, barcode, event, time."""
    buffer, records = batches.walk(batches.fetched(workload.rounds(5)))
    scans = benchmark(batches.READER.read, buffer, records, 0, 1)
    assert len(scans) == PARCELS
    keep(benchmark, Figure("fold.read", median_ns(benchmark, PARCELS), "ns/scan", "JSON read in place, S10 checked"))


def test_pack(benchmark: BenchmarkFixture, workload: Workload) -> None:
    """Records to one transaction of Redis, as `apply` sends it."""
    names = parcel.NameTable(batches.READER.names)
    records = batches.histories(names, workload, range(8))
    batch = claims.ApplyBatch(0, PARCELS, records, {}, frozenset(), (), (), claims.Counters(PARCELS))
    benchmark(claims.apply_command, 0, batch, 86_400)
    keep(benchmark, Figure("fold.pack", median_ns(benchmark, PARCELS), "ns/scan", "one transaction of Redis packed"))
