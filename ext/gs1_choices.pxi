# More of what components may hold: choices, small numbers, account numbers. The checks are as in gs1_values.pxi.

cdef int yes_no(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 1 and (value[0] == c"0" or value[0] == c"1") else GS1_NOT_YES_NO


cdef int hyphen(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 1 and value[0] == c"-" else GS1_NOT_HYPHEN


cdef int package_type(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """The form of a code of UN/ECE Recommendation 21 or of GS1's own; the lists themselves change too often."""
    cdef size_t i
    for i in range(length):
        at[0] = i
        if not is_digit(value[i]) and not is_capital(value[i]):
            return GS1_BAD_PACKAGE_TYPE
    return GS1_OK


cdef int piece_of_total(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    cdef unsigned long piece, total
    if length < 4:
        return GS1_VALUE_TOO_SHORT
    piece = number_of(value, 2)
    total = number_of(value + 2, 2)
    return GS1_OK if 1 <= piece <= total else GS1_BAD_PIECE


cdef inline bint all_zeros(const uint8_t* value, size_t length) noexcept nogil:
    cdef size_t i
    for i in range(length):
        if value[i] != c"0":
            return False
    return True


cdef int zero(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if all_zeros(value, length) else GS1_NOT_ZERO


cdef int not_zero(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_ZERO if all_zeros(value, length) else GS1_OK


cdef int no_leading_zero(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_LEADING_ZERO if length > 1 and value[0] == c"0" else GS1_OK


cdef int winding(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 1 and (value[0] == c"0" or value[0] == c"1" or value[0] == c"9") else GS1_BAD_WINDING


cdef int sex(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """ISO/IEC 5218."""
    return GS1_OK if length == 1 and (value[0] <= c"2" or value[0] == c"9") else GS1_BAD_SEX


cdef int media_type(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    cdef unsigned long number = number_of(value, length)
    return GS1_OK if 1 <= number <= 10 or 80 <= number <= 99 else GS1_BAD_MEDIA_TYPE


cdef int position_in_sequence(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """Which of how many: `1/3`."""
    if length != 3 or not is_digit(value[0]) or value[1] != c"/" or not is_digit(value[2]):
        return GS1_BAD_SEQUENCE
    if value[0] == c"0" or value[2] == c"0":
        at[0] = 0 if value[0] == c"0" else 2
        return GS1_LEADING_ZERO
    return GS1_OK if value[0] <= value[2] else GS1_BAD_SEQUENCE


cdef int importer_index(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_OK if length == 1 and CHARACTERS[value[0]] & IS_BASE64URL and value[0] != c"=" else GS1_BAD_IMPORTER_INDEX


cdef int has_letter(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    return GS1_NO_LETTER if are_digits(value, length) else GS1_OK


cdef int iban(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """ISO 13616: the first four characters put last, letters as 10 to 35, modulo 97 is 1."""
    cdef unsigned int remainder = 0, counts
    cdef uint8_t character
    cdef size_t i
    if length < 5 or not is_capital(value[0]) or not is_capital(value[1]):
        return GS1_BAD_IBAN
    for i in range(length):
        character = value[(i + 4) % length]
        if is_digit(character):
            remainder = (remainder * 10 + (character - c"0")) % 97
        elif is_capital(character):
            counts = character - c"A" + 10
            remainder = (remainder * 100 + counts) % 97
        else:
            at[0] = (i + 4) % length
            return GS1_BAD_IBAN
    at[0] = 2
    return GS1_OK if remainder == 1 else GS1_BAD_IBAN
