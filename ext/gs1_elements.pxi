# Element strings: a table of application identifiers, and the loop that reads by it. GS1 General Specifications 25, section 7.8.

cdef enum:
    AIS_MAX = 640                 # in a table; the GS1 Barcode Syntax Dictionary has 541
    COMPONENTS_MAX = 6
    COMPONENT_CHECKS_MAX = 4
    ALTERNATIVES_MAX = 4          # sequences of qualifiers
    QUALIFIERS_MAX = 4
    ALIASES_MAX = 40
    ALIAS_MAX = 12
    SLOTS = 100 + 1000 + 10000    # AIs of 2, 3 and 4 digits

cdef enum options_t:
    PERMIT_UNKNOWN = 1            # AIs that the table lacks, if the length of their kind is known
    PAD_GTIN = 2                  # GTIN-8, 12 and 13 in a Digital Link
    ALIASES = 4                   # words for AIs in a Digital Link
    LENIENT = 8                   # only lengths and characters, no checks; empty elements are passed over
    UNKNOWN_IN_LINK = 16          # in the query of a Digital Link
    WALKING = 31                  # how walk reads

cdef enum ai_flags_t:
    LINK_ATTRIBUTE = 1
    LINK_KEY = 2

cdef struct component_t:
    uint8_t kind                  # N, X, Y or Z
    uint8_t least, most
    bint optional
    uint8_t checks
    uint8_t[COMPONENT_CHECKS_MAX] check

cdef struct ai_t:
    uint16_t number
    uint8_t digits, flags, components, alternatives
    component_t[COMPONENTS_MAX] component
    uint8_t[ALTERNATIVES_MAX] qualifiers
    uint16_t[ALTERNATIVES_MAX * QUALIFIERS_MAX] qualifier     # slots

cdef struct alias_t:
    uint8_t length
    uint8_t[ALIAS_MAX] name
    uint16_t ai                   # index in the table

cdef struct table_t:
    size_t ais, aliases
    ai_t[AIS_MAX] ai              # [0] stands for all that the table lacks
    alias_t[ALIASES_MAX] alias
    uint16_t[SLOTS] at            # slot -> index in ai; 0: unknown

cdef uint8_t[100] AI_DIGITS       # first two digits -> digits of the AI, or 0
cdef uint8_t[100] VALUE_LENGTH    # first two digits -> predefined length, or 0
cdef size_t VALUE_LENGTH_MAX


cdef inline size_t slot_of(unsigned long number, size_t digits) noexcept nogil:
    return number + (100 if digits == 3 else 1100 if digits == 4 else 0)


cdef inline void open_message(gs1_message_t* out, const uint8_t* text) noexcept nogil:
    out.text = text
    out.count = 0
    out.kind = GS1_TEXT
    out.reason = GS1_OK
    out.fault_at = out.fault_length = out.fault_ai = 0
    out.fault_ai_digits = 0


cdef inline int fault(gs1_message_t* out, int reason, size_t at, size_t length) noexcept nogil:
    out.reason = reason
    out.fault_at = at
    out.fault_length = length
    return reason


cdef inline void fault_in(gs1_message_t* out, unsigned long number, size_t digits) noexcept nogil:
    out.fault_ai = number
    out.fault_ai_digits = digits


cdef inline size_t ai_digits_at(const uint8_t* data, size_t length) noexcept nogil:
    """How many digits the AI has that stands at the beginning; 0 if none does."""
    cdef size_t digits
    if length < 2 or not are_digits(data, 2):
        return 0
    digits = AI_DIGITS[number_of(data, 2)]
    return digits if digits <= length and are_digits(data, digits) else 0


# One value.

cdef inline uint8_t wanted(uint8_t kind) noexcept nogil:
    return IS_DIGIT if kind == c"N" else IS_CSET_39 if kind == c"Y" else IS_BASE64URL if kind == c"Z" else IS_CSET_82


cdef inline int not_wanted(uint8_t kind) noexcept nogil:
    if kind == c"N":
        return GS1_NOT_DIGITS
    return GS1_NOT_CSET_39 if kind == c"Y" else GS1_NOT_BASE64URL if kind == c"Z" else GS1_NOT_CSET_82


