"""What is known of a key, and its form in the topic."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ingest.keys import form
from tracker.ingest.keys.key import Budget, Key, NotAKeyError, State
from tracker.ingest.ports import Scope

TIMES = st.integers(0, 2**43)
KEYS = st.builds(
    Key,
    id=st.text(form.ALPHABET, min_size=form.ID_CHARS, max_size=form.ID_CHARS),
    sha256=st.none() | st.binary(min_size=32, max_size=32),
    site=st.text(max_size=20),
    device=st.text(max_size=20),
    account=st.text(max_size=20),
    scopes=st.frozensets(st.sampled_from(Scope)),
    made_ms=TIMES,
    expires_ms=st.none() | TIMES,
    revoked_ms=st.none() | TIMES,
    budgets=st.none() | st.dictionaries(st.sampled_from(Budget), st.integers(0, 10**9), min_size=1),
)


def record(**fields: object) -> bytes:
    return orjson.dumps({"sha256": "ab" * 32, "scopes": ["scans"], "made": 1} | fields)


@given(KEYS)
def test_a_key_is_read_as_it_was_written(key: Key) -> None:
    assert Key.of(key.id, key.value()) == key


@given(st.binary())
def test_anything_else_is_no_key_and_no_other_error(value: bytes) -> None:
    with pytest.raises(NotAKeyError):
        Key.of("0123456789", b"\xff" + value)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        record(sha256="xy"),
        record(sha256="ab"),
        record(sha256=5),
        record(site=5),
        record(made="now"),
        record(expires=1.5),
        record(scopes=5),
        record(budgets=[1]),
        record(budgets={"scans": "many"}),
        record(budgets={"else": 1}),
    ],
)
def test_a_record_of_another_form_is_no_key(value: bytes) -> None:
    with pytest.raises(NotAKeyError):
        Key.of("0123456789", value)


def test_an_id_of_another_form_is_no_key() -> None:
    with pytest.raises(NotAKeyError):
        Key.of("short", record())


def test_a_scope_of_a_later_version_allows_nothing_here() -> None:
    assert Key.of("0123456789", record(scopes=["scans", "moon"])).scopes == {Scope.SCANS}


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert Key.of("0123456789", record(colour="blue")).made_ms == 1


def test_a_key_opens_until_it_expires_or_is_revoked() -> None:
    key = Key("0123456789", bytes(32), expires_ms=10)
    assert [key.state(now) for now in (9, 10, 11)] == [State.VALID, State.EXPIRED, State.EXPIRED]
    revoked = Key("0123456789", bytes(32), expires_ms=10, revoked_ms=5)
    assert {revoked.state(now) for now in (0, 20)} == {State.REVOKED}
    assert Key("0123456789", None).state(0) is State.REVOKED
