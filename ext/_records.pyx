# Walks the bytes that a Kafka fetch returns for one partition, without an object a record.
#
# Record batch, format v2 (big endian; Kafka protocol, "Record Batch"):
#
#    0 baseOffset          int64     23 lastOffsetDelta  int32
#    8 batchLength         int32     27 baseTimestamp    int64   length counts from byte 12 on
#   12 partitionLeaderEpoch int32    35 maxTimestamp     int64
#   16 magic               int8      43 producerId       int64
#   17 crc                 uint32    51 producerEpoch    int16   CRC-32C of byte 21 to the end
#   21 attributes          int16     53 baseSequence     int32
#                                    57 records          int32   then the records, maybe compressed
#
#   attributes: bits 0-2 compression, 3 timestamp is log append time, 4 transactional, 5 control.
#   record: length varint, attributes int8, timestampDelta varint, offsetDelta varint, key varint length + bytes,
#   value varint length + bytes, headers varint count + ...; varints are zigzag, length -1 is null.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from records cimport record_t

cdef enum:
    HEADER = 61
    RECORD_BYTES_MIN = 7  # length, attributes, two deltas, no key, no value, no headers
    LENGTH_AT = 8
    LENGTH_FROM = 12
    MAGIC_AT = 16
    CRC_AT = 17
    ATTRIBUTES_AT = 21
    LAST_DELTA_AT = 23
    BASE_TIMESTAMP_AT = 27
    MAX_TIMESTAMP_AT = 35
    PRODUCER_AT = 43
    COUNT_AT = 57
    COMPRESSION = 0x07
    LOG_APPEND_TIME = 0x08
    TRANSACTIONAL = 0x10
    CONTROL = 0x20


class CorruptBatch(Exception):
    """A batch that can't be what the broker stored: wrong checksum, wrong format, lengths that don't fit."""


class LargeBatch(Exception):
    """A batch whose compressed records take more than they may."""


cdef inline uint32_t _u32(const uint8_t* p) noexcept nogil:
    return (<uint32_t>p[0] << 24) | (<uint32_t>p[1] << 16) | (<uint32_t>p[2] << 8) | p[3]


cdef inline int64_t _i64(const uint8_t* p) noexcept nogil:
    return <int64_t>((<uint64_t>_u32(p) << 32) | _u32(p + 4))


cdef inline const uint8_t* _varint(const uint8_t* p, const uint8_t* end, int64_t* value) noexcept nogil:
    """Reads a zigzag varint; the pointer behind it, or NULL where it doesn't end in time."""
    cdef uint64_t raw = 0
    cdef int shift = 0
    while p < end and shift < 70:
        raw |= <uint64_t>(p[0] & 0x7f) << shift
        if p[0] < 0x80:
            value[0] = <int64_t>(raw >> 1) ^ -<int64_t>(raw & 1)
            return p + 1
        shift += 7
        p += 1
    return NULL


cdef inline const uint8_t* _span(
    const uint8_t* p, const uint8_t* end, const uint8_t* base, int32_t* at, int32_t* length
) noexcept nogil:
    """Reads a length and as many bytes; the pointer behind them, or NULL."""
    cdef int64_t size = 0
    p = _varint(p, end, &size)
    if p == NULL or size < -1 or size > end - p:
        return NULL
    at[0] = <int32_t>(p - base)
    length[0] = <int32_t>size
    return p + (size if size > 0 else 0)


cdef struct _header_t:
    int64_t base_offset
    int64_t base_timestamp
    int64_t log_timestamp  # -1: each record has its own
    int32_t count


cdef int32_t _walk(
    const uint8_t* base, const uint8_t* p, const uint8_t* end, const _header_t* batch, int64_t first, record_t* out
) noexcept nogil:
    """Reads a batch's records from offset first on into out; how many, or -1 where the bytes don't fit."""
    cdef int32_t found = 0
    cdef int32_t i
    cdef int64_t size = 0
    cdef int64_t timestamp = 0
    cdef int64_t delta = 0
    cdef const uint8_t* stop
    for i in range(batch.count):
        p = _varint(p, end, &size)
        if p == NULL or size < 1 or size > end - p:
            return -1
        stop = p + size
        p = _varint(p + 1, stop, &timestamp)
        if p != NULL:
            p = _varint(p, stop, &delta)
        if p == NULL:
            return -1
        out[found].offset = batch.base_offset + delta
        out[found].timestamp = batch.base_timestamp + timestamp if batch.log_timestamp < 0 else batch.log_timestamp
        p = _span(p, stop, base, &out[found].key_at, &out[found].key_length)
        if p != NULL:
            p = _span(p, stop, base, &out[found].value_at, &out[found].value_length)
        if p == NULL:
            return -1
        if out[found].offset >= first:
            found += 1
        p = stop
    return found


