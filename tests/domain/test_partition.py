"""Kafka's murmur2: a plain one against the vectors of its Java client's tests, and the compiled one against that."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.partition import partition_of

BITS_32: Final = 0xFFFFFFFF
MULTIPLIER: Final = 0x5BD1E995


def murmur2(key: bytes) -> int:
    """Kafka's hash of a key, unsigned."""
    whole = len(key) & ~3
    h = 0x9747B28C ^ len(key)
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * MULTIPLIER & BITS_32
        k = (k ^ k >> 24) * MULTIPLIER & BITS_32
        h = (h * MULTIPLIER & BITS_32) ^ k
    if whole < len(key):
        h = (h ^ int.from_bytes(key[whole:], "little")) * MULTIPLIER & BITS_32
    h = (h ^ h >> 13) * MULTIPLIER & BITS_32
    return h ^ h >> 15


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_the_one_of_the_java_client(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


@given(st.binary(max_size=80), st.integers(1, 1024))
def test_a_keys_partition_is_its_hash_made_positive_modulo_the_count(key: bytes, count: int) -> None:
    assert partition_of(key, count) == (murmur2(key) & 0x7FFFFFFF) % count
