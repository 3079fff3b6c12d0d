"""No secret is ever shown: by no command, error, log, traceback, monitor, file that is left, or list of processes."""

import json
import logging
import os
import signal
import ssl
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPSConnection
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.process.systems import START_S_MAX, System
from tests.process.workers import until
from tests.servers import Authority, Certificate, SecureKafka, SecureRedis, User
from tests.servers.process import free_port
from tests.web.serving import ask
from tracker import config
from tracker.cli import main as command_line
from tracker.ingest.keys import form
from tracker.log import clients, connection

SECRETS: Final = tuple(name for name, line in config.TABLE.items() if line.metadata["secret"])
"""A new one is tried by itself: it needs a place in `WAYS`."""

CANARY: Final = "canary"
"""What stands in each secret of these tests, and nowhere else."""

SCAN: Final = '{"barcode": "RR123456785KZ", "event": "EMSEVT:EMD", "time": "2026-11-22T10:15:30Z", "site": "KZALAA"}\n'

COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "accept-loss": ("--yes",),
    "barcode": ("RR123456785KZ",),
    "config": ("--json",),
    "export": (),
    "init": (),
    "keys add": ("--site", "KZALAA"),
    "keys list": (),
    "keys revoke": ("0123456789",),
    "rebuild": ("--yes",),
    "rejected list": (),
    "rejected show": ("0/0",),
    "rejected replay": ("--all", "--yes"),
    "replay": ("-", "--wait"),
    "show": ("RR123456785KZ",),
    "simulate": ("--parcels", "2", "--to", "http"),
    "why": ("RR123456785KZ",),
}
"""Commands with their arguments, which are run in this process. Those that start others have a process of their own."""

PROCESSES: Final = ("demo", "up", "worker")
SHORT: Final = {"demo": ("--parcels", "20", "--rate", "0")}

GATEWAY: Final = "gateway"
"""It does not end where Kafka refuses it: it takes scans into its spool."""


def commands_of(group: click.Group, before: str = "") -> Iterator[str]:
    """Every command, those of a group by both names."""
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from commands_of(one, f"{name} ")
        else:
            yield f"{before}{name}"


def encrypted(shown: Certificate, password: str, file: Path) -> str:
    """A file with the key of a certificate, encrypted with another password."""
    key = load_pem_private_key(shown.key.read_bytes(), None)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())))
    return str(file)


def login(server: str, password: str) -> dict[str, str]:
    """The variables of a login, at Kafka over TLS."""
    return {f"TRACKER_{server}_USER": "worker", f"TRACKER_{server}_PASSWORD": password}


@pytest.fixture(scope="module")
def redis_with_users(authority: Authority) -> Iterator[SecureRedis]:
    """A Redis that asks for a login and for a certificate."""
    with SecureRedis(users={"worker": User()}, authority=authority, client_certificate=True) as server:
        yield server


@pytest.fixture
def certificates(authority: Authority, tmp_path: Path) -> dict[str, str]:
    """The variables of certificates, whose keys have a canary for a password."""
    shown = authority.client("worker")
    key = encrypted(shown, f"{CANARY}-of-the-key", tmp_path / "encrypted.key")
    found = {}
    for server in ("KAFKA", "REDIS", "HTTP"):
        found[f"TRACKER_{server}_CA"] = str(authority.certificate)
        found[f"TRACKER_{server}_CERTIFICATE"] = str(shown.certificate)
        found[f"TRACKER_{server}_KEY"] = key
        found[f"TRACKER_{server}_KEY_PASSWORD"] = f"{CANARY}-of-the-key"
    return found


WAYS: Final = ("wrong logins", "wrong keys", "nobody there", "sentinels", "tokens", "odd", "files")


