"""The commands that send scans, through a real gateway: what becomes of scans is told as if they went to Kafka."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis as Client

from tests.ingest.client.scripted import Answer, scripted
from tests.ingest.gateways import Gateway
from tests.process.workers import PARTITIONS, Worker, new_topic
from tests.servers import Kafka, Redis
from tests.servers.process import free_port
from tracker.cli import main as command_line
from tracker.ingest.client.producer import GatewayProducer
from tracker.simulate import ledger
from tracker.simulate.ledger import Outcome
from tracker.simulate.traffic import Traffic


@pytest.fixture(scope="module")
def gateway(kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway at a topic with a worker. Each test has parcels of its own."""
    with Client.from_url(redis_server.url) as client:
        client.flushall()
    topic = new_topic(kafka)
    own = Gateway(
        kafka,
        tmp_path_factory.mktemp("gateway"),
        TRACKER_TOPIC=topic,
        TRACKER_REJECTED_TOPIC=f"{topic}.rejected",
        TRACKER_REDIS=redis_server.url,
    )
    with Worker(kafka, redis_server.url, topic), own:
        yield own


def environment(gateway: Gateway) -> dict[str, str]:
    settings = gateway.settings
    return {
        "TRACKER_KAFKA": settings.kafka,
        "TRACKER_REDIS": settings.redis,
        "TRACKER_TOPIC": settings.topic,
        "TRACKER_REJECTED_TOPIC": settings.rejected_topic,
        "TRACKER_PARTITIONS": str(PARTITIONS),
        "TRACKER_GATEWAY": f"http://127.0.0.1:{gateway.port}",
        "TRACKER_GATEWAY_KEY": gateway.key,
    }


def run(words: list[str], env: dict[str, str]) -> Result:
    return CliRunner().invoke(command_line.cli, words, env=env)


def told(result: Result) -> list[str]:
    """What was said at the end, without progress."""
    lines = result.stderr.splitlines()
    begin = next(at for at, line in enumerate(lines) if "acknowledged" in line)
    return [line for line in lines[begin:] if "offsets applied" not in line]


def test_who_waits_is_told_what_became_of_each_scan(gateway: Gateway, tmp_path: Path) -> None:
    good = b'{"barcode":"RR123456785KZ","event":"ACCEPTED","time":1700000000000,"seq":1}\n'
    bad = b'{"barcode":"RR123456786KZ","event":"ACCEPTED","time":1700000000000}\nnot json\n[]\n'
    (file := tmp_path / "scans.ndjson").write_bytes(good + good + bad)
    result = run(["replay", "--to", "http", str(file), "--wait", "--timeout", "20"], environment(gateway))
    assert result.exit_code == 4, result.output
    assert told(result)[:2] == [
        "2 scans acknowledged of 5 lines, 0 empty",
        "2 applied, 1 of them duplicates; 3 rejected",
    ]
    assert sorted(line.split(":")[0] for line in told(result)[2:5]) == [
        "  1 bad_check_digit",
        "  1 not_json",
        "  1 not_object",
    ]


def test_simulated_scans_are_followed_and_stand_in_the_ledger(gateway: Gateway, tmp_path: Path) -> None:
    book = tmp_path / "ledger"
    words = ["simulate", "--to", "http", "--parcels", "300", "--ledger", str(book), "--wait"]
    result = run(words, environment(gateway))
    sent = list(Traffic(300))
    entries = ledger.read(book)
    assert len(entries) == len(sent)
    accepted = [one for one in entries if one.outcome is Outcome.ACKNOWLEDGED]
    lines = told(result)
    assert lines[0] == f"{len(accepted):,} scans of 300 parcels acknowledged"
    assert f"{len(sent) - len(accepted):,} rejected" in lines[1]
    assert f"{len(accepted):,} applied" in lines[1]
    assert not [line for line in lines if "did not say where they stand" in line]


