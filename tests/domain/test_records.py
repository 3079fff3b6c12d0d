"""The walker over Kafka's bytes, held against aiokafka's own reader, and against bytes that no broker sends."""

import struct
from dataclasses import dataclass
from typing import Any, Final

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import compiled
from tracker.domain import _records
from tracker.domain._records import CorruptBatch, LargeBatch
from tracker.process.faust.fetch import WholeFetch

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
LOG_APPEND_TIME, CONTROL = 0x08, 0x20
CRC_AT, ATTRIBUTES_AT, LAST_DELTA_AT, MAX_TIMESTAMP_AT, COUNT_AT, HEADER = 17, 21, 23, 35, 57, 61
BASE_MS: Final = 1_700_000_000_000

Shown = tuple[int, int, bytes | None, bytes | None]
"""Offset, timestamp, key and value: what a consumer sees of a record."""


@dataclass(frozen=True)
class Drawn:
    """A batch: producer -1 is none; an abort or commit marker where `marker` says so."""

    base: int
    records: tuple[tuple[int, int, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]], ...]
    gap: int = 0
    compression: int = 0
    producer: int = -1
    log_append_time: bool = False
    marker: str | None = None

    @property
    def end(self) -> int:
        return self.base + self.records[-1][0] + 1 + self.gap

    def built(self) -> bytes:
        """Its bytes, as a broker stores them."""
        builder = DefaultRecordBatchBuilder(
            magic=2,
            compression_type=self.compression,
            is_transactional=self.producer >= 0,
            producer_id=self.producer,
            producer_epoch=0 if self.producer >= 0 else -1,
            base_sequence=-1,
            batch_size=1 << 24,
        )
        for delta, timestamp, key, value, headers in self.records:
            assert builder.append(delta, timestamp, key, value, list(headers)) is not None
        content = bytearray(builder.build())
        struct.pack_into(">q", content, 0, self.base)
        struct.pack_into(">i", content, LAST_DELTA_AT, self.records[-1][0] + self.gap)
        if self.log_append_time:
            content[ATTRIBUTES_AT + 1] |= LOG_APPEND_TIME
            struct.pack_into(">q", content, MAX_TIMESTAMP_AT, BASE_MS + 77)
        if self.marker is not None:
            content[ATTRIBUTES_AT + 1] |= CONTROL
        return sealed(content)


def sealed(content: bytearray) -> bytes:
    """The batch with the checksum of what it holds now."""
    struct.pack_into(">I", content, CRC_AT, calc_crc32c(bytes(content[ATTRIBUTES_AT:])))
    return bytes(content)


def marker(base: int, producer: int, kind: str) -> Drawn:
    """The control batch that ends a transaction."""
    key = struct.pack(">hh", 0, 0 if kind == "abort" else 1)
    return Drawn(base, ((0, BASE_MS, key, struct.pack(">hi", 0, 0), ()),), producer=producer, marker=kind)


texts = st.one_of(st.none(), st.binary(max_size=40), st.sampled_from((b"", b"x" * 200)))
headers = st.lists(st.tuples(st.text(max_size=5), texts), max_size=2).map(tuple)


@st.composite
def plain(draw: st.DrawFn, base: int, producer: int = -1) -> Drawn:
    """A batch of records with gaps between and behind them, as compaction leaves."""
    steps = draw(st.lists(st.sampled_from((1, 1, 1, 2, 70)), min_size=1, max_size=6))
    deltas = [sum(steps[:i]) for i in range(len(steps))]
    moments = [BASE_MS + draw(st.sampled_from((0, 5, -5, 3_600_000))) for _ in steps]
    records = [
        (delta, moment, draw(texts), draw(texts), draw(headers)) for delta, moment in zip(deltas, moments, strict=True)
    ]
    return Drawn(
        base,
        tuple(records),
        gap=draw(st.sampled_from((0, 0, 0, 3))),
        compression=draw(st.sampled_from((0, 0, GZIP, SNAPPY, LZ4, ZSTD))),
        producer=producer,
        log_append_time=draw(st.booleans()),
    )


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Drawn], list[tuple[int, int]]]:
    """Batches of a partition, with transactions of two producers among them, and the transactions that were aborted."""
    batches: list[Drawn] = []
    aborted: list[tuple[int, int]] = []
    open_since: dict[int, int] = {}
    base = draw(st.sampled_from((0, 1, 10_000, 2**40)))
    for _ in range(draw(st.integers(1, 10))):
        producer = draw(st.sampled_from((-1, -1, 7, 8)))
        if producer in open_since and draw(st.booleans()):
            kind = draw(st.sampled_from(("abort", "commit")))
            begun = open_since.pop(producer)
            if kind == "abort":
                aborted.append((producer, begun))
            batch = marker(base, producer, kind)
        else:
            batch = draw(plain(base, producer))
            if producer >= 0:
                open_since.setdefault(producer, base)
        batches.append(batch)
        base = batch.end + draw(st.sampled_from((0, 0, 0, 5)))
    return batches, aborted


