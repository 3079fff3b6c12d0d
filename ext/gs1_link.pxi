# GS1 Digital Link URIs: GS1 Digital Link Standard, URI Syntax 1.6. `https://id.gs1.org/00/952012345678912345?37=25`: in the
# path a primary key and its qualifiers, in the query attributes. Elements are written decoded into message.decoded.

cdef uint8_t[256] URI_CHARACTERS  # bit 0: URI, bit 1: of a domain

cdef enum:
    IN_URI = 1
    IN_DOMAIN = 2

cdef struct link_t:
    const table_t* table
    const uint8_t* uri
    int options
    gs1_message_t* out
    size_t written                # into out.decoded
    const ai_t* key
    uint16_t[QUALIFIERS_MAX + 1] qualifiers   # slots, in the order of the path
    size_t qualifier_count


cdef size_t link_scheme(const uint8_t* uri, size_t length) noexcept nogil:
    """The length of `https://` or `http://`, all small or all capital letters, or 0."""
    if length >= 8 and (memcmp(uri, b"https://", 8) == 0 or memcmp(uri, b"HTTPS://", 8) == 0):
        return 8
    if length >= 7 and (memcmp(uri, b"http://", 7) == 0 or memcmp(uri, b"HTTP://", 7) == 0):
        return 7
    return 0


cdef size_t ai_of_segment(link_t* link, const uint8_t* segment, size_t length) noexcept nogil:
    """The index in the table of the AI that a segment names, by its digits or its alias; 0: none."""
    cdef size_t i
    if 2 <= length <= 4 and ai_digits_at(segment, length) == length:
        return link.table.at[slot_of(number_of(segment, length), length)]
    if link.options & ALIASES:
        for i in range(link.table.aliases):
            if (link.table.alias[i].length == length
                    and memcmp(link.table.alias[i].name, segment, length) == 0):
                return link.table.alias[i].ai
    return 0


cdef bint is_qualified(const ai_t* key, const uint16_t* slots, size_t count) noexcept nogil:
    """Whether these qualifiers stand in the order of one of the key's alternatives, some left out."""
    cdef size_t alternative, i, matched
    if count == 0:
        return True
    for alternative in range(key.alternatives):
        matched = 0
        for i in range(key.qualifiers[alternative]):
            if matched < count and key.qualifier[alternative * QUALIFIERS_MAX + i] == slots[matched]:
                matched += 1
        if matched == count:
            return True
    return False


cdef bint belongs_in_path(link_t* link, uint16_t slot) noexcept nogil:
    """Whether an AI of the query could stand among the qualifiers of the path."""
    cdef uint16_t[QUALIFIERS_MAX + 1] slots
    cdef size_t at, i
    if link.qualifier_count >= QUALIFIERS_MAX:
        return False
    for at in range(link.qualifier_count + 1):
        for i in range(link.qualifier_count):
            slots[i + (i >= at)] = link.qualifiers[i]
        slots[at] = slot
        if is_qualified(link.key, slots, link.qualifier_count + 1):
            return True
    return False


cdef inline uint8_t hex_value(uint8_t digit) noexcept nogil:
    return digit - c"0" if digit <= c"9" else (digit | 0x20) - c"a" + 10


cdef int decode(link_t* link, size_t at, size_t length, bint plus_is_blank, size_t* decoded) noexcept nogil:
    """Writes a value behind what is written; at is its position in the URI. Gives a reason, and how long it is."""
    cdef const uint8_t* value = link.uri + at
    cdef uint8_t* out = link.out.decoded + link.written
    cdef size_t i = 0, written = 0
    while i < length:
        if value[i] != c"%":
            out[written] = 0x20 if plus_is_blank and value[i] == c"+" else value[i]
        elif length - i < 3 or not CHARACTERS[value[i + 1]] & IS_HEX or not CHARACTERS[value[i + 2]] & IS_HEX:
            return fault(link.out, GS1_BAD_PERCENT_ENCODING, at + i, 3 if length - i > 3 else length - i)
        else:
            out[written] = hex_value(value[i + 1]) * 16 + hex_value(value[i + 2])
            i += 2
        i += 1
        written += 1
    decoded[0] = written
    return GS1_OK


