"""A gateway's metrics: what was taken and refused, by door and reason, and what has a value now."""

import pytest

from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.ports import Door, Receipt, Refused, Sender

SENDER = Sender("hall 3", Door.TCP)


def sample(metrics: GatewayMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_what_was_taken_is_counted_by_door_result_and_reason() -> None:
    metrics = GatewayMetrics()
    metrics.taken(SENDER, Receipt(3, (Refused(1, "not_json", ""), Refused(4, "not_json", ""))), 500, 0.004)
    assert sample(metrics, "tracker_gateway_scans_total", door="tcp", result="accepted") == 3
    assert sample(metrics, "tracker_gateway_scans_total", door="tcp", result="rejected") == 2
    assert sample(metrics, "tracker_gateway_scans_total", door="http", result="accepted") == 0
    assert sample(metrics, "tracker_gateway_scans_rejected_total", door="tcp", reason="not_json") == 2
    assert sample(metrics, "tracker_gateway_bytes_total", door="tcp") == 500


def test_how_long_scans_took_to_be_durable_is_told_by_where_they_are() -> None:
    metrics = GatewayMetrics()
    metrics.taken(SENDER, Receipt(3), 500, 0.004)
    metrics.taken(SENDER, Receipt(1, spooled=True), 500, 2.01)
    assert sample(metrics, "tracker_gateway_durable_kafka_seconds_bucket", le="0.005") == 3
    assert sample(metrics, "tracker_gateway_durable_spool_seconds_count") == 1


def test_a_series_stands_once() -> None:
    metrics = GatewayMetrics()
    metrics.gauge("tracker_gateway_connections", "Open.", lambda: 1, door=Door.HTTP)
    metrics.gauge("tracker_gateway_connections", "Open.", lambda: 2, door=Door.TCP)
    with pytest.raises(ValueError, match="a second one"):
        metrics.gauge("tracker_gateway_connections", "Open.", lambda: 3, door=Door.HTTP)


def test_requests_that_are_refused_are_counted_by_known_reasons_only() -> None:
    metrics = GatewayMetrics()
    metrics.refused(Door.HTTP, "no_key")
    assert sample(metrics, "tracker_gateway_requests_refused_total", door="http", reason="no_key") == 1
    with pytest.raises(ValueError, match="a reason of tracker"):
        metrics.refused(Door.HTTP, "whatever a client says")


def test_a_value_is_asked_for_when_it_is_told() -> None:
    metrics = GatewayMetrics()
    found = [1.0]
    metrics.gauge("tracker_gateway_connections", "Connections.", lambda: found[0], door="http")
    metrics.gauge("tracker_gateway_connections", "Connections.", lambda: 7, door="tcp")
    metrics.counter("tracker_gateway_spooled", "Records that went to the spool.", lambda: found[0])
    found[0] = 5.0
    assert sample(metrics, "tracker_gateway_connections", door="http") == 5
    assert sample(metrics, "tracker_gateway_connections", door="tcp") == 7
    assert sample(metrics, "tracker_gateway_spooled_total") == 5