cdef class _Aborted:
    """Which transactional batches were aborted: the broker's list of (producer, first offset), ended by abort markers."""

    cdef list ahead
    cdef set producers

    def __init__(self, aborted):
        self.ahead = sorted(aborted, key=lambda pair: pair[1])
        self.producers = set()

    cdef bint covers(self, int64_t producer, int64_t offset):
        while self.ahead and self.ahead[0][1] <= offset:
            self.producers.add(self.ahead.pop(0)[0])
        return producer in self.producers

    cdef void ends(self, int64_t producer):
        self.producers.discard(producer)


def extent(bytes fetched not None):
    """The offset behind the last complete batch of fetched bytes; None where no batch is complete."""
    cdef const uint8_t* base = <const uint8_t*>PyBytes_AS_STRING(fetched)
    cdef const uint8_t* p = base
    cdef const uint8_t* end = base + PyBytes_GET_SIZE(fetched)
    cdef int64_t after = -1
    cdef int64_t size
    while end - p >= HEADER:
        size = <int64_t><int32_t>_u32(p + LENGTH_AT) + LENGTH_FROM
        if size < HEADER or size > end - p:
            break
        after = _i64(p) + <int32_t>_u32(p + LAST_DELTA_AT) + 1
        p += size
    return None if after < 0 else after


def walk(bytes fetched not None, int64_t first, aborted, crc32c, inflate, Py_ssize_t inflated_max):
    """Finds the records of a fetch that a read-committed consumer sees.

    Args:
        fetched: record batches as the broker sent them; the last may be cut off.
        first: offset of the first record that is wanted.
        aborted: pairs (producer id, first offset) of aborted transactions, from the fetch response.
        crc32c: gives the CRC-32C of a memoryview.
        inflate: (codec number 1-4, memoryview, the most that it may give) -> bytes, or None where that is not enough.
        inflated_max: the most that compressed records may take. It ends before the first batch with which they take more.

    Returns:
        (buffer, records, after): record_t entries packed in bytes, whose positions point into buffer, and the
        offset behind the last batch that was walked (first, where there is none).

    Raises:
        CorruptBatch: checksum, format or lengths are wrong.
        LargeBatch: it would end before the first batch with a wanted record.
    """
    cdef const uint8_t* base = <const uint8_t*>PyBytes_AS_STRING(fetched)
    cdef Py_ssize_t end = PyBytes_GET_SIZE(fetched)
    cdef Py_ssize_t at = 0
    cdef int64_t after = first
    cdef int64_t before
    cdef int64_t size, producer, total = 0
    cdef int32_t count
    cdef int attributes
    cdef _header_t batch
    cdef _Aborted gone = _Aborted(aborted)
    cdef list plan = []
    cdef list inflated = []
    cdef Py_ssize_t inflated_size = 0
    cdef bytes payload
    view = memoryview(fetched)
    while end - at >= HEADER:
        size = <int64_t><int32_t>_u32(base + at + LENGTH_AT) + LENGTH_FROM
        if size < HEADER:
            raise CorruptBatch(f"batch at offset {_i64(base + at)}: length {size} is shorter than a header")
        if size > end - at:
            break
        if base[at + MAGIC_AT] != 2:
            raise CorruptBatch(f"batch at offset {_i64(base + at)}: expected format 2, got {base[at + MAGIC_AT]}")
        if crc32c(view[at + ATTRIBUTES_AT : at + size]) != _u32(base + at + CRC_AT):
            raise CorruptBatch(f"batch at offset {_i64(base + at)}: wrong CRC-32C")
        batch.base_offset = _i64(base + at)
        attributes = base[at + ATTRIBUTES_AT + 1]
        before = after
        after = batch.base_offset + <int32_t>_u32(base + at + LAST_DELTA_AT) + 1
        producer = _i64(base + at + PRODUCER_AT)
        if attributes & CONTROL:
            if gone.covers(producer, batch.base_offset):
                gone.ends(producer)
        elif after > first and not (attributes & TRANSACTIONAL and gone.covers(producer, batch.base_offset)):
            count = <int32_t>_u32(base + at + COUNT_AT)
            if count < 0:
                raise CorruptBatch(f"batch at offset {batch.base_offset}: {count} records")
            payload = fetched
            if attributes & COMPRESSION:
                payload = inflate(attributes & COMPRESSION, view[at + HEADER : at + size], inflated_max - inflated_size)
                if payload is None and before > first:
                    after = before
                    break
                if payload is None:
                    raise LargeBatch(
                        f"batch at offset {batch.base_offset} to {after - 1}: its records take more than {inflated_max} bytes"
                    )
                inflated.append(payload)
                inflated_size += PyBytes_GET_SIZE(payload)
            total += count
            plan.append((at, size, payload if attributes & COMPRESSION else None))
        at += size
    return _collect(fetched, first, plan, inflated, total), after


