"""The compiled barcode reader: reads in, parcel keys out. Its tables are made from tracker.domain.formats at import.

A read goes one of two ways. Behind a symbology identifier that says GS1 it is walked as element strings; otherwise it
is a text, and without any symbology identifier perhaps a typed one. A text or an element is tried against the few forms
that have its length and first character, so the formats that it is not cost nothing. Time is linear in the read.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_New
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

from barcode cimport (
    BARCODE_AMBIGUOUS, BARCODE_BAD_CHECK_DIGIT, BARCODE_KEY_MAX, BARCODE_NO_IDENTIFIER, BARCODE_READ_MAX,
    BARCODE_RECOGNISED, barcode_api_t, barcode_t, size_t, uint8_t, uint16_t, uint64_t,
)

include "barcode_tables.pxi"

cdef enum:
    FINDINGS_MAX = 64             # that an explanation shows; recognition has no such bound
    BLANK = 0x20
    LF = 0x0A
    CR = 0x0D
    GS = 0x1D
    RANK_NONE = 255

cdef struct finding_t:
    uint16_t form
    uint8_t[BARCODE_KEY_MAX] text

cdef struct sink_t:               # where candidates arrive, and what they come to
    barcode_t* best
    uint8_t rank                  # of the best one
    bint ambiguous                # another parcel has the same rank
    bint bad_check_digit
    finding_t* findings           # all candidates, or NULL
    size_t findings_count


# One text or element against the forms.

cdef bint fits(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef size_t at
    for at in range(form.length):
        if not form.accepts[at][text[at]]:
            return False
    return True


cdef bint check_character_stands(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef const uint8_t* covered = text + form.covered_at
    cdef unsigned int total = 0
    cdef size_t at
    for at in range(form.covered_length):
        total += form.values[covered[at]] * form.weights[at]
    return form.characters[total % form.modulus] == text[form.check_at]


cdef uint64_t warnings_of(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef uint64_t warnings = 0
    cdef const uint8_t* pair
    cdef uint8_t warning
    cdef size_t i
    for i in range(form.lookups):
        pair = text + form.lookup_at[i]
        warning = form.lookup[i][(pair[0] - c"A") * 26 + (pair[1] - c"A")]
        if warning:
            warnings |= <uint64_t>1 << (warning - 1)
    return warnings


cdef void offer(sink_t* sink, uint16_t number, const uint8_t* text) noexcept nogil:
    """Takes a candidate: keeps the best, and notes whether another parcel stands beside it."""
    cdef const form_t* form = &FORMS[number]
    cdef barcode_t* best = sink.best
    cdef const uint8_t* key = text + form.key_at
    if sink.findings != NULL and sink.findings_count < FINDINGS_MAX:
        sink.findings[sink.findings_count].form = number
        memcpy(sink.findings[sink.findings_count].text, text, form.length)
        sink.findings_count += 1
    if form.rank > sink.rank:
        return
    if form.rank == sink.rank:
        if (best.format != form.format or best.key_length != form.key_length
                or memcmp(best.key, key, form.key_length) != 0):
            sink.ambiguous = True
        return
    sink.rank = form.rank
    sink.ambiguous = False
    best.format = form.format
    best.key_length = form.key_length
    best.warnings = warnings_of(form, text)
    memcpy(best.key, key, form.key_length)


cdef void try_forms(sink_t* sink, const uint16_t* lists, const uint8_t* text, size_t length) noexcept nogil:
    if length == 0 or length > BARCODE_KEY_MAX or text[0] >= ASCII:
        return
    cdef const uint16_t* number = &LISTS[lists[length * ASCII + text[0]]]
    cdef const form_t* form
    while number[0] != LIST_END:
        form = &FORMS[number[0]]
        if fits(form, text):
            if form.modulus == 0 or check_character_stands(form, text):
                offer(sink, number[0], text)
            else:
                sink.bad_check_digit = True
        number += 1


# A read, by what its symbology identifier says.

cdef void read_typed(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A text that may come from a keyboard: blanks and hyphens fall out, small letters rise."""
    cdef uint8_t[BARCODE_KEY_MAX + 1] text
    cdef size_t at, kept = 0
    for at in range(length):
        text[kept] = TYPED[read[at]]
        kept += text[kept] != BLANK
        if kept > BARCODE_KEY_MAX:
            return
    try_forms(sink, TEXT_LISTS, text, kept)


cdef size_t element_end(const uint8_t* data, size_t length, size_t start) noexcept nogil:
    """Where the element that begins at start ends, its separator not counted; 0 if none stands there."""
    cdef size_t at, end, longest, first_two
    if length - start < 2 or not is_digit(data[start]) or not is_digit(data[start + 1]):
        return 0
    first_two = (data[start] - c"0") * 10 + (data[start + 1] - c"0")
    at = start + AI_DIGITS[first_two]
    if at == start or at >= length:
        return 0
    for end in range(start + 2, at):
        if not is_digit(data[end]):
            return 0
    longest = VALUE_LENGTH[first_two] if VALUE_LENGTH[first_two] else VALUE_LENGTH_MAX
    end = at
    while end < length and end - at < longest and CSET_82[data[end]]:
        end += 1
    if VALUE_LENGTH[first_two]:
        return end if end - at == longest else 0
    return end if end > at and (end == length or data[end] == GS) else 0


