"""The packed commands are what hiredis packs of the same arguments."""

from typing import Any

from hiredis import pack_command
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import _resp

KEYS = st.one_of(st.binary(max_size=12), st.integers(1, 120).map(lambda length: b"k" * length))
VALUES = st.one_of(st.binary(max_size=12), st.sampled_from([9, 10, 99, 100, 999, 1000, 70_000]).map(lambda n: b"v" * n))


def packed(name: str, arguments: list[bytes]) -> bytes:
    command: tuple[Any, ...] = (name, *arguments)
    result: bytes = pack_command(command)
    return result


@given(KEYS, st.lists(KEYS, max_size=20))
def test_mget_is_what_hiredis_packs(prefix: bytes, keys: list[bytes]) -> None:
    assert _resp.pack_mget(prefix, keys) == packed("MGET", [prefix + key for key in keys])


@given(KEYS, st.dictionaries(KEYS, VALUES, max_size=20))
def test_mset_is_what_hiredis_packs(prefix: bytes, values: dict[bytes, bytes]) -> None:
    pairs = [part for key, value in values.items() for part in (prefix + key, value)]
    assert _resp.pack_mset(prefix, values) == packed("MSET", pairs)
