# What the components of a value may hold: GS1 General Specifications 25, section 3 and 7. A check looks at one component whose
# characters are right already, and gives GS1_OK or a reason, with the position in the component that it is about.

ctypedef int (*check_t)(const uint8_t* value, size_t length, size_t* at) noexcept nogil

cdef enum:
    CHECKS_MAX = 40

cdef check_t[CHECKS_MAX] CHECKS
cdef dict CHECK_NUMBERS = {}                # name of a check -> its index in CHECKS
cdef uint8_t[256] CHARACTERS                # bit 0: CSET 82, bit 1: CSET 39, bit 2: base64url, bit 3: hexadecimal, bit 4: digit
cdef uint8_t[128] CSET_82_VALUE             # index of a character in CSET 82
cdef uint8_t[1000] COUNTRY                  # ISO 3166-1 numeric
cdef uint8_t[26 * 26] COUNTRY_LETTERS       # ISO 3166-1 alpha-2
cdef uint8_t[1000] CURRENCY                 # ISO 4217 numeric
cdef uint8_t[24] PRIMES
cdef const uint8_t* CSET_32 = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

cdef enum:
    IS_CSET_82 = 1
    IS_CSET_39 = 2
    IS_BASE64URL = 4
    IS_HEX = 8
    IS_DIGIT = 16


cdef inline bint is_digit(uint8_t character) noexcept nogil:
    return c"0" <= character <= c"9"


cdef inline bint is_capital(uint8_t character) noexcept nogil:
    return c"A" <= character <= c"Z"


cdef inline bint are_digits(const uint8_t* text, size_t length) noexcept nogil:
    cdef size_t i
    for i in range(length):
        if not is_digit(text[i]):
            return False
    return True


cdef inline unsigned long number_of(const uint8_t* digits, size_t length) noexcept nogil:
    """The number of at most 18 digits."""
    cdef unsigned long number = 0
    cdef size_t i
    for i in range(length):
        number = number * 10 + (digits[i] - c"0")
    return number


cdef inline uint8_t check_digit_of(const uint8_t* digits, size_t length) noexcept nogil:
    """The check digit that belongs behind these digits: modulo 10, weights 3 and 1 from the right (section 7.9.1)."""
    cdef unsigned int total = 0, weight = 3
    cdef size_t i
    for i in range(length):
        total += weight * (digits[length - 1 - i] - c"0")
        weight = 4 - weight
    return c"0" + (10 - total % 10) % 10


cdef int check_digit(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    at[0] = length - 1
    return GS1_OK if check_digit_of(value, length - 1) == value[length - 1] else GS1_BAD_CHECK_DIGIT


cdef int check_characters(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """Two check characters behind up to 23 characters: section 7.9.5."""
    cdef unsigned int total = 0
    cdef size_t i, covered
    if length < 3:
        return GS1_VALUE_TOO_SHORT
    covered = length - 2
    if covered > 23:
        return GS1_VALUE_TOO_LONG
    at[0] = covered
    for i in range(covered):
        total += CSET_82_VALUE[value[i]] * PRIMES[covered - 1 - i]
    total %= 1021
    if value[covered] != CSET_32[total >> 5] or value[covered + 1] != CSET_32[total & 31]:
        return GS1_BAD_CHECK_CHARACTERS
    return GS1_OK


cdef inline int company_prefix(const uint8_t* value, size_t length, size_t start, size_t* at) noexcept nogil:
    """A GS1 company prefix has 4 to 12 digits; which of them, only GS1 knows."""
    cdef size_t i
    at[0] = start
    if length < start + 4:
        return GS1_SHORT_COMPANY_PREFIX
    for i in range(start, start + 4):
        if not is_digit(value[i]):
            at[0] = i
            return GS1_BAD_COMPANY_PREFIX
    return GS1_OK


cdef int company_prefix_1(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return company_prefix(value, length, 0, at)


cdef int company_prefix_2(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return company_prefix(value, length, 1, at)


cdef int percent_encoding(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    cdef size_t i = 0
    while i < length:
        if value[i] == c"%":
            at[0] = i
            if length - i < 3 or not CHARACTERS[value[i + 1]] & IS_HEX or not CHARACTERS[value[i + 2]] & IS_HEX:
                return GS1_BAD_PERCENT_ENCODING
            i += 2
        i += 1
    return GS1_OK


# Dates and times.

cdef int day_of(unsigned long year, unsigned long month, unsigned long day, bint or_month) noexcept nogil:
    cdef unsigned long days = 31
    if month < 1 or month > 12:
        return GS1_BAD_MONTH
    if month == 4 or month == 6 or month == 9 or month == 11:
        days = 30
    elif month == 2:
        days = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return GS1_BAD_DAY if day > days or (day == 0 and not or_month) else GS1_OK


cdef int short_date(const uint8_t* value, size_t* at, bint or_month) noexcept nogil:
    # The century hardly matters: of the years that two digits can stand for, 00 is 2000, which has a 29 February.
    cdef int reason = day_of(2000 + number_of(value, 2), number_of(value + 2, 2), number_of(value + 4, 2), or_month)
    at[0] = 2 if reason == GS1_BAD_MONTH else 4
    return reason


cdef int date(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_VALUE_TOO_SHORT if length < 6 else short_date(value, at, False)


cdef int date_or_month(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_VALUE_TOO_SHORT if length < 6 else short_date(value, at, True)


cdef int long_date(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    cdef int reason
    if length < 8:
        return GS1_VALUE_TOO_SHORT
    reason = day_of(number_of(value, 4), number_of(value + 4, 2), number_of(value + 6, 2), False)
    at[0] = 4 if reason == GS1_BAD_MONTH else 6
    return reason


cdef int hour(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if number_of(value, length) < 24 else GS1_BAD_HOUR


cdef int minute(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if number_of(value, length) < 60 else GS1_BAD_MINUTE


cdef int second(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if number_of(value, length) < 60 else GS1_BAD_SECOND


cdef int hour_minute(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    if length < 4:
        return GS1_VALUE_TOO_SHORT
    if number_of(value, 2) >= 24:
        return GS1_BAD_HOUR
    at[0] = 2
    return minute(value + 2, 2, at)


# Places.

cdef int latitude(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if number_of(value, length) <= 1800000000UL else GS1_BAD_LATITUDE


cdef int longitude(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if number_of(value, length) <= 3600000000UL else GS1_BAD_LONGITUDE


cdef int country(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 3 and are_digits(value, 3) and COUNTRY[number_of(value, 3)] else GS1_UNKNOWN_COUNTRY


cdef int country_or_several(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 3 and number_of(value, 3) == 999 else country(value, length, at)


cdef int currency(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 3 and are_digits(value, 3) and CURRENCY[number_of(value, 3)] else GS1_UNKNOWN_CURRENCY


cdef int country_letters(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    if length != 2 or not is_capital(value[0]) or not is_capital(value[1]):
        return GS1_UNKNOWN_COUNTRY
    return GS1_OK if COUNTRY_LETTERS[(value[0] - c"A") * 26 + (value[1] - c"A")] else GS1_UNKNOWN_COUNTRY
