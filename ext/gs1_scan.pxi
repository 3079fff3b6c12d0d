# A read as a scanner hands it over: which frame its symbology identifier (ISO/IEC 15424) says, and what stands in it.

cdef enum frame_t:
    UNKNOWN_FRAME = 0
    TEXT_FRAME = 1
    LINK_FRAME = 2                # text that may be a URI
    ELEMENT_FRAME = 3
    EAN_13_FRAME = 4
    EAN_8_FRAME = 5
    ITF_FRAME = 6

cdef uint8_t[128 * 128] FRAMES    # [letter][modifier] -> frame_t
cdef const table_t* PARCELS       # the table that walk and read_all read by


cdef int take_gtin(gs1_message_t* out, const uint8_t* digits, size_t length) noexcept nogil:
    """The number of a trade item, filled up to 14 digits, as the element (01)."""
    out.kind = GS1_TRADE_ITEM
    fault_in(out, 1, 2)
    if not are_digits(digits, length):
        return fault(out, GS1_NOT_DIGITS, 0, length)
    if check_digit_of(digits, length - 1) != digits[length - 1]:
        return fault(out, GS1_BAD_CHECK_DIGIT, length - 1, 1)
    fault_in(out, 0, 0)
    out.text = out.decoded
    memset(out.decoded, c"0", 16)
    out.decoded[1] = c"1"
    memcpy(out.decoded + 16 - length, digits, length)
    push(out, 1, 2, 2, 14)
    return GS1_OK


cdef int read_composite(const table_t* table, const uint8_t* data, size_t length, int options, size_t linear,
                        gs1_message_t* out) noexcept nogil:
    """EAN with so many digits, and the composite component that may stand behind it: `|]e0` and its elements."""
    cdef uint8_t[16] gtin
    cdef size_t i
    cdef int reason
    open_message(out, data)
    out.kind = GS1_TRADE_ITEM
    if length < linear:
        return fault(out, GS1_VALUE_TOO_SHORT, length, 0)
    if length == linear:
        return take_gtin(out, data, linear)
    if length < linear + 5 or memcmp(data + linear, b"|]e0", 4) != 0:
        return fault(out, GS1_VALUE_TOO_LONG, linear, length - linear)
    reason = take_gtin(out, data, linear)
    if reason != GS1_OK:
        return reason
    memcpy(gtin, out.decoded, 16)
    reason = read_elements(table, data + linear + 4, length - linear - 4, options, out)
    out.kind = GS1_TRADE_ITEM
    if reason != GS1_OK:
        out.fault_at += linear + 4
        return reason
    if out.count == GS1_ELEMENTS_MAX:
        return fault(out, GS1_TOO_MANY_ELEMENTS, length, 0)
    # Both now stand in decoded: the trade item, then the component's elements.
    memcpy(out.decoded, gtin, 16)
    memcpy(out.decoded + 16, data + linear + 4, length - linear - 4)
    for i in range(out.count, 0, -1):
        out.elements[i] = out.elements[i - 1]
        out.elements[i].at += 16
    out.elements[0] = gs1_element_t(ai=1, ai_digits=2, at=2, length=14)
    out.count += 1
    out.text = out.decoded
    return GS1_OK


cdef int read_framed(const table_t* table, const uint8_t* read, size_t length, int options, bint must_frame,
                     gs1_message_t* out) noexcept nogil:
    """Reads what a scanner hands over.

    Without must_frame a read without, or of an unknown, symbology identifier is text; unless a GS stands in one without:
    that is a symbol of element strings, from a reader that sends no identifiers.
    """
    cdef uint8_t frame = UNKNOWN_FRAME
    cdef const uint8_t* data = read
    if length >= 3 and read[0] == c"]" and read[1] < 128 and read[2] < 128:
        frame = FRAMES[read[1] * 128 + read[2]]
        data += 3
        length -= 3
    elif not must_frame:
        frame = LINK_FRAME
        if memchr(read, GS, length) != NULL and not is_envelope(read, length) and not link_scheme(read, length):
            frame = ELEMENT_FRAME
    open_message(out, data)
    if frame == UNKNOWN_FRAME:
        if must_frame:
            return fault(out, GS1_UNKNOWN_SYMBOLOGY, 0, 0)
        frame = TEXT_FRAME
    if length > GS1_READ_MAX:
        return fault(out, GS1_TOO_LONG, GS1_READ_MAX, 0)
    if frame == ELEMENT_FRAME:
        return read_elements(table, data, length, options, out)
    if frame == EAN_13_FRAME:
        return read_composite(table, data, length, options, 13, out)
    if frame == EAN_8_FRAME:
        return read_composite(table, data, length, options, 8, out)
    if frame == ITF_FRAME and length == 14 and are_digits(data, 14):
        return take_gtin(out, data, 14)
    if frame == LINK_FRAME and link_scheme(data, length):
        return read_link(table, data, length, options, out)
    if is_envelope(data, length):
        return read_envelope(data, length, out)
    return GS1_OK


cdef int walk(const uint8_t* read, size_t length, gs1_message_t* out) noexcept nogil:
    """See gs1.pxd."""
    return read_framed(PARCELS, read, length, WALKING, False, out)


cdef int read_all(const uint8_t* read, size_t length, gs1_message_t* out) noexcept nogil:
    """See gs1.pxd."""
    return read_framed(PARCELS, read, length, PAD_GTIN | ALIASES, False, out)