@pytest.fixture(params=WAYS)
def way(
    request: pytest.FixtureRequest,
    secure_kafka: SecureKafka,
    redis_with_users: SecureRedis,
    certificates: dict[str, str],
    tmp_path: Path,
) -> dict[str, str]:
    """Variables with canaries, of which no server and no form makes much."""
    nobody = f"127.0.0.1:{free_port()}"
    scram = {"TRACKER_KAFKA_SECURITY": "sasl_ssl", "TRACKER_KAFKA_SASL": "SCRAM-SHA-512"}
    servers = {
        "TRACKER_KAFKA": secure_kafka.addresses["SASL_SSL_SCRAM_SHA_512"],
        "TRACKER_REDIS": f"rediss://{redis_with_users.address}/0",
    }
    logins = login("KAFKA", f"{CANARY}-1") | login("REDIS", f"{CANARY}-2")
    to_gateway = {"TRACKER_GATEWAY": f"http://{nobody}", "TRACKER_GATEWAY_KEY": f"ptk_{CANARY}"}
    everything = scram | servers | logins | certificates | to_gateway
    wrong_keys = {f"TRACKER_{server}_KEY_PASSWORD": f"{CANARY}-wrong" for server in ("KAFKA", "REDIS")}
    no_redis = {name: text for name, text in everything.items() if not name.startswith("TRACKER_REDIS")}
    token = {"TRACKER_KAFKA_SASL": "OAUTHBEARER", "TRACKER_KAFKA": secure_kafka.addresses["SASL_SSL_OAUTHBEARER"]}
    without_user = {name: text for name, text in everything.items() if name not in login("KAFKA", "")}
    (tmp_path / "secret").write_text(f"{CANARY}-in-a-file\n")
    held = {name: str(tmp_path / "secret") for name in ("TRACKER_KAFKA_PASSWORD_FILE", "TRACKER_REDIS_PASSWORD_FILE")}
    ways: dict[str, dict[str, str]] = {
        "wrong logins": everything,
        "wrong keys": everything | wrong_keys,
        "nobody there": no_redis | {"TRACKER_KAFKA": nobody, "TRACKER_REDIS": f"redis://worker:{CANARY}@{nobody}/0"},
        "sentinels": everything
        | {
            "TRACKER_REDIS": f"rediss+sentinel://{nobody}/parcels/0",
            "TRACKER_REDIS_SENTINEL_USER": "worker",
            "TRACKER_REDIS_SENTINEL_PASSWORD": f"{CANARY}-3",
        },
        "tokens": without_user | token | {"TRACKER_KAFKA_TOKEN_COMMAND": f"cat {tmp_path}/secret"},
        "odd": everything
        | {"TRACKER_KAFKA_PASSWORD": f"{CANARY}\x01", "TRACKER_REDIS_PASSWORD": f"{CANARY}\n{CANARY}"},
        "files": {name: text for name, text in everything.items() if not name.endswith("_PASSWORD")} | held,
    }
    return ways[request.param]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a server that is not there."""
    monkeypatch.setattr(clients, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(clients, "_TRY_S", 0.2)
    monkeypatch.setattr(connection, "TIMEOUT_S", 2.0)


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What was logged, from the finest level on."""
    caplog.set_level(logging.DEBUG, "tracker")
    return lambda: caplog.text


def test_every_command_is_tried() -> None:
    assert {*COMMANDS, *PROCESSES, GATEWAY} == set(commands_of(command_line.cli))


def test_every_secret_is_tried() -> None:
    tried = Path(__file__).read_text()
    for name in SECRETS:
        own = config.variable(name)
        assert any(one in tried for one in (own, own.replace("KAFKA", "{server}").replace("REDIS", "{server}"))), name


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_a_secret(way: dict[str, str], command: str, records: Callable[[], str]) -> None:
    result = CliRunner().invoke(command_line.cli, [*command.split(), *COMMANDS[command]], input=SCAN, env=way)
    error = "".join(traceback.format_exception(result.exception)) if result.exception else ""
    for shown in (result.output, error, records()):
        assert CANARY not in shown
    assert result.exit_code is not None


def test_a_secret_is_shown_as_three_asterisks_with_its_source(way: dict[str, str]) -> None:
    result = CliRunner().invoke(command_line.cli, ["config", "--json"], env=way)
    if result.exception is not None:
        assert "expected one line without control characters, got *** (" in str(result.exception)
        return
    shown = {row["name"]: (row["value"], row["source"]) for row in json.loads(result.stdout)}
    for name in map(config.variable, SECRETS):
        given = "environment" if name in way else "file" if f"{name}_FILE" in way else "default"
        assert shown[name] == ("" if given == "default" else "***", given)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{CANARY}@host:x",
        f"redis://worker:{CANARY}@host/0/1",
        f"redis://worker:{CANARY}/{CANARY}@host",
        f"http://worker:{CANARY}@host",
        f"worker:{CANARY}@host:6379",
        f"redis://host?password={CANARY}&odd=1",
        f"rediss://host?ssl_password={CANARY}&ssl_keyfile=/no/such/key",
        f"redis+sentinel://:{CANARY}@host",
    ],
)
def test_a_url_that_is_refused_does_not_show_its_password(url: str, tmp_path: Path) -> None:
    held = tmp_path / "url"
    held.write_text(url)
    for variables in ({"TRACKER_REDIS": url}, {"TRACKER_REDIS_FILE": str(held)}):
        result = CliRunner().invoke(command_line.cli, ["config"], env=variables)
        assert result.exception is not None
        assert CANARY not in result.output + "".join(traceback.format_exception(result.exception))


def test_a_secret_is_no_flag() -> None:
    for name in SECRETS:
        flag = "--" + name.replace("_", "-")
        result = CliRunner().invoke(command_line.cli, ["config", flag, CANARY])
        assert result.exit_code == 2, name
    in_url = CliRunner().invoke(command_line.cli, ["config", "--redis", f"redis://:{CANARY}@host"])
    assert in_url.exception is not None
    assert CANARY not in str(in_url.exception)


def listed() -> str:
    """The arguments of every process of this machine, as everybody may read them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # It has ended.
            continue
    return "\n".join(found)


def own_environment(**variables: str) -> dict[str, str]:
    """This process' variables, without settings, with these."""
    return {name: text for name, text in os.environ.items() if not name.startswith("TRACKER_")} | variables


