# Reads scans out of Kafka records, a batch at a time (docs/fold.md, section 1).
#
# The fast reader takes JSON objects with known keys and strings without escapes, in any order and spacing, with `data` as
# json_compact.pxd takes it, and either understands a scan completely or leaves it alone. What it leaves goes to
# tracker.domain.scan, which is slow, complete and alone decides why a scan is rejected. Differential tests hold the two together.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from barcode cimport (
    BARCODE_RECOGNISED, barcode_aliases_t, barcode_api, barcode_api_t, barcode_site_t, barcode_t, recogniser_site,
)
from clock cimport TIME_LOCAL, TIME_ZONED, parse_time
from hashing cimport fnv_begin, fnv_more, hash64, id_number, partition_of
from json_compact cimport compact_t, copy_object, span_t
from json_text cimport nesting, cursor_t, read_string, read_whole, skip_blanks
from records cimport record_t
from scan cimport (
    KIND_CORRECT, KIND_UNDO, NO_KIND, SCAN_HAS_BLANKS, SCAN_HAS_DATA, SCAN_HAS_ID, SCAN_HAS_RECEIVED, SCAN_HAS_TARGET,
    SCAN_RECEIVED_LATE, SCAN_SKEWED, SCAN_TARGET_IS_CODE, scan_t, text_of,
)

from tracker import limits
from tracker.domain import machine
from tracker.domain.aliases import Announcement
from tracker.domain.errors import Rejection
from tracker.domain.numbers import compare

cdef enum read_t:
    READ_NOTHING  # it is the slow reader's
    READ_SCAN
    READ_ANNOUNCEMENT

cdef enum:
    FIELD_PARCEL = 0x01
    FIELD_BARCODE = 0x02
    FIELD_BARCODES = 0x04
    FIELD_EVENT = 0x08
    FIELD_TIME = 0x10
    FIELD_SITE = 0x20
    FIELD_DEVICE = 0x40
    FIELD_SEQ = 0x80
    FIELD_ID = 0x100
    FIELD_ALIAS = 0x200
    FIELD_RECEIVED = 0x400
    FIELD_CONTAINER = 0x800
    FIELD_DATA = 0x1000
    ANNOUNCEMENT = FIELD_ALIAS | FIELD_PARCEL | FIELD_TIME
    READS_MAX = 32  # limits.BARCODES_MAX

cdef const barcode_api_t* BARCODE = barcode_api()
cdef int32_t SCAN_BYTES_MAX = limits.SCAN_BYTES_MAX
cdef int32_t SITE_BYTES_MAX = limits.SITE_BYTES_MAX
cdef int32_t DEVICE_BYTES_MAX = limits.DEVICE_BYTES_MAX
cdef int32_t CONTAINER_BYTES_MAX = limits.CONTAINER_BYTES_MAX
cdef int32_t DATA_BYTES_MAX = limits.DATA_BYTES_MAX
cdef int32_t ID_BYTES_MAX = limits.ID_BYTES_MAX
cdef int32_t PARCEL_ID_BYTES_MAX = limits.PARCEL_ID_BYTES_MAX
cdef int64_t SEQ_MAX = limits.SEQ_MAX
cdef int64_t EPOCH_SECONDS_MIN = limits.EPOCH_SECONDS_MIN
cdef int64_t EPOCH_SECONDS_MAX = limits.EPOCH_SECONDS_MAX
cdef int64_t TIME_MS_MAX = limits.TIME_MS_MAX
cdef int64_t CLOCK_SKEW_MS_MAX = limits.CLOCK_SKEW_MS_MAX
cdef int64_t CLOCK_BEHIND_MS = limits.CLOCK_BEHIND_MS

compare({
    "limits.BARCODES_MAX": (limits.BARCODES_MAX, READS_MAX),
    "the number of UNDO": (machine.NUMBER[machine.UNDO], KIND_UNDO),
    "the number of CORRECT": (machine.NUMBER[machine.CORRECT], KIND_CORRECT),
})

