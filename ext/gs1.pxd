# What other compiled modules need of the reader of framed barcodes: GS1 element strings and Digital Links, ISO 15434
# messages. Its functions come by way of a capsule, as in barcode.pxd:
#
#     from gs1 cimport GS1_OK, gs1_api, gs1_api_t, gs1_message_t
#
#     cdef const gs1_api_t* GS1 = gs1_api()                   # once, at import
#
#     cdef gs1_message_t message                              # then, with or without the GIL
#     if GS1.walk(read, length, &message) == GS1_OK:
#         for i in range(message.count):
#             ... message.text[message.elements[i].at:][:message.elements[i].length], message.elements[i].ai

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t

cdef enum:
    GS1_READ_MAX = 4096           # limits.BARCODE_BYTES_MAX
    GS1_ELEMENTS_MAX = 64         # limits.ELEMENTS_MAX
    GS1_DECODED_MAX = 4096 + 8    # a Digital Link's elements are no longer than its URI; a GTIN may be padded

# How a read is framed; their names are tracker.domain.gs1.KINDS, in this order.
cdef enum gs1_kind_t:
    GS1_TEXT = 0                  # no framing: `elements` is empty
    GS1_ELEMENT_STRING = 1
    GS1_TRADE_ITEM = 2            # one element (01)
    GS1_LINK = 3
    GS1_ENVELOPE = 4              # ISO 15434: each element is a field, `ai` its format indicator, `ai_digits` 0

# Reasons; their names are tracker.domain.gs1.reasons.REASONS, in this order.
cdef enum gs1_reason_t:
    GS1_OK = 0
    GS1_EMPTY
    GS1_TOO_LONG
    GS1_UNKNOWN_AI
    GS1_TOO_MANY_ELEMENTS
    GS1_NO_VALUE
    GS1_VALUE_TOO_SHORT
    GS1_VALUE_TOO_LONG
    GS1_NOT_DIGITS
    GS1_NOT_CSET_82
    GS1_NOT_CSET_39
    GS1_NOT_BASE64URL
    GS1_BAD_CHECK_DIGIT
    GS1_BAD_CHECK_CHARACTERS
    GS1_SHORT_COMPANY_PREFIX
    GS1_BAD_COMPANY_PREFIX
    GS1_BAD_PERCENT_ENCODING
    GS1_BAD_MONTH
    GS1_BAD_DAY
    GS1_BAD_HOUR
    GS1_BAD_MINUTE
    GS1_BAD_SECOND
    GS1_NOT_YES_NO
    GS1_BAD_LATITUDE
    GS1_BAD_LONGITUDE
    GS1_UNKNOWN_COUNTRY
    GS1_UNKNOWN_CURRENCY
    GS1_NOT_HYPHEN
    GS1_BAD_PACKAGE_TYPE
    GS1_BAD_PIECE
    GS1_NOT_ZERO
    GS1_ZERO
    GS1_LEADING_ZERO
    GS1_BAD_WINDING
    GS1_BAD_IBAN
    GS1_BAD_IMPORTER_INDEX
    GS1_BAD_SEX
    GS1_BAD_MEDIA_TYPE
    GS1_BAD_SEQUENCE
    GS1_NO_LETTER
    GS1_BAD_COUPON
    GS1_NOT_LINK
    GS1_BAD_URI_CHARACTER
    GS1_NO_DOMAIN
    GS1_NO_PRIMARY_KEY
    GS1_BAD_QUALIFIER
    GS1_NOT_LINK_ATTRIBUTE
    GS1_REPEATED_AI
    GS1_BELONGS_IN_PATH
    GS1_UNKNOWN_SYMBOLOGY
    GS1_NOT_ENVELOPE
    GS1_BAD_ENVELOPE
    GS1_CONFLICTING_REPEAT
    GS1_MISSING_ELEMENT
    GS1_EXCLUDED_ELEMENT
    GS1_UNSERIALISED_KEY
    GS1_REASONS

ctypedef struct gs1_element_t:
    uint16_t ai                   # the digits as a number
    uint8_t ai_digits             # how many; they stand in message.text before the value
    uint16_t at                   # of the value in message.text
    uint16_t length

ctypedef struct gs1_message_t:
    const uint8_t* text           # the data of the read, or `decoded`; only valid as long as both
    gs1_element_t[GS1_ELEMENTS_MAX] elements
    uint16_t count
    uint8_t kind                  # gs1_kind_t
    uint8_t reason                # gs1_reason_t
    uint16_t fault_at             # where it is wrong, in the data behind the symbology identifier
    uint16_t fault_length         # of what came
    uint16_t fault_ai             # in which element
    uint8_t fault_ai_digits       # 0: in none
    uint8_t[GS1_DECODED_MAX] decoded

ctypedef struct gs1_api_t:
    # What stands in the frame of one read; a read without symbology identifier that holds a GS is element strings, unless
    # it is a message or a link. Returns and sets out.reason; whatever it is, out.kind and out.elements say how
    # far the frame could be read. Values are read leniently: an unknown AI or a bad date does not hide what is beside it.
    int (*walk)(const uint8_t* read, size_t length, gs1_message_t* out) noexcept nogil
    # The same with every check of every value.
    int (*read_all)(const uint8_t* read, size_t length, gs1_message_t* out) noexcept nogil


cdef inline const gs1_api_t* gs1_api() except NULL:
    """The functions of tracker.domain._gs1, with the table of the AIs that parcels carry."""
    import tracker.domain.gs1.table
    from tracker.domain._gs1 import API
    return <const gs1_api_t*>PyCapsule_GetPointer(API, "tracker.domain._gs1.API")
