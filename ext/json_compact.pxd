# JSON written again without blanks, as orjson writes what it has read. What it can't be proven for gives NULL, and is orjson's to
# read and to write: escapes and control characters, names that stand twice, exponents, and numbers of more digits than a double
# keeps.

from libc.stdint cimport int32_t
from libc.string cimport memcmp, memcpy

from json_text cimport cursor_t, read_string, skip_blanks

cdef enum:
    COMPACT_DEPTH_MAX = 6  # levels
    COMPACT_NAMES_MAX = 24  # in one object: each is compared with those before it
    WHOLE_DIGITS_MAX = 18  # any such number has its place in 64 bits
    DOUBLE_DIGITS_MAX = 15  # so many survive the way into a double and out of it (DBL_DIG)
    ZEROS_MAX = 3  # behind the point: with more of them orjson writes an exponent

# A string, as it stands between its quotes.
cdef struct span_t:
    cursor_t at
    int32_t length  # -1: there is none

# Where it is written to, and the strings in it by which some codes are resolved.
cdef struct compact_t:
    unsigned char* written
    int32_t length
    int32_t room
    span_t text
    span_t disposition


cdef inline bint _write(compact_t* out, cursor_t text, Py_ssize_t length) noexcept nogil:
    if length > out.room - out.length:
        return False
    memcpy(out.written + out.length, text, length)
    out.length += <int32_t>length
    return True


cdef inline cursor_t _copy_mark(cursor_t p, cursor_t end, unsigned char mark, compact_t* out) noexcept nogil:
    """One character, and the blanks behind it."""
    if p == NULL or p >= end or p[0] != mark or not _write(out, p, 1):
        return NULL
    return skip_blanks(p + 1, end)


cdef inline cursor_t _behind_digits(cursor_t p, cursor_t end) noexcept nogil:
    while p < end and 0x30 <= p[0] <= 0x39:
        p += 1
    return p


cdef inline bint _is_shortest(cursor_t whole, cursor_t point, cursor_t end) noexcept nogil:
    """Whether a number with a fraction, its digits from whole to end, is the shortest that gives its double."""
    cdef cursor_t first = point + 1
    if first == end:
        return False
    if whole[0] != 0x30:
        return (end - whole) - 1 <= DOUBLE_DIGITS_MAX and ((end - 1)[0] != 0x30 or end == first + 1)
    while first < end and first[0] == 0x30:
        first += 1
    return first < end and (end - 1)[0] != 0x30 and first - point - 1 <= ZEROS_MAX and end - first <= DOUBLE_DIGITS_MAX


cdef inline cursor_t _copy_number(cursor_t p, cursor_t end, compact_t* out) noexcept nogil:
    cdef cursor_t begin = p
    cdef cursor_t whole = p + 1 if p[0] == 0x2D else p
    cdef cursor_t point = _behind_digits(whole, end)
    if point == whole or (whole[0] == 0x30 and point > whole + 1):
        return NULL
    p = point
    if p < end and p[0] == 0x2E:
        p = _behind_digits(point + 1, end)
        if not _is_shortest(whole, point, p):
            return NULL
    elif point - whole > WHOLE_DIGITS_MAX or (whole[0] == 0x30 and whole > begin):
        return NULL
    return p if _write(out, begin, p - begin) else NULL


cdef inline cursor_t _copy_word(cursor_t p, cursor_t end, const char* word, int32_t length, compact_t* out) noexcept nogil:
    if end - p < length or memcmp(p, word, length) != 0 or not _write(out, p, length):
        return NULL
    return p + length


cdef inline cursor_t _copy_string(
    cursor_t p, cursor_t end, cursor_t* text, int32_t* length, compact_t* out
) noexcept nogil:
    p = read_string(p, end, text, length)
    return p if p != NULL and _write(out, text[0] - 1, length[0] + 2) else NULL


cdef inline cursor_t _copy_value(cursor_t p, cursor_t end, int depth, compact_t* out) noexcept nogil:
    """Any value, in so many levels at the most."""
    cdef cursor_t text = NULL
    cdef int32_t length = 0
    if p == NULL or p >= end:
        return NULL
    if p[0] == 0x22:
        return _copy_string(p, end, &text, &length, out)
    if p[0] == 0x7B:  # {
        return _copy_object(p, end, depth, out)
    if p[0] == 0x5B:  # [
        return _copy_array(p, end, depth, out)
    if p[0] == 0x74:
        return _copy_word(p, end, b"true", 4, out)
    if p[0] == 0x66:
        return _copy_word(p, end, b"false", 5, out)
    if p[0] == 0x6E:
        return _copy_word(p, end, b"null", 4, out)
    return _copy_number(p, end, out)


cdef inline cursor_t _copy_array(cursor_t p, cursor_t end, int depth, compact_t* out) noexcept nogil:
    if depth == 0:
        return NULL
    p = _copy_mark(p, end, 0x5B, out)
    if p != NULL and p < end and p[0] != 0x5D:
        while True:
            p = _copy_value(p, end, depth - 1, out)
            if p == NULL:
                return NULL
            p = skip_blanks(p, end)
            if p < end and p[0] == 0x5D:
                break
            p = _copy_mark(p, end, 0x2C, out)
    return p + 1 if p != NULL and p < end and _write(out, p, 1) else NULL


cdef inline void _note(cursor_t name, int32_t length, cursor_t value, cursor_t end, compact_t* out) noexcept nogil:
    """Remembers a string that stands from value to end, if it is one that codes are resolved by."""
    cdef span_t* span
    if length == 4 and memcmp(name, b"text", 4) == 0:
        span = &out.text
    elif length == 11 and memcmp(name, b"disposition", 11) == 0:
        span = &out.disposition
    else:
        return
    if value[0] == 0x22:
        span.at = value + 1
        span.length = <int32_t>(end - value) - 2


cdef inline cursor_t _copy_object(cursor_t p, cursor_t end, int depth, compact_t* out) noexcept nogil:
    cdef cursor_t[COMPACT_NAMES_MAX] names
    cdef int32_t[COMPACT_NAMES_MAX] lengths
    cdef int32_t count = 0
    cdef int32_t i
    cdef cursor_t value
    if depth == 0:
        return NULL
    p = _copy_mark(p, end, 0x7B, out)
    if p != NULL and p < end and p[0] != 0x7D:
        while True:
            if count == COMPACT_NAMES_MAX:
                return NULL
            p = _copy_string(p, end, &names[count], &lengths[count], out)
            if p == NULL:
                return NULL
            for i in range(count):
                if lengths[i] == lengths[count] and memcmp(names[i], names[count], lengths[i]) == 0:
                    return NULL
            value = _copy_mark(skip_blanks(p, end), end, 0x3A, out)
            p = _copy_value(value, end, depth - 1, out)
            if p == NULL:
                return NULL
            if depth == COMPACT_DEPTH_MAX:
                _note(names[count], lengths[count], value, p, out)
            count += 1
            p = skip_blanks(p, end)
            if p < end and p[0] == 0x7D:
                break
            p = _copy_mark(p, end, 0x2C, out)
    return p + 1 if p != NULL and p < end and _write(out, p, 1) else NULL


cdef inline cursor_t copy_object(cursor_t p, cursor_t end, compact_t* out) noexcept nogil:
    """An object at p, written again; the pointer behind it, or NULL."""
    out.length = 0
    out.text.length = out.disposition.length = -1
    return _copy_object(p, end, COMPACT_DEPTH_MAX, out) if p != NULL else NULL
