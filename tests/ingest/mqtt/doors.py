"""What tests of the MQTT door share: an intake that remembers, a client that publishes, a subscriber that runs."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers import Authority, Mosquitto
from tracker.errors import MEANINGS
from tracker.ingest.mqtt import source
from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.mqtt.subscriber import Subscriber
from tracker.ingest.ports import Door, Receipt, Refused, Sender

SOON_S: Final = 10.0
"""Within which all that is awaited here happens."""


class FakeIntake:
    """Takes what is JSON, and remembers it.

    Attributes:
        scans: that were accepted, in their order.
        bodies: that were taken, each with its sender and its time of receipt.
        errors: raised one after the other instead of taking; None takes.
        gate: while it is not set, nothing is taken.
        takes_s: how long it takes to make a body durable.
        begun: how many bodies came.
        refused: how many scans, and messages as a whole, were refused, by reason.
    """

    def __init__(self, errors: Iterable[Exception | None] = (), takes_s: float = 0.0) -> None:
        self.scans: list[Any] = []
        self.bodies: list[tuple[bytes, Sender, int]] = []
        self.errors = list(errors)
        self.gate = asyncio.Event()
        self.gate.set()
        self.takes_s = takes_s
        self.begun = 0
        self.refused: Counter[str] = Counter()

    async def take(self, body: bytes, sender: Sender, received_ms: int, *, whole: bool = False) -> Receipt:
        assert not whole
        self.begun += 1
        await self.gate.wait()
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        self.bodies.append((body, sender, received_ms))
        scans = _scans(body)
        accepted = [scan for scan in scans if isinstance(scan, dict)]
        self.scans += accepted
        refused = [
            Refused(index, "not_json", "it is none") for index, scan in enumerate(scans) if not isinstance(scan, dict)
        ]
        self.refused.update(one.reason for one in refused)
        return Receipt(len(accepted), tuple(refused))

    def refuse(self, door: Door, reason: str) -> None:
        """A message was refused as a whole."""
        assert door is Door.MQTT
        assert reason in MEANINGS
        self.refused[reason] += 1


def _scans(body: bytes) -> list[Any]:
    try:
        found = json.loads(body)
        return found if isinstance(found, list) else [found]
    except (ValueError, RecursionError):
        return [None] if body.startswith(b"[") else [_scan(line) for line in body.split(b"\n") if line.strip()]


def _scan(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def source_of(server: Mosquitto, **keys: object) -> MqttSource:
    """A source at a server, as a file of sources would have it."""
    table = {"name": "test", "broker": f"mqtt://127.0.0.1:{server.port}", "topics": ["scans/{site}/{device}"], **keys}
    return source.read(table, "[[mqtt]]")


def made(source: MqttSource, intake: FakeIntake) -> Subscriber:
    """A subscriber that hands on to an intake."""
    return Subscriber(source, intake, intake.refuse)


@asynccontextmanager
async def running(subscriber: Subscriber, *, subscribed: bool = True) -> AsyncIterator[Subscriber]:
    """Runs a subscriber."""
    task = asyncio.create_task(subscriber.run())
    try:
        if subscribed:
            await until(lambda: subscriber.trouble is None)
        yield subscriber
        subscriber.stop()
        await task
    finally:
        # A test that fails leaves an intake that hangs.
        task.cancel()


async def until(holds: Callable[[], object], seconds: float = SOON_S) -> None:
    """Waits until something holds."""
    for _ in range(int(seconds / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


class Publisher:
    """A scanner that publishes, and knows what the broker has acknowledged. A context manager.

    Args:
        server: the broker.
        login: user and password, if the broker asks for them.
        authority: of the broker, if it is reached over TLS.
    """

    def __init__(self, server: Mosquitto, login: Sequence[str] = (), authority: Authority | None = None) -> None:
        self._server = server
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages = 1_000
        self._client.on_connect = lambda *_: self._ready.set()
        if login:
            self._client.username_pw_set(*login)
        if authority:
            self._client.tls_set(str(authority.certificate))

    def send(
        self, payload: object, topic: str = "scans/KZALAA/T1", qos: int = 1, *, retain: bool = False
    ) -> MQTTMessageInfo:
        """Publishes a payload: as it is if it is bytes, otherwise as JSON."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self._client.publish(topic, body, qos, retain)

    def send_all(self, payloads: Iterable[object], topic: str = "scans/KZALAA/T1") -> None:
        """Publishes payloads, and returns when the broker has acknowledged them."""
        for sent in [self.send(payload, topic) for payload in payloads]:
            sent.wait_for_publish(SOON_S)
            assert sent.is_published()

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._server.port)
        self._client.loop_start()
        assert self._ready.wait(SOON_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def scans(count: int, start: int = 0) -> list[dict[str, object]]:
    """So many scans, each with an id."""
    return [
        {"barcode": "RR123456785KZ", "event": "ARRIVED", "time": 1_790_000_000_000 + number, "id": str(number)}
        for number in range(start, start + count)
    ]


def ids(taken: Iterable[dict[str, Any]]) -> list[int]:
    """Ids of scans, in their order."""
    return [int(scan["id"]) for scan in taken]


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Runs a test in an event loop of its own."""

    async def within() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(within())
