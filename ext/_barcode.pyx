"""The compiled barcode reader: reads in, parcel keys out. Its tables are made from tracker.domain.formats at import.

What stands at the ends of a read and is no part of the symbol falls off. Then it goes one of two ways. GS1 element strings, which a symbology identifier announces, Digital Links and ISO/IEC 15434
messages are taken apart by the reader of framed data (gs1.pxd). Anything else is a text, and without any symbology
identifier perhaps a typed one. A text, an element or a field is tried against the few forms that have its frame, its
length and its first character, so the formats that it is not cost nothing. Time is linear in the read.

Each text says one thing at most: the form of the best precedence that it fits. If forms of several carriers have that
precedence, the text by itself is ambiguous, until another label of the parcel says which of them it is.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_New
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memcpy, memset

from barcode cimport (
    BARCODE_ALIASES_MAX, BARCODE_AMBIGUOUS, BARCODE_BAD_CHECK_DIGIT, BARCODE_KEY_MAX, BARCODE_NO_IDENTIFIER,
    BARCODE_READ_MAX, BARCODE_RECOGNISED, barcode_alias_t, barcode_aliases_t, barcode_api_t, barcode_site_t, barcode_t,
    size_t, uint8_t, uint16_t, uint32_t, uint64_t,
)
from gs1 cimport GS1_ENVELOPE, GS1_OK, gs1_api, gs1_api_t, gs1_message_t

from tracker import limits
from tracker.domain.numbers import compare

include "barcode_tables.pxi"

cdef enum:
    FINDINGS_MAX = 64             # that an explanation shows; recognition has no such bound
    BLANK = 0x20
    LF = 0x0A
    GS = 0x1D
    POSTAL_CODE_MAX = 3 + 20      # of the element (420), with its identifier
    NOTHING = 255                 # a precedence that every other goes before
    CONTAINER = 254               # of what parcels travel in: any parcel goes before it
    MESSAGE_TRACKING = 3          # fields of an ISO/IEC 15434 message for transportation
    MESSAGE_CARRIER = 4
    MESSAGE_SHIPPER = 5

cdef const gs1_api_t* GS1 = gs1_api()
cdef uint64_t ALL_CARRIERS = ~<uint64_t>0

cdef enum frame_t:                # tracker.domain.formats.format.Frame
    FRAME_TYPED = 0
    FRAME_TWO_DIMENSIONAL = 3
    FRAME_ELEMENT = 4
    FRAME_ROUTED_ELEMENT = 5
    FRAME_DATA_IDENTIFIER = 6
    FRAME_CARRIER_MESSAGE = 7
    FRAME_LINK = 8

compare({
    "limits.PARCEL_ID_BYTES_MAX": (limits.PARCEL_ID_BYTES_MAX, BARCODE_KEY_MAX),
    "limits.BARCODE_BYTES_MAX": (limits.BARCODE_BYTES_MAX, BARCODE_READ_MAX),
    "limits.ALIASES_MAX": (limits.ALIASES_MAX, BARCODE_ALIASES_MAX),
    "the count of Frame": (len(Frame), FRAMES),
    "Frame.TYPED": (Frame.TYPED, FRAME_TYPED),
    "Frame.TWO_DIMENSIONAL": (Frame.TWO_DIMENSIONAL, FRAME_TWO_DIMENSIONAL),
    "Frame.ELEMENT": (Frame.ELEMENT, FRAME_ELEMENT),
    "Frame.ROUTED_ELEMENT": (Frame.ROUTED_ELEMENT, FRAME_ROUTED_ELEMENT),
    "Frame.DATA_IDENTIFIER": (Frame.DATA_IDENTIFIER, FRAME_DATA_IDENTIFIER),
    "Frame.CARRIER_MESSAGE": (Frame.CARRIER_MESSAGE, FRAME_CARRIER_MESSAGE),
    "the place of Names.PARCEL": (list(Names).index(Names.PARCEL), NAMES_PARCEL),
    "the place of Names.CONTAINER": (list(Names).index(Names.CONTAINER), NAMES_CONTAINER),
    "the place of Names.PLACE": (list(Names).index(Names.PLACE), NAMES_PLACE),
})

cdef struct finding_t:
    uint32_t read                 # number of the read that it stands in, from 1
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
    uint64_t carriers_tried       # whose forms are tried
    uint8_t precedence            # of the best one
    bint ambiguous                # another parcel has the same precedence, or it is split
    bint bad_check_digit
    finding_t* findings           # all candidates, or NULL
    uint8_t* misread              # [format] -> 1: a text has a form of it but for the check digit; NULL with findings
    size_t findings_count
    uint32_t reads                # so far
    barcode_aliases_t* aliases    # keys that are clear but not the best, or NULL


include "barcode_ends.pxi"
include "barcode_forms.pxi"
include "barcode_links.pxi"


# What the texts of a parcel come to.

cdef bint is_one(uint64_t carriers) noexcept nogil:
    return (carriers & (carriers - 1)) == 0


cdef void take(sink_t* sink, const said_t* said, const uint8_t* text) noexcept nogil:
    """Takes what a text says: keeps the best, and notes whether another parcel stands beside it."""
    cdef barcode_t* best = sink.best
    cdef uint8_t[BARCODE_KEY_MAX] key
    cdef size_t length
    if sink.precedence == NOTHING or (said.precedence < sink.precedence and sink.aliases == NULL):
        best.key_length = copy_key(said.form, text, best.key)
        lead_with(sink, said, text)
        return
    length = copy_key(said.form, text, key)
    if sink.aliases != NULL:
        # Most reads are one text. Only when another comes, the first is put among the aliases.
        if sink.aliases.count == 0 and is_one(sink.carriers) and not sink.ambiguous and sink.precedence != CONTAINER:
            add_alias(sink.aliases, best.key, best.key_length, best.format)
        if is_one(said.carriers) and not said.split and said.precedence != CONTAINER:
            add_alias(sink.aliases, key, length, said.form.format)
    if said.precedence > sink.precedence:
        return
    if said.precedence < sink.precedence:
        copy_short(best.key, key, length)
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
    copy_short(alias.key, key, length)
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

cdef void read_text(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A text that may come from a keyboard: blanks and hyphens fall out, small letters rise."""
    cdef uint8_t[BARCODE_KEY_MAX + 1] text
    cdef size_t at, kept = 0
    for at in range(length):
        text[kept] = TYPED[read[at]]
        kept += text[kept] != BLANK
        if kept > BARCODE_KEY_MAX:
            return
    try_forms(sink, FRAME_TYPED, text, kept)


