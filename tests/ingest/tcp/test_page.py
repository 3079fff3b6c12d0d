"""docs/tcp.md says what the code does: its tables, its examples, the names of its metrics."""

import re
import tomllib
from typing import Final

from tests.ingest.tcp.page import BLOCKS, PAGE, written
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.sources import KINDS
from tracker.ingest.tcp import metrics
from tracker.ingest.tcp.counts import Counts

TEXT: Final = PAGE.read_text("utf-8")


def test_its_tables_are_made_from_the_code() -> None:
    assert written(TEXT, BLOCKS) == TEXT, "run: make pages"


def test_its_examples_are_listeners() -> None:
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) >= 5
    for example in examples:
        for table in tomllib.loads(example)["tcp"]:
            assert KINDS["tcp"]({"site": "KZALAA", "event": "ARRIVED"} | table, "docs/tcp.md").name


def test_its_metrics_exist() -> None:
    told = GatewayMetrics()
    metrics.tell(told, [Counts("tunnel-3")])
    exist = {sample.name for metric in told.registry.collect() for sample in metric.samples}
    named = set(re.findall(r"tracker_gateway_\w+", TEXT))
    assert named <= exist
    assert len(named) >= 8
