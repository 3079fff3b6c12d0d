"""The compiled barcode reader: reads in, parcel keys out. Its tables are made from tracker.domain.formats at import.

A read goes one of two ways. Behind a symbology identifier that says GS1 it is walked as element strings; otherwise it
is a text, and without any symbology identifier perhaps a typed one. A text or an element is tried against the few forms
that have its frame, its length and its first character, so the formats that it is not cost nothing. Time is linear in
the read.

Each text says one thing at most: the form of the best precedence that it fits. If forms of several carriers have that
precedence, the text by itself is ambiguous, until another label of the parcel says which of them it is.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_New
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

from barcode cimport (
    BARCODE_ALIASES_MAX, BARCODE_AMBIGUOUS, BARCODE_BAD_CHECK_DIGIT, BARCODE_KEY_MAX, BARCODE_NO_IDENTIFIER,
    BARCODE_READ_MAX, BARCODE_RECOGNISED, barcode_alias_t, barcode_aliases_t, barcode_api_t, barcode_site_t, barcode_t,
    size_t, uint8_t, uint16_t, uint64_t,
)

include "barcode_tables.pxi"

cdef enum:
    FINDINGS_MAX = 64             # that an explanation shows; recognition has no such bound
    BLANK = 0x20
    LF = 0x0A
    CR = 0x0D
    GS = 0x1D
    NOTHING = 255                 # a precedence that every other goes before

cdef enum frame_t:                # tracker.domain.formats.format.Frame
    FRAME_TYPED = 0
    FRAME_ELEMENT = 4
    FRAME_ROUTED_ELEMENT = 5

cdef struct finding_t:
    uint16_t form
    uint8_t precedence
    uint8_t[BARCODE_KEY_MAX] text

cdef struct said_t:               # what one text says
    const form_t* form
    uint64_t carriers             # whose forms it fits; more than one: ambiguous by itself
    uint8_t precedence
    bint split                    # one carrier, but more than one parcel

cdef struct sink_t:               # where candidates arrive, and what they come to
    const lists_t* lists
    barcode_t* best
    uint64_t carriers             # whose it may be
    uint8_t precedence            # of the best one
    bint ambiguous                # another parcel has the same precedence, or it is split
    bint bad_check_digit
    finding_t* findings           # all candidates, or NULL
    size_t findings_count
    barcode_aliases_t* aliases    # keys that are clear but not the best, or NULL


# One text or element against the forms.

cdef bint fits(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef size_t at
    cdef const uint8_t* pair
    for at in range(form.length):
        if not SETS[<size_t>form.accepts[at] * 256 + text[at]]:
            return False
    for at in range(form.lookups):
        pair = text + form.lookup_at[at]
        if form.lookup[at][(pair[0] - c"A") * 26 + (pair[1] - c"A")] == REFUSED:
            return False
    return True


cdef bint check_character_stands(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef const uint8_t* covered = text + form.covered_at
    cdef unsigned int total = form.start
    cdef size_t at
    if form.check == NO_CHECK:
        return True
    if form.check == MOD_37_36:
        return mod_37_36(covered, form.covered_length) == ALPHANUMERIC[text[form.check_at]]
    for at in range(form.covered_length):
        total += SETS[<size_t>form.counts[at] * 256 + covered[at]]
    return form.characters[total % form.modulus] == text[form.check_at]


cdef unsigned int mod_37_36(const uint8_t* covered, size_t length) noexcept nogil:
    cdef unsigned int remainder = 36
    cdef size_t at
    for at in range(length):
        remainder += ALPHANUMERIC[covered[at]]
        if remainder > 36:
            remainder -= 36
        remainder *= 2
        if remainder > 36:
            remainder -= 37
    return 0 if remainder == 1 else 37 - remainder


cdef uint64_t warnings_of(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef uint64_t warnings = 0
    cdef const uint8_t* pair
    cdef uint8_t warning
    cdef size_t i
    for i in range(form.lookups):
        pair = text + form.lookup_at[i]
        warning = form.lookup[i][(pair[0] - c"A") * 26 + (pair[1] - c"A")]
        if warning:
            warnings |= <uint64_t>1 << (warning - 1)
    return warnings


cdef void add(said_t* said, const form_t* form, uint8_t precedence, const uint8_t* text) noexcept nogil:
    """Takes a form that the text fits, of the same precedence as those before or the first of all."""
    if said.form == NULL:
        said.form = form
        said.precedence = precedence
    elif form.carrier == said.form.carrier and form.format != said.form.format:
        said.split |= not same_key(form, said.form, text)
    said.carriers |= <uint64_t>1 << form.carrier


cdef bint same_key(const form_t* one, const form_t* other, const uint8_t* text) noexcept nogil:
    cdef uint8_t[BARCODE_KEY_MAX] key, other_key
    cdef size_t length = copy_key(one, text, key)
    return length == copy_key(other, text, other_key) and memcmp(key, other_key, length) == 0


cdef size_t copy_key(const form_t* form, const uint8_t* text, uint8_t* key) noexcept nogil:
    cdef size_t length = form.lead_length
    if length:
        memcpy(key, form.lead, length)
    memcpy(key + length, text + form.key_at, form.key_length)
    length += form.key_length
    if form.tail_length:
        memcpy(key + length, form.tail, form.tail_length)
    return length + form.tail_length


cdef void try_forms(sink_t* sink, size_t frame, const uint8_t* text, size_t length) noexcept nogil:
    if length == 0 or length > BARCODE_KEY_MAX or text[0] >= ASCII:
        return
    cdef const entry_t* entry = &sink.lists.entries[sink.lists.starts[list_place(frame, length, text[0])]]
    cdef const form_t* form
    cdef said_t said
    said.form = NULL
    said.carriers = 0
    said.precedence = NOTHING
    said.split = False
    while entry.form != LIST_END:
        # What goes behind it can't change it, and is only worth a look for an explanation.
        if entry.precedence > said.precedence and sink.findings == NULL:
            break
        form = &FORMS[entry.form]
        if fits(form, text):
            if check_character_stands(form, text):
                if entry.precedence <= said.precedence:
                    add(&said, form, entry.precedence, text)
                if sink.findings != NULL:
                    note(sink, entry, text)
            else:
                sink.bad_check_digit = True
                if form.claims:
                    break
        entry += 1
    if said.form != NULL and said.form.names_parcel:
        take(sink, &said, text)


cdef void note(sink_t* sink, const entry_t* entry, const uint8_t* text) noexcept nogil:
    cdef finding_t* finding
    if sink.findings_count < FINDINGS_MAX:
        finding = &sink.findings[sink.findings_count]
        finding.form = entry.form
        finding.precedence = entry.precedence
        memcpy(finding.text, text, FORMS[entry.form].length)
        sink.findings_count += 1


# What the texts of a parcel come to.

cdef bint is_one(uint64_t carriers) noexcept nogil:
    return (carriers & (carriers - 1)) == 0


cdef void take(sink_t* sink, const said_t* said, const uint8_t* text) noexcept nogil:
    """Takes what a text says: keeps the best, and notes whether another parcel stands beside it."""
    cdef barcode_t* best = sink.best
    cdef uint8_t[BARCODE_KEY_MAX] key
    cdef size_t length
    if said.precedence < sink.precedence and sink.aliases == NULL:
        best.key_length = copy_key(said.form, text, best.key)
        lead_with(sink, said, text)
        return
    length = copy_key(said.form, text, key)
    if sink.aliases != NULL and is_one(said.carriers) and not said.split:
        add_alias(sink.aliases, key, length, said.form.format)
    if said.precedence > sink.precedence:
        return
    if said.precedence < sink.precedence:
        memcpy(best.key, key, length)
        best.key_length = length
        lead_with(sink, said, text)
        return
    if said.split or length != best.key_length or memcmp(key, best.key, length) != 0:
        sink.ambiguous = True
    elif (said.carriers & sink.carriers) == 0:
        sink.ambiguous = True
    elif is_one(said.carriers) and not is_one(sink.carriers):
        sink.carriers = said.carriers
        best.format = said.form.format
        best.warnings = warnings_of(said.form, text)


cdef void lead_with(sink_t* sink, const said_t* said, const uint8_t* text) noexcept nogil:
    sink.precedence = said.precedence
    sink.carriers = said.carriers
    sink.ambiguous = said.split
    sink.best.format = said.form.format
    sink.best.warnings = warnings_of(said.form, text)


cdef void add_alias(barcode_aliases_t* aliases, const uint8_t* key, size_t length, uint8_t format) noexcept nogil:
    cdef barcode_alias_t* alias
    cdef size_t i
    for i in range(aliases.count):
        alias = &aliases.keys[i]
        if alias.key_length == length and memcmp(alias.key, key, length) == 0:
            return
    if aliases.count > BARCODE_ALIASES_MAX:
        aliases.more = True
        return
    alias = &aliases.keys[aliases.count]
    memcpy(alias.key, key, length)
    alias.key_length = length
    alias.format = format
    aliases.count += 1


cdef void drop_alias(barcode_aliases_t* aliases, const uint8_t* key, size_t length) noexcept nogil:
    """Takes out the key that names the parcel: it is no alias."""
    cdef size_t i, kept = 0
    for i in range(aliases.count):
        if aliases.keys[i].key_length == length and memcmp(aliases.keys[i].key, key, length) == 0:
            continue
        if kept != i:
            aliases.keys[kept] = aliases.keys[i]
        kept += 1
    if kept > BARCODE_ALIASES_MAX:
        kept = BARCODE_ALIASES_MAX
        aliases.more = True
    aliases.count = kept


# A read, by what its symbology identifier says.

cdef void read_typed(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A text that may come from a keyboard: blanks and hyphens fall out, small letters rise."""
    cdef uint8_t[BARCODE_KEY_MAX + 1] text
    cdef size_t at, kept = 0
    for at in range(length):
        text[kept] = TYPED[read[at]]
        kept += text[kept] != BLANK
        if kept > BARCODE_KEY_MAX:
            return
    try_forms(sink, FRAME_TYPED, text, kept)


