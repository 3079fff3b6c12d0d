"""The proxy does what networks do, and nothing else: what it says is broken is broken, and whole again behind it."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.proxy import Network, Proxy, Way
from tests.chaos.traps import KeptRequest, LostReply
from tracker.store import claims, keys
from tracker.store.claims import ApplyBatch

pytestmark = pytest.mark.slow

SOON_S = 0.3
IN_TIME_S = 5.0


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        seen: list[bytes] = self.server.seen  # type: ignore[attr-defined]
        try:
            while content := self.request.recv(65_536):
                seen.append(content)
                self.request.sendall(content)
        except ConnectionError:
            pass


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.seen: list[bytes] = []


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as made:
        yield made


@pytest.fixture
def proxy(network: Network, server: _Server) -> Iterator[Proxy]:
    made = Proxy(network, server.server_address[1])
    yield made
    made.close()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=IN_TIME_S) as made:
        assert said(made, b"hello") == b"hello"
        yield made


def said(client: socket.socket, content: bytes) -> bytes:
    client.sendall(content)
    return client.recv(65_536)


def is_silent(client: socket.socket) -> bool:
    client.settimeout(SOON_S)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(IN_TIME_S)
    return False


def is_reset(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def is_cut(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=IN_TIME_S) as client:
            return is_reset(client)
    except ConnectionError:  # The reset may come before the client knows that it is connected.
        return True


def an_apply(**records: bytes) -> bytes:
    written = {parcel.encode(): record for parcel, record in records.items()}
    batch = ApplyBatch(10, 20, written, {}, frozenset(), (), (), claims.NO_COUNTERS, {}, frozenset())
    return claims.apply_command(3, batch, 100)[0]


def test_a_cut_resets_what_is_connected_and_what_comes_until_it_is_healed(proxy: Proxy, client: socket.socket) -> None:
    proxy.cut()
    assert is_reset(client)
    assert is_cut(proxy.port)
    proxy.heal()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=IN_TIME_S) as other:
        assert said(other, b"again") == b"again"


@pytest.mark.parametrize(("way", "arrives"), [(Way.REQUESTS, False), (Way.REPLIES, True)])
def test_what_is_held_one_way_arrives_when_it_is_healed(
    proxy: Proxy, client: socket.socket, server: _Server, way: Way, *, arrives: bool
) -> None:
    proxy.hold(way)
    client.sendall(b"held")
    assert is_silent(client)
    assert (b"held" in server.seen) is arrives
    proxy.heal()
    assert client.recv(65_536) == b"held"


def test_healing_may_reset_what_was_held(proxy: Proxy, client: socket.socket, server: _Server) -> None:
    proxy.hold(Way.REQUESTS)
    client.sendall(b"held")
    assert is_silent(client)
    proxy.heal(reset=True)
    assert is_reset(client)
    assert b"held" not in server.seen


def test_a_delay_counts_each_way(proxy: Proxy, client: socket.socket) -> None:
    proxy.delay_s = 0.1
    began_s = time.monotonic()
    assert said(client, b"slow") == b"slow"
    assert time.monotonic() - began_s >= 0.2


def test_a_lost_reply_is_that_of_a_request_that_was_executed(
    proxy: Proxy, network: Network, client: socket.socket, server: _Server
) -> None:
    trap = LostReply()
    proxy.set_trap(trap)
    for passes in (b"no apply", an_apply()):
        assert said(client, passes) == passes
    client.sendall(an_apply(P=b"record"))
    assert trap.caught.wait(IN_TIME_S)
    assert (trap.partition, trap.next) == (3, 20)
    assert keys.mark(3) in b"".join(server.seen)
    assert is_silent(client)
    network.loop.call_soon_threadsafe(trap.release)
    assert is_reset(client)
    assert trap.replied() == an_apply(P=b"record")


@pytest.mark.parametrize("hang_up", [False, True])
def test_a_request_that_is_kept_arrives_late(
    proxy: Proxy, network: Network, client: socket.socket, server: _Server, *, hang_up: bool
) -> None:
    trap = KeptRequest(hang_up=hang_up)
    proxy.set_trap(trap)
    client.sendall(an_apply(P=b"record"))
    assert trap.caught.wait(IN_TIME_S)
    assert is_reset(client) if hang_up else is_silent(client)
    assert server.seen == [b"hello"]
    network.loop.call_soon_threadsafe(trap.release)
    assert trap.delivered.wait(IN_TIME_S)
    assert b"".join(server.seen) == b"hello" + an_apply(P=b"record")
