"""A connection to a real Redis, in plain text, over TLS and over a socket: replies in order, and an end for good."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

import pytest
import redis
import uvloop
from redis.exceptions import ResponseError

from tests.servers import Authority, Redis, SecureRedis
from tracker.config import Address
from tracker.store import wire
from tracker.store.claims import command
from tracker.store.failures import WireError
from tracker.store.wire import Wire

PATIENCE_S: Final = 0.3
LARGE: Final = bytes(range(256)) * 2_000
"""Half a megabyte: more than any buffer holds."""

Opening = Callable[[], Awaitable[Wire]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("socket") / "redis.sock"


@pytest.fixture(scope="module")
def secure(redis_server: Redis, authority: Authority, path: Path) -> Iterator[SecureRedis]:
    del redis_server  # Skips where there is none.
    with SecureRedis(authority=authority, settings={"unixsocket": str(path)}) as server:
        yield server


@pytest.fixture(params=["plain", "TLS", "socket"])
def opening(
    request: pytest.FixtureRequest, redis_server: Redis, secure: SecureRedis, authority: Authority, path: Path
) -> Opening:
    """Opens a connection in one of three ways."""
    context = ssl.create_default_context(cafile=authority.certificate) if request.param == "TLS" else None
    where: dict[str, Address | Path] = {
        "plain": Address("127.0.0.1", redis_server.port),
        "TLS": Address("127.0.0.1", secure.port),
        "socket": path,
    }
    return lambda: Wire.open(where[request.param], context, PATIENCE_S)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Runs a coroutine on an event loop of either kind."""

    def run_on(work: Any) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(work)

    return run_on


async def asked(connection: Wire, *commands: tuple[Any, ...]) -> list[Any]:
    await connection.send(b"".join(command(*each) for each in commands))
    return await connection.replies(len(commands))


def test_replies_come_in_the_order_of_the_commands_and_errors_stand_among_them(run: Any, opening: Opening) -> None:
    async def work() -> None:
        connection = await opening()
        replies = await asked(connection, ("SET", "wire", "1"), ("NO", "SUCH"), ("GET", "wire"), ("GET", "none"))
        assert (replies[0], replies[2], replies[3]) == (b"OK", b"1", None)
        assert isinstance(replies[1], ResponseError)
        connection.close()

    run(work())


def test_what_is_larger_than_every_buffer_goes_and_comes_whole(run: Any, opening: Opening) -> None:
    async def work() -> None:
        connection = await opening()
        assert await asked(connection, ("SET", "wire", LARGE), ("GET", "wire"), ("STRLEN", "wire")) == [
            *(b"OK", LARGE, len(LARGE))
        ]
        connection.close()

    run(work())


def test_connections_that_read_into_the_same_buffers_mix_nothing_up(run: Any, opening: Opening) -> None:
    async def one(number: int) -> None:
        connection = await opening()
        value = b"%d " % number * 50_000
        for _ in range(5):
            replies = await asked(connection, *[("SET", f"wire-{number}", value), ("GET", f"wire-{number}")] * 2)
            assert replies == [b"OK", value] * 2
        connection.close()

    async def work() -> None:
        await asyncio.gather(*map(one, range(8)))

    run(work())


def test_a_part_of_the_replies_can_be_taken_before_the_rest(run: Any, opening: Opening) -> None:
    async def work() -> None:
        connection = await opening()
        await connection.send(b"".join(command("ECHO", number) for number in range(10)))
        assert await connection.replies(3) == [b"0", b"1", b"2"]
        assert await connection.replies(0) == []
        assert await connection.replies(7) == [b"%d" % number for number in range(3, 10)]
        connection.close()

    run(work())


def test_a_connection_that_was_closed_takes_and_gives_nothing_any_more(run: Any, opening: Opening) -> None:
    async def work() -> None:
        connection = await opening()
        await connection.send(command("PING"))
        await asyncio.sleep(0.05)  # The reply is there.
        connection.close()
        connection.close()
        with pytest.raises(WireError, match="closed"):
            await connection.replies(1)
        with pytest.raises(WireError, match="closed"):
            await connection.send(command("PING"))

    run(work())


