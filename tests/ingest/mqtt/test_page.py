"""docs/mqtt.md says what the code does: its table, its examples, the names of its metrics."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.ingest.mqtt.doors import FakeIntake, made
from tests.ingest.mqtt.page import BLOCKS, PAGE
from tests.ingest.tcp.page import written
from tests.servers import Authority
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.mqtt import metrics
from tracker.ingest.mqtt.source import MqttSource, read

TEXT: Final = PAGE.read_text("utf-8")


@pytest.fixture
def sources(authority: Authority, tmp_path: Path) -> list[MqttSource]:
    """What the examples name, with files of ours."""
    (password := tmp_path / "password").write_text("secret")
    ours = authority.client("gateway")
    files = {"password_file": password, "ca": authority.certificate, "certificate": ours.certificate, "key": ours.key}
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    tables = [table for example in examples for table in tomllib.loads(example)["mqtt"]]
    return [
        read(table | {name: str(files[name]) for name in table.keys() & files.keys()}, "docs/mqtt.md")
        for table in tables
    ]


def test_its_table_is_made_from_the_code() -> None:
    assert written(TEXT, BLOCKS) == TEXT, "run: make pages"


def test_its_examples_are_sources(sources: list[MqttSource]) -> None:
    assert len(sources) >= 2
    assert any(source.group for source in sources)


def test_its_metrics_exist(sources: list[MqttSource]) -> None:
    told = GatewayMetrics()
    metrics.tell(told, [made(sources[0], FakeIntake())])
    exist = {sample.name for metric in told.registry.collect() for sample in metric.samples}
    named = set(re.findall(r"tracker_gateway_mqtt_\w+", TEXT))
    assert named == {name for name in exist if name.startswith("tracker_gateway_mqtt_")}
