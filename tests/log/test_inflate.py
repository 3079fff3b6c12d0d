"""What producers have compressed is inflated as aiokafka does it, and never beyond its bound."""

import gzip
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import cramjam
import pytest
from aiokafka import codec as aiokafkas
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain._records import CorruptBatch
from tracker.log.inflate import inflate

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
SMALL_MEMBERS_S_MAX: Final = 8.0
"""Twenty times what it takes."""
Encode = Callable[[bytes], bytes]

ENCODERS: Final[list[tuple[int, Encode]]] = [
    (GZIP, aiokafkas.gzip_encode),
    (GZIP, lambda content: gzip.compress(content[:7]) + gzip.compress(content[7:]) + bytes(5)),
    (SNAPPY, aiokafkas.snappy_encode),
    (SNAPPY, lambda content: aiokafkas.snappy_encode(content, xerial_blocksize=10)),
    (SNAPPY, lambda content: aiokafkas.snappy_encode(content, xerial_compatible=False)),
    (LZ4, aiokafkas.lz4_encode),
    (LZ4, lambda content: bytes(cramjam.lz4.compress(content[:7])) + bytes(cramjam.lz4.compress(content[7:]))),
    (ZSTD, aiokafkas.zstd_encode),
    (ZSTD, lambda content: bytes(cramjam.zstd.compress(content[:7])) + bytes(cramjam.zstd.compress(content[7:]))),
]
by_every_encoder = pytest.mark.parametrize(("codec", "encode"), ENCODERS)


@by_every_encoder
@given(content=st.binary(min_size=1, max_size=100), more=st.integers(0, 50))
def test_it_gives_what_was_compressed_if_it_may_be_as_long(
    codec: int, encode: Encode, content: bytes, more: int
) -> None:
    assert inflate(codec, memoryview(encode(content)), len(content) + more) == content


@by_every_encoder
@given(content=st.binary(min_size=1, max_size=100), less=st.integers(1, 100))
def test_it_gives_nothing_of_what_is_longer_than_it_may_be(
    codec: int, encode: Encode, content: bytes, less: int
) -> None:
    assert inflate(codec, memoryview(encode(content)), max(0, len(content) - less)) is None


@pytest.mark.slow
@by_every_encoder
def test_megabytes_are_given_too(codec: int, encode: Encode) -> None:
    content = b"".join(b"%d" % number for number in range(700_000))
    assert inflate(codec, memoryview(encode(content)), len(content)) == content
    assert inflate(codec, memoryview(encode(content)), len(content) - 1) is None


def test_thousands_of_small_members_take_no_longer_than_their_bytes() -> None:
    """Each that copied all that is behind it would take minutes."""
    members = gzip.compress(b"x") * 50_000 + bytes(1_000)
    began_s = time.perf_counter()
    assert inflate(GZIP, memoryview(members), 50_000) == b"x" * 50_000
    assert inflate(GZIP, memoryview(members), 49_999) is None
    assert time.perf_counter() - began_s < SMALL_MEMBERS_S_MAX


@by_every_encoder
@given(data=st.data())
def test_damaged_bytes_are_corrupt_or_give_no_more_than_they_may(codec: int, encode: Encode, data: Any) -> None:
    payload = bytearray(encode(b"A parcel is a parcel is a parcel" * 3))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(payload[: data.draw(st.integers(0, len(payload)))])
    try:
        found = inflate(codec, memoryview(cut), 200)
    except CorruptBatch:
        return
    assert found is None or len(found) <= 200


@pytest.mark.parametrize("codec", [-1, 0, 5, 7])
def test_a_codec_that_kafka_has_not_is_corrupt(codec: int) -> None:
    with pytest.raises(CorruptBatch, match=f"unknown compression {codec}"):
        inflate(codec, memoryview(b"x"), 100)


BOMBS: Final = """
import resource, zlib
import cramjam
from tracker.log.inflate import inflate

MIB = 1 << 20

def gzip_bomb():
    compressor = zlib.compressobj(wbits=31)
    return b"".join([*(compressor.compress(bytes(MIB)) for _ in range(256)), compressor.flush()])

def bomb_of(codec):
    one = bytes(codec.compress(bytes(MIB)))
    return one * 256  # Frames behind one another are one stream.

bombs = {
    1: gzip_bomb(),
    2: b"\\x80\\x80\\x80\\x80\\x01" + b"\\x00x" + b"\\xfe\\x01\\x00" * 100_000,
    3: bomb_of(cramjam.lz4),
    4: bomb_of(cramjam.zstd),
}
for codec, bomb in bombs.items():
    assert inflate(codec, memoryview(bomb), 100) is None  # Everything is imported and allocated once.
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for codec, bomb in bombs.items():
    assert inflate(codec, memoryview(bomb), 4 * MIB) is None, codec
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_bomb_of_256_mib_takes_no_more_memory_than_its_bound() -> None:
    done = subprocess.run([sys.executable, "-c", BOMBS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16 * 1_024  # KiB: the bound of 4 MiB, and what was given back meanwhile.