cdef struct code_t:
    const unsigned char* name
    int32_t length
    uint8_t kind
    uint8_t undoes  # 1: the vocabulary says which code it takes back
    uint16_t meanings  # so many, from the first on: what it means instead, by what stands in the data of a scan
    int32_t first_meaning
    uint64_t target

cdef struct meaning_t:
    const unsigned char* words
    int32_t length
    bint is_disposition  # `disposition` is these words; otherwise `text` has them in it
    uint8_t kind

# What a scan has beside its event.
cdef struct beside_t:
    cursor_t container
    int32_t container_length
    compact_t data

# One scan's fields as they stand in its JSON. What must be 0 at first comes first: 128 bytes, few enough to be set without a loop.
cdef struct fields_t:
    int seen
    cursor_t parcel
    int32_t parcel_length
    cursor_t alias
    int32_t alias_length
    cursor_t site
    int32_t site_length
    cursor_t device
    int32_t device_length
    cursor_t event
    int32_t event_length
    int64_t time
    int64_t received
    int64_t seq
    uint64_t id
    size_t reads
    cursor_t[READS_MAX] read
    size_t[READS_MAX] read_length
    beside_t* beside


cdef inline bint _is(cursor_t text, int32_t length, const char* word, int32_t word_length) noexcept nogil:
    return length == word_length and memcmp(text, word, word_length) == 0


cdef inline bint _is_parcel_id(cursor_t text, int32_t length) noexcept nogil:
    cdef int32_t i
    cdef unsigned char c
    if length < 1 or length > PARCEL_ID_BYTES_MAX:
        return False
    for i in range(length):
        c = text[i]
        if not (0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A or 0x2D <= c <= 0x2F or c == 0x5F):
            return False
    return True


cdef inline cursor_t _add_read(cursor_t p, cursor_t end, fields_t* fields) noexcept nogil:
    """Reads a barcode as one more read of the scan."""
    cdef cursor_t text = NULL
    cdef int32_t length = 0
    if fields.reads == READS_MAX:
        return NULL
    p = read_string(p, end, &text, &length)
    if p != NULL:
        fields.read[fields.reads] = text
        fields.read_length[fields.reads] = length
        fields.reads += 1
    return p


cdef cursor_t _add_reads(cursor_t p, cursor_t end, fields_t* fields) noexcept nogil:
    """Reads an array of barcodes."""
    if p >= end or p[0] != 0x5B:  # [
        return NULL
    p = skip_blanks(p + 1, end)
    while True:
        p = _add_read(p, end, fields)
        if p == NULL:
            return NULL
        p = skip_blanks(p, end)
        if p >= end:
            return NULL
        if p[0] == 0x5D:  # ]
            return p + 1
        if p[0] != 0x2C:
            return NULL
        p = skip_blanks(p + 1, end)


cdef cursor_t _read_time(cursor_t p, cursor_t end, fields_t* fields) noexcept nogil:
    cdef cursor_t text = NULL
    cdef int32_t length = 0
    if p < end and p[0] == 0x22:
        p = read_string(p, end, &text, &length)
        if p == NULL or parse_time(text, length, &fields.time) != TIME_ZONED:
            return NULL
        return p if 0 <= fields.time <= TIME_MS_MAX else NULL
    return _read_milliseconds(p, end, &fields.time)


cdef cursor_t _read_milliseconds(cursor_t p, cursor_t end, int64_t* time) noexcept nogil:
    p = read_whole(p, end, time)
    if p == NULL or time[0] > TIME_MS_MAX or EPOCH_SECONDS_MIN <= time[0] <= EPOCH_SECONDS_MAX:
        return NULL
    return p


cdef cursor_t _read_rare(
    cursor_t p, cursor_t end, cursor_t key, int32_t length, fields_t* fields, int* field
) noexcept nogil:
    """Reads the value of a key that few scans have; the pointer behind it, or NULL."""
    if _is(key, length, b"data", 4):
        field[0] = FIELD_DATA
        return copy_object(p, end, &fields.beside.data)
    if _is(key, length, b"container", 9):
        field[0] = FIELD_CONTAINER
        p = read_string(p, end, &fields.beside.container, &fields.beside.container_length)
        return p if fields.beside.container_length <= CONTAINER_BYTES_MAX else NULL
    if _is(key, length, b"alias", 5):
        field[0] = FIELD_ALIAS
        return read_string(p, end, &fields.alias, &fields.alias_length)
    return NULL


