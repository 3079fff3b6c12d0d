"""What keeps the gateway from a broker is said in a sentence that says what to change."""

import asyncio
import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.ingest.mqtt.doors import FakeIntake, Publisher, made, run, running, scans, source_of, until
from tests.servers import Authority, Mosquitto
from tests.servers.process import free_port
from tracker.errors import TrackerError
from tracker.ingest.mqtt import refusals
from tracker.ingest.mqtt.source import read

pytestmark = pytest.mark.server
both_versions = pytest.mark.parametrize("version", ["5", "3.1.1"])


def trouble(source_table: Mapping[str, object]) -> str:
    """What a subscriber says that can't receive."""
    said: list[str] = []

    async def test() -> None:
        subscriber = made(read({"name": "hall", "topics": ["scans/{site}"], **source_table}, "x"), FakeIntake())
        async with running(subscriber, subscribed=False):
            await until(
                lambda: subscriber.trouble is not None and "not connected yet" not in str(subscriber.trouble), 15
            )
        assert isinstance(subscriber.trouble, TrackerError)
        assert subscriber.trouble.code == "no_mqtt"
        said.append(str(subscriber.trouble))

    run(test)
    return said[0]


def url(server: Mosquitto, scheme: str = "mqtt", host: str = "127.0.0.1") -> str:
    return f"{scheme}://{host}:{server.port}"


@both_versions
def test_a_wrong_password_is_said(mosquitto: Mosquitto, tmp_path: Path, version: str) -> None:
    del mosquitto  # Skips where there is none.
    (password := tmp_path / "password").write_text("wrong")
    with Mosquitto(users={"gateway": "geheim"}) as server:
        given = {"user": "gateway", "password_file": str(password)}
        said = trouble({"broker": url(server), "version": version, **given})
        assert "it does not let in the user 'gateway'" in said
        assert "set user and password_file as the broker has them" in said
        assert "anybody without a user" in trouble({"broker": url(server), "version": version})


def test_a_right_password_lets_in(mosquitto: Mosquitto, tmp_path: Path) -> None:
    del mosquitto
    (password := tmp_path / "password").write_text("geheim\n")

    async def test() -> None:
        with Mosquitto(users={"gateway": "geheim"}) as server:
            intake = FakeIntake()
            subscriber = made(source_of(server, user="gateway", password_file=str(password)), intake)
            async with running(subscriber):
                with Publisher(server, ("gateway", "geheim")) as scanner:
                    await asyncio.to_thread(scanner.send_all, scans(1))
                await until(lambda: intake.scans)

    run(test)


def _dynamic_security(folder: Path) -> dict[str, str]:
    """Settings of a broker where nobody may subscribe; mosquitto's file of ACLs refuses no subscription."""
    plugin = next(Path("/usr/lib").rglob("mosquitto_dynamic_security.so"), None)
    if plugin is None:
        pytest.skip("this mosquitto has no plugin for dynamic security")
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    content = {"defaultACLAccess": access, "anonymousGroup": "all", "groups": [{"groupname": "all"}], "clients": []}
    (path := folder / "dynamic-security.json").write_text(json.dumps(content))
    return {"plugin": str(plugin), "plugin_opt_config_file": str(path)}


@both_versions
def test_a_subscription_that_is_refused_is_said(mosquitto: Mosquitto, tmp_path: Path, version: str) -> None:
    del mosquitto
    with Mosquitto(settings=_dynamic_security(tmp_path)) as server:
        said = trouble({"broker": url(server), "version": version})
    assert "'scans/+' can't be subscribed to" in said
    assert "give it the right to read there" in said


def test_a_broker_that_does_not_promise_is_said(mosquitto: Mosquitto) -> None:
    del mosquitto
    with Mosquitto(settings={"max_qos": "0"}) as server:
        assert "it sends with QoS 0 only, which may lose messages" in trouble({"broker": url(server)})


