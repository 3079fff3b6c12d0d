# ISO 8601 times, read from bytes (docs/fold.md, section 1, step 5).

from libc.stdint cimport int32_t, int64_t

cdef enum:
    TIME_BAD = -1
    TIME_LOCAL = 0
    TIME_ZONED = 1


cdef inline int32_t _digits(const unsigned char* p, int count) noexcept nogil:
    """A number of just count digits, -1 where one of them isn't."""
    cdef int32_t number = 0
    cdef int i
    for i in range(count):
        if p[i] < 0x30 or p[i] > 0x39:
            return -1
        number = number * 10 + (p[i] - 0x30)
    return number


cdef inline int64_t days_from_civil(int32_t year, int32_t month, int32_t day) noexcept nogil:
    """Days since 1970-01-01 in the proleptic Gregorian calendar."""
    cdef int64_t y = year - (1 if month <= 2 else 0)
    cdef int64_t era = y // 400  # years are 0 to 9999 here
    cdef int64_t year_of_era = y - era * 400
    cdef int64_t day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


cdef inline int32_t days_in_month(int32_t year, int32_t month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


cdef inline bint _zone_ms(const unsigned char* p, const unsigned char* end, int64_t* ms) noexcept nogil:
    """Reads a zone, `Z` or how far it is ahead of UTC: `+05:30`, `+0530` or `+05`. False where it has another form."""
    cdef int32_t hours, minutes = 0
    cdef int sign = -1 if p[0] == 0x2D else 1
    if p[0] == 0x5A or p[0] == 0x7A:  # Z, z
        ms[0] = 0
        return p + 1 == end
    if p[0] != 0x2B and p[0] != 0x2D or end - p < 3:  # + and -
        return False
    hours = _digits(p + 1, 2)
    p += 3
    if p < end:
        if p[0] == 0x3A:
            p += 1
        if end - p != 2:
            return False
        minutes = _digits(p, 2)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return False
    ms[0] = <int64_t>sign * (hours * 60 + minutes) * 60000
    return True


cdef inline int parse_time(const unsigned char* p, size_t length, int64_t* ms) noexcept nogil:
    """Reads `YYYY-MM-DDThh:mm[:ss[.fraction]][[ ]zone]`.

    Gives TIME_ZONED and milliseconds since the epoch, TIME_LOCAL and the same as if the zone were UTC, or TIME_BAD.
    """
    cdef const unsigned char* end = p + length
    cdef int32_t year, month, day, hour, minute
    cdef int32_t second = 0
    cdef int32_t fraction = 0
    cdef int32_t weight = 100
    cdef int64_t ahead = 0
    if length < 16 or p[4] != 0x2D or p[7] != 0x2D or p[13] != 0x3A:
        return TIME_BAD
    if p[10] != 0x54 and p[10] != 0x74 and p[10] != 0x20:  # T, t, blank
        return TIME_BAD
    year = _digits(p, 4)
    month = _digits(p + 5, 2)
    day = _digits(p + 8, 2)
    hour = _digits(p + 11, 2)
    minute = _digits(p + 14, 2)
    if year < 0 or month < 1 or month > 12 or day < 1 or day > days_in_month(year, month):
        return TIME_BAD
    if hour < 0 or hour > 23 or minute < 0 or minute > 59:
        return TIME_BAD
    p += 16
    if p < end and p[0] == 0x3A:
        if end - p < 3:
            return TIME_BAD
        second = _digits(p + 1, 2)
        if second < 0 or second > 60:
            return TIME_BAD
        p += 3
        if p < end and (p[0] == 0x2E or p[0] == 0x2C):  # . and ,
            p += 1
            if p == end or p[0] < 0x30 or p[0] > 0x39:
                return TIME_BAD
            while p < end and 0x30 <= p[0] <= 0x39:
                fraction += (p[0] - 0x30) * weight
                weight //= 10
                p += 1
    ms[0] = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60000 + <int64_t>second * 1000 + fraction
    if p == end:
        return TIME_LOCAL
    if p[0] == 0x20:
        p += 1
    if p == end or not _zone_ms(p, end, &ahead):
        return TIME_BAD
    ms[0] -= ahead
    return TIME_ZONED
