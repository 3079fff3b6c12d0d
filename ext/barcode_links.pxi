# Carriers' own tracking links: tracker.domain.formats.links.

cdef enum:
    LINKS_MAX = 192
    LINK_TEXT_MAX = 32            # of a host, or of a parameter's or a segment's name

cdef struct link_t:
    uint8_t host_length, name_length
    uint8_t kind                  # `?`, `/` or `#`
    bint ends_at_hyphen
    uint64_t carriers
    uint8_t[LINK_TEXT_MAX] host, name

cdef link_t[LINKS_MAX] LINKS
cdef size_t LINKS_COUNT = 0


cdef inline uint8_t small(uint8_t character) noexcept nogil:
    return character + 32 if c"A" <= character <= c"Z" else character


cdef bint same_small(const uint8_t* text, const uint8_t* other, size_t length) noexcept nogil:
    """Whether a text is the same as another one, which is in small letters."""
    cdef size_t i
    for i in range(length):
        if small(text[i]) != other[i]:
            return False
    return True


cdef inline bint ends_host(uint8_t character) noexcept nogil:
    return character == c"/" or character == c"?" or character == c"#"


cdef void read_link(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A link, if its host is a carrier's: the numbers that stand where this carrier's links have them."""
    cdef const uint8_t* end = read + length
    cdef const uint8_t* host = read + (8 if length > 8 and small(read[4]) == c"s" else 7)
    cdef const uint8_t* rest
    cdef size_t i
    if length <= 8 or memcmp(host - 3, b"://", 3) != 0:
        return
    rest = host
    while rest < end and not ends_host(rest[0]):
        rest += 1
    if rest - host > 4 and same_small(host, b"www.", 4):
        host += 4
    for i in range(LINKS_COUNT):
        if LINKS[i].host_length == rest - host and same_small(host, LINKS[i].host, rest - host):
            read_place(sink, &LINKS[i], rest, end)


cdef void read_place(sink_t* sink, const link_t* link, const uint8_t* rest, const uint8_t* end) noexcept nogil:
    """The numbers that stand in one of the places, in what follows the host."""
    cdef const uint8_t* at = rest
    cdef bint in_query = False, in_fragment = False
    while at < end:
        # What begins behind this mark: a segment, a parameter, the fragment.
        if at[0] == c"#":
            if link.kind == c"#":
                read_numbers(sink, link, at + 1, end)
                return
            in_fragment, in_query = True, False
        elif at[0] == c"?":
            in_query = True
        if link.kind == c"?" and (in_query or in_fragment) and at[0] != c"/" and begins_with(link, at + 1, end, c"="):
            read_numbers(sink, link, at + 2 + link.name_length, end)
        elif link.kind == c"/" and link.name_length == 0:
            if at == rest and at[0] == c"/":
                read_numbers(sink, link, at + 1, end)
        elif link.kind == c"/" and at[0] != c"&" and not in_query and begins_with(link, at + 1, end, c"/"):
            read_numbers(sink, link, at + 2 + link.name_length, end)
        at += 1
        while at < end and at[0] != c"/" and at[0] != c"?" and at[0] != c"&" and at[0] != c"#":
            at += 1


cdef bint begins_with(const link_t* link, const uint8_t* text, const uint8_t* end, uint8_t behind) noexcept nogil:
    """Whether a text begins with the name of a parameter or a segment, and what ends such a name."""
    return (end - text > link.name_length and text[link.name_length] == behind
            and same_small(text, link.name, link.name_length))


cdef void read_numbers(sink_t* sink, const link_t* link, const uint8_t* text, const uint8_t* end) noexcept nogil:
    """Offers the numbers of a value, percent-decoded; there may be several with marks between, and each may be typed."""
    cdef uint8_t[BARCODE_KEY_MAX + 1] number
    cdef size_t kept = 0
    cdef uint8_t character
    sink.carriers_tried = link.carriers
    while text < end and text[0] != c"&" and text[0] != c"#" and text[0] != c"/" and text[0] != c"?":
        character = text[0]
        if character == c"%" and end - text > 2 and hex_value(text[1]) < 16 and hex_value(text[2]) < 16:
            character = hex_value(text[1]) * 16 + hex_value(text[2])
            text += 2
        elif character == c"+":
            character = BLANK
        elif character == c"-" and link.ends_at_hyphen:
            break
        text += 1
        if character == c"," or character == c";" or character == LF:
            offer_number(sink, number, kept)
            kept = 0
        elif kept <= BARCODE_KEY_MAX:
            number[kept] = TYPED[character]
            kept += number[kept] != BLANK
    offer_number(sink, number, kept)
    sink.carriers_tried = ALL_CARRIERS


cdef inline void offer_number(sink_t* sink, const uint8_t* number, size_t length) noexcept nogil:
    if length <= BARCODE_KEY_MAX:
        try_forms(sink, FRAME_LINK, number, length)


cdef inline uint8_t hex_value(uint8_t digit) noexcept nogil:
    if c"0" <= digit <= c"9":
        return digit - c"0"
    return small(digit) - c"a" + 10 if c"a" <= small(digit) <= c"f" else 16


cdef int fill_links() except -1:
    global LINKS_COUNT
    cdef link_t* to
    for link in links.LINKS:
        if LINKS_COUNT == LINKS_MAX or max(len(link.host), len(link.name)) > LINK_TEXT_MAX:
            raise OverflowError(f"more than {LINKS_MAX} link forms, or a host or a name of more than {LINK_TEXT_MAX}")
        to = &LINKS[LINKS_COUNT]
        to.host_length, to.name_length = len(link.host), len(link.name)
        memcpy(to.host, PyBytes_AS_STRING(link.host.encode("ascii")), to.host_length)
        memcpy(to.name, PyBytes_AS_STRING(link.name.encode("ascii")), to.name_length)
        to.kind, to.ends_at_hyphen = ord(link.kind), link.ends_at_hyphen
        for carrier in (*link.carriers, *links.ANYONES):
            to.carriers |= <uint64_t>1 << <int>forms.CARRIERS.index(carrier)
        LINKS_COUNT += 1
    return 0


fill_links()
