# What a device adds to a symbol, or writes otherwise: the ends of a read, and separators. docs/barcodes.md, How a read is taken.

cdef size_t end_at(const uint8_t* text, size_t length) noexcept nogil:
    """The length in UTF-8 of the character at the beginning of a text that is no part of a symbol; 0: none is there."""
    cdef size_t i
    if length == 0:
        return 0
    if text[0] < ASCII:
        return IS_END[text[0]]
    for i in range(WIDE_ENDS_COUNT):
        if WIDE_END_LENGTH[i] <= length and memcmp(text, &WIDE_ENDS[i * 4], WIDE_END_LENGTH[i]) == 0:
            return WIDE_END_LENGTH[i]
    return 0


cdef inline bint trim(const uint8_t** read, size_t* length) noexcept nogil:
    """Takes off both ends of a read what a device adds; whether there may have been some."""
    cdef const uint8_t* text = read[0]
    cdef size_t left = length[0]
    # Most reads begin and end with a letter or a digit.
    if left > 0 and BLANK < text[0] < ASCII and BLANK < text[left - 1] < ASCII:
        return False
    trim_all(read, length)
    return True


cdef void trim_all(const uint8_t** read, size_t* length) noexcept nogil:
    cdef const uint8_t* text = read[0]
    cdef size_t left = length[0], taken = 1, size
    while taken:
        taken = end_at(text, left)
        text += taken
        left -= taken
    taken = 1
    while taken:
        taken = 0
        # Of the last bytes only a whole character is one, however it begins.
        for size in range(1, 4):
            if size <= left and end_at(text + left - size, size) == size:
                taken = size
                break
        left -= taken
    read[0] = text
    length[0] = left


cdef inline bint link_begins(const uint8_t* text, size_t length) noexcept nogil:
    return length >= 4 and (memcmp(text, b"http", 4) == 0 or memcmp(text, b"HTTP", 4) == 0)


cdef size_t put_separators(const lists_t* lists, const uint8_t* read, size_t length, uint8_t* text) noexcept nogil:
    """Writes the read with a GS wherever a device of the site writes another; gives its length."""
    cdef const separator_t* separator
    cdef size_t at = 0, written = 0, i
    while at < length:
        text[written] = read[at]
        for i in range(lists.separators):
            separator = &lists.separator[i]
            if separator.length <= length - at and memcmp(read + at, separator.text, separator.length) == 0:
                text[written] = GS
                at += separator.length - 1
                break
        at += 1
        written += 1
    return written