cdef size_t element_end(const uint8_t* data, size_t length, size_t start) noexcept nogil:
    """Where the element that begins at start ends, its separator not counted; 0 if none stands there."""
    cdef size_t at, end, longest, first_two
    if length - start < 2 or not is_digit(data[start]) or not is_digit(data[start + 1]):
        return 0
    first_two = (data[start] - c"0") * 10 + (data[start + 1] - c"0")
    at = start + AI_DIGITS[first_two]
    if at == start or at >= length:
        return 0
    for end in range(start + 2, at):
        if not is_digit(data[end]):
            return 0
    longest = VALUE_LENGTH[first_two] if VALUE_LENGTH[first_two] else VALUE_LENGTH_MAX
    end = at
    while end < length and end - at < longest and CSET_82[data[end]]:
        end += 1
    if VALUE_LENGTH[first_two]:
        return end if end - at == longest else 0
    return end if end > at and (end == length or data[end] == GS) else 0


cdef bint is_digit(uint8_t character) noexcept nogil:
    return c"0" <= character <= c"9"


cdef void read_element_strings(sink_t* sink, const uint8_t* data, size_t length) noexcept nogil:
    """Offers its elements, if all of the data are elements: a symbol that is GS1 data in part only is not read."""
    cdef size_t start = 0, end, frame = FRAME_ELEMENT
    while start < length:
        end = element_end(data, length, start)
        if end == 0:
            return
        if memcmp(data + start, b"420", 3) == 0:
            frame = FRAME_ROUTED_ELEMENT
        start = end + (end < length and data[end] == GS)
    start = 0
    while start < length:
        end = element_end(data, length, start)
        try_forms(sink, frame, data + start, end - start)
        start = end + (end < length and data[end] == GS)