cdef bint has_frame(const uint8_t* data, size_t length) noexcept nogil:
    """Whether a text begins like a link, or like an ISO/IEC 15434 message."""
    if length < 4 or (data[0] != c"h" and data[0] != c"H" and data[0] != c"["):
        return False
    return memcmp(data, b"http", 4) == 0 or memcmp(data, b"HTTP", 4) == 0 or memcmp(data, b"[)>", 3) == 0


cdef void read_framed(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """Offers what stands in a frame, if all of it can be read. Of a symbol that is sound in part only, nothing is offered."""
    cdef gs1_message_t message
    cdef size_t i, frame = FRAME_ELEMENT
    if GS1.walk(read, length, &message) != GS1_OK:
        return
    if message.kind == GS1_ENVELOPE:
        read_carrier_message(sink, &message)
    for i in range(message.count):
        if is_element(&message, i) and element_length(&message, i) > 3 and memcmp(element(&message, i), b"420", 3) == 0:
            frame = FRAME_ROUTED_ELEMENT
            break
    for i in range(message.count):
        if is_element(&message, i):
            try_forms(sink, frame, element(&message, i), element_length(&message, i))
        elif message.elements[i].ai == 6:
            try_forms(sink, FRAME_DATA_IDENTIFIER, element(&message, i), element_length(&message, i))


cdef inline bint is_element(const gs1_message_t* message, size_t i) noexcept nogil:
    """Whether it is a GS1 element: all are but the fields of a message that are not of its format 05."""
    return message.kind != GS1_ENVELOPE or message.elements[i].ai == 5


cdef inline const uint8_t* element(const gs1_message_t* message, size_t i) noexcept nogil:
    """An element with its application identifier in front, or a field of a message."""
    return message.text + message.elements[i].at - message.elements[i].ai_digits


cdef inline size_t element_length(const gs1_message_t* message, size_t i) noexcept nogil:
    return message.elements[i].ai_digits + message.elements[i].length


cdef void read_carrier_message(sink_t* sink, const gs1_message_t* message) noexcept nogil:
    """Offers the tracking number of a message for transportation, between its carrier and its shipper."""
    cdef uint8_t[BARCODE_KEY_MAX] text
    cdef size_t length = 0, i
    if message.count <= MESSAGE_SHIPPER:
        return
    for i in range(<size_t>MESSAGE_SHIPPER + 1):
        if message.elements[i].ai != 1:
            return
    for i in range(<size_t>MESSAGE_TRACKING, <size_t>MESSAGE_SHIPPER + 1):
        length += element_length(message, i)
    if length + 2 > BARCODE_KEY_MAX:
        return
    length = copy_field(text, message, MESSAGE_CARRIER)
    text[length] = c"/"
    length += 1 + copy_field(text + length + 1, message, MESSAGE_TRACKING)
    text[length] = c"/"
    length += 1 + copy_field(text + length + 1, message, MESSAGE_SHIPPER)
    try_forms(sink, FRAME_CARRIER_MESSAGE, text, length)


cdef inline size_t copy_field(uint8_t* text, const gs1_message_t* message, size_t i) noexcept nogil:
    memcpy(text, element(message, i), element_length(message, i))
    return element_length(message, i)


cdef void read_element_strings(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """GS1 element strings; behind a symbology identifier, or without one and with a GS somewhere."""
    cdef const uint8_t* data = read
    cdef const uint8_t* end
    if length >= 3 and read[0] == c"]":
        data += 3
    while data < read + length and data[0] == GS:
        data += 1
    if read + length - data > POSTAL_CODE_MAX and memcmp(data, b"420", 3) == 0:
        end = data
        while end < read + length and end[0] != GS:
            end += 1
        # More digits than a postal code can have: the separator behind it is lost.
        if end - data > POSTAL_CODE_MAX and all_digits(data, end - data):
            try_forms(sink, FRAME_ROUTED_ELEMENT, data, end - data)
            read, length = end, read + length - end
    read_framed(sink, read, length)


cdef inline bint is_plain(const uint8_t* read, size_t length) noexcept nogil:
    """Whether it is a text, with nothing in it that would change. Most reads are."""
    return 8 <= length <= BARCODE_KEY_MAX and all_plain(read, length)


cdef inline void read_plain(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    try_list(sink, FRAME_TYPED, read, length, all_digits(read, length))


cdef void read_unidentified(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A read without a symbology identifier."""
    if has_frame(read, length):
        read_in_frame(sink, read, read, length)
        return
    if memchr(read, GS, length) != NULL:
        read_element_strings(sink, read, length)
    read_text(sink, read, without_end(read, length))


cdef void read_in_frame(sink_t* sink, const uint8_t* read, const uint8_t* data, size_t length) noexcept nogil:
    """A read with the frame of a link or a message; data is what stands behind its symbology identifier."""
    read_framed(sink, read, length)
    if link_begins(data, read + length - data):
        read_link(sink, data, read + length - data)


cdef inline size_t without_end(const uint8_t* text, size_t length) noexcept nogil:
    """The length of a text without separators at its end."""
    while length > 0 and text[length - 1] == GS:
        length -= 1
    return length


cdef void read_trimmed(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A read without what a device adds at its ends."""
    if length < 3 or read[0] != c"]" or read[1] >= ASCII or read[2] >= ASCII:
        read_unidentified(sink, read, length)
        return
    cdef uint8_t carries = CARRIES[read[1] * ASCII + read[2]]
    if carries == ELEMENT_STRINGS:
        read_element_strings(sink, read, length)
    elif carries == FRAME_TWO_DIMENSIONAL and has_frame(read + 3, length - 3):
        read_in_frame(sink, read, read + 3, length)
    elif carries != TRADE_ITEM:
        try_forms(sink, carries, read + 3, without_end(read + 3, length - 3))


cdef void read_one(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    sink.reads += 1
    if is_plain(read, length) and not sink.lists.separators:
        read_plain(sink, read, length)
        return
    if length > BARCODE_READ_MAX:
        return
    cdef bint trimmed = trim(&read, &length)
    if sink.lists.separators and not link_begins(read, length):
        read_separated(sink, read, length)
    elif trimmed and is_plain(read, length):
        read_plain(sink, read, length)
    else:
        read_trimmed(sink, read, length)


cdef void read_separated(sink_t* sink, const uint8_t* read, size_t length) noexcept nogil:
    """A read in which GS may be written otherwise."""
    cdef uint8_t[BARCODE_READ_MAX] text
    length = put_separators(sink.lists, read, length, text)
    if is_plain(text, length):
        read_plain(sink, text, length)
    else:
        read_trimmed(sink, text, length)


# What reads come to.

cdef lists_t DEFAULT_LISTS
fill_lists(&DEFAULT_LISTS, (), ())


cdef void open_sink(sink_t* sink, const lists_t* lists, barcode_t* out) noexcept nogil:
    memset(sink, 0, sizeof(sink_t))
    sink.lists = lists
    sink.best = out
    sink.precedence = NOTHING
    sink.carriers_tried = ALL_CARRIERS
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


cdef int recognise(const barcode_site_t* site, const uint8_t** reads, const size_t* lengths, size_t count,
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
API = PyCapsule_New(&FUNCTIONS, "tracker.domain._barcode.API", NULL)


cdef class Site:
    """See tracker.domain.barcode.Recogniser."""

    cdef lists_t* lists
    cdef readonly object capsule

    def __cinit__(self, tuple first, tuple off, tuple separators):
        self.lists = <lists_t*>malloc(sizeof(lists_t))
        if self.lists == NULL:
            raise MemoryError
        fill_lists(self.lists, first, off)
        fill_separators(self.lists, separators)
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

    def trimmed(self, bytes read not None):
        """A read as it is taken: without what a device adds at its ends, with a GS for each separator."""
        cdef bytearray copy = bytearray(read)
        cdef const uint8_t* text = <const uint8_t*>PyBytes_AS_STRING(read)
        cdef size_t length = PyBytes_GET_SIZE(read)
        trim(&text, &length)
        if self.lists.separators and not link_begins(text, length):
            length = put_separators(self.lists, text, length, copy)
            text = copy
        return text[:length]

    def read_all(self, list reads not None):
        """What the reads of one parcel come to; each is bytes.

        Returns its reason, its key, format and warnings (packed), its aliases, every candidate as (precedence,
        number of its read from 1, form, text), and the formats of which a text is a misread.
        """
        cdef barcode_t barcode
        cdef barcode_aliases_t aliases
        cdef sink_t sink
        cdef bytes read
        cdef size_t i
        cdef bytearray misread = bytearray(len(FORMATS))
        cdef finding_t* findings = <finding_t*>malloc(FINDINGS_MAX * sizeof(finding_t))
        if findings == NULL:
            raise MemoryError
        try:
            open_sink(&sink, self.lists, &barcode)
            memset(&aliases, 0, sizeof(aliases))
            sink.findings = findings
            sink.misread = misread
            sink.aliases = &aliases
            for read in reads:
                if read is None:
                    raise TypeError("expected bytes, got None")
                read_one(&sink, <const uint8_t*>PyBytes_AS_STRING(read), PyBytes_GET_SIZE(read))
            decide(&sink)
            return (
                barcode.reason, barcode.key[:barcode.key_length], barcode.format, barcode.warnings,
                [aliases.keys[i].key[:aliases.keys[i].key_length] for i in range(aliases.count)],
                [
                    (
                        findings[i].precedence, findings[i].read, findings[i].form,
                        findings[i].text[:FORMS[findings[i].form].length],
                    )
                    for i in range(sink.findings_count)
                ],
                [number for number, is_misread in enumerate(misread) if is_misread],
            )
        finally:
            free(findings)
