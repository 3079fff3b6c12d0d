"""The metrics of a worker as Prometheus reads them."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tracker.errors import REASONS
from tracker.limits import SITE_BYTES_MAX, UNREAD_SOURCES_MAX
from tracker.observe.histogram import CountedHistogram
from tracker.process.core.batch import BatchCounts
from tracker.process.core.partition import State
from tracker.process.core.reason import NO_REASON, Reason
from tracker.process.health import PartitionHealth
from tracker.process.metrics import CLAIM_RESULTS, WorkerMetrics

NOW_S = 1_700_000_000.0


BATCH = BatchCounts(
    scans=10,
    applied=8,
    duplicates=2,
    late=1,
    anomalies=3,
    rekeyed=4,
    announcements=6,
    rejected={"not_json": 5},
    timestamps=(int(NOW_S * 1000) - 2_000, int(NOW_S * 1000) - 20),
)


@pytest.fixture
def metrics() -> WorkerMetrics:
    return WorkerMetrics(lambda: NOW_S)


def values(registry: CollectorRegistry) -> dict[tuple[str, tuple[str, ...]], float]:
    """{(sample, values of its labels): value} as a scrape gives them."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def partition(
    state: str, applied_offset: int | None = None, end_offset: int | None = None, reason: Reason = NO_REASON
) -> PartitionHealth:
    return PartitionHealth(state, reason, applied_offset, end_offset, 0.0)


def test_a_batch_is_counted(metrics: WorkerMetrics) -> None:
    metrics.applied(BATCH, 0.004)
    found = values(metrics.registry)
    assert found["tracker_scans_applied_total", ()] == 8
    assert found["tracker_scans_duplicate_total", ()] == 2
    assert found["tracker_scans_late_total", ()] == 1
    assert found["tracker_scan_anomalies_total", ()] == 3
    assert found["tracker_scans_rekeyed_total", ()] == 4
    assert found["tracker_aliases_applied_total", ()] == 6
    assert found["tracker_scans_rejected_total", ("not_json",)] == 5
    assert found["tracker_batch_scans_sum", ()] == 10
    assert found["tracker_apply_seconds_bucket", ("0.005",)] == 1


def test_one_half_of_a_batch_is_as_old_as_its_first_record_and_one_as_its_last(metrics: WorkerMetrics) -> None:
    metrics.applied(BATCH, 0.004)
    found = values(metrics.registry)
    assert found["tracker_scan_visible_seconds_count", ()] == 10
    assert found["tracker_scan_visible_seconds_sum", ()] == pytest.approx(5 * 2.0 + 5 * 0.02)
    assert found["tracker_scan_visible_seconds_bucket", ("0.025",)] == 5
    assert found["tracker_scan_visible_seconds_bucket", ("2.5",)] == 10


@pytest.mark.parametrize("timestamps", [(), (-1, -1)])
def test_without_the_brokers_time_nothing_is_said_of_the_delay(
    metrics: WorkerMetrics, timestamps: tuple[int, ...]
) -> None:
    metrics.applied(replace(BATCH, timestamps=timestamps), 0.001)
    assert values(metrics.registry)["tracker_scan_visible_seconds_count", ()] == 0


def test_a_broker_whose_clock_is_ahead_makes_no_negative_delay(metrics: WorkerMetrics) -> None:
    metrics.applied(replace(BATCH, timestamps=(int(NOW_S * 1000) + 9_000,) * 2), 0.001)
    assert values(metrics.registry)["tracker_scan_visible_seconds_sum", ()] == 0


def test_zeros_are_there_from_the_start(metrics: WorkerMetrics) -> None:
    found = values(metrics.registry)
    assert [found["tracker_scans_rejected_total", (reason,)] for reason in REASONS] == [0] * len(REASONS)
    assert [found["tracker_claims_total", (result,)] for result in CLAIM_RESULTS] == [0] * len(CLAIM_RESULTS)
    assert found["tracker_redis_errors_total", ()] == found["tracker_kafka_errors_total", ()] == 0
    assert found["tracker_scans_applied_total", ()] == 0
    assert [labels for name, labels in found if name == "tracker_build_info"] != []


def test_labels_come_from_closed_sets(metrics: WorkerMetrics) -> None:
    with pytest.raises(ValueError, match="made up"):
        metrics.claimed("made up")
    with pytest.raises(ValueError, match="made up"):
        metrics.applied(replace(BATCH, rejected={"made up": 1}), 0.001)


def test_claims_and_errors_are_counted(metrics: WorkerMetrics) -> None:
    metrics.claimed("denied")
    metrics.redis_error()
    metrics.kafka_error()
    found = values(metrics.registry)
    assert found["tracker_claims_total", ("denied",)] == 1
    assert found["tracker_redis_errors_total", ()] == found["tracker_kafka_errors_total", ()] == 1


