"""The same scans by HTTP, MQTT, TCP and EPCIS, in parallel and twice: every parcel ends as if each was sent once."""

import json
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from redis import Redis as Client

from tests.ingest.epcis.events import CODES, document_of, event, scans_of
from tests.ingest.gateways import Gateway
from tests.ingest.mqtt.doors import Publisher
from tests.process.workers import Worker, until
from tests.servers import Kafka, Mosquitto, Redis
from tests.servers.process import free_port
from tests.web.serving import ask
from tracker.config import Settings
from tracker.domain import barcode
from tracker.domain.parcel import Parcel
from tracker.ingest.keys import desk
from tracker.ingest.keys.desk import Order
from tracker.ingest.ports import Scope
from tracker.store.marks import Marks, total
from tracker.store.reading.sync import ParcelReader

PARCELS: Final = 200
STEPS: Final = ("receiving", "arriving", "departing", "shipping", "arriving")
SITE: Final = "https://post.example/halls/3"
DEVICE: Final = "TUN-1"
TIMES: Final = 2
BEGUN: Final = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PATIENCE_S: Final = 120.0


def events() -> list[dict[str, Any]]:
    """1,000 EPCIS events, each about one parcel, with an id."""
    assert {f"CBV:{step}" for step in STEPS} <= CODES
    made = []
    for number in range(PARCELS):
        key = barcode.make_valid("sscc", extension_digit="1", body=f"0614141{number:09}")
        for at, step in enumerate(STEPS):
            time = BEGUN + timedelta(hours=at, seconds=number)
            made.append(
                event(
                    eventID=f"{SITE}:{DEVICE}:{number}-{at}",
                    eventTime=time.isoformat(timespec="milliseconds"),
                    eventTimeZoneOffset="+00:00",
                    bizStep=step,
                    epcList=[f"https://id.gs1.org/00/{key[-18:]}"],
                    readPoint={"id": SITE},
                )
            )
    return made


def sources(mosquitto: Mosquitto, ports: dict[str, int]) -> str:
    """A subscription, and a listener for each step: what a reader at a conveyor sees is always the same event."""
    paths = 'paths = { barcodes = "code", id = "id", time = "time", "data.type" = "type", "data.action" = "action" }'
    listeners = [
        f'[[tcp]]\nname = "{step}"\nlisten = "127.0.0.1:{port}"\njson = true\n{paths}\n'
        f'site = "{SITE}"\ndevice = "{DEVICE}"\nevent = "CBV:{step}"\nack = "<ACK>"\nnak = "<NAK>"\n'
        for step, port in ports.items()
    ]
    subscription = (
        f'[[mqtt]]\nname = "hall-3"\nbroker = "mqtt://127.0.0.1:{mosquitto.port}"\n'
        'topics = ["four-ways"]\nclient_id = "four-ways"\n'
    )
    return "\n".join([*listeners, subscription])


class Ways:
    """Each sends all scans in an order of its own."""

    def __init__(self, gateway: Gateway, key: str, mosquitto: Mosquitto, ports: dict[str, int]) -> None:
        self._gateway = gateway
        self._key = key
        self._mosquitto = mosquitto
        self._ports = ports
        self._events = events()
        self.scans = [{**scans_of(one)[0], "device": DEVICE} for one in self._events]

    def http(self, order: random.Random) -> None:
        scans = self._drawn(self.scans, order)
        for begin in range(0, len(scans), 100):
            body = b"\n".join(json.dumps(one).encode() for one in scans[begin : begin + 100])
            assert self._post("/v1/scans", body, "application/x-ndjson") == 200

    def epcis(self, order: random.Random) -> None:
        drawn = self._drawn(self._events, order)
        for begin in range(0, len(drawn), 100):
            document = json.dumps(document_of(*drawn[begin : begin + 100])).encode()
            assert self._post("/v1/epcis/capture", document, "application/ld+json") == 202

    def mqtt(self, order: random.Random) -> None:
        with Publisher(self._mosquitto) as scanner:
            scanner.send_all(self._drawn(self.scans, order), "four-ways")

    def tcp(self, order: random.Random) -> None:
        for step, port in self._ports.items():
            frames = [
                json.dumps(
                    {"code": one["barcode"], "time": one["time"], "id": one["id"].removeprefix(f"{SITE}:{DEVICE}:")}
                    | one["data"]
                ).encode()
                for one in self._drawn(self.scans, order)
                if one["event"] == f"CBV:{step}"
            ]
            with socket.create_connection(("127.0.0.1", port), timeout=30) as reader:
                reader.sendall(b"\n".join(frames))
                answers = b""
                while len(answers) < len(frames):
                    answers += reader.recv(65_536)
                assert answers == b"\x06" * len(frames)

    def _post(self, path: str, body: bytes, content_type: str) -> int:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": content_type}
        return ask(self._gateway.port, "POST", path, body, headers).status

    def _drawn(self, what: list[Any], order: random.Random) -> list[Any]:
        return order.sample(what, len(what))