@pytest.mark.parametrize("command", PROCESSES)
def test_a_process_that_is_refused_shows_no_secret(
    secure_kafka: SecureKafka, redis_with_users: SecureRedis, certificates: dict[str, str], command: str, tmp_path: Path
) -> None:
    variables = {
        "TRACKER_KAFKA": secure_kafka.addresses["SASL_SSL_SCRAM_SHA_512"],
        "TRACKER_KAFKA_SECURITY": "sasl_ssl",
        "TRACKER_KAFKA_SASL": "SCRAM-SHA-512",
        "TRACKER_REDIS": f"rediss://{redis_with_users.address}/0",
        "TRACKER_START_TIMEOUT_S": "1",
        "TRACKER_MONITOR": "off",
    }
    environment = own_environment(**variables, **certificates, **login("KAFKA", CANARY), **login("REDIS", CANARY))
    process = subprocess.Popen(
        [sys.executable, "-m", "tracker.cli", command, *SHORT.get(command, ())],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path, env=environment, text=True,
    )  # fmt: skip
    assert CANARY not in listed()
    said, _ = process.communicate(timeout=60)
    # The demo runs on servers of its own, to which no login leads.
    assert ("tracker: error[no_" in said.splitlines()[-1]) == (command != "demo")
    assert CANARY not in said
    assert "Traceback" not in said


def test_a_gateway_that_is_refused_shows_neither_its_secrets_nor_a_device_key(
    secure_kafka: SecureKafka, certificates: dict[str, str], tmp_path: Path
) -> None:
    ports = {name: free_port() for name in ("TRACKER_HTTP", "TRACKER_GATEWAY_MONITOR")}
    variables = {name: f"127.0.0.1:{port}" for name, port in ports.items()} | {
        "TRACKER_KAFKA": secure_kafka.addresses["SASL_SSL_SCRAM_SHA_512"],
        "TRACKER_KAFKA_SECURITY": "sasl_ssl",
        "TRACKER_KAFKA_SASL": "SCRAM-SHA-512",
    }
    served = {
        name: text for name, text in certificates.items() if not name.startswith(("TRACKER_REDIS", "TRACKER_HTTP_CA"))
    }
    assert served["TRACKER_HTTP_KEY_PASSWORD"].startswith(CANARY)
    key = form.draw().key.value
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker.cli", GATEWAY],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=tmp_path,
            env=own_environment(**variables, **served, **login("KAFKA", CANARY)),
        )  # fmt: skip
    try:
        until(lambda: "is open" in (tmp_path / "out").read_text(), "it does not start", patience_s=START_S_MAX)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        context = ssl.create_default_context(cafile=served["TRACKER_KAFKA_CA"])
        context.check_hostname = False
        door = HTTPSConnection("127.0.0.1", ports["TRACKER_HTTP"], timeout=10, context=context)
        door.request("POST", "/v1/scans", SCAN, headers)
        answer = door.getresponse()
        assert answer.status == 503
        shown = [listed(), str(answer.getheaders()), answer.read().decode()]
        door.close()
        shown.append(ask(ports["TRACKER_GATEWAY_MONITOR"], "GET", "/metrics").body.decode())
    finally:
        process.terminate()
        process.wait(30)
    shown += [file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file()]
    for secret in (CANARY, key.split("_")[2]):
        assert not any(secret in text for text in shown)


def test_a_worker_at_work_shows_no_secret(secure_kafka: SecureKafka, authority: Authority, tmp_path: Path) -> None:
    with SecureRedis(users={"worker": User()}) as server:
        system = System(secure_kafka, "MUTUAL_TLS", "secrets", server.url_of("worker"), tmp_path)
        with system.worker:
            system.tracker("operator", "replay", "-", "--wait", scans=SCAN)
            said = [listed(), *(system.page(path)[1] for path in ("healthz", "livez", "readyz", "metrics"))]
            system.worker.end()
            said.append(system.worker.log.read_text())
    for secret in (server.users["worker"].password, authority.client("worker").password):
        assert not any(secret in text for text in said)
    secure_kafka.revoke_all("worker")


@pytest.mark.usefixtures("embedded_redis")
def test_tracker_up_at_work_shows_and_leaves_no_secret(tmp_path: Path) -> None:
    port = free_port()
    with SecureRedis(users={"worker": User(password=CANARY)}) as server, (tmp_path / "out").open("wb") as out:
        variables = {"TRACKER_REDIS": server.url_of("worker"), "TRACKER_MONITOR": f"127.0.0.1:{port}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker.cli", "up"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=tmp_path,
            env=own_environment(PYTHONUNBUFFERED="1", **variables),
        )  # fmt: skip
        try:
            until(lambda: "Ctrl-C" in (tmp_path / "out").read_text(), "it does not start", patience_s=START_S_MAX)
            shown = [listed(), (tmp_path / ".tracker" / "running.json").read_text()]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    shown += [file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file()]
    assert len(shown) > 3
    assert not any(CANARY in text for text in shown)
