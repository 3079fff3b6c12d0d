# ISO/IEC 15434 messages: formats of fields, of which a label has one or a few.

cdef enum:
    ENVELOPE_HEADER = 4           # `[)>` RS


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
