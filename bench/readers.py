"""Loads a gateway over TCP: readers that send a line a code, and wait for the answer to each now and then."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tracker.domain import barcode

READERS: Final = 4
UNANSWERED_MAX: Final = 4_000
"""Lines that a reader sends before it waits for answers."""

_ACK: Final = b"\x06"


def source(port: int) -> str:
    """The file of sources of a gateway that listens for these readers."""
    return (
        f'[[tcp]]\nname = "bench"\nlisten = "127.0.0.1:{port}"\nsite = "KZALAA"\nevent = "ARRIVED"\n'
        'preset = "lines"\nack = "<ACK>"\n'
    )


def send(port: int, lines: int) -> None:
    """Sends so many lines over a few connections, and returns when each is answered.

    Raises:
        RuntimeError: a line was answered otherwise.
    """
    each = lines // READERS
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(lambda number: _read(port, _codes(number * each, each)), range(READERS)))


def _codes(first: int, count: int) -> list[bytes]:
    return [
        barcode.make_valid("s10", service_indicator="RR", serial=f"{number:08d}", country="KZ").encode() + b"\n"
        for number in range(first, first + count)
    ]


def _read(port: int, codes: Sequence[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as reader:
        unanswered = 0
        for at in range(0, len(codes), UNANSWERED_MAX // 4):
            part = codes[at : at + UNANSWERED_MAX // 4]
            while unanswered + len(part) > UNANSWERED_MAX:
                unanswered -= _answers(reader)
            reader.sendall(b"".join(part))
            unanswered += len(part)
        while unanswered:
            unanswered -= _answers(reader)


def _answers(reader: socket.socket) -> int:
    got = reader.recv(65_536)
    if not got or got.strip(_ACK):
        raise RuntimeError(f"the gateway did not take every line: {got[:80]!r}")
    return len(got)
