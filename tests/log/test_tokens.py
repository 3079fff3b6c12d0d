"""Tokens from files and commands: read or run again in time, and never shown."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import TokenIssuer
from tracker.config import Settings
from tracker.log import tokens as module
from tracker.log.tokens import Token, TokenError, TokenSource


def by_command(command: str) -> TokenSource:
    """Tokens that a command gives."""
    return TokenSource(Settings(kafka_token_command=command))


@pytest.fixture
def counted(tmp_path: Path) -> Callable[[], int]:
    """How often the command that is `give` has run; it gives what stands in `token`."""
    (tmp_path / "give").write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\ncat {tmp_path}/token\n")
    (tmp_path / "give").chmod(0o700)
    return lambda: len((tmp_path / "runs").read_text().splitlines())


def failure(source: TokenSource) -> str:
    """Why there is no token."""
    with pytest.raises(TokenError) as caught:
        source.token()
    return str(caught.value)


def test_a_token_says_who_it_is_for_and_until_when(tokens: TokenIssuer) -> None:
    text = tokens.token("worker", 60)
    token = Token.of(text)
    assert (token.text, token.subject, token.expired) == (text, "worker", "")
    assert token.expires_s is not None
    assert 55 < token.expires_s - time.time() < 65
    assert Token.of(tokens.token("worker", -60)).expired.startswith("20")


@pytest.mark.parametrize("text", ["opaque", "a.b.c", "a.W10.c", "..", "a.eyJleHAiOiJ4Iiwic3ViIjoxfQ.c"])
def test_a_token_that_says_nothing_is_a_token_too(text: str) -> None:
    assert Token.of(text) == (text, None, "")
    assert Token.of(text).expired == ""


def test_a_representation_shows_no_token(tokens: TokenIssuer) -> None:
    text = tokens.token("worker")
    assert text not in repr(Token.of(text))


def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    source = TokenSource(Settings(kafka_token_file=file))
    for text in ("first", "second\n"):
        file.write_text(text)
        assert source.token().text == text.strip()


def test_a_command_runs_again_when_its_token_is_about_to_expire(
    tokens: TokenIssuer, tmp_path: Path, counted: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_s = [1_000.0]
    monkeypatch.setattr("tracker.log.tokens.time.monotonic", lambda: clock_s[0])
    (tmp_path / "token").write_text(tokens.token("worker", 100))
    source = by_command(f"{tmp_path}/give")
    first = source.token()
    for after_s, runs in ((0, 1), (79, 1), (2, 2), (1, 2)):
        clock_s[0] += after_s
        assert source.token().text == first.text
        assert counted() == runs


def test_a_command_runs_again_when_the_broker_has_refused_its_token_but_not_without_a_pause(
    tmp_path: Path, counted: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_s = [1_000.0]
    monkeypatch.setattr("tracker.log.tokens.time.monotonic", lambda: clock_s[0])
    (tmp_path / "token").write_text("refused")
    source = by_command(f"{tmp_path}/give")
    source.token()
    for after_s, runs in ((0, 1), (module.PAUSE_S, 2)):
        source.refused()
        clock_s[0] += after_s
        source.token()
        assert counted() == runs


def test_a_command_that_fails_runs_again_after_a_pause_and_is_told_of_meanwhile(
    tmp_path: Path, counted: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_s = [1_000.0]
    monkeypatch.setattr("tracker.log.tokens.time.monotonic", lambda: clock_s[0])
    source = by_command(f"{tmp_path}/give")
    assert [failure(source), failure(source)] == [failure(source)] * 2
    assert counted() == 1
    (tmp_path / "token").write_text("at-last")
    clock_s[0] += module.PAUSE_S
    assert source.token().text == "at-last"
    assert counted() == 2


def test_a_command_is_run_without_a_shell() -> None:
    assert "expected one token" in failure(by_command("echo '$(id) &&' ls"))
    assert by_command("echo '$HOME'").token().text == "$HOME"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/no/such/program --token", "'/no/such/program' can't be run: No such file or directory"),
        ("false", "'false' ended with exit code 1"),
        ("true", "expected one token in visible ASCII from 'true', got something else"),
        ("echo two tokens", "expected one token in visible ASCII from 'echo', got something else"),
        ("printf '\\001'", "expected one token in visible ASCII from 'printf', got something else"),
        ("sh -c 'sleep 9'", "'sh' gave no token within 0.2 s"),
    ],
)
def test_a_command_without_a_token_is_told_of(command: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOKEN_COMMAND_S_MAX", 0.2)
    assert failure(by_command(command)) == f"TRACKER_KAFKA_TOKEN_COMMAND: {reason}"


def test_a_file_without_a_token_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / "token"
    source = TokenSource(Settings(kafka_token_file=file))
    assert (
        failure(source)
        == f"TRACKER_KAFKA_TOKEN_FILE: no token in '{file}': it can't be read: No such file or directory"
    )
    file.write_text("two tokens")
    assert failure(source) == (
        f"TRACKER_KAFKA_TOKEN_FILE: expected one token in visible ASCII in '{file}', got something else"
    )


def test_librdkafka_is_given_a_token_that_has_not_expired_for_the_broker_to_judge(
    tokens: TokenIssuer, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    source = TokenSource(Settings(kafka_token_file=file))
    for lifetime_s, low, high in ((100, 95, 101), (-100, 5, 11)):
        file.write_text(tokens.token("worker", lifetime_s))
        text, expires_s = source.for_librdkafka(None)
        assert text == file.read_text()
        assert low < expires_s - time.time() < high
    file.write_text("opaque")
    assert 55 < source.for_librdkafka(None)[1] - time.time() < 61