def test_who_does_not_wait_is_told_what_the_gateway_rejected(gateway: Gateway, tmp_path: Path) -> None:
    (file := tmp_path / "scans.ndjson").write_bytes(b'{"parcel":"A1","event":"ACCEPTED","time":1700000000000}\nno\n')
    env = {name: text for name, text in environment(gateway).items() if name.startswith("TRACKER_GATEWAY")}
    result = run(["replay", "--to", "http", str(file)], env)
    assert result.exit_code == 4
    assert told(result)[:2] == ["1 scans acknowledged of 2 lines, 0 empty", "1 rejected by the gateway"]


def test_scans_that_were_in_the_spool_are_waited_for(
    kafka: Kafka, redis_server: Redis, gateway: Gateway, tmp_path: Path
) -> None:
    del gateway  # Its worker and topic are not those of this test.
    topic = new_topic(kafka)
    with Client.from_url(redis_server.url) as client:
        client.flushall()
    file = tmp_path / "scans.ndjson"
    lines = [{"parcel": f"S{number}", "event": "ACCEPTED", "time": 1_700_000_000_000} for number in range(50)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with scripted() as spooling:
        spooling.answers = [Answer(200, {"accepted": 50, "rejected": [], "spooled": True})]
        env = {
            "TRACKER_KAFKA": kafka.address,
            "TRACKER_REDIS": redis_server.url,
            "TRACKER_TOPIC": topic,
            "TRACKER_REJECTED_TOPIC": f"{topic}.rejected",
            "TRACKER_PARTITIONS": str(PARTITIONS),
            "TRACKER_GATEWAY": spooling.url,
            "TRACKER_GATEWAY_KEY": "ptk_x",
        }
        result = run(["replay", "--to", "http", str(file), "--wait", "--timeout", "1"], env)
    assert "some of them are in the gateway's spool" in result.stderr
    assert "but 50 are not there and none came for 1 s" in str(result.exception)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, r"TRACKER_GATEWAY_KEY: expected a device key"),
        (
            {"TRACKER_GATEWAY_KEY": "ptk_x", "TRACKER_GATEWAY": "gateway:8080"},
            "TRACKER_GATEWAY: expected http://host:port",
        ),
        ({"TRACKER_GATEWAY_KEY": "ptk_x", "TRACKER_GATEWAY": "http://u:p@x"}, r"got 'http://u:\*\*\*@x'"),
    ],
)
def test_settings_that_are_missing_or_wrong_are_said(variables: dict[str, str], said: str) -> None:
    result = run(["simulate", "--to", "http", "--parcels", "1"], variables)
    assert result.exception is not None
    with pytest.raises(type(result.exception), match=said):
        raise result.exception


def test_a_wrong_key_ends_the_command_with_the_gateways_reason(gateway: Gateway) -> None:
    env = environment(gateway) | {"TRACKER_GATEWAY_KEY": "ptk_wrong"}
    result = run(["simulate", "--to", "http", "--parcels", "5"], env)
    assert getattr(result.exception, "code", "") == "bad_key"
    assert "ptk_wrong" not in str(result.exception)


def test_a_gateway_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = GatewayProducer.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "patience_s", 0.2)
    env = {"TRACKER_GATEWAY": f"http://127.0.0.1:{free_port()}", "TRACKER_GATEWAY_KEY": "ptk_x"}
    result = run(["simulate", "--to", "http", "--parcels", "5"], env)
    assert getattr(result.exception, "code", "") == "no_gateway"


def test_a_gateway_that_is_killed_and_comes_back_loses_nothing(kafka: Kafka, tmp_path: Path) -> None:
    with Gateway(kafka, tmp_path) as own:
        env = {"TRACKER_GATEWAY": f"http://127.0.0.1:{own.port}", "TRACKER_GATEWAY_KEY": own.key}
        book = tmp_path / "ledger"
        assert own.process
        own.process.send_signal(signal.SIGKILL)
        own.process.wait()
        own.start()
        result = run(["simulate", "--to", "http", "--parcels", "100", "--ledger", str(book)], env)
        accepted = [one for one in ledger.read(book) if one.outcome is Outcome.ACKNOWLEDGED]
        assert f"{len(accepted):,} scans of 100 parcels acknowledged" in result.stderr
        assert len(own.records()) == len(accepted)