cdef bint is_digit(uint8_t character) noexcept nogil:
    return c"0" <= character <= c"9"


cdef void read_element_strings(sink_t* sink, const uint8_t* data, size_t length) noexcept nogil:
    """Offers its elements, if all of the data are elements: a symbol that is GS1 data in part only is not read."""
    cdef size_t start = 0, end
    while start < length:
        end = element_end(data, length, start)
        if end == 0:
            return
        start = end + (end < length and data[end] == GS)
    start = 0
    while start < length:
        end = element_end(data, length, start)
        try_forms(sink, ELEMENT_LISTS, data + start, end - start)
        start = end + (end < length and data[end] == GS)


cdef void read_one(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    if length > BARCODE_READ_MAX:
        return
    # Scanners that act as keyboards end each read with a line end, which is no part of the symbol.
    while length > 0 and (read[length - 1] == CR or read[length - 1] == LF):
        length -= 1
    if length < 3 or read[0] != c"]" or read[1] >= ASCII or read[2] >= ASCII:
        read_typed(sink, read, length)
        return
    cdef uint8_t carries = CARRIES[read[1] * ASCII + read[2]]
    if carries == ELEMENT_STRINGS:
        read_element_strings(sink, read + 3, length - 3)
    elif carries == TEXT:
        try_forms(sink, TEXT_LISTS, read + 3, length - 3)


# What reads come to.

cdef void open_sink(sink_t* sink, barcode_t* out, finding_t* findings) noexcept nogil:
    memset(sink, 0, sizeof(sink_t))
    sink.best = out
    sink.rank = RANK_NONE
    sink.findings = findings
    out.key_length = 0
    out.format = 0
    out.warnings = 0


cdef int decide(sink_t* sink) noexcept nogil:
    cdef barcode_t* out = sink.best
    if sink.rank != RANK_NONE and not sink.ambiguous:
        out.reason = BARCODE_RECOGNISED
        return BARCODE_RECOGNISED
    out.key_length = 0
    out.format = 0
    out.warnings = 0
    if sink.ambiguous:
        out.reason = BARCODE_AMBIGUOUS
    else:
        out.reason = BARCODE_BAD_CHECK_DIGIT if sink.bad_check_digit else BARCODE_NO_IDENTIFIER
    return out.reason


cdef int recognise(const uint8_t* read, size_t length, barcode_t* out) noexcept nogil:
    cdef sink_t sink
    open_sink(&sink, out, NULL)
    read_one(&sink, read, length)
    return decide(&sink)


cdef int recognise_set(const uint8_t** reads, const size_t* lengths, size_t count, barcode_t* out) noexcept nogil:
    cdef sink_t sink
    cdef size_t i
    open_sink(&sink, out, NULL)
    for i in range(count):
        read_one(&sink, reads[i], lengths[i])
    return decide(&sink)


cdef barcode_api_t FUNCTIONS
FUNCTIONS.recognise = recognise
FUNCTIONS.recognise_set = recognise_set
API = PyCapsule_New(&FUNCTIONS, "tracker.domain._barcode.API", NULL)


def recognise_batch(list reads not None):
    """See tracker.domain.barcode.recognise_batch."""
    cdef Py_ssize_t count = len(reads), i
    cdef list keys = [None] * count
    cdef bytearray formats = bytearray(count), reasons = bytearray(count)
    cdef uint8_t* format_numbers = formats
    cdef uint8_t* reason_numbers = reasons
    cdef barcode_t barcode
    cdef object read
    cdef size_t length
    for i in range(count):
        read = reads[i]
        if not PyBytes_CheckExact(read):
            raise TypeError(f"read {i}: expected bytes, got {type(read).__name__}")
        length = PyBytes_GET_SIZE(read)
        reason_numbers[i] = recognise(<const uint8_t*>PyBytes_AS_STRING(read), length, &barcode)
        format_numbers[i] = barcode.format
        if barcode.reason != BARCODE_RECOGNISED:
            continue
        # Most reads are their key already; the same object then serves as both.
        if barcode.key_length == length and memcmp(PyBytes_AS_STRING(read), barcode.key, length) == 0:
            keys[i] = read
        else:
            keys[i] = barcode.key[:barcode.key_length]
    return keys, bytes(formats), bytes(reasons)


def read_all(list reads not None):
    """What the reads of one parcel come to: reason, warnings (packed), and every candidate as (form, text)."""
    cdef barcode_t barcode
    cdef sink_t sink
    cdef bytes read
    cdef size_t i
    cdef finding_t* findings = <finding_t*>malloc(FINDINGS_MAX * sizeof(finding_t))
    if findings == NULL:
        raise MemoryError
    try:
        open_sink(&sink, &barcode, findings)
        for read in reads:
            read_one(&sink, <const uint8_t*>PyBytes_AS_STRING(read), PyBytes_GET_SIZE(read))
        decide(&sink)
        return barcode.reason, barcode.warnings, [
            (findings[i].form, findings[i].text[:FORMS[findings[i].form].length]) for i in range(sink.findings_count)
        ]
    finally:
        free(findings)
