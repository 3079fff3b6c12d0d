"""The packed commands are what hiredis packs of the same arguments."""

from random import Random

from hiredis import pack_command
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import _resp

KEYS = st.one_of(st.binary(max_size=12), st.integers(1, 120).map(lambda length: b"k" * length))
VALUES = st.one_of(st.binary(max_size=12), st.sampled_from([9, 10, 99, 100, 999, 1000, 70_000]).map(lambda n: b"v" * n))


@given(KEYS, st.lists(KEYS, max_size=20))
def test_mget_is_what_hiredis_packs(prefix: bytes, keys: list[bytes]) -> None:
    assert _resp.pack_mget(prefix, keys) == pack_command(("MGET", *[prefix + key for key in keys]))  # type: ignore[arg-type]


@given(KEYS, st.dictionaries(KEYS, VALUES, max_size=20), st.randoms(use_true_random=False), st.integers(1, 10**9))
def test_writes_are_what_hiredis_packs(prefix: bytes, values: dict[bytes, bytes], random: Random, ttl_s: int) -> None:
    final = frozenset(key for key in values if random.random() < 0.3)
    expected = [("SET", prefix + key, values[key], "EX", ttl_s) for key in final]
    if staying := [part for key, value in values.items() if key not in final for part in (prefix + key, value)]:
        expected.append(("MSET", *staying))
    packed, commands = _resp.pack_writes(prefix, values, final, ttl_s)
    assert packed == b"".join(pack_command(command) for command in expected)  # type: ignore[arg-type]
    assert commands == len(expected)