cdef cursor_t _read_field(cursor_t p, cursor_t end, cursor_t key, int32_t length, fields_t* fields) noexcept nogil:
    """Reads the value of a known key; the pointer behind it, or NULL."""
    cdef cursor_t text = NULL
    cdef int32_t text_length = 0
    cdef int field = 0
    if _is(key, length, b"event", 5):
        field = FIELD_EVENT
        p = read_string(p, end, &fields.event, &fields.event_length)
    elif _is(key, length, b"time", 4):
        field = FIELD_TIME
        p = _read_time(p, end, fields)
    elif _is(key, length, b"site", 4):
        field = FIELD_SITE
        p = read_string(p, end, &fields.site, &fields.site_length)
        if fields.site_length > SITE_BYTES_MAX:
            return NULL
    elif _is(key, length, b"device", 6):
        field = FIELD_DEVICE
        p = read_string(p, end, &fields.device, &fields.device_length)
        if fields.device_length > DEVICE_BYTES_MAX:
            return NULL
    elif _is(key, length, b"seq", 3):
        field = FIELD_SEQ
        p = read_whole(p, end, &fields.seq)
        if fields.seq > SEQ_MAX:
            return NULL
    elif _is(key, length, b"barcode", 7):
        field = FIELD_BARCODE
        p = _add_read(p, end, fields)
    elif _is(key, length, b"barcodes", 8):
        field = FIELD_BARCODES
        p = _add_reads(p, end, fields)
    elif _is(key, length, b"parcel", 6):
        field = FIELD_PARCEL
        p = read_string(p, end, &fields.parcel, &fields.parcel_length)
        if p != NULL and not _is_parcel_id(fields.parcel, fields.parcel_length):
            return NULL
    elif _is(key, length, b"id", 2):
        field = FIELD_ID
        p = read_string(p, end, &text, &text_length)
        if p == NULL or text_length < 1 or text_length > ID_BYTES_MAX:
            return NULL
        fields.id = id_number(text, text_length)
    elif _is(key, length, b"received", 8):
        field = FIELD_RECEIVED
        p = _read_milliseconds(p, end, &fields.received)
    else:
        p = _read_rare(p, end, key, length, fields, &field)
    if p == NULL or fields.seen & field:
        return NULL
    fields.seen |= field
    return p


cdef bint _read_object(cursor_t p, cursor_t end, fields_t* fields) noexcept nogil:
    """Reads a whole scan; False where it is not all of the known shape."""
    cdef cursor_t key = NULL
    cdef int32_t length = 0
    p = skip_blanks(p, end)
    if p >= end or p[0] != 0x7B:  # {
        return False
    p = skip_blanks(p + 1, end)
    while True:
        p = read_string(p, end, &key, &length)
        if p == NULL:
            return False
        p = skip_blanks(p, end)
        if p >= end or p[0] != 0x3A:  # :
            return False
        p = _read_field(skip_blanks(p + 1, end), end, key, length, fields)
        if p == NULL:
            return False
        p = skip_blanks(p, end)
        if p >= end:
            return False
        if p[0] == 0x7D:  # }
            return skip_blanks(p + 1, end) == end
        if p[0] != 0x2C:
            return False
        p = skip_blanks(p + 1, end)


cdef read_t _read_announcement(cursor_t base, const fields_t* fields, scan_t* out, barcode_t* label) noexcept nogil:
    if not _is_parcel_id(fields.alias, fields.alias_length) or (
        fields.alias_length == fields.parcel_length and memcmp(fields.alias, fields.parcel, fields.alias_length) == 0
    ):
        return READ_NOTHING
    memcpy(label.key, fields.alias, fields.alias_length)
    label.key_length = <uint8_t>fields.alias_length
    out.parcel_at = <int32_t>(fields.parcel - base)
    out.parcel_length = fields.parcel_length
    out.time = fields.time
    return READ_ANNOUNCEMENT