cdef bint is_repeated(gs1_message_t* out, unsigned long number, size_t digits) noexcept nogil:
    cdef size_t i
    for i in range(out.count):
        if out.elements[i].ai == number and out.elements[i].ai_digits == digits:
            return True
    return False


cdef int take(link_t* link, const ai_t* ai, unsigned long number, size_t digits, size_t at, size_t length,
              bint in_query) noexcept nogil:
    """Takes the element of this AI, whose value stands at this position of the URI."""
    cdef gs1_message_t* out = link.out
    cdef uint8_t* value
    cdef size_t decoded = 0, inside = 0, index, rest = number, padding
    cdef int reason
    fault_in(out, number, digits)
    if is_repeated(out, number, digits):
        return fault(out, GS1_REPEATED_AI, at, length)
    for index in range(digits):
        out.decoded[link.written + digits - 1 - index] = c"0" + rest % 10
        rest //= 10
    link.written += digits
    reason = decode(link, at, length, in_query, &decoded)
    if reason != GS1_OK:
        return reason
    value = out.decoded + link.written
    if (digits == 2 and number == 1 and link.options & PAD_GTIN
            and (decoded == 8 or decoded == 12 or decoded == 13)):
        padding = 14 - decoded
        memmove(value + padding, value, decoded)
        memset(value, c"0", padding)
        decoded = 14
    reason = read_value(ai, value, decoded, link.options, &inside)
    if reason == GS1_OK:
        reason = push(out, number, digits, link.written, decoded)
    if reason != GS1_OK:
        return fault(out, reason, at, length)
    link.written += decoded
    fault_in(out, 0, 0)
    return GS1_OK


cdef size_t slash_before(const uint8_t* uri, size_t least, size_t end) noexcept nogil:
    """The position of the last `/` at or behind least and before end; end if there is none."""
    cdef size_t at = end
    while at > least:
        at -= 1
        if uri[at] == c"/":
            return at
    return end


cdef size_t find_key_segment(link_t* link, size_t path, size_t end) noexcept nogil:
    """Where the right-most primary key begins, going back by pairs of segments; 0 if there is none."""
    cdef size_t behind = end, value, key, ai
    while True:
        value = slash_before(link.uri, path, behind)
        if value == behind:
            return 0
        key = slash_before(link.uri, path, value)
        if key == value:
            return 0
        ai = ai_of_segment(link, link.uri + key + 1, value - key - 1)
        if ai and link.table.ai[ai].flags & LINK_KEY:
            return key + 1
        behind = key


cdef int read_path(link_t* link, size_t at, size_t end) noexcept nogil:
    """The primary key, which begins at this position, and its qualifiers."""
    cdef const uint8_t* uri = link.uri
    cdef const ai_t* ai
    cdef size_t name_end, value_end_, index
    cdef int reason
    while at < end:
        name_end = at
        while name_end < end and uri[name_end] != c"/":
            name_end += 1
        value_end_ = name_end + 1
        while value_end_ < end and uri[value_end_] != c"/":
            value_end_ += 1
        index = ai_of_segment(link, uri + at, name_end - at)
        if index == 0:
            return fault(link.out, GS1_UNKNOWN_AI, at, name_end - at)
        ai = &link.table.ai[index]
        if link.key == NULL:
            link.key = ai
        else:
            fault_in(link.out, ai.number, ai.digits)
            if link.qualifier_count == QUALIFIERS_MAX:
                return fault(link.out, GS1_BAD_QUALIFIER, at, name_end - at)
            link.qualifiers[link.qualifier_count] = slot_of(ai.number, ai.digits)
            link.qualifier_count += 1
            if not is_qualified(link.key, link.qualifiers, link.qualifier_count):
                return fault(link.out, GS1_BAD_QUALIFIER, at, name_end - at)
        reason = take(link, ai, ai.number, ai.digits, name_end + 1, value_end_ - name_end - 1, False)
        if reason != GS1_OK:
            return reason
        at = value_end_ + 1
    return GS1_OK


