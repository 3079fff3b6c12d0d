"""Kafka's murmur2 against the vectors of its Java client's own tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.partition import murmur2, partition_of


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
def test_every_key_has_a_partition_that_exists(key: bytes, count: int) -> None:
    assert 0 <= partition_of(key, count) < count
