"""Scanners that send to a gateway over HTTP, each scan again until it is acknowledged, or until the scanner breaks."""

import http.client
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.chaos.report import Report
from tracker.config import Settings
from tracker.simulate.traffic import END_MS
from tracker.store.reading.sync import ParcelReader

SCANS: Final = 10
"""Of one request, all of one parcel."""

PAUSE_S: Final = 0.1
"""Of a scanner between two requests, and between two tries of one."""

TIMEOUT_S: Final = 5.0
"""How long a scanner waits for an answer: longer than Kafka has for it, and the spool."""

BREAKS: Final = 0.1
"""How likely a scanner is to break after a try that failed: what it had to send, it sends no more."""

STOP_S: Final = 30.0
EVENTS: Final = ("ARRIVED", "SORTED", "DEPARTED")
HOUR_MS: Final = 3_600_000


@dataclass(slots=True)
class Sent:
    """What one scanner has sent.

    Attributes:
        parcel: of the request.
        times_ms: of its scans: by these they are known.
        acknowledged: whether the gateway has accepted it.
        tries: how often it was sent.
    """

    parcel: str
    times_ms: list[int]
    acknowledged: bool = False
    tries: int = 0


@dataclass
class Scanners:
    """Some scanners, each a thread.

    Args:
        address: of the gateway.
        key: with which they send.
        seed: of their breaking.
        count: how many.

    Attributes:
        sent: all that was sent.
        refused: answers that said: not now.
        broken: requests without an answer.
        spooled: answers that said: on the gateway's disk.
    """

    address: str
    key: str
    seed: int
    count: int = 4
    sent: list[Sent] = field(default_factory=list)
    refused: int = 0
    broken: int = 0
    spooled: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _errors: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Begins."""
        for number in range(self.count):
            thread = threading.Thread(target=self._run, args=(number,), name=f"scanner-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ends, when each has an answer to what it sends, or has broken.

        Raises:
            AssertionError: the gateway has given an answer that it should never give.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_S)
        assert not self._errors, self._errors[0]

    def check(self, settings: Settings, report: Report) -> None:
        """Holds what was sent against the parcels: what was acknowledged stands there once, all else at most once."""
        with ParcelReader(settings) as reader:
            for one in self.sent:
                found = reader.parcel(one.parcel)
                lives = found.parcel.lives if found is not None else ()
                times = [event.time for life in lives for event in life.events]
                if one.acknowledged and (missing := set(one.times_ms) - set(times)):
                    report.lost.append(f"{len(missing)} of {len(one.times_ms)} acknowledged scans of {one.parcel}")
                if len(set(times)) != len(times):
                    report.doubled.append(f"{one.parcel} has events twice, after {one.tries} tries")
                if stray := set(times) - set(one.times_ms):
                    report.unexpected.append(f"{one.parcel} has {len(stray)} scans that nobody sent")

    def _run(self, number: int) -> None:
        random = Random(self.seed * 1_000 + number)
        turn = 0
        while not self._stop.is_set():
            turn += 1
            begin_ms = END_MS - random.randrange(100, 1_000) * HOUR_MS
            sent = Sent(f"GW-{self.seed}-{number}-{turn}", [begin_ms + place * HOUR_MS for place in range(SCANS)])
            self.sent.append(sent)
            try:
                self._send(sent, number, random)
            except Exception as error:  # noqa: BLE001 - told to whoever stops them
                self._errors.append(repr(error))
                return
            time.sleep(PAUSE_S)

    def _send(self, sent: Sent, number: int, random: Random) -> None:
        body = b"\n".join(_scans(sent, number))
        while True:
            sent.tries += 1
            try:
                status, answer = self._post(body)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                status, answer = 0, b""
            if status == http.HTTPStatus.OK:
                said = json.loads(answer)
                assert said["accepted"] == SCANS, said
                self.spooled += bool(said.get("spooled"))
                sent.acknowledged = True
                return
            assert status in {0, http.HTTPStatus.SERVICE_UNAVAILABLE}, (status, answer)
            self.refused += status != 0
            if random.random() < BREAKS:
                return
            time.sleep(PAUSE_S)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/x-ndjson"}
        try:
            connection.request("POST", "/v1/scans", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _scans(sent: Sent, number: int) -> Iterable[bytes]:
    for place, time_ms in enumerate(sent.times_ms):
        scan = {"parcel": sent.parcel, "event": EVENTS[place % len(EVENTS)], "time": time_ms, "site": f"GW{place}"}
        yield json.dumps(scan | {"device": f"scanner-{number}", "seq": place}).encode()
