"""`tracker barcode`: one JSON object a line for whatever comes in."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from tracker.cli import main as command_line
from tracker.domain.barcode import explain
from tracker.serve import barcodes
from tracker.serve.barcodes import LINE_BYTES_MAX

KEYS = ["input", "ok", "key", "scheme", "carrier", "candidates", "warnings", "reason", "misread"]


def answers(*lines: bytes) -> list[dict[str, Any]]:
    """What the lines of standard input give."""
    written: list[bytes] = []
    barcodes.of_lines(io.BytesIO(b"\n".join(lines)), written.append)
    found = [json.loads(line) for line in b"".join(written).splitlines()]
    assert all(list(one) == KEYS for one in found)
    return found


def test_codes_give_an_object_each() -> None:
    done = CliRunner().invoke(
        command_line.cli, ["barcode", "rr 123 456 785 kz", "]C100095287654321012346", "RR123456786KZ"]
    )
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert list(first) == KEYS
    assert (first["input"], first["ok"], first["key"], first["scheme"], first["carrier"], first["reason"]) == (
        ["rr 123 456 785 kz"], True, "RR123456785KZ", "s10", "s10", None,
    )  # fmt: skip
    (candidate,) = second["candidates"]
    assert list(candidate) == ["scheme", "carrier", "key", "check", "parts"]
    assert (candidate["scheme"], candidate["check"]) == ("sscc", "valid")
    assert (third["ok"], third["key"], third["reason"]) == (False, None, "bad_check_digit")
    assert done.exit_code == 0


def test_a_line_is_a_string_or_the_reads_of_one_parcel() -> None:
    single, together, none = answers(b'"EE876543216CA"', b'["]C100095287654321012346","RR123456785KZ"]', b"[]")
    assert single == explain(["EE876543216CA"])
    assert together == explain(["]C100095287654321012346", "RR123456785KZ"])
    assert (together["key"], len(together["candidates"])) == ("RR123456785KZ", 2)
    assert (none["input"], none["reason"]) == ([], "no_identifier")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"RR123456785KZ", "not_json"),
        (b"", "not_json"),
        (b'"a', "not_json"),
        (b'"\xff"', "not_json"),
        (b"[" * 10_000, "not_json"),
        (b'"\\ud800"', "not_json"),
        (b"5", "wrong_type"),
        (b"null", "wrong_type"),
        (b'{"barcode":"RR123456785KZ"}', "wrong_type"),
        (b'["RR123456785KZ",5]', "wrong_type"),
        (b'[["RR123456785KZ"]]', "wrong_type"),
    ],
)
def test_a_line_that_holds_no_reads_gets_its_reason_and_the_next_its_answer(line: bytes, reason: str) -> None:
    refused, taken = answers(line, b'"RR123456785KZ"')
    assert refused == {
        **explain([]),
        "input": [line.decode("utf-8", "backslashreplace")],
        "ok": False,
        "reason": reason,
    }
    assert taken["ok"]


@pytest.mark.parametrize(
    "read",
    [
        "\x00",
        "\x1b[2J",
        "RR\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0665KZ",
        "x" * 100_000,
        "\u202eRR123456785KZ",
        "",
    ],
)
def test_hostile_reads_are_no_identifiers_and_never_reach_the_terminal_raw(read: str) -> None:
    written: list[bytes] = []
    barcodes.of_lines(io.BytesIO(json.dumps(read).encode()), written.append)
    assert json.loads(written[0])["input"] == [read]
    assert json.loads(written[0])["reason"] == "no_identifier"
    assert not set(written[0].decode()) & set("\x00\x1b\u202e")


def test_a_line_at_the_limit_is_read_and_one_beyond_it_is_not() -> None:
    longest = b'"' + b"x" * (LINE_BYTES_MAX - 2) + b'"'
    assert [one["reason"] for one in answers(longest, b'"x"')] == ["no_identifier", "no_identifier"]
    beyond, after, last = answers(longest + b" ", b'"RR123456785KZ"', longest + b" " * 200_000)
    assert (beyond["input"], beyond["reason"], last["reason"]) == ([], "too_large", "too_large")
    assert after["key"] == "RR123456785KZ"


def test_lines_may_end_as_on_windows_and_the_last_without_an_end() -> None:
    assert [one["ok"] for one in answers(b'"RR123456785KZ"\r', b'"RR123456785KZ"')] == [True, True]
    assert len(answers(b'"x"', b"")) == 1


def test_whoever_asks_line_by_line_is_answered_line_by_line() -> None:
    command = [sys.executable, "-m", "tracker.cli", "barcode"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(b'"RR123456785KZ"\n')
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["key"] == "RR123456785KZ"
        process.stdin.close()
        assert process.wait(10) == 0


def test_it_reads_as_the_worker_of_the_settings_does() -> None:
    command = [sys.executable, "-m", "tracker.cli", "barcode", "RR123456785KZ"]
    for off, key in (("", "RR123456785KZ"), ("s10", None)):
        environment = {**os.environ, "TRACKER_BARCODES_OFF": off}
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
        assert json.loads(done.stdout)["key"] == key


def test_separators_are_those_of_the_settings_and_a_wrong_one_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "tracker.cli", "barcode", "]C14201028200009261290113185417468510~10A"]
    for given, key in (("", None), ("{GS},~", "9261290113185417468510")):
        done = subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "TRACKER_BARCODE_SEPARATORS": given}
        )
        assert json.loads(done.stdout)["key"] == key
    refused = subprocess.run([*command, "--barcode-separators", "~,GS"], capture_output=True, check=False, text=True)
    assert refused.returncode == 2
    assert "bad_setting" in refused.stderr
    assert "TRACKER_BARCODE_SEPARATORS" in refused.stderr
    assert "got 'GS'" in refused.stderr


def test_typed_codes_are_read_as_people_type_them() -> None:
    command = [sys.executable, "-m", "tracker.cli", "barcode"]
    text = "\ufeff*RR 123 456 785 \u041aZ*"
    for more, key in (([], None), (["--typed"], "RR123456785KZ")):
        done = subprocess.run([*command, *more, text], capture_output=True, check=True)
        assert json.loads(done.stdout)["key"] == key
        done = subprocess.run([*command, *more], input=json.dumps([text]).encode(), capture_output=True, check=True)
        assert json.loads(done.stdout)["key"] == key
        assert json.loads(done.stdout)["input"] == [text]


def test_a_code_that_is_no_utf_8_is_a_read_like_any_other() -> None:
    command = [sys.executable, "-m", "tracker.cli", "barcode", os.fsdecode(b"\x9b\xff")]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout)["input"] == ["\\x9b\\xff"]