cdef inline bint _holds(const meaning_t* meaning, const span_t* span) noexcept nogil:
    """Whether a text of the data, if there is one, is or has the words."""
    cdef int32_t at
    if meaning.is_disposition:
        return span.length == meaning.length and memcmp(span.at, meaning.words, span.length) == 0
    for at in range(span.length - meaning.length + 1):
        if memcmp(span.at + at, meaning.words, meaning.length) == 0:
            return True
    return False


cdef class Scans:
    """The scans of one batch: what was read, in the order of the log, and what was not.

    Attributes:
        buffer: what positions at or above 0 point into.
        arena: what positions below 0 point into.
        scans: packed scan_t.
        data: {index among scans: (container, data as compact JSON)} of those that carry some.
        aliases: [(index among scans, alias)]: the other keys that scans have read on their parcels, ascending.
        announced: [(alias, parcel id, effective time)] of the announcements among the records.
        rejected: [(index of the record, Rejection)].
        foreign: [(index of the record, key)]: scans of parcels, and announcements of aliases, that belong to another
            partition.
    """

    cdef readonly bytes buffer
    cdef readonly bytes arena
    cdef readonly bytes scans
    cdef readonly dict data
    cdef readonly list aliases
    cdef readonly list announced
    cdef readonly list rejected
    cdef readonly list foreign

    def __len__(self):
        return PyBytes_GET_SIZE(self.scans) // <Py_ssize_t>sizeof(scan_t)

    def parcels(self):
        """The parcel id of each scan."""
        cdef const scan_t* scans = <const scan_t*>PyBytes_AS_STRING(self.scans)
        cdef const char* base = PyBytes_AS_STRING(self.buffer)
        cdef const char* arena = PyBytes_AS_STRING(self.arena)
        cdef list ids = []
        cdef Py_ssize_t i
        for i in range(len(self)):
            if scans[i].parcel_at >= 0:
                ids.append(PyBytes_FromStringAndSize(base + scans[i].parcel_at, scans[i].parcel_length))
            else:
                ids.append(PyBytes_FromStringAndSize(arena - 1 - scans[i].parcel_at, scans[i].parcel_length))
        return ids

    def offset_and_time(self, Py_ssize_t index):
        """Offset and effective time of one scan."""
        cdef const scan_t* scan = <const scan_t*>PyBytes_AS_STRING(self.scans) + index
        if not 0 <= index < len(self):
            raise IndexError(index)
        return scan.offset, scan.effective

    def source(self, Py_ssize_t index):
        """Site and device of one scan."""
        cdef const scan_t* scan = <const scan_t*>PyBytes_AS_STRING(self.scans) + index
        cdef const unsigned char* base = <const unsigned char*>PyBytes_AS_STRING(self.buffer)
        cdef const unsigned char* arena = <const unsigned char*>PyBytes_AS_STRING(self.arena)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return (
            (<const char*>text_of(base, arena, scan.site_at))[: scan.site_length],
            (<const char*>text_of(base, arena, scan.device_at))[: scan.device_length],
        )

    def offsets(self):
        """The offset of each scan in its partition."""
        cdef const scan_t* scans = <const scan_t*>PyBytes_AS_STRING(self.scans)
        cdef Py_ssize_t i
        return [scans[i].offset for i in range(len(self))]