def test_a_client_id_that_another_gateway_has_is_said(mosquitto: Mosquitto) -> None:
    async def test() -> None:
        source = source_of(mosquitto, client_id="twice")
        first, second = made(source, FakeIntake()), made(source, FakeIntake())
        async with running(first):
            async with running(second, subscribed=False):
                await until(lambda: first.trouble is not None)
            # This mosquitto says nothing; others say that the session was taken over.
            assert "look whether another client has the id 'twice'" in str(first.trouble)
        said = refusals.lost(refusals.TAKEN_OVER, "Session taken over", source, said_by_broker=True)
        assert "another client has connected with the id 'twice'" in str(said)

    run(test)


def test_a_port_where_nothing_listens_is_said() -> None:
    assert "Connection refused" in trouble({"broker": f"mqtt://127.0.0.1:{free_port()}"})


def test_a_host_that_is_none_is_said() -> None:
    assert "there is no such host" in trouble({"broker": "mqtt://nowhere.invalid"})


def test_what_is_no_broker_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.mqtt.connection.ANSWER_S_MAX", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = trouble({"broker": f"mqtt://127.0.0.1:{silent.getsockname()[1]}"})
    assert "it does not answer as an MQTT broker within 0.2 s" in said


def _tls(authority: Authority, *, clients: bool = False) -> dict[str, str]:
    server = authority.server()
    settings = {"certfile": str(server.certificate), "keyfile": str(server.key), "cafile": str(authority.certificate)}
    return settings | ({"require_certificate": "true"} if clients else {})


@both_versions
def test_tls_with_a_certificate_of_ours_lets_in(mosquitto: Mosquitto, authority: Authority, version: str) -> None:
    del mosquitto
    ours = authority.client("gateway")
    keys = {"ca": str(authority.certificate), "certificate": str(ours.certificate), "key": str(ours.key)}

    async def test() -> None:
        with Mosquitto(settings=_tls(authority, clients=True)) as server:
            source = source_of(server, broker=url(server, "mqtts"), version=version, **keys)
            async with running(made(source, FakeIntake())) as subscriber:
                # More than TLS hands on at once.
                assert subscriber.trouble is None

    run(test)


def test_large_messages_come_through_tls(mosquitto: Mosquitto, authority: Authority) -> None:
    del mosquitto

    async def test() -> None:
        with Mosquitto(settings=_tls(authority)) as server:
            intake = FakeIntake()
            source = source_of(server, broker=url(server, "mqtts"), ca=str(authority.certificate))
            async with running(made(source, intake)) as subscriber:
                with Publisher(server, authority=authority) as scanner:
                    large = {"id": "1", "data": "x" * 4_000_000}
                    await asyncio.to_thread(scanner.send_all, [large, *scans(300, 2), large])
                await until(lambda: subscriber.counts.acknowledged == 302)

    run(test)


def test_an_authority_that_is_not_trusted_is_said(
    mosquitto: Mosquitto, authority: Authority, unknown_authority: Authority
) -> None:
    del mosquitto
    with Mosquitto(settings=_tls(authority)) as server:
        said = trouble({"broker": url(server, "mqtts"), "ca": str(unknown_authority.certificate)})
    assert "the broker's certificate is of none of the authorities that are trusted" in said
    assert "set ca of [[mqtt]] hall to the file" in said


def test_a_certificate_that_is_missing_is_said(mosquitto: Mosquitto, authority: Authority) -> None:
    del mosquitto
    with Mosquitto(settings=_tls(authority, clients=True)) as server:
        said = trouble({"broker": url(server, "mqtts"), "ca": str(authority.certificate)})
    assert "certificate of [[mqtt]] hall" in said


def test_tls_at_a_port_without_is_said(mosquitto: Mosquitto, authority: Authority) -> None:
    said = trouble({"broker": url(mosquitto, "mqtts"), "ca": str(authority.certificate)})
    assert "begin `broker` with mqtt:" in said


def test_a_port_for_tls_without_it_is_said(mosquitto: Mosquitto, authority: Authority) -> None:
    del mosquitto
    with Mosquitto(settings=_tls(authority)) as server:
        assert "the connection is lost" in trouble({"broker": url(server)})