def test_the_same_scans_by_four_ways_in_parallel_and_twice_are_taken_once(
    kafka: Kafka, redis_server: Redis, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ports = {step: free_port() for step in dict.fromkeys(STEPS)}
    (file := tmp_path / "sources.toml").write_text(sources(mosquitto, ports))
    found = {}
    for number, (name, folder) in enumerate((("once", tmp_path / "once"), ("four ways", tmp_path / "four"))):
        folder.mkdir()
        url = f"{redis_server.url.removesuffix('/0')}/{11 + number}"
        with Client.from_url(url) as client:
            client.flushdb()
        with Gateway(kafka, folder, files=0, TRACKER_REDIS=url, TRACKER_SOURCES=str(file)) as gateway:
            key = desk.add(gateway.settings, Order(site=SITE, device=DEVICE, scopes=frozenset(Scope))).text.value
            until(partial(knows, gateway, key), "the key is not known")
            ways = Ways(gateway, key, mosquitto, ports)
            sends = [ways.http] if name == "once" else [ways.http, ways.epcis, ways.mqtt, ways.tcp] * TIMES
            together([(send, random.Random(at)) for at, send in enumerate(sends)])
            expected = len(ways.scans) * len(sends)
            with Worker(kafka, url, gateway.settings.topic), Marks(gateway.settings) as marks:
                until(partial(has_applied, marks, expected), "not all are applied", patience_s=PATIENCE_S)
                counted = total(marks.read())
            assert (counted.scans, counted.duplicates, counted.rejected) == (expected, expected - 1_000, 0)
            found[name] = parcels(gateway.settings)
    assert len(found["once"]) == PARCELS
    assert found["four ways"] == found["once"]


def knows(gateway: Gateway, key: str) -> bool:
    return ask(gateway.port, "POST", "/v1/scans", b"", {"Authorization": f"Bearer {key}"}).status != 401


def has_applied(marks: Marks, scans: int) -> bool:
    return total(marks.read()).scans >= scans


def together(sends: list[tuple[Callable[[random.Random], None], random.Random]]) -> None:
    """Runs all at once; what went wrong in any of them is raised."""
    failed: list[BaseException] = []

    def run(send: Callable[[random.Random], None], order: random.Random) -> None:
        try:
            send(order)
        except BaseException as error:  # noqa: BLE001  # The test fails with it.
            failed.append(error)

    threads = [threading.Thread(target=run, args=one) for one in sends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    if failed:
        raise failed[0]


def parcels(settings: Settings) -> dict[str, Any]:
    """Every parcel, without the number of copies of its events and where its last scan stands."""

    def bare(parcel: Parcel) -> Any:
        return [(life.state, life.flags, [replace(one, copies=1) for one in life.events]) for life in parcel.lives]

    def refuse(error: Exception) -> None:
        raise error

    with ParcelReader(settings) as reader:
        return {stored.parcel.id: bare(stored.parcel) for stored in reader.all(refuse)}
