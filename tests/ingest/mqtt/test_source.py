"""A table [[mqtt]] says which broker and which topics, and what is wrong with it is said by name."""

import socket
from pathlib import Path

import pytest

from tests.servers import Authority
from tracker.errors import TrackerError
from tracker.ingest.mqtt.source import MqttSource, read

TABLE = {"name": "hall-1", "broker": "mqtt://broker", "topics": ["scans/{site}/{device}"]}


def source(**keys: object) -> MqttSource:
    return read({**TABLE, **keys}, "[[mqtt]] 'hall-1'")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mqtt://broker", "mqtt://broker:1883"),
        ("mqtts://broker", "mqtts://broker:8883"),
        ("mqtt://broker:1884/", "mqtt://broker:1884"),
        ("mqtts://[::1]", "mqtts://[::1]:8883"),
        ("mqtt://[::1]:1", "mqtt://[::1]:1"),
    ],
)
def test_a_broker_is_named_by_its_url(url: str, shown: str) -> None:
    assert str(source(broker=url).broker) == shown


def test_what_is_not_given_has_a_default_that_loses_nothing() -> None:
    made = source()
    assert (made.version, made.filters, made.in_flight_max) == ("5", ("scans/+/+",), 1_000)
    assert made.id == f"tracker-{socket.gethostname()}-hall-1"


def test_gateways_of_a_group_share_a_subscription() -> None:
    assert source(group="gateways").filters == ("$share/gateways/scans/+/+",)


def test_a_password_comes_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("geheim\n")
    made = source(user="gateway", password_file=str(file))
    assert made.password_file is not None
    assert made.password_file.value == "geheim"
    assert "geheim" not in repr(made)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"broker": "http://broker"}, "broker: expected mqtt://host:port"),
        ({"broker": "mqtt://user:geheim@broker"}, "user and password stand in `user` and `password_file`"),
        ({"broker": "mqtt://broker:99999"}, "broker: expected mqtt://host:port"),
        ({"broker": 1}, "broker: expected mqtt://host:port"),
        ({"topics": []}, "topics: expected one topic at least"),
        ({"topics": ["a/#/b"]}, "topics: expected a topic filter"),
        ({"version": "4"}, "version: expected one of 5, 3.1.1, got '4'"),
        ({"group": "a/b"}, "group: expected a text without / + #"),
        ({"user": "a\nb"}, "user: expected a text"),
        ({"password_file": "/nowhere"}, "password_file: expected a file"),
        ({"ca": "/nowhere"}, "ca: expected a file with certificates in PEM"),
        ({"in_flight_max": 0}, "in_flight_max: expected a whole number from 1 to 65535, got 0"),
        ({"topic": "scans"}, "there is no key 'topic'; did you mean topics?"),
    ],
)
def test_a_wrong_key_is_refused_by_its_name(keys: dict[str, object], said: str) -> None:
    with pytest.raises(TrackerError) as refused:
        source(**keys)
    assert refused.value.code == "bad_setting"
    assert "[[mqtt]] 'hall-1'" in str(refused.value)
    assert said in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_keys_that_do_not_go_together_are_refused(authority: Authority, tmp_path: Path) -> None:
    ours = authority.client("gateway")
    password = tmp_path / "password"
    password.write_text("geheim")
    for keys, said in (
        ({"broker": "mqtts://broker", "certificate": str(ours.certificate)}, "certificate and key: expected both"),
        ({"ca": str(authority.certificate)}, "broker: expected mqtts://"),
        ({"password_file": str(password)}, "user: expected one"),
    ):
        with pytest.raises(TrackerError, match=said):
            source(**keys)