def seen(
    content: bytes, first: int, aborted: list[tuple[int, int]] | None = None, inflate_bytes: int = 1_000_000
) -> tuple[list[Shown], int]:
    """What the walker finds: the records, and the offset behind."""
    fetched = WholeFetch(first, content, tuple(aborted or ()), inflate_bytes).walked()
    records = []
    for i in range(_records.count(fetched.records)):
        offset, timestamp, key_at, key_length, at, length = _records.record(fetched.records, i)
        assert key_length <= 0 or 0 <= key_at <= len(fetched.buffer) - key_length
        assert length <= 0 or 0 <= at <= len(fetched.buffer) - length
        key = None if key_length < 0 else fetched.buffer[key_at : key_at + key_length]
        records.append((offset, timestamp, key, None if length < 0 else fetched.buffer[at : at + length]))
    return records, fetched.end


def seen_by_aiokafka(content: bytes, first: int, aborted: list[tuple[int, int]]) -> tuple[list[Shown], int]:
    """What aiokafka's reader finds in the same bytes."""
    reader: Any = fetcher.PartitionRecords(
        TopicPartition("other", 0), MemoryRecords(content), aborted, first, None, None, True, fetcher.READ_COMMITTED
    )
    return [(one.offset, one.timestamp, one.key, one.value) for one in reader], reader.next_fetch_offset


@given(st.data())
def test_any_fetch_is_read_as_aiokafka_reads_it(data: st.DataObject) -> None:
    batches, aborted = data.draw(logs())
    first = data.draw(st.integers(batches[0].base, batches[0].end - 1))
    content = b"".join(batch.built() for batch in batches)
    cut = data.draw(st.integers(0, len(batches[-1].built())))
    content = content[: len(content) - cut]
    assert seen(content, first, aborted) == seen_by_aiokafka(content, first, aborted)


@given(logs())
def test_a_fetch_ends_where_its_extent_says(log: tuple[list[Drawn], list[tuple[int, int]]]) -> None:
    batches, aborted = log
    content = b"".join(batch.built() for batch in batches)
    assert _records.extent(content) == batches[-1].end == seen(content, batches[0].base, aborted)[1]
    assert _records.extent(content[:-1]) == (batches[-2].end if len(batches) > 1 else None)


def test_of_an_aborted_transaction_nothing_is_seen_and_the_end_is_behind_its_marker() -> None:
    gone = Drawn(10, ((0, BASE_MS, b"k", b"gone", ()),), producer=7)
    kept = Drawn(12, ((0, BASE_MS, b"k", b"kept", ()),), producer=7)
    content = b"".join(batch.built() for batch in (gone, marker(11, 7, "abort"), kept, marker(13, 7, "commit")))
    assert seen(content, 10, [(7, 10)]) == ([(12, BASE_MS, b"k", b"kept")], 14)


def test_a_fetch_without_a_whole_batch_ends_where_it_began() -> None:
    content = SMALL.built()
    for cut in (0, 1, HEADER - 1, HEADER, len(content) - 1):
        assert seen(content[:cut], 40) == ([], 40)
        assert _records.extent(content[:cut]) is None


SMALL: Final = Drawn(
    40, ((0, BASE_MS, b"P1", b'{"a":1}', ()), (1, BASE_MS + 5, None, None, (("h", b"x"),)), (2, BASE_MS, b"", b"", ()))
)
WHOLE: Final = SMALL.built()


@pytest.mark.parametrize("compression", [0, GZIP, SNAPPY, LZ4, ZSTD])
def test_a_batch_with_any_byte_changed_is_corrupt_or_reads_the_same(compression: int) -> None:
    content = Drawn(40, SMALL.records, compression=compression).built()
    expected = seen(content, 40)
    for at in range(8, len(content)):  # The base offset, the first 8 bytes, is the broker's and under no checksum.
        for mask in (0x01, 0x80, 0xFF):
            changed = bytearray(content)
            changed[at] ^= mask
            try:
                found = seen(bytes(changed), 40)
            except CorruptBatch:
                continue
            # A length that points behind the end makes it look cut off; then nothing is taken, and nothing passed over.
            assert found in (expected, ([], 40)), (at, mask)
            assert found == expected or 8 <= at < 12