cdef class ScanReader:
    """Reads scans with one set of vocabularies.

    Args:
        codes: [(name, kind, name of the code that it takes back or None, meanings)]: every event that a scan may name;
            a code's number is its index in this list. Meanings are [(words, whether `data.disposition` must be these
            words, rather than `data.text` have them in it, kind)]: the first that holds gives the kind.
        slow: reads one value completely: value -> tracker.domain.scan.Scan or Announcement, or raises Rejection.
        site: which barcodes are read, and in which order: of a tracker.domain.barcode.Recogniser.
    """

    cdef readonly list names
    cdef dict numbers
    cdef object slow
    cdef object site
    cdef const barcode_site_t* labels
    cdef code_t* codes
    cdef meaning_t* meanings
    cdef list words
    cdef int32_t* slots
    cdef uint32_t mask

    def __cinit__(self, codes, slow, site):
        cdef uint32_t size = 64
        cdef int32_t number
        cdef int32_t meaning = 0
        self.names = [name.encode() for name, *_ in codes]
        self.numbers = {name: number for number, (name, *_) in enumerate(codes)}
        self.slow = slow
        self.site = site
        self.labels = recogniser_site(site)
        while size < 3 * len(codes):
            size *= 2
        self.mask = size - 1
        self.codes = <code_t*>calloc(len(codes) + 1, sizeof(code_t))
        self.slots = <int32_t*>calloc(size, sizeof(int32_t))
        self.meanings = <meaning_t*>calloc(sum(len(meanings) for *_, meanings in codes) + 1, sizeof(meaning_t))
        self.words = [words.encode() for *_, meanings in codes for words, _, _ in meanings]
        if self.codes == NULL or self.slots == NULL or self.meanings == NULL:
            raise MemoryError
        for number, (_, kind, undoes, meanings) in enumerate(codes):
            name = self.names[number]
            self.codes[number].name = <const unsigned char*>PyBytes_AS_STRING(name)
            self.codes[number].length = <int32_t>len(name)
            self.codes[number].kind = kind
            self.codes[number].undoes = undoes is not None
            self.codes[number].first_meaning = meaning
            self.codes[number].meanings = len(meanings)
            for _, is_disposition, instead in meanings:
                words = self.words[meaning]
                self.meanings[meaning].words = <const unsigned char*>PyBytes_AS_STRING(words)
                self.meanings[meaning].length = <int32_t>len(words)
                self.meanings[meaning].is_disposition = is_disposition
                self.meanings[meaning].kind = instead
                meaning += 1
            if undoes is not None:
                undone = undoes.encode()
                self.codes[number].target = hash64(<const unsigned char*>PyBytes_AS_STRING(undone), len(undone))
            self._insert(number)

    def __dealloc__(self):
        free(self.codes)
        free(self.slots)
        free(self.meanings)

    cdef void _insert(self, int32_t number) noexcept:
        cdef code_t* code = &self.codes[number]
        cdef uint32_t slot = <uint32_t>fnv_more(fnv_begin(), code.name, code.length) & self.mask
        while self.slots[slot] != 0:
            slot = (slot + 1) & self.mask
        self.slots[slot] = number + 1

    cdef int32_t _find(self, cursor_t name, int32_t length) noexcept nogil:
        """The number of a code, -1 where there is none of that name."""
        cdef uint32_t slot = <uint32_t>fnv_more(fnv_begin(), name, length) & self.mask
        cdef code_t* code
        while self.slots[slot] != 0:
            code = &self.codes[self.slots[slot] - 1]
            if code.length == length and memcmp(code.name, name, length) == 0:
                return self.slots[slot] - 1
            slot = (slot + 1) & self.mask
        return -1

    cdef uint8_t _resolve(self, const code_t* code, const compact_t* data) noexcept nogil:
        """The kind that a code stands for in a scan with data."""
        cdef const meaning_t* meaning = self.meanings + code.first_meaning
        cdef int32_t i
        for i in range(code.meanings):
            if _holds(&meaning[i], &data.disposition if meaning[i].is_disposition else &data.text):
                return meaning[i].kind
        return code.kind

    cdef bint _take_beside(self, const code_t* code, int seen, beside_t* beside, scan_t* out) noexcept nogil:
        """Takes what a scan has beside its event, and makes empty what it has not; False if that makes it an UNDO or CORRECT."""
        if not seen & FIELD_CONTAINER:
            beside.container_length = 0
        if seen & FIELD_DATA:
            if code.meanings and code.kind != KIND_UNDO:
                out.kind = self._resolve(code, &beside.data)
                if out.kind >= KIND_CORRECT:
                    return False
        else:
            beside.data.length = 0
        if seen & FIELD_DATA or beside.container_length:
            out.flags |= SCAN_HAS_DATA
        return True

    cdef read_t _read_fast(
        self, cursor_t base, const record_t* record, scan_t* out, beside_t* beside, barcode_t* label,
        barcode_aliases_t* aliases,
    ) noexcept nogil:
        """Reads a record: a scan into out, and its labels where it has no parcel id; or an announcement.

        Of an announcement the alias stands in label, parcel and time in out.
        """
        cdef fields_t fields
        cdef const code_t* code
        if record.value_length < 2 or record.value_length > SCAN_BYTES_MAX:
            return READ_NOTHING
        memset(&fields, 0, sizeof(fields_t) - sizeof(fields.read) - sizeof(fields.read_length) - sizeof(fields.beside))
        fields.seq = -1
        fields.beside = beside
        if not _read_object(base + record.value_at, base + record.value_at + record.value_length, &fields):
            return READ_NOTHING
        if fields.seen == ANNOUNCEMENT:
            return _read_announcement(base, &fields, out, label)
        if fields.seen & (FIELD_EVENT | FIELD_TIME) != (FIELD_EVENT | FIELD_TIME):
            return READ_NOTHING
        out.code = self._find(fields.event, fields.event_length)
        if out.code < 0:
            return READ_NOTHING
        code = &self.codes[out.code]
        if code.kind == KIND_CORRECT or (code.kind == KIND_UNDO and not code.undoes):
            return READ_NOTHING
        out.kind = code.kind
        out.right_kind = NO_KIND
        out.right_code = -1
        out.flags = 0
        out.id = fields.id
        out.target = code.target
        if fields.seen & FIELD_ID:
            out.flags |= SCAN_HAS_ID
        if fields.seen & (FIELD_DATA | FIELD_CONTAINER) and not self._take_beside(code, fields.seen, beside, out):
            return READ_NOTHING
        if fields.seen & FIELD_RECEIVED:
            out.flags |= SCAN_HAS_RECEIVED
        if (fields.seen & FIELD_SITE and fields.site_length == 0) or (
            fields.seen & FIELD_DEVICE and fields.device_length == 0
        ):
            out.flags |= SCAN_HAS_BLANKS
        out.received = fields.received
        if code.undoes:
            out.flags |= SCAN_HAS_TARGET | SCAN_TARGET_IS_CODE
        out.offset = record.offset
        out.time = fields.time
        out.seq = fields.seq
        out.site_at = <int32_t>(fields.site - base) if fields.site_length else 0
        out.site_length = fields.site_length
        out.device_at = <int32_t>(fields.device - base) if fields.device_length else 0
        out.device_length = fields.device_length
        if fields.seen & FIELD_PARCEL:
            out.parcel_at = <int32_t>(fields.parcel - base)
            out.parcel_length = fields.parcel_length
            return READ_SCAN
        out.parcel_length = 0
        if fields.reads == 0:
            return READ_NOTHING
        if BARCODE.recognise(
            self.labels, fields.read, fields.read_length, fields.reads, label, aliases
        ) != BARCODE_RECOGNISED:
            return READ_NOTHING
        return READ_SCAN

    def read(self, bytes buffer not None, bytes records not None, int32_t partition, int32_t partitions):
        """Reads the scans of packed records.

        Args:
            buffer, records: as tracker.domain._records.walk gives them.
            partition, partitions: the partition that the records stand in, of how many.

        Returns:
            Scans.
        """
        cdef const record_t* record = <const record_t*>PyBytes_AS_STRING(records)
        cdef Py_ssize_t count = PyBytes_GET_SIZE(records) // <Py_ssize_t>sizeof(record_t)
        cdef cursor_t base = <cursor_t>PyBytes_AS_STRING(buffer)
        cdef bytes packed = PyBytes_FromStringAndSize(NULL, count * sizeof(scan_t))
        cdef scan_t* out = <scan_t*>PyBytes_AS_STRING(packed)
        cdef bytearray arena = bytearray()
        cdef bytes room = PyBytes_FromStringAndSize(NULL, DATA_BYTES_MAX)
        cdef beside_t beside
        cdef barcode_t label
        cdef barcode_aliases_t aliases
        cdef cursor_t parcel
        cdef read_t what
        cdef Py_ssize_t i, j, found = 0
        cdef Scans result = Scans.__new__(Scans)
        result.buffer = buffer
        result.data = {}
        result.aliases = []
        result.announced = []
        result.rejected = []
        result.foreign = []
        memset(&beside, 0, sizeof(beside_t))
        beside.data.written = <unsigned char*>PyBytes_AS_STRING(room)
        beside.data.room = DATA_BYTES_MAX
        aliases.count = 0
        for i in range(count):
            what = self._read_fast(base, &record[i], &out[found], &beside, &label, &aliases)
            if what == READ_SCAN:
                if out[found].flags & SCAN_HAS_DATA:
                    result.data[found] = (
                        PyBytes_FromStringAndSize(<const char*>beside.container, beside.container_length),
                        PyBytes_FromStringAndSize(<const char*>beside.data.written, beside.data.length),
                    )
                if out[found].parcel_length == 0:
                    out[found].parcel_length = label.key_length
                    out[found].parcel_at = _keep(arena, label.key, label.key_length)
                    for j in range(aliases.count):
                        result.aliases.append((found, aliases.keys[j].key[:aliases.keys[j].key_length]))
            elif what == READ_ANNOUNCEMENT:
                _take_announcement(
                    result, i, &record[i], label.key[:label.key_length],
                    PyBytes_FromStringAndSize(<const char*>base + out[found].parcel_at, out[found].parcel_length),
                    out[found].time, partition, partitions,
                )
                continue
            elif not self._read_slowly(base, &record[i], i, &out[found], found, arena, result, partition, partitions):
                continue
            if out[found].parcel_at >= 0:
                parcel = base + out[found].parcel_at
            else:
                parcel = <cursor_t><char*>arena - 1 - out[found].parcel_at
            if partition_of(parcel, out[found].parcel_length, partitions) != partition:
                result.foreign.append((i, PyBytes_FromStringAndSize(<const char*>parcel, out[found].parcel_length)))
                result.data.pop(found, None)
                _forget_aliases(result.aliases, found)
                continue
            _set_received(&out[found], record[i].timestamp)
            found += 1
        result.arena = bytes(arena)
        result.scans = packed[: found * sizeof(scan_t)]
        return result

    cdef bint _read_slowly(
        self, cursor_t base, const record_t* record, Py_ssize_t i, scan_t* out, Py_ssize_t found, bytearray arena,
        Scans result, int32_t partition, int32_t partitions,
    ) except -1:
        """Reads a record by the slow reader; False where it is not a scan."""
        cdef bytes value = None
        if record.value_length >= 0:
            value = PyBytes_FromStringAndSize(<const char*>base + record.value_at, record.value_length)
        try:
            scan = self.slow(value)
        except Rejection as refusal:
            # Without its frames, which hold all of the batch.
            refusal.__context__ = None
            result.rejected.append((i, refusal.with_traceback(None)))
            return False
        if isinstance(scan, Announcement):
            _take_announcement(result, i, record, scan.alias, scan.parcel, scan.time, partition, partitions)
            return False
        out.offset = record.offset
        out.time = scan.time
        out.seq = -1 if scan.seq is None else scan.seq
        out.code = self.numbers[scan.code]
        out.kind = scan.kind
        out.flags = 0
        out.id = out.target = 0
        if scan.id is not None:
            out.flags |= SCAN_HAS_ID
            out.id = scan.id
        if scan.target_code is not None:
            out.flags |= SCAN_HAS_TARGET | SCAN_TARGET_IS_CODE
            out.target = number_of_text(scan.target_code.encode())
        elif scan.target_id is not None:
            out.flags |= SCAN_HAS_TARGET
            out.target = scan.target_id
        out.right_kind = NO_KIND if scan.right_kind is None else scan.right_kind
        out.right_code = -1 if scan.right_code is None else self.numbers[scan.right_code]
        out.parcel_length = <int32_t>len(scan.parcel)
        out.parcel_at = _keep_bytes(arena, scan.parcel)
        out.site_length = <int32_t>len(scan.site)
        out.site_at = _keep_bytes(arena, scan.site)
        out.device_length = <int32_t>len(scan.device)
        out.device_at = _keep_bytes(arena, scan.device)
        if scan.received is not None:
            out.flags |= SCAN_HAS_RECEIVED
            out.received = scan.received
        if scan.has_blanks:
            out.flags |= SCAN_HAS_BLANKS
        if scan.data or scan.container:
            out.flags |= SCAN_HAS_DATA
            result.data[found] = (scan.container, scan.data)
        for alias in scan.aliases:
            result.aliases.append((found, alias))
        return True