def test_whoever_waits_for_a_reply_is_told_when_the_connection_is_closed(run: Any, opening: Opening) -> None:
    async def work() -> None:
        connection = await opening()
        waiting = asyncio.ensure_future(connection.replies(1))
        await asyncio.sleep(0.01)
        connection.close()
        with pytest.raises(WireError, match="closed"):
            await waiting

    run(work())


def test_replies_that_came_before_redis_hung_up_are_still_given(run: Any, opening: Opening) -> None:
    async def work() -> None:
        connection = await opening()
        await connection.send(command("PING") + command("QUIT"))
        await asyncio.sleep(0.1)
        assert await connection.replies(2) == [b"PONG", b"OK"]
        with pytest.raises(WireError) as caught:
            await connection.replies(1)
        assert caught.value.stage == "work"
        with pytest.raises(WireError):
            await connection.send(command("PING"))

    run(work())


def test_whoever_is_cancelled_while_it_waits_leaves_no_connection_whose_replies_are_anothers(
    run: Any, opening: Opening
) -> None:
    async def work() -> None:
        connection = await opening()
        waiting = asyncio.ensure_future(connection.replies(1))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(WireError):
            await connection.send(command("PING"))

    run(work())


class Peer:
    """A server of one connection that does as a test says."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = Address(*self._listening.getsockname())
        self._behave = behave
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            self._behave(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._thread.join()


@pytest.mark.slow
def test_a_reply_that_comes_slowly_is_waited_for_and_one_that_stops_is_not(run: Any) -> None:
    def trickle(connection: socket.socket) -> None:
        for part in (b"$", b"5\r", b"\nhe", b"llo", b"\r\n+O"):
            time.sleep(PATIENCE_S * 0.6)
            connection.sendall(part)
        connection.recv(1)

    async def work(address: Address) -> None:
        connection = await Wire.open(address, None, PATIENCE_S)
        assert await connection.replies(1) == [b"hello"]
        began_s = time.monotonic()
        with pytest.raises(WireError, match=r"timeout: it was silent for 0\.3 s"):
            await connection.replies(1)
        assert time.monotonic() - began_s < 5 * PATIENCE_S

    with Peer(trickle) as peer:
        run(work(peer.address))


@pytest.mark.slow
def test_a_server_that_takes_nothing_ends_the_connection(run: Any) -> None:
    async def work(address: Address) -> None:
        connection = await Wire.open(address, None, PATIENCE_S)
        with pytest.raises(WireError):
            await connection.send(bytes(64 * 1024 * 1024))

    with Peer(lambda _: time.sleep(4 * PATIENCE_S)) as peer:
        run(work(peer.address))


@pytest.mark.parametrize("said", [b"!\r\n", b"$-2\r\n", b"*1\r\n?\r\n"])
def test_what_is_no_reply_of_redis_ends_the_connection(run: Any, said: bytes) -> None:
    async def work(address: Address) -> None:
        connection = await Wire.open(address, None, PATIENCE_S)
        with pytest.raises(WireError):
            await connection.replies(1)

    with Peer(lambda connection: connection.sendall(said)) as peer:
        run(work(peer.address))


@pytest.mark.parametrize("size", [1, wire.PARSE_BYTES - 1, wire.PARSE_BYTES, wire.PARSE_BYTES + 1])
def test_a_reply_that_ends_where_a_piece_does_is_whole(run: Any, opening: Opening, size: int) -> None:
    async def work() -> None:
        connection = await opening()
        for length in (size, size - len(f"${size}\r\n\r\n")):
            value = b"x" * max(length, 0)
            assert await asked(connection, ("ECHO", value), ("ECHO", "y")) == [value, b"y"]
        connection.close()

    run(work())


def test_nothing_is_sent_on_a_connection_by_itself(redis_server: Redis) -> None:
    async def work() -> None:
        with redis.Redis.from_url(redis_server.url) as client:
            connection = await Wire.open(Address("127.0.0.1", redis_server.port), None, PATIENCE_S)
            (number,) = await asked(connection, ("CLIENT", "ID"))
            await asyncio.sleep(2 * PATIENCE_S)
            (about,) = client.client_list(client_id=[number])
            assert (about["cmd"], int(about["idle"]) >= 0) == ("client|id", True)
            connection.close()

    asyncio.run(work())
