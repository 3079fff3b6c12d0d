"""Peers that mean no good: each is closed with a reason, or waits, and its neighbours are served."""

import asyncio
import contextlib
import os
import random
import resource
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from tests.ingest.tcp.doors import Door, Reader, opened, run
from tests.servers import Authority

LINES: Final = {"end": "<CR>", "ack": "<ACK>", "frame_bytes_max": 4_096}


async def is_served(reader: Reader) -> None:
    """Sees that a reader is served."""
    await reader.send(b"RR123456785KZ\r")
    assert await reader.answer(1) == b"\x06"


async def _no_end(door: Door) -> None:
    peer = await door.reader()
    await peer.send(b"x" * 1_048_576)
    await peer.end()
    assert door.counts.closed == {"lost": 1}
    assert door.counts.bad == {"too_long": 1}


async def _garbage(door: Door) -> None:
    drawn = random.Random(15)
    for _ in range(20):
        peer = await door.reader()
        await peer.send(drawn.randbytes(20_000))
        peer.writer.write_eof()
        await peer.end()
    assert door.counts.frames > 0


async def _half_frames(door: Door) -> None:
    for _ in range(50):
        peer = await door.reader()
        await peer.send(b"RR1234567")
        await peer.close()
    await door.until(lambda: door.counts.bad["unfinished"] == 50)


async def _drip(door: Door) -> None:
    peer = await door.reader()
    with contextlib.suppress(ConnectionError):
        for _ in range(8):
            await peer.send(b"x")
            await asyncio.sleep(0.2)
    assert await peer.end() == b""
    assert door.counts.closed == {"slow": 1}


async def _resets(door: Door) -> None:
    for _ in range(50):
        peer = await door.reader()
        await peer.send(b"A\rB")
        peer.writer.transport.abort()
    await door.until(lambda: door.counts.connections == 1)


async def _unread_answers(door: Door) -> None:
    peer = await door.reader()
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_endlessly(peer), 1.0)
    peer.writer.transport.abort()


async def _endlessly(peer: Reader) -> None:
    while True:
        await peer.send(b"A\r" * 10_000)


@pytest.mark.slow
@pytest.mark.parametrize("attack", [_no_end, _garbage, _half_frames, _drip, _resets, _unread_answers])
def test_a_neighbour_is_served_meanwhile_and_afterwards(attack: Callable[[Door], Awaitable[None]]) -> None:
    async def scenario() -> None:
        async with opened(**LINES, frame_s=1, connections=100, connections_per_host=100) as door:
            neighbour = await door.reader()
            await is_served(neighbour)
            attacking = asyncio.ensure_future(attack(door))
            while not attacking.done():
                await is_served(neighbour)
                await asyncio.sleep(0.01)
            await attacking
            await is_served(neighbour)

    run(scenario())


def test_a_frame_that_is_too_long_is_closed_after_what_came_before_it_is_answered() -> None:
    async def scenario() -> None:
        async with opened(**LINES) as door:
            peer = await door.reader()
            await peer.send(b"A\rB\r" + b"x" * 5_000)
            assert await peer.end() == b"\x06\x06"

    run(scenario())


def test_of_too_many_connections_those_that_never_sent_a_frame_make_room() -> None:
    async def scenario() -> None:
        async with opened(**LINES, connections=20, connections_per_host=100) as door:
            readers = [await door.reader() for _ in range(5)]
            for reader in readers:
                await is_served(reader)
            for _ in range(200):
                await door.reader()
            await door.until(lambda: door.counts.closed["replaced"] == 185)
            for reader in readers:
                await is_served(reader)
            late = await door.reader()
            await is_served(late)
            assert door.counts.connections == 20

    run(scenario())


def test_tls_handshakes_that_are_never_ended_make_room(authority: Authority) -> None:
    server = authority.server()
    keys = {"tls": True, "certificate": str(server.certificate), "key": str(server.key)}
    client = ssl.create_default_context(cafile=str(authority.certificate))

    async def scenario() -> None:
        async with opened(**LINES, **keys, connections=20, connections_per_host=100) as door:
            reader = await door.reader(ssl=client)
            await is_served(reader)
            before = _files()
            for _ in range(200):
                await door.reader()
            await door.until(lambda: door.counts.closed["replaced"] == 181)
            # Each end of this test has a file; of the door's ends only so many as it may have.
            await door.until(lambda: _files() <= before + 200 + 20)
            await is_served(reader)
            await is_served(await door.reader(ssl=client))

    run(scenario())


def _files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_where_every_connection_has_sent_a_frame_a_new_one_is_refused() -> None:
    async def scenario() -> None:
        async with opened(**LINES, connections=2, connections_per_host=100) as door:
            readers = [await door.reader() for _ in range(2)]
            for reader in readers:
                await is_served(reader)
            assert await (await door.reader()).end() == b""
            assert door.counts.refused == {"full": 1}
            await readers[0].close()
            await door.until(lambda: door.counts.connections == 1)
            await is_served(await door.reader())

    run(scenario())


def test_a_reader_that_was_switched_off_gets_in_again_and_its_oldest_connection_is_closed() -> None:
    async def scenario() -> None:
        async with opened(**LINES, connections_per_host=2) as door:
            first, second, third = [await door.reader() for _ in range(3)]
            assert await first.end() == b""
            await is_served(second)
            await is_served(third)
            assert door.counts.closed == {"replaced": 1}

    run(scenario())


def test_a_connection_over_which_nothing_comes_is_closed_if_the_settings_say_so() -> None:
    async def scenario() -> None:
        async with opened(**LINES, idle_s=1) as door:
            peer = await door.reader()
            assert await peer.end() == b""
            assert door.counts.closed == {"idle": 1}

    run(scenario())


def test_a_gateway_that_has_no_more_files_goes_on_when_it_has_some() -> None:
    async def scenario() -> None:
        async with opened(**LINES) as door:
            neighbour = await door.reader()
            await is_served(neighbour)
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            # The test's own end of the connection takes the last one.
            resource.setrlimit(resource.RLIMIT_NOFILE, (_next_file() + 1, hard))
            try:
                late = await door.reader()
                await door.until(lambda: door.counts.refused["no_files"] > 0)
                await is_served(neighbour)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await is_served(late)

    run(scenario())


def _next_file() -> int:
    with Path(os.devnull).open() as file:
        return file.fileno()


def test_an_error_of_ours_closes_one_connection_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with opened(**LINES) as door:
            neighbour = await door.reader()
            await is_served(neighbour)

            def fails(scan: object) -> bool:
                raise RuntimeError(scan)

            door.intake.rejects = fails
            peer = await door.reader()
            await peer.send(b"A\r")
            assert await peer.end() == b""
            door.intake.rejects = lambda _: False
            await is_served(neighbour)
            assert door.counts.closed == {"failed": 1}

    run(scenario())
    assert "a connection with 127.0.0.1 failed" in caplog.text
