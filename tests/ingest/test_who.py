"""Who may send: each refusal, and what it tells."""

import logging
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.config import Secret
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.ingest.flood import Flood
from tracker.ingest.keys import form
from tracker.ingest.keys.key import Key
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.ports import Door, OverBudgetError, Scope, Sender, UnavailableError
from tracker.ingest.who import Doorkeeper, KeyRefusedError
from tracker.limits import WRONG_KEYS_BURST

NOW_MS: Final = 1_763_800_000_000
NEW: Final = form.NewKey("7k3m9qx2vd", Secret(f"ptk_7k3m9qx2vd_{'0123456789abcdefghjkmnpqrst' * 2:.52}_0pczhjx"))
TEXT: Final = NEW.key.value
BEARER: Final = f"Bearer {TEXT}"
KEY: Final = Key(NEW.id, form.digest(TEXT), site="KZALAA", device="T1")


def doorkeeper(*keys: Key, current: bool = True) -> Doorkeeper:
    return Doorkeeper(Keyring(keys, known=True, current=current), clock_ms=lambda: NOW_MS)


def refusal(keeper: Doorkeeper, authorization: str | None, scope: Scope = Scope.SCANS) -> KeyRefusedError:
    with pytest.raises(KeyRefusedError) as caught:
        keeper.sender(authorization, scope, Door.HTTP, "192.0.2.1")
    assert caught.value.code in COMMAND_ERRORS
    assert TEXT not in f"{caught.value} {caught.value!r} {caught.value.challenge}"
    return caught.value


@pytest.mark.parametrize("header", [BEARER, f"bearer {TEXT}", f"BEARER   {TEXT} "])
def test_the_holder_of_a_key_is_known(header: str) -> None:
    sender = doorkeeper(KEY).sender(header, Scope.SCANS, Door.EPCIS)
    assert sender == Sender(NEW.id, Door.EPCIS, "KZALAA", "T1", frozenset({Scope.SCANS}))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic dXNlcjpwYXNz", TEXT])
def test_without_a_key_one_is_asked_for(header: str | None) -> None:
    error = refusal(doorkeeper(KEY), header)
    assert (error.code, error.status, error.challenge) == ("no_key", 401, 'Bearer realm="tracker"')


def test_a_text_of_another_form_is_no_key() -> None:
    error = refusal(doorkeeper(KEY), "Bearer letmein")
    assert (error.code, error.status) == ("bad_key", 401)
    assert "got 7 characters of another form" in str(error)
    assert "letmein" not in str(error)
    assert 'error="invalid_token"' in error.challenge


def test_a_typing_error_is_told() -> None:
    wrong = BEARER[:-1] + ("1" if BEARER[-1] == "0" else "0")
    assert "typing error" in str(refusal(doorkeeper(KEY), wrong))


def test_an_unknown_key_is_told_as_such() -> None:
    assert "not known" in str(refusal(doorkeeper(), BEARER))


@pytest.mark.parametrize(
    "closed", [replace(KEY, revoked_ms=NOW_MS - 1), replace(KEY, expires_ms=NOW_MS), replace(KEY, sha256=None)]
)
def test_who_guesses_hears_the_same_of_every_key(closed: Key) -> None:
    other = form.draw().key.value
    secret = other.split("_")[2]
    begin = f"ptk_{NEW.id}_{secret}"
    guessed = f"Bearer {begin}_{form._check(begin)}"
    heard = {str(refusal(doorkeeper(*keys), guessed)) for keys in ((), (KEY,), (closed,))}
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("closed", "told"),
    [
        (replace(KEY, revoked_ms=NOW_MS), "is revoked at 2025-11-22T08:26:40.000Z"),
        (replace(KEY, expires_ms=NOW_MS), "is expired since 2025-11-22T08:26:40.000Z"),
    ],
)
def test_who_holds_a_key_hears_why_it_opens_no_more(closed: Key, told: str) -> None:
    error = refusal(doorkeeper(closed), BEARER)
    assert (error.code, error.status) == ("bad_key", 401)
    assert f"{NEW.id} {told}" in str(error)


def test_a_key_of_another_scope_is_forbidden() -> None:
    error = refusal(doorkeeper(KEY), BEARER, Scope.EPCIS)
    assert (error.code, error.status) == ("wrong_scope", 403)
    assert 'error="insufficient_scope", scope="epcis"' in error.challenge


@pytest.mark.parametrize("keys", [(), (KEY,)])
def test_a_key_that_can_not_be_looked_up_is_to_be_tried_again(keys: tuple[Key, ...]) -> None:
    """It may have been made since the topic was last read: a scanner must not throw its scans away."""
    keeper = doorkeeper(*keys, current=False)
    with pytest.raises(UnavailableError):
        keeper.sender(f"Bearer {form.draw().key.value}", Scope.SCANS, Door.HTTP)
    if keys:
        assert keeper.sender(BEARER, Scope.SCANS, Door.HTTP).name == NEW.id


def test_a_flood_of_wrong_keys_is_slowed_down_and_the_right_one_is_taken() -> None:
    keeper = Doorkeeper(
        Keyring([KEY], known=True, current=True), clock_ms=lambda: NOW_MS, flood=Flood(clock_s=lambda: 0.0)
    )
    wrong = f"Bearer {form.draw().key.value}"
    for _ in range(WRONG_KEYS_BURST):
        refusal(keeper, wrong)
    for _ in range(3):
        with pytest.raises(OverBudgetError) as caught:
            keeper.sender(wrong, Scope.SCANS, Door.HTTP, "192.0.2.1")
        assert caught.value.retry_after_s == 5
    assert keeper.sender(BEARER, Scope.SCANS, Door.HTTP, "192.0.2.1").name == NEW.id
    with pytest.raises(KeyRefusedError):
        keeper.sender(wrong, Scope.SCANS, Door.HTTP, "192.0.2.2")


def test_no_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for keeper in (doorkeeper(), doorkeeper(replace(KEY, revoked_ms=1)), doorkeeper(replace(KEY, sha256=bytes(32)))):
        refusal(keeper, BEARER)
    assert "refused a key from 192.0.2.1" in caplog.text
    assert TEXT.split("_")[2] not in caplog.text


@given(st.text() | st.text().map("Bearer {}".format))
def test_no_header_is_more_than_refused(header: str) -> None:
    with pytest.raises(TrackerError):
        doorkeeper(KEY).sender(header, Scope.SCANS, Door.HTTP)
