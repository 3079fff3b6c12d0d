# Frames that are not GS1's: ISO/IEC 15434 messages with the UPS structured carrier message among them, ISO/IEC 15459 licence
# plates behind their data identifier, UPU S9 receptacles and S8 despatches.

cdef enum:
    ENVELOPE_HEADER = 4           # `[)>` RS
    PLATE_MIN = 4                 # shorter ones would be any word that begins with J
    PLATE_MAX = 35
    DESPATCH_LENGTH = 20
    RECEPTACLE_LENGTH = 29
    CARRIER_TRACKING = 3          # fields of a structured carrier message
    CARRIER_NAME = 4


cdef inline bint are_capitals_or_digits(const uint8_t* text, size_t length) noexcept nogil:
    cdef size_t i
    for i in range(length):
        if not is_digit(text[i]) and not is_capital(text[i]):
            return False
    return True


cdef inline int take_key(gs1_message_t* out, int scheme, const uint8_t* key, size_t length) noexcept nogil:
    out.scheme = scheme
    out.key_length = length
    memcpy(out.key, key, length)
    out.reason = GS1_OK
    return GS1_OK


cdef int take_plate(gs1_message_t* out, const uint8_t* text, size_t length) noexcept nogil:
    """A licence plate: `J`, or `1J` to `6J`, and 4 to 35 capitals and digits, a digit among them.

    The identifier in front says what kind of unit carries the plate, not which one, so that the key has `J` for all.
    """
    cdef size_t i
    if length > 0 and c"1" <= text[0] <= c"6":
        text += 1
        length -= 1
    if length < 1 + PLATE_MIN or length > 1 + PLATE_MAX or text[0] != c"J":
        return GS1_NO_IDENTIFIER
    if not are_capitals_or_digits(text, length):
        return GS1_NO_IDENTIFIER
    for i in range(1, length):
        if is_digit(text[i]):
            return take_key(out, GS1_LICENCE_PLATE, text, length)
    return GS1_NO_IDENTIFIER


cdef bint is_processing_centre(const uint8_t* text) noexcept nogil:
    """An IMPC code, UPU S34: a country, a place in it, and which centre there."""
    return (is_capital(text[0]) and is_capital(text[1])
            and COUNTRY_LETTERS[(text[0] - c"A") * 26 + (text[1] - c"A")] and are_capitals_or_digits(text + 2, 4))


cdef bint is_despatch(const uint8_t* text) noexcept nogil:
    """UPU S8, 20 characters: from, to, category, subclass, year, despatch number."""
    return (is_processing_centre(text) and is_processing_centre(text + 6) and c"A" <= text[12] <= c"D"
            and is_capital(text[13]) and is_capital(text[14]) and are_digits(text + 15, 5))


cdef bint is_receptacle(const uint8_t* text) noexcept nogil:
    """UPU S9, 29 characters: the despatch, receptacle number, whether it is the last, registered or insured, weight."""
    return is_despatch(text) and are_digits(text + 20, 3) and text[23] <= c"1" and are_digits(text + 23, 6)


cdef int read_plain(const uint8_t* text, size_t length, gs1_message_t* out) noexcept nogil:
    """A text without a frame."""
    if length == RECEPTACLE_LENGTH and is_receptacle(text):
        return take_key(out, GS1_RECEPTACLE, text, length)
    if length == DESPATCH_LENGTH and is_despatch(text):
        return take_key(out, GS1_DESPATCH, text, length)
    return take_plate(out, text, length)


# ISO/IEC 15434.

cdef inline bint is_envelope(const uint8_t* data, size_t length) noexcept nogil:
    return length >= 3 and memcmp(data, b"[)>", 3) == 0


cdef int read_format(const uint8_t* data, size_t start, size_t end, gs1_message_t* out) noexcept nogil:
    """One format of a message, from its indicator to the RS or EOT behind it."""
    cdef unsigned long indicator
    cdef size_t at, field_end
    if end - start < 2 or not are_digits(data + start, 2):
        return fault(out, GS1_BAD_ENVELOPE, start, 2 if end - start > 2 else end - start)
    indicator = number_of(data + start, 2)
    at = start + 2
    if indicator == 1:
        # Transportation: a year or version of two digits stands before the first field.
        if end - at < 3 or data[at] != GS or not are_digits(data + at + 1, 2):
            return fault(out, GS1_BAD_ENVELOPE, at, 3 if end - at > 3 else end - at)
        at += 3
    elif at < end and data[at] == GS:
        at += 1
    while True:
        field_end = at
        while field_end < end and data[field_end] != GS:
            field_end += 1
        if push(out, indicator, 0, at, field_end - at) != GS1_OK:
            return fault(out, GS1_TOO_MANY_ELEMENTS, at, 0)
        if field_end == end:
            return GS1_OK
        at = field_end + 1


cdef int read_envelope(const uint8_t* data, size_t length, gs1_message_t* out) noexcept nogil:
    """Reads a message into its fields. The end may be missing: many scanners leave EOT out."""
    cdef size_t at = ENVELOPE_HEADER, end
    cdef int reason
    open_message(out, data)
    out.kind = GS1_ENVELOPE
    if length > GS1_READ_MAX:
        return fault(out, GS1_TOO_LONG, GS1_READ_MAX, 0)
    if length < ENVELOPE_HEADER or not is_envelope(data, length) or data[ENVELOPE_HEADER - 1] != RS:
        return fault(out, GS1_NOT_ENVELOPE, 0, length if length < ENVELOPE_HEADER else ENVELOPE_HEADER)
    while True:
        end = at
        while end < length and data[end] != RS and data[end] != EOT:
            end += 1
        reason = read_format(data, at, end, out)
        if reason != GS1_OK:
            return reason
        if end == length or data[end] == EOT:
            break
        at = end + 1
        if at == length:
            return GS1_OK
        if data[at] == EOT:
            end = at
            break
    if end + 1 < length:
        return fault(out, GS1_BAD_ENVELOPE, end + 1, length - end - 1)
    return GS1_OK


cdef int key_of_envelope(gs1_message_t* out) noexcept nogil:
    """The key in the fields of a message: a UPS tracking number, an SSCC, or a licence plate."""
    cdef const gs1_element_t* field
    cdef const uint8_t* text
    cdef size_t i
    if out.count > CARRIER_NAME and out.elements[CARRIER_NAME].ai == 1:
        field = &out.elements[CARRIER_TRACKING]
        text = out.text + field.at
        if (field.length == 10 and memcmp(text, b"1Z", 2) == 0 and are_capitals_or_digits(text, 10)
                and out.elements[CARRIER_NAME].length == 4
                and memcmp(out.text + out.elements[CARRIER_NAME].at, b"UPSN", 4) == 0):
            return take_key(out, GS1_MAXICODE, text, 10)
    for i in range(out.count):
        field = &out.elements[i]
        text = out.text + field.at
        if field.ai == 5 and field.length == 20 and memcmp(text, b"00", 2) == 0 and are_digits(text, 20):
            if check_digit_of(text + 2, 17) != text[19]:
                return fault(out, GS1_BAD_CHECK_DIGIT, field.at + 19, 1)
            return take_key(out, GS1_SSCC, text + 2, 18)
        if field.ai == 6 and take_plate(out, text, field.length) == GS1_OK:
            return GS1_OK
    return fault(out, GS1_NO_IDENTIFIER, 0, 0)
