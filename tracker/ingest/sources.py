"""The file of sources, TRACKER_SOURCES: what the gateway listens to and connects to, beside HTTP.

TOML with a table `[[tcp]]` for each listener for readers (tracker/ingest/tcp/listener.py), and a table `[[mqtt]]` for
each MQTT broker (tracker/ingest/mqtt/source.py). Everything in it is looked at before anything is started.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tracker.errors import TrackerError, shown
from tracker.ingest.mqtt import source as mqtt
from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.tables import refuse
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.listener import listener
from tracker.limits import SOURCES_BYTES_MAX, SOURCES_LISTED_MAX

KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Any]]] = {"tcp": listener, "mqtt": mqtt.read}
"""Name of a kind's tables -> what reads one. What it makes has a `name`; each kind is an attribute of Sources."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the file names, in its order.

    Attributes:
        tcp: listeners for readers, and readers that are connected to.
        mqtt: brokers, and what is subscribed to there.
    """

    tcp: tuple[Listener, ...] = field(default=())
    mqtt: tuple[MqttSource, ...] = field(default=())


def load(path: Path) -> Sources:
    """Reads the file.

    Raises:
        TrackerError: `bad_setting`, with the source and the key, what was expected and what came.
    """
    tables = _tables(path)
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    names: set[str] = set()
    addresses: dict[object, str] = {}
    for kind, listed in tables.items():
        if kind not in KINDS:
            refuse(str(path), f"expected tables {', '.join(f'[[{one}]]' for one in KINDS)}, got {shown(kind)}")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            refuse(str(path), f"expected tables [[{kind}]], with two brackets, got {shown(listed)}")
        for number, table in enumerate(listed, 1):
            where = f"{path}: [[{kind}]] {shown(table.get('name', f'number {number}'))}"
            source = KINDS[kind](table, where)
            if source.name in names:
                refuse(where, "name: expected another one than that of any other source")
            names.add(source.name)
            address = getattr(source, "listen", None)
            if address is not None and address in addresses:
                refuse(where, f"listen: expected another address than that of {addresses[address]!r}, got {address}")
            addresses[address] = source.name
            found[kind].append(source)
    if len(names) > SOURCES_LISTED_MAX:
        refuse(str(path), f"expected at most {SOURCES_LISTED_MAX} sources, got {len(names)}")
    return Sources(**{kind: tuple(sources) for kind, sources in found.items()})


def _tables(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(SOURCES_BYTES_MAX + 1)
        if len(content) > SOURCES_BYTES_MAX:
            refuse(str(path), f"expected at most {SOURCES_BYTES_MAX} bytes")
        return tomllib.loads(content.decode())
    except OSError as error:
        message = f"TRACKER_SOURCES: expected a file that can be read, got {str(path)!r}: {error.strerror}"
        raise TrackerError("bad_setting", message) from None
    except ValueError as error:  # Not UTF-8, or not TOML: the message says the line.
        raise TrackerError("bad_setting", f"TRACKER_SOURCES: expected TOML in {str(path)!r}: {error}") from None