def test_a_batch_with_any_byte_changed_under_a_right_checksum_never_leads_outside_of_its_bytes() -> None:
    corrupt = 0
    for at in range(8, len(WHOLE)):
        for value in (0x00, 0x01, 0x7F, 0x80, 0xFF, WHOLE[at] ^ 0x02):
            changed = bytearray(WHOLE)
            changed[at] = value
            try:
                records, _ = seen(sealed(changed), 40)  # Checks each position against the buffer.
            except CorruptBatch:
                corrupt += 1
            else:
                assert len(records) <= len(WHOLE)
    assert corrupt > 50


@given(st.binary(min_size=1, max_size=80), st.integers(0, 200))
def test_garbage_under_a_right_checksum_is_corrupt_or_read_within_its_bytes(garbage: bytes, count: int) -> None:
    content = bytearray(WHOLE[:HEADER] + garbage)
    struct.pack_into(">i", content, 8, len(content) - 12)
    struct.pack_into(">i", content, COUNT_AT, count)
    try:
        records, _ = seen(sealed(content), 0)
    except CorruptBatch:
        return
    assert len(records) == count


def test_a_count_below_zero_does_not_make_room_for_the_records_of_another_batch() -> None:
    negative = bytearray(WHOLE)
    struct.pack_into(">i", negative, COUNT_AT, -3)
    behind = Drawn(43, SMALL.records).built()
    with pytest.raises(CorruptBatch, match="-3 records"):
        seen(sealed(negative) + behind, 40)


def test_more_records_than_bytes_are_refused_before_memory_is_taken_for_them() -> None:
    many = bytearray(WHOLE)
    struct.pack_into(">i", many, COUNT_AT, 2**31 - 1)
    with pytest.raises(CorruptBatch, match="announced"):
        seen(sealed(many), 40)


@pytest.mark.parametrize("magic", [0, 1, 3])
def test_another_format_is_named(magic: int) -> None:
    other = bytearray(WHOLE)
    other[16] = magic
    with pytest.raises(CorruptBatch, match=f"expected format 2, got {magic}"):
        seen(bytes(other), 40)


@pytest.mark.parametrize("codec", [5, 6, 7])
def test_an_unknown_compression_is_named(codec: int) -> None:
    other = bytearray(WHOLE)
    other[ATTRIBUTES_AT + 1] |= codec
    with pytest.raises(CorruptBatch, match=f"unknown compression {codec}"):
        seen(sealed(other), 40)


@pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD])
def test_what_does_not_decompress_is_corrupt(codec: int) -> None:
    other = bytearray(WHOLE)
    other[ATTRIBUTES_AT + 1] |= codec
    with pytest.raises(CorruptBatch, match=f"codec {codec}"):
        seen(sealed(other), 40)


@pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD])
def test_what_takes_too_much_is_left_for_the_next_fetch_and_is_an_error_where_it_comes_first(codec: int) -> None:
    def drawn(base: int) -> bytes:
        return Drawn(base, ((0, BASE_MS, None, b"x" * 1_000, ()),), compression=codec).built()

    one, two, bytes_of_one = drawn(40), drawn(41), 1_000 + 9
    whole = [(offset, BASE_MS, None, b"x" * 1_000) for offset in (40, 41)]
    assert seen(one + two, 40, inflate_bytes=2 * bytes_of_one) == (whole, 42)
    assert seen(one + two, 40, inflate_bytes=2 * bytes_of_one - 1) == (whole[:1], 41)
    # The next fetch begins there; what stands before it is not inflated again.
    assert seen(one + two, 41, inflate_bytes=bytes_of_one) == (whole[1:], 42)
    assert seen(WHOLE + drawn(43), 40, inflate_bytes=bytes_of_one - 1)[1] == 43
    with pytest.raises(LargeBatch, match=f"batch at offset 40 to 40: .* more than {bytes_of_one - 1} bytes"):
        seen(one + two, 40, inflate_bytes=bytes_of_one - 1)


def test_a_record_is_found_by_its_offset_and_only_by_that() -> None:
    _, packed, _ = compiled.walk(compiled.batch((offset, BASE_MS, None, b"{}") for offset in (3, 4, 9)))
    assert [_records.index_of(packed, offset) for offset in (3, 4, 9)] == [0, 1, 2]
    for offset in (0, 5, 10):
        with pytest.raises(KeyError):
            _records.index_of(packed, offset)
    with pytest.raises(KeyError):
        _records.index_of(b"", 0)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            _records.record(packed, index)
