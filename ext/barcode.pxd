# What other compiled modules need of the barcode reader: its results, and its function by way of a capsule,
# since flat modules can share a header but not cimport each other. In ext/_other.pyx:
#
#     from barcode cimport BARCODE_RECOGNISED, barcode_api, barcode_api_t, barcode_t
#
#     cdef const barcode_api_t* BARCODE = barcode_api()       # once, at import
#
#     cdef barcode_t barcode                                  # then, with or without the GIL
#     if BARCODE.recognise(NULL, &read, &length, 1, &barcode, NULL) == BARCODE_RECOGNISED:
#         ... barcode.key[:barcode.key_length], barcode.format
#
# A site's own order of carriers is a tracker.domain.barcode.Recogniser; recogniser_site() gives what the function takes.

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    BARCODE_KEY_MAX = 64          # limits.PARCEL_ID_BYTES_MAX
    BARCODE_READ_MAX = 4096       # limits.BARCODE_BYTES_MAX
    BARCODE_ALIASES_MAX = 8       # limits.ALIASES_MAX

# Reasons, as numbers; their names are tracker.domain.barcode.REASONS, in this order.
cdef enum:
    BARCODE_RECOGNISED = 0
    BARCODE_NO_IDENTIFIER = 1
    BARCODE_BAD_CHECK_DIGIT = 2
    BARCODE_AMBIGUOUS = 3

ctypedef struct barcode_t:
    uint8_t[BARCODE_KEY_MAX] key  # canonical parcel id in ASCII, without a final NUL
    uint8_t key_length            # 0 unless recognised
    uint8_t format                # index into tracker.domain.formats.FORMATS; 0 unless recognised
    uint8_t reason                # BARCODE_*
    uint64_t warnings             # bit i: tracker.domain.barcode.WARNINGS[i]

ctypedef struct barcode_alias_t:
    uint8_t[BARCODE_KEY_MAX] key
    uint8_t key_length
    uint8_t format

ctypedef struct barcode_aliases_t:
    # In the order of their reads, no two the same. One place more, for the parcel's own key while it is looked for.
    barcode_alias_t[BARCODE_ALIASES_MAX + 1] keys
    uint8_t count                 # 0 unless recognised
    bint more                     # there were more than fit

ctypedef void barcode_site_t      # which formats a site reads, and in which order

ctypedef struct barcode_api_t:
    # What the reads of one parcel say together at a site (NULL: the default), and which other keys they give it
    # (aliases NULL: they are not wanted). A read of length 0 or above BARCODE_READ_MAX says nothing.
    # Returns and sets out.reason.
    int (*recognise)(const barcode_site_t* site, const uint8_t** reads, const size_t* lengths, size_t count,
                     barcode_t* out, barcode_aliases_t* aliases) noexcept nogil


cdef inline const barcode_api_t* barcode_api() except NULL:
    """The function of tracker.domain._barcode, whose tables are filled when it is imported."""
    from tracker.domain._barcode import API
    return <const barcode_api_t*>PyCapsule_GetPointer(API, "tracker.domain._barcode.API")


cdef inline const barcode_site_t* recogniser_site(object site) except NULL:
    """The site of a tracker.domain._barcode.Site, which must be kept for as long as this is used."""
    return <const barcode_site_t*>PyCapsule_GetPointer(site.capsule, "tracker.domain._barcode.site")
