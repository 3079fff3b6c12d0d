"""`tracker keys` as a person runs it, at a real Kafka."""

import json
import re
import uuid
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from tests.servers import Kafka
from tracker.cli import main as command_line
from tracker.errors import TrackerError
from tracker.ingest.keys import form

Run = Callable[..., Result]


@pytest.fixture
def run(kafka: Kafka) -> Run:
    """Runs `tracker keys` with these words, on a topic of its own."""
    topic = f"keys-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, 1, {"cleanup.policy": "compact"})

    def tracker(name: str, *words: str) -> Result:
        arguments = ["keys", name, "--kafka", kafka.address, "--keys-topic", topic, *words]
        return CliRunner().invoke(command_line.cli, arguments)

    return tracker


def added(run: Run, *words: str) -> dict[str, object]:
    result = run("add", "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def listed(run: Run) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("list", "--json").stdout)["keys"]
    return found


def refusal(result: Result) -> TrackerError:
    assert isinstance(result.exception, TrackerError)
    return result.exception


def test_a_key_is_shown_once_alone_on_standard_output_and_what_to_do_beside_it(run: Run) -> None:
    result = run("add", "--site", "KZALAA", "--device", "T1", "--expires", "90d")
    text = result.stdout.removesuffix("\n")
    name = form.id_of(text)
    assert name is not None
    assert form.is_typed_right(text)
    assert f"this is key {name}, of site KZALAA, device T1, for scans, until 20" in result.stderr
    assert f"tracker keys revoke {name}" in result.stderr
    secret = text.split("_")[2]
    after = [run("list"), run("list", "--json"), run("revoke", name), run("list"), run("add", "--site", "KZALAA")]
    assert not any(secret in one.output for one in after)
    assert secret not in result.stderr


def test_keys_are_listed_with_what_they_are_for_and_their_state(run: Run) -> None:
    one = added(run, "--site", "KZALAA", "--device", "T1")
    two = added(
        run, "--any-site", "--account", "POST", "--scope", "epcis", "--scope", "scans", "--expires", "2030-01-01T00:00Z"
    )
    assert (
        run("revoke", str(one["id"])).stdout == f"key {one['id']}, of site KZALAA, device T1, for scans: is revoked\n"
    )
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["id", "site", "device", "account", "scopes", "made", "(UTC)", "state"]
    assert re.fullmatch(rf"{one['id']}  KZALAA  T1      -        scans        .{{19}}  revoked .{{19}}", lines[1])
    assert re.fullmatch(
        rf"{two['id']}  any     -       POST     epcis,scans  .{{19}}  valid until 2030-01-01 00:00:00", lines[2]
    )
    assert re.fullmatch(r"2 keys in keys-\w+, 1 of them valid", lines[-1])
    found = {key["id"]: key for key in listed(run)}
    assert found[one["id"]]["state"] == "revoked"
    assert found[two["id"]] == {name: value for name, value in two.items() if name != "key"}
    assert found[two["id"]]["scopes"] == ["epcis", "scans"]


def test_a_key_is_revoked_once_and_may_be_given_whole(run: Run) -> None:
    made = added(run, "--site", "A")
    assert "is revoked" in run("revoke", str(made["key"])).stdout
    again = run("revoke", str(made["id"]), str(made["id"]))
    assert (again.exit_code, again.stdout.count("was revoked before")) == (0, 1)
    assert json.loads(run("revoke", "--json", str(made["id"])).stdout)["revoked"][0]["state"] == "revoked"


def test_an_unknown_id_revokes_nothing_unless_it_may_be_absent(run: Run) -> None:
    made = added(run, "--site", "A")
    error = refusal(run("revoke", str(made["id"]), "0123456789"))
    assert (error.code, "0123456789; nothing was revoked" in str(error)) == ("unknown_key", True)
    assert listed(run)[0]["state"] == "valid"
    assert "is revoked" in run("revoke", "--absent", "0123456789").stdout
    assert {key["state"] for key in listed(run)} == {"valid", "revoked"}


@pytest.mark.parametrize("text", ["7", "ptk_secret", "0123456789a", "ILOU456789"])
def test_what_is_no_id_is_not_shown(run: Run, text: str) -> None:
    error = refusal(run("revoke", text))
    assert error.code == "unknown_key"
    assert f"got {len(text)} characters of another form" in str(error)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--site", "A", "--any-site"),
        ("--site", ""),
        ("--site", "A", "--scope", "all"),
        ("--site", "A", "--expires", "x"),
    ],
)
def test_a_key_for_every_site_is_asked_for_by_that_name(run: Run, words: tuple[str, ...]) -> None:
    assert run("add", *words).exit_code == 2
    assert listed(run) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--site", "A" * 129), "--site: expected at most 128 bytes"),
        (("--site", "A\x1b"), "--site: expected at most 128 bytes of printable text"),
        (("--site", "A "), "--site: expected"),
        (("--site", "A", "--device", "D" * 65), "--device: expected at most 64 bytes"),
        (("--site", "A", "--account", "é" * 33), "--account: expected at most 64 bytes"),
        (("--site", "A", "--expires", "2020-01-01T00:00Z"), "--expires: expected a time to come"),
        (("--site", "A", "--expires", "0s"), "--expires: expected a time to come"),
    ],
)
def test_a_key_that_can_not_be_is_refused(run: Run, words: tuple[str, ...], told: str) -> None:
    error = refusal(run("add", *words))
    assert (error.code, told in str(error)) == ("bad_setting", True)
    assert "\x1b" not in str(error)


def test_names_at_their_limit_are_taken(run: Run) -> None:
    made = added(run, "--site", "A" * 128, "--device", "é" * 32, "--account", "a" * 64)
    assert (made["site"], made["device"]) == ("A" * 128, "é" * 32)


def test_two_open_keys_of_one_holder_are_the_most(run: Run) -> None:
    first = added(run, "--site", "A")
    added(run, "--site", "A")
    error = refusal(run("add", "--site", "A"))
    assert (error.code, str(first["id"]) in str(error)) == ("too_many_keys", True)


def test_without_keys_there_is_a_line_that_says_so(run: Run) -> None:
    assert re.fullmatch(r"0 keys in keys-\w+, 0 of them valid\n", run("list").stdout)


def test_a_kafka_that_has_no_such_topic_is_told_of(kafka: Kafka) -> None:
    result = CliRunner().invoke(
        command_line.cli, ["keys", "list", "--kafka", kafka.address, "--keys-topic", "no-such-keys"]
    )
    assert refusal(result).code == "bad_topic"
