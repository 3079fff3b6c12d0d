# The pieces of JSON that the fast reader knows: strings without escapes and whole numbers. Each gives the pointer behind what it read,
# or NULL where the text is anything else, which then is orjson's to judge.

from libc.stdint cimport int32_t, int64_t

ctypedef const unsigned char* cursor_t


cdef inline cursor_t skip_blanks(cursor_t p, cursor_t end) noexcept nogil:
    while p < end and (p[0] == 0x20 or p[0] == 0x0A or p[0] == 0x0D or p[0] == 0x09):
        p += 1
    return p


cdef inline cursor_t _utf8_tail(cursor_t p, cursor_t end) noexcept nogil:
    """Checks a multi-byte UTF-8 sequence (RFC 3629, section 4) that begins at p; C1 controls are refused too."""
    cdef unsigned char lead = p[0]
    cdef unsigned char low = 0x80
    cdef unsigned char high = 0xBF
    cdef int more
    cdef int i
    if 0xC2 <= lead <= 0xDF:
        more = 1
        if lead == 0xC2:
            low = 0xA0
    elif 0xE0 <= lead <= 0xEF:
        more = 2
        if lead == 0xE0:
            low = 0xA0
        elif lead == 0xED:
            high = 0x9F
    elif 0xF0 <= lead <= 0xF4:
        more = 3
        if lead == 0xF0:
            low = 0x90
        elif lead == 0xF4:
            high = 0x8F
    else:
        return NULL
    if end - p <= more or p[1] < low or p[1] > high:
        return NULL
    for i in range(2, more + 1):
        if p[i] < 0x80 or p[i] > 0xBF:
            return NULL
    return p + more + 1


cdef inline cursor_t read_string(cursor_t p, cursor_t end, cursor_t* text, int32_t* length) noexcept nogil:
    """A string at p without escapes and control characters; text and length are what stands between the quotes."""
    if p == NULL or p >= end or p[0] != 0x22:
        return NULL
    p += 1
    text[0] = p
    while p < end:
        if p[0] == 0x22:
            length[0] = <int32_t>(p - text[0])
            return p + 1
        if p[0] < 0x20 or p[0] == 0x5C or p[0] == 0x7F:
            return NULL
        if p[0] < 0x80:
            p += 1
        else:
            p = _utf8_tail(p, end)
            if p == NULL:
                return NULL
    return NULL


cdef inline cursor_t read_whole(cursor_t p, cursor_t end, int64_t* number) noexcept nogil:
    """A whole number from 0 on, of at most 15 digits."""
    cdef cursor_t begin = p
    number[0] = 0
    while p < end and 0x30 <= p[0] <= 0x39 and p - begin < 16:
        number[0] = number[0] * 10 + (p[0] - 0x30)
        p += 1
    if p == begin or p - begin > 15 or p == end or (begin[0] == 0x30 and p - begin > 1):
        return NULL
    if p[0] == 0x2E or p[0] == 0x65 or p[0] == 0x45:  # . e E: a fraction or an exponent
        return NULL
    return p


cdef inline int32_t nesting(cursor_t p, cursor_t end) noexcept nogil:
    """How deeply brackets nest outside of strings, whether or not the text is JSON."""
    cdef int32_t depth = 0
    cdef int32_t deepest = 0
    cdef bint quoted = False
    while p < end:
        if quoted:
            if p[0] == 0x5C:
                p += 1
            elif p[0] == 0x22:
                quoted = False
        elif p[0] == 0x22:
            quoted = True
        elif p[0] == 0x7B or p[0] == 0x5B:
            depth += 1
            if depth > deepest:
                deepest = depth
        elif p[0] == 0x7D or p[0] == 0x5D:
            depth -= 1
        p += 1
    return deepest