cdef int _forget_aliases(list aliases, Py_ssize_t found) except -1:
    """Takes back the aliases of the scan that was read last."""
    cdef Py_ssize_t kept = len(aliases)
    while kept > 0 and aliases[kept - 1][0] == found:
        kept -= 1
    del aliases[kept:]
    return 0


cdef inline int64_t _effective(int64_t time, int64_t received) noexcept nogil:
    """The time that counts: when it was received where the device's clock is ahead of that."""
    return received if 0 <= received < time - CLOCK_SKEW_MS_MAX else time


cdef inline void _set_received(scan_t* scan, int64_t timestamp) noexcept nogil:
    """When a scan was received, and what that says of its time; `received` holds what a gateway has said."""
    if not scan.flags & SCAN_HAS_RECEIVED or 0 <= timestamp < scan.received:
        scan.received = timestamp
    scan.effective = _effective(scan.time, scan.received)
    if scan.effective != scan.time:
        scan.flags |= SCAN_SKEWED
    if scan.received - scan.time >= CLOCK_BEHIND_MS:
        scan.flags |= SCAN_RECEIVED_LATE


cdef int _take_announcement(
    Scans result, Py_ssize_t i, const record_t* record, bytes alias, bytes parcel, int64_t time, int32_t partition,
    int32_t partitions,
) except -1:
    if partition_of(<cursor_t>PyBytes_AS_STRING(alias), PyBytes_GET_SIZE(alias), partitions) == partition:
        result.announced.append((alias, parcel, _effective(time, record.timestamp)))
    else:
        result.foreign.append((i, alias))
    return 0