cdef inline bint could_be_ai(const uint8_t* digits, size_t length) noexcept nogil:
    """Whether an AI that begins like this has so many digits; of those that are not assigned nobody knows."""
    return 2 <= length <= 4 and (AI_DIGITS[number_of(digits, 2)] == length or AI_DIGITS[number_of(digits, 2)] == 0)


cdef int read_parameter(link_t* link, size_t at, size_t end) noexcept nogil:
    """One parameter of the query. Those whose name is no number, or which have no `=`, are someone else's."""
    cdef const uint8_t* uri = link.uri
    cdef const ai_t* ai
    cdef size_t name_end = at, length, index, number
    while name_end < end and uri[name_end] != c"=":
        name_end += 1
    length = name_end - at
    if name_end == end or length == 0 or not are_digits(uri + at, length):
        return GS1_OK
    if not could_be_ai(uri + at, length):
        return fault(link.out, GS1_UNKNOWN_AI, at, length)
    number = number_of(uri + at, length)
    index = link.table.at[slot_of(number, length)]
    if index == 0 and not link.options & PERMIT_UNKNOWN:
        return fault(link.out, GS1_UNKNOWN_AI, at, length)
    ai = &link.table.ai[index]
    fault_in(link.out, number, length)
    if not ai.flags & LINK_ATTRIBUTE and (index or not link.options & UNKNOWN_IN_LINK):
        return fault(link.out, GS1_NOT_LINK_ATTRIBUTE, at, length)
    if is_repeated(link.out, number, length):
        return fault(link.out, GS1_REPEATED_AI, at, length)
    if belongs_in_path(link, slot_of(number, length)):
        return fault(link.out, GS1_BELONGS_IN_PATH, at, length)
    return take(link, ai, number, length, name_end + 1, end - name_end - 1, True)


cdef int read_query(link_t* link, size_t at, size_t end) noexcept nogil:
    cdef size_t stop
    cdef int reason
    while at < end:
        stop = at
        while stop < end and link.uri[stop] != c"&":
            stop += 1
        reason = read_parameter(link, at, stop)
        if reason != GS1_OK:
            return reason
        at = stop + 1
    return GS1_OK


cdef int read_link(const table_t* table, const uint8_t* uri, size_t length, int options,
                   gs1_message_t* out) noexcept nogil:
    """Reads a Digital Link URI: scheme, domain, a stem that says nothing, path, query; the fragment is ignored."""
    cdef link_t link
    cdef size_t at, path, path_end
    cdef int reason
    memset(&link, 0, sizeof(link_t))
    open_message(out, out.decoded)
    out.kind = GS1_LINK
    link.table, link.uri, link.options, link.out = table, uri, options, out
    if length == 0:
        return fault(out, GS1_EMPTY, 0, 0)
    if length > GS1_READ_MAX:
        return fault(out, GS1_TOO_LONG, GS1_READ_MAX, 0)
    for at in range(length):
        if not URI_CHARACTERS[uri[at]] & IN_URI:
            return fault(out, GS1_BAD_URI_CHARACTER, at, 1)
    at = path = link_scheme(uri, length)
    if at == 0:
        return fault(out, GS1_NOT_LINK, 0, 8 if length > 8 else length)
    while path < length and URI_CHARACTERS[uri[path]] & IN_DOMAIN:
        path += 1
    if path == at or (path < length and uri[path] != c"/"):
        return fault(out, GS1_NO_DOMAIN, at, path - at)
    for at in range(path, length):
        if uri[at] == c"#":
            length = at
            break
    path_end = path
    while path_end < length and uri[path_end] != c"?":
        path_end += 1
    at = find_key_segment(&link, path, path_end)
    if at == 0:
        return fault(out, GS1_NO_PRIMARY_KEY, path, path_end - path)
    reason = read_path(&link, at, path_end)
    if reason != GS1_OK:
        return reason
    return read_query(&link, path_end + 1, length)