cdef void read_one(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    if length > BARCODE_READ_MAX:
        return
    # Scanners that act as keyboards end each read with a line end, which is no part of the symbol.
    while length > 0 and (read[length - 1] == CR or read[length - 1] == LF):
        length -= 1
    if length < 3 or read[0] != c"]" or read[1] >= ASCII or read[2] >= ASCII:
        read_typed(sink, read, length)
        return
    cdef uint8_t carries = CARRIES[read[1] * ASCII + read[2]]
    if carries == ELEMENT_STRINGS:
        read_element_strings(sink, read + 3, length - 3)
    elif carries != TRADE_ITEM:
        try_forms(sink, carries, read + 3, length - 3)


# What reads come to.

cdef lists_t DEFAULT_LISTS
fill_lists(&DEFAULT_LISTS, (), ())


cdef void open_sink(sink_t* sink, const lists_t* lists, barcode_t* out) noexcept nogil:
    memset(sink, 0, sizeof(sink_t))
    sink.lists = lists
    sink.best = out
    sink.precedence = NOTHING
    out.key_length = 0
    out.format = 0
    out.warnings = 0


cdef int decide(sink_t* sink) noexcept nogil:
    cdef barcode_t* out = sink.best
    if sink.precedence != NOTHING and not sink.ambiguous and is_one(sink.carriers):
        out.reason = BARCODE_RECOGNISED
        if sink.aliases != NULL:
            drop_alias(sink.aliases, out.key, out.key_length)
        return BARCODE_RECOGNISED
    if sink.precedence != NOTHING:
        out.reason = BARCODE_AMBIGUOUS
    else:
        out.reason = BARCODE_BAD_CHECK_DIGIT if sink.bad_check_digit else BARCODE_NO_IDENTIFIER
    out.key_length = 0
    out.format = 0
    out.warnings = 0
    if sink.aliases != NULL:
        sink.aliases.count = 0
        sink.aliases.more = False
    return out.reason


cdef int recognise(const uint8_t* read, size_t length, barcode_t* out) noexcept nogil:
    cdef sink_t sink
    open_sink(&sink, &DEFAULT_LISTS, out)
    read_one(&sink, read, length)
    return decide(&sink)


cdef int recognise_set(const uint8_t** reads, const size_t* lengths, size_t count, barcode_t* out) noexcept nogil:
    return recognise_at(NULL, reads, lengths, count, out, NULL)


cdef int recognise_at(const barcode_site_t* site, const uint8_t** reads, const size_t* lengths, size_t count,
                      barcode_t* out, barcode_aliases_t* aliases) noexcept nogil:
    cdef const lists_t* lists = &DEFAULT_LISTS
    cdef sink_t sink
    cdef size_t i
    if site != NULL:
        lists = <const lists_t*>site
    open_sink(&sink, lists, out)
    if aliases != NULL:
        aliases.count = 0
        aliases.more = False
        sink.aliases = aliases
    for i in range(count):
        read_one(&sink, reads[i], lengths[i])
    return decide(&sink)


cdef barcode_api_t FUNCTIONS
FUNCTIONS.recognise = recognise
FUNCTIONS.recognise_set = recognise_set
FUNCTIONS.recognise_at = recognise_at
API = PyCapsule_New(&FUNCTIONS, "tracker.domain._barcode.API", NULL)


cdef class Site:
    """See tracker.domain.barcode.Recogniser."""

    cdef lists_t* lists
    cdef readonly object capsule

    def __cinit__(self, tuple first, tuple off):
        self.lists = <lists_t*>malloc(sizeof(lists_t))
        if self.lists == NULL:
            raise MemoryError
        fill_lists(self.lists, first, off)
        self.capsule = PyCapsule_New(self.lists, "tracker.domain._barcode.site", NULL)

    def __dealloc__(self):
        free(self.lists)

    def recognise_batch(self, list reads not None):
        """What each of many reads says by itself: keys, numbers of formats, numbers of reasons."""
        cdef Py_ssize_t count = len(reads), i
        cdef list keys = [None] * count
        cdef bytearray formats = bytearray(count), reasons = bytearray(count)
        cdef uint8_t* format_numbers = formats
        cdef uint8_t* reason_numbers = reasons
        cdef barcode_t barcode
        cdef sink_t sink
        cdef object read
        cdef size_t length
        for i in range(count):
            read = reads[i]
            if not PyBytes_CheckExact(read):
                raise TypeError(f"read {i}: expected bytes, got {type(read).__name__}")
            length = PyBytes_GET_SIZE(read)
            open_sink(&sink, self.lists, &barcode)
            read_one(&sink, <const uint8_t*>PyBytes_AS_STRING(read), length)
            reason_numbers[i] = decide(&sink)
            format_numbers[i] = barcode.format
            if barcode.reason != BARCODE_RECOGNISED:
                continue
            # Most reads are their key already; the same object then serves as both.
            if barcode.key_length == length and memcmp(PyBytes_AS_STRING(read), barcode.key, length) == 0:
                keys[i] = read
            else:
                keys[i] = barcode.key[:barcode.key_length]
        return keys, bytes(formats), bytes(reasons)

    def read_all(self, list reads not None):
        """What the reads of one parcel come to.

        Returns its reason, its key, format and warnings (packed), its aliases, and every candidate as (precedence,
        form, text).
        """
        cdef barcode_t barcode
        cdef barcode_aliases_t aliases
        cdef sink_t sink
        cdef bytes read
        cdef size_t i
        cdef finding_t* findings = <finding_t*>malloc(FINDINGS_MAX * sizeof(finding_t))
        if findings == NULL:
            raise MemoryError
        try:
            open_sink(&sink, self.lists, &barcode)
            memset(&aliases, 0, sizeof(aliases))
            sink.findings = findings
            sink.aliases = &aliases
            for read in reads:
                read_one(&sink, <const uint8_t*>PyBytes_AS_STRING(read), PyBytes_GET_SIZE(read))
            decide(&sink)
            return (
                barcode.reason, barcode.key[:barcode.key_length], barcode.format, barcode.warnings,
                [aliases.keys[i].key[:aliases.keys[i].key_length] for i in range(aliases.count)],
                [
                    (findings[i].precedence, findings[i].form, findings[i].text[:FORMS[findings[i].form].length])
                    for i in range(sink.findings_count)
                ],
            )
        finally:
            free(findings)