cdef int32_t _keep_bytes(bytearray arena, bytes text):
    return _keep(arena, <const unsigned char*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef int32_t _keep(bytearray arena, const unsigned char* text, Py_ssize_t length):
    """Adds text to the arena; its position."""
    cdef Py_ssize_t at = len(arena)
    arena.extend(text[:length])
    return <int32_t>(-1 - at)


def time_of_text(bytes text not None):
    """Reads an ISO 8601 time: (milliseconds since the epoch, whether it has a zone); None where it is not a time.

    Without a zone the milliseconds are those of the same reading in UTC.
    """
    cdef int64_t ms = 0
    cdef int zoned = parse_time(<cursor_t>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &ms)
    return (ms, zoned == TIME_ZONED) if zoned == TIME_ZONED or zoned == TIME_LOCAL else None


def nesting_of(bytes text not None):
    """How deeply brackets nest outside of strings."""
    cdef cursor_t begin = <cursor_t>PyBytes_AS_STRING(text)
    return nesting(begin, begin + PyBytes_GET_SIZE(text))


def number_of_id(bytes text not None):
    """A given event id as a number of 64 bit: 16 of 0-9a-f as they are, else hash64."""
    return id_number(<cursor_t>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


def number_of_text(bytes text not None):
    """hash64 of a text (docs/fold.md, section 1)."""
    return hash64(<cursor_t>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


def partition_of_key(bytes key not None, int32_t count):
    """The partition among count that Kafka's default partitioner gives a key."""
    return partition_of(<cursor_t>PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key), count)


def is_parcel_id(bytes text not None):
    """Whether a text is 1 to 64 of A-Z a-z 0-9 . _ / -."""
    return PyBytes_GET_SIZE(text) <= PARCEL_ID_BYTES_MAX and _is_parcel_id(
        <cursor_t>PyBytes_AS_STRING(text), <int32_t>PyBytes_GET_SIZE(text)
    )
