"""docs/gateway.md and the code say the same."""

import re
from pathlib import Path
from typing import Final

from tracker.config import Address, Settings
from tracker.ingest.gateway import Gateway
from tracker.ingest.metrics import GatewayMetrics

TEXT: Final = Path("docs/gateway.md").read_text()


def test_its_metrics_exist(tmp_path: Path) -> None:
    metrics = GatewayMetrics()
    Gateway(Settings(http=Address("127.0.0.1", 1), spool=tmp_path / "spool"), metrics)
    exist = {
        name
        for metric in metrics.registry.collect()
        for name in (metric.name, f"{metric.name}_total" if metric.type == "counter" else metric.name)
    }
    named = set(re.findall(r"`(tracker_gateway_\w+)`", TEXT))
    assert named <= exist
    assert len(named) >= 15
