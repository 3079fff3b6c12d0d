"""The compiled reader of framed barcodes: GS1 element strings and Digital Links by a table of AIs, ISO 15434 messages.

Its parts: gs1_values.pxi, gs1_choices.pxi and gs1_coupon.pxi what values may hold, gs1_elements.pxi the read loop,
gs1_link.pxi URIs, gs1_envelope.pxi ISO 15434 messages, gs1_scan.pxi which of them a read is, gs1_tables.pxi how their
tables are made. All are free functions on (pointer, length) that never read past the end and take time linear in the
read. Python sees them through `Table`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_New
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp, memcpy, memmove, memset

from gs1 cimport *
from gs1 cimport size_t, uint8_t, uint16_t

from string import ascii_letters, ascii_uppercase, digits as DIGITS, hexdigits

from tracker.domain.formats import elements, symbologies
from tracker.domain.countries import ISO_3166_ALPHA_2
from tracker.domain.countries import ISO_3166_NUMERIC
from tracker.domain.currencies import ISO_4217_NUMERIC

from tracker import limits
from tracker.domain.numbers import compare

compare({
    "limits.BARCODE_BYTES_MAX": (limits.BARCODE_BYTES_MAX, GS1_READ_MAX),
    "limits.ELEMENTS_MAX": (limits.ELEMENTS_MAX, GS1_ELEMENTS_MAX),
})

cdef enum:
    EOT = 0x04
    GS = 0x1D
    RS = 0x1E

include "gs1_values.pxi"
include "gs1_choices.pxi"
include "gs1_coupon.pxi"
include "gs1_elements.pxi"
include "gs1_link.pxi"
include "gs1_envelope.pxi"
include "gs1_scan.pxi"
include "gs1_tables.pxi"


cdef class Table:
    """Application identifiers, made ready for the reader. See tracker.domain.gs1.table."""

    cdef table_t* table

    def __cinit__(self, list ais not None):
        self.table = <table_t*>calloc(1, sizeof(table_t))
        if self.table == NULL:
            raise MemoryError
        fill_table(self.table, ais)

    def __dealloc__(self):
        free(self.table)

    def read_elements(self, bytes data not None, int options):
        """Element strings behind a GS1 symbology identifier."""
        cdef gs1_message_t message
        read_elements(self.table, <const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), options, &message)
        return unpacked(&message)

    def read_link(self, bytes uri not None, int options):
        """A Digital Link URI."""
        cdef gs1_message_t message
        read_link(self.table, <const uint8_t*>PyBytes_AS_STRING(uri), PyBytes_GET_SIZE(uri), options, &message)
        return unpacked(&message)

    def read_scan(self, bytes read not None, int options):
        """Whatever stands behind a symbology identifier."""
        cdef gs1_message_t message
        cdef const uint8_t* text = <const uint8_t*>PyBytes_AS_STRING(read)
        read_framed(self.table, text, PyBytes_GET_SIZE(read), options, True, &message)
        return unpacked(&message)

    def read_value(self, bytes ai not None, bytes value not None, int options):
        """Why this is not a value of an AI, as a reason or 0 if it is one; and the position that is wrong."""
        cdef size_t at = 0, digits = PyBytes_GET_SIZE(ai), index = 0
        cdef const uint8_t* text = <const uint8_t*>PyBytes_AS_STRING(ai)
        if 2 <= digits <= 4 and are_digits(text, digits):
            index = self.table.at[slot_of(number_of(text, digits), digits)]
        if index == 0 and not options & PERMIT_UNKNOWN:
            return GS1_UNKNOWN_AI, 0
        if PyBytes_GET_SIZE(value) > GS1_READ_MAX:
            return GS1_TOO_LONG, GS1_READ_MAX
        text = <const uint8_t*>PyBytes_AS_STRING(value)
        return read_value(&self.table.ai[index], text, PyBytes_GET_SIZE(value), options, &at), at


cdef object unpacked(const gs1_message_t* message):
    """(kind, reason, (fault's position, length, AI), elements as (AI, value))."""
    cdef const gs1_element_t* element
    cdef list found = []
    cdef size_t i
    cdef object ai = None
    for i in range(message.count):
        element = &message.elements[i]
        found.append((
            (message.text + element.at - element.ai_digits)[:element.ai_digits] if element.ai_digits else b"%02d" % element.ai,
            (message.text + element.at)[:element.length],
        ))
    if message.fault_ai_digits:
        ai = f"{message.fault_ai:0{message.fault_ai_digits}}"
    return message.kind, message.reason, (message.fault_at, message.fault_length, ai), found


def check_digit_for(bytes digits not None):
    """The GS1 check digit that belongs behind these digits."""
    return chr(check_digit_of(<const uint8_t*>PyBytes_AS_STRING(digits), PyBytes_GET_SIZE(digits)))


def use_for_parcels(Table table not None):
    """The table by which reads are walked; set once, by tracker.domain.gs1.table."""
    global PARCELS, parcels
    parcels = table
    PARCELS = table.table


REASON_COUNT = GS1_REASONS
OPTIONS = {
    "permit_unknown": PERMIT_UNKNOWN,
    "pad_gtin": PAD_GTIN,
    "aliases": ALIASES,
    "unknown_in_link": UNKNOWN_IN_LINK,
}
CHECK_NAMES = tuple(CHECK_NUMBERS)

cdef Table parcels = Table([])
PARCELS = parcels.table
cdef gs1_api_t FUNCTIONS
FUNCTIONS.walk = walk
FUNCTIONS.read_all = read_all
API = PyCapsule_New(&FUNCTIONS, "tracker.domain._gs1.API", NULL)
