"""Loads a gateway: wrk with one body again and again, requests evenly spread over time, MQTT messages."""

import asyncio
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.machine import found
from tracker.config import Address

_SCRIPT: Final = Path(__file__).with_name("post.lua")
NDJSON: Final = "application/x-ndjson"
TIMEOUT_S: Final = 60.0


class Answers(NamedTuple):
    """What wrk says of a run.

    Attributes:
        requests: that were answered.
        seconds: that it took.
    """

    requests: int
    seconds: float


def wrk(address: Address, key: str, body: bytes, connections: int, seconds: int) -> Answers:
    """Sends a body over so many connections, the next as soon as one was answered.

    Raises:
        RuntimeError: a request was not answered with 2xx.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = [
            str(found("wrk", "wrk")), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
            "-s", str(_SCRIPT), f"http://{address}/v1/scans", "--", file.name, NDJSON, key,
        ]  # fmt: skip
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = re.search(r"(\d+) requests in ([0-9.]+)(m?s)", said)
    if not done or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"the gateway did not take everything: {said}")
    return Answers(int(done[1]), float(done[2]) / (1_000 if done[3] == "ms" else 1))


class Even:
    """Requests at an even rate, each at its time, however long others take: an answer that is late delays no request.

    Args:
        address: of the gateway.
        key: of a device.
        bodies: one a request.
        rate: requests a second.
    """

    def __init__(self, address: Address, key: str, bodies: list[bytes], rate: float) -> None:
        self._address = address
        self._key = key
        self._bodies = bodies
        self._rate = rate
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.waits_s: list[float] = []

    async def run(self) -> list[float]:
        """Sends all; of each the seconds from when it was due to its answer."""
        begin = time.monotonic()
        tasks = []
        for number, body in enumerate(self._bodies):
            due = begin + number / self._rate
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
            tasks.append(asyncio.create_task(self._send(body, due)))
        await asyncio.gather(*tasks)
        for _, writer in self._idle:
            writer.close()
        return self.waits_s

    async def _send(self, body: bytes, due: float) -> None:
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)
        head = (
            f"POST /v1/scans HTTP/1.1\r\nHost: {self._address}\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: {NDJSON}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", answer)
        if not answer.startswith(b"HTTP/1.1 200") or not length:
            raise RuntimeError(f"the gateway did not take it: {answer!r}")
        await reader.readexactly(int(length[1]))
        self.waits_s.append(time.monotonic() - due)
        self._idle.append((reader, writer))


def publish(port: int, topic: str, bodies: Sequence[bytes]) -> None:
    """Publishes messages with QoS 1, and waits until the broker has them."""
    connected = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1_000)
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    connected.wait(TIMEOUT_S)
    sent = [client.publish(topic, body, qos=1) for body in bodies]
    for one in sent:
        one.wait_for_publish(TIMEOUT_S)
    client.disconnect()
    client.loop_stop()