def test_a_partition_that_goes_leaves_no_value_behind(metrics: WorkerMetrics) -> None:
    metrics.partitions({2: partition("running", 100, 107), 3: partition("claiming")})
    found = values(metrics.registry)
    assert found["tracker_partition_applied_offset", ("2",)] == 100
    assert found["tracker_partition_lag_records", ("2",)] == 7
    assert [found["tracker_partition_state", ("2", state)] for state in State] == [0, 0, 1, 0]
    assert ("tracker_partition_lag_records", ("3",)) not in found
    metrics.partitions({3: partition("running", 0, 0)})
    assert {labels[0] for name, labels in values(metrics.registry) if name.startswith("tracker_partition")} == {"3"}


def test_a_stopped_partition_says_why_by_a_code_from_a_closed_set(metrics: WorkerMetrics) -> None:
    codes = ("log_moved", "nobody knows")
    stopped_partitions = {number: partition("stopped", reason=Reason("x", code)) for number, code in enumerate(codes)}
    metrics.partitions({**stopped_partitions, 2: partition("running", 100, 107)})
    stopped = {labels: value for (name, labels), value in values(metrics.registry).items() if name.endswith("_stopped")}
    assert stopped == {("0", "log_moved"): 1, ("1", "other"): 1}


def test_names_keep_to_prometheus_conventions(metrics: WorkerMetrics) -> None:
    for family in metrics.registry.collect():
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        assert family.documentation
        assert not family.name.endswith(("_ms", "_millis", "_kib"))


def test_many_observations_of_one_value_cost_one(metrics: WorkerMetrics) -> None:
    del metrics
    registry = CollectorRegistry()
    histogram = CountedHistogram("age_seconds", "Age.", (1, 2), registry)
    for value, count in ((0.5, 1_000_000), (1, 1), (2.1, 3)):
        histogram.observe(value, count)
    found = values(registry)
    buckets = [found["age_seconds_bucket", (bound,)] for bound in ("1.0", "2.0", "+Inf")]
    assert buckets == [1_000_001, 1_000_001, 1_000_004]
    assert found["age_seconds_count", ()] == 1_000_004
    assert found["age_seconds_sum", ()] == pytest.approx(500_007.3)


def test_unread_scans_are_counted_by_site_and_device(metrics: WorkerMetrics) -> None:
    unidentified = {("ambiguous", b"KZALAA", b"TUN-07"): 2, ("no_identifier", b"", b""): 1}
    metrics.applied(replace(BATCH, unidentified=unidentified), 0.001)
    metrics.applied(replace(BATCH, unidentified={("ambiguous", b"KZALAA", b"TUN-07"): 3}), 0.001)
    found = values(metrics.registry)
    assert found["tracker_scans_unread_total", ("TUN-07", "ambiguous", "KZALAA")] == 5
    assert found["tracker_scans_unread_total", ("", "no_identifier", "")] == 1


def test_clocks_that_are_wrong_are_counted_by_device(metrics: WorkerMetrics) -> None:
    metrics.applied(replace(BATCH, skewed={("behind", b"KZALAA", b"HAND-3"): 2, ("ahead", b"KZALAA", b""): 1}), 0.001)
    found = values(metrics.registry)
    assert found["tracker_scans_clock_skew_total", ("behind", "HAND-3", "KZALAA")] == 2
    assert found["tracker_scans_clock_skew_total", ("ahead", "", "KZALAA")] == 1


def test_places_of_unread_scans_beyond_the_limit_are_counted_together(metrics: WorkerMetrics) -> None:
    for number in range(UNREAD_SOURCES_MAX + 2):
        metrics.applied(replace(BATCH, unidentified={("no_identifier", b"SITE", b"%d" % number): 1}), 0.001)
    metrics.applied(replace(BATCH, unidentified={("no_identifier", b"SITE", b"0"): 1}), 0.001)
    found = {labels: value for (name, labels), value in values(metrics.registry).items() if "unread" in name}
    assert len(found) == UNREAD_SOURCES_MAX + 1
    assert found["other", "no_identifier", "other"] == 2
    assert found["0", "no_identifier", "SITE"] == 2


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ('"} 9\\', '"} 9\\'),
        ("Köln 😀", "Köln 😀"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("\U000e0001", "\\ue0001"),
        ("x" * SITE_BYTES_MAX, "x" * SITE_BYTES_MAX),
    ],
)
def test_a_hostile_name_is_a_label_like_any_other(metrics: WorkerMetrics, name: str, label: str) -> None:
    metrics.applied(replace(BATCH, unidentified={("no_identifier", name.encode(), name.encode()): 1}), 0.001)
    assert values(metrics.registry)["tracker_scans_unread_total", (label, "no_identifier", label)] == 1
