# What the scan reader hands on: one entry a scan. Text positions at or above 0 point into the fetched buffer,
# those below 0 into the arena, at -1 - position.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

cdef enum:
    SCAN_HAS_ID = 0x01
    SCAN_HAS_TARGET = 0x02
    SCAN_TARGET_IS_CODE = 0x04
    SCAN_SKEWED = 0x08
    SCAN_HAS_DATA = 0x10
    SCAN_RECEIVED_LATE = 0x20
    SCAN_HAS_RECEIVED = 0x40  # a gateway has said when it received it
    SCAN_HAS_BLANKS = 0x80  # site, device or received stands in it, and says nothing: null, or an empty name

    # Canonical events count from 0 on, UNDO and CORRECT from the top down: a new event moves no number of a record.
    KIND_CORRECT = 62
    KIND_UNDO = 63
    KIND_NUMBERS = 64
    NO_KIND = 255

cdef struct scan_t:
    int64_t offset
    int64_t time  # milliseconds since the epoch
    int64_t effective  # the same, but clamped to when it was received where the device's clock is ahead
    int64_t received  # when it was received; of SCAN_RECEIVED_LATE only
    int64_t seq  # -1: none
    uint64_t id
    uint64_t target  # an event id, or hash64 of a code's name
    int32_t parcel_at
    int32_t parcel_length
    int32_t site_at
    int32_t site_length
    int32_t device_at
    int32_t device_length
    int32_t code  # number of the code among the reader's
    int32_t right_code  # of a CORRECT: the right event's code, -1: none
    uint8_t kind
    uint8_t right_kind
    uint8_t flags


cdef inline const unsigned char* text_of(
    const unsigned char* base, const unsigned char* arena, int32_t at
) noexcept nogil:
    return base + at if at >= 0 else arena + (-1 - at)
