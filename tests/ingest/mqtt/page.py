"""The table of docs/mqtt.md, made from the code; `python -m tests.ingest.mqtt.page` writes it."""

from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Final

from tests.ingest.tcp.page import keys, written
from tracker.ingest.mqtt.source import MqttSource

PAGE: Final = Path(__file__).parents[3] / "docs" / "mqtt.md"
BLOCKS: Final = {"keys": partial(keys, {one.name: one.metadata for one in fields(MqttSource)})}

if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8"), BLOCKS), "utf-8")