cdef _collect(bytes fetched, int64_t first, list plan, list inflated, int64_t total):
    """Walks the planned batches: (buffer, packed record_t)."""
    cdef bytes buffer = fetched
    cdef Py_ssize_t behind = 0
    if inflated:
        # One address space: what was fetched, then what was inflated.
        buffer = b"".join([fetched, *inflated])
        behind = PyBytes_GET_SIZE(fetched)
    if PyBytes_GET_SIZE(buffer) > INT32_MAX:
        raise CorruptBatch(f"{PyBytes_GET_SIZE(buffer)} bytes of records in one fetch: positions have 31 bits")
    if total > PyBytes_GET_SIZE(buffer) // RECORD_BYTES_MIN:
        raise CorruptBatch(f"{total} records announced in {PyBytes_GET_SIZE(buffer)} bytes")
    cdef const uint8_t* base = <const uint8_t*>PyBytes_AS_STRING(buffer)
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, total * sizeof(record_t))
    cdef record_t* out = <record_t*>PyBytes_AS_STRING(packed)
    cdef Py_ssize_t at, size, begin, length
    cdef int32_t found
    cdef int64_t done = 0
    cdef _header_t batch
    for at, size, payload in plan:
        batch.base_offset = _i64(base + at)
        batch.base_timestamp = _i64(base + at + BASE_TIMESTAMP_AT)
        batch.log_timestamp = -1
        if base[at + ATTRIBUTES_AT + 1] & LOG_APPEND_TIME:
            batch.log_timestamp = _i64(base + at + MAX_TIMESTAMP_AT)
        batch.count = <int32_t>_u32(base + at + COUNT_AT)
        begin, length = at + HEADER, size - HEADER
        if payload is not None:
            begin, length = behind, PyBytes_GET_SIZE(payload)
            behind += length
        with nogil:
            found = _walk(base, base + begin, base + begin + length, &batch, first, out + done)
        if found < 0:
            raise CorruptBatch(f"batch at offset {batch.base_offset}: a record does not fit its length")
        done += found
    return buffer, packed[: done * sizeof(record_t)]


def record(bytes packed not None, Py_ssize_t index):
    """One of the packed records: (offset, timestamp, key_at, key_length, value_at, value_length)."""
    if not 0 <= index < PyBytes_GET_SIZE(packed) // <Py_ssize_t>sizeof(record_t):
        raise IndexError(index)
    cdef const record_t* r = <const record_t*>PyBytes_AS_STRING(packed) + index
    return r.offset, r.timestamp, r.key_at, r.key_length, r.value_at, r.value_length


def index_of(bytes packed not None, int64_t offset):
    """The index of the packed record with an offset.

    Raises:
        KeyError: there is none.
    """
    cdef const record_t* records = <const record_t*>PyBytes_AS_STRING(packed)
    cdef Py_ssize_t low = 0
    cdef Py_ssize_t high = PyBytes_GET_SIZE(packed) // <Py_ssize_t>sizeof(record_t)
    cdef Py_ssize_t end = high
    cdef Py_ssize_t middle
    while low < high:
        middle = (low + high) // 2
        if records[middle].offset < offset:
            low = middle + 1
        else:
            high = middle
    if low == end or records[low].offset != offset:
        raise KeyError(offset)
    return low


def count(bytes packed not None):
    """How many records are packed."""
    return PyBytes_GET_SIZE(packed) // <Py_ssize_t>sizeof(record_t)