cdef inline int read_characters(uint8_t kind, const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    cdef uint8_t mask = wanted(kind)
    cdef size_t i
    for i in range(length):
        if not CHARACTERS[value[i]] & mask:
            at[0] = i
            return not_wanted(kind)
    return base64url_end(value, length, at) if kind == c"Z" else GS1_OK


cdef int base64url_end(const uint8_t* value, size_t length, size_t* at) noexcept nogil:
    """RFC 4648, sections 3.5 and 5: `=` only at the end, where they fill the last group of four, behind bits that are 0."""
    cdef size_t i, padding = 0
    while padding < length and value[length - 1 - padding] == c"=":
        padding += 1
    at[0] = length - padding
    if padding > 2 or (padding > 0 and length % 4 != 0):
        return GS1_NOT_BASE64URL
    if padding > 0 and base64url_value(value[at[0] - 1]) & (3 if padding == 1 else 15):
        return GS1_NOT_BASE64URL
    for i in range(length - padding):
        if value[i] == c"=":
            at[0] = i
            return GS1_NOT_BASE64URL
    return GS1_OK


cdef inline uint8_t base64url_value(uint8_t character) noexcept nogil:
    if is_capital(character):
        return character - c"A"
    if is_digit(character):
        return character - c"0" + 52
    return 62 if character == c"-" else 63 if character == c"_" else character - c"a" + 26


cdef int read_component(const component_t* component, const uint8_t* value, size_t length, int options,
                        size_t* at) noexcept nogil:
    """Whether these characters are the component; at is where not."""
    cdef size_t i
    cdef int reason = read_characters(component.kind, value, length, at)
    if reason != GS1_OK:
        return reason
    at[0] = 0
    if length < component.least:
        return GS1_VALUE_TOO_SHORT
    if options & LENIENT:
        return GS1_OK
    for i in range(component.checks):
        reason = CHECKS[component.check[i]](value, length, at)
        if reason != GS1_OK:
            return reason
    return GS1_OK


cdef int read_value(const ai_t* ai, const uint8_t* value, size_t length, int options, size_t* at) noexcept nogil:
    """Whether a value is what its AI wants; at is where not."""
    cdef const component_t* component
    cdef size_t i, start = 0, taken, inside = 0
    cdef int reason
    at[0] = 0
    if length == 0:
        return GS1_NO_VALUE
    for i in range(ai.components):
        component = &ai.component[i]
        taken = length - start
        if taken == 0 and component.optional:
            break
        if taken > component.most:
            taken = component.most
        reason = read_component(component, value + start, taken, options, &inside)
        if reason != GS1_OK:
            at[0] = start + inside
            return reason
        start += taken
    at[0] = start
    return GS1_OK if start == length else GS1_VALUE_TOO_LONG


cdef int push(gs1_message_t* out, unsigned long number, size_t digits, size_t at, size_t length) noexcept nogil:
    cdef gs1_element_t* element
    if out.count == GS1_ELEMENTS_MAX:
        return GS1_TOO_MANY_ELEMENTS
    element = &out.elements[out.count]
    element.ai = number
    element.ai_digits = digits
    element.at = at
    element.length = length
    out.count += 1
    return GS1_OK


# The loop.

cdef size_t value_end(size_t first_two, const uint8_t* data, size_t length, size_t start) noexcept nogil:
    """Where the value ends that begins at start: by its predefined length, or at a separator, or with the data."""
    cdef size_t end = start
    cdef size_t longest = VALUE_LENGTH[first_two]
    if longest:
        return start + longest if longest < length - start else length
    while end < length and data[end] != GS:
        end += 1
    return end


cdef int read_elements(const table_t* table, const uint8_t* data, size_t length, int options,
                       gs1_message_t* out) noexcept nogil:
    """Reads element strings as they stand behind a GS1 symbology identifier, with GS as separator."""
    cdef size_t start = 0, digits, end, index, inside, number, first_two
    cdef int reason
    open_message(out, data)
    out.kind = GS1_ELEMENT_STRING
    if length == 0:
        return fault(out, GS1_EMPTY, 0, 0)
    if length > GS1_READ_MAX:
        return fault(out, GS1_TOO_LONG, GS1_READ_MAX, 0)
    while start < length:
        if data[start] == GS and options & LENIENT:
            start += 1
            continue
        digits = ai_digits_at(data + start, length - start)
        number = number_of(data + start, digits)
        index = table.at[slot_of(number, digits)] if digits else 0
        if index == 0 and (digits == 0 or not options & PERMIT_UNKNOWN):
            return fault(out, GS1_UNKNOWN_AI, start, 4 if length - start > 4 else length - start)
        first_two = number_of(data + start, 2)
        start += digits
        end = value_end(first_two, data, length, start)
        reason = read_value(&table.ai[index], data + start, end - start, options, &inside)
        if reason == GS1_OK and VALUE_LENGTH[first_two] > end - start:
            reason, inside = GS1_VALUE_TOO_SHORT, end - start
        if reason == GS1_OK:
            reason = push(out, number, digits, start, end - start)
        if reason != GS1_OK:
            fault_in(out, number, digits)
            return fault(out, reason, start + inside, end - start - inside)
        start = end + (end < length and data[end] == GS)
    return GS1_OK if out.count else fault(out, GS1_EMPTY, 0, length)
