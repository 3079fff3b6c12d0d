# The wire layout of a parcel's record, version 2, little endian. Its Redis value is just this.
#
# header, 36 bytes                                 event, 21 bytes, in order (docs/fold.md, section 2)
#    0 version      u8                                0 time      u48  effective, milliseconds since the epoch
#    1 state        u8   of the last life             6 seq       u48  sequence number + 1, 0: none
#    2 overlays     u8   of the last life            12 code      u16  in the partition's dictionary of codes
#    3 flags        u8   RECORD_*                    14 source     u24  in its dictionary of sources
#    4 events       u8                               17 kind      u8   canonical event, 63 UNDO, 62 CORRECT
#    5 life         u8   number of the last life     18 flags     u8   EVENT_*
#    6 first        u8   its first event             19 copies    u16  scans that were this event
#    7 (0)          u8
#    8 office       u24  source whose site it is      more, after all events, of each event in order what its flags say
#   11 source       u24  source whose site it is          HAS_ID      id      u64  given event id
#   14 since        u48  NO_TIME: never                   HAS_TARGET  target  u64  event id, or hash64 of a code
#   20 scans        u32  all that ever reached it         SKEWED      time    u48  the device's
#   24 next         u48  offset behind the last of them   HAS_RIGHT   kind u8, code u16  what a CORRECT says
#   30 back         u32  from `next` back to the first of RECEIVED_LATE  received u48  when it came
#                        them that the last batch brought
#   34 repeats      u16  copies among those
#
# Source 0 is the source that is not known.
#
# State, overlays, office, source and since are the result of the fold. They stand here so that a scan in order costs one step, and a
# reader need not fold.
#
# A scan with an offset below `next` is in the record already, and is passed over. So a record stays right even where a store brings it
# back without the mark that was written with it. The history does not show how many copies were among the scans that the mark lacks:
# there were `repeats` of them, and they are counted with the scan that `back` leads to.
#
# Version 1 had UNDO as 33 and CORRECT as 34. It was in no release: a store of its time is refused as a whole (wrong_version).

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from scan cimport NO_KIND

cdef enum:
    RECORD_VERSION = 2

    RECORD_CUT = 0x01  # the history was longer than it may be
    RECORD_HAS_IDS = 0x02  # an event has a given id
    RECORD_HAS_REVISIONS = 0x04  # an event is a UNDO or CORRECT
    RECORD_HAS_SKEWED = 0x08  # an event is skewed
    RECORD_HAS_DATA = 0x10  # a key of its own holds data
    RECORD_HAS_RECEIVED_LATE = 0x20  # an event was received late

    EVENT_HAS_ID = 0x01
    EVENT_HAS_TARGET = 0x02
    EVENT_TARGET_IS_CODE = 0x04
    EVENT_SKEWED = 0x08
    EVENT_HAS_RIGHT = 0x10
    EVENT_RECEIVED_LATE = 0x20

    VERSION_AT = 0
    STATE_AT = 1
    OVERLAYS_AT = 2
    FLAGS_AT = 3
    EVENTS_AT = 4
    LIFE_AT = 5
    FIRST_AT = 6
    OFFICE_AT = 8
    SOURCE_AT = 11
    SINCE_AT = 14
    SCANS_AT = 20
    NEXT_AT = 24
    BACK_AT = 30
    REPEATS_AT = 34
    HEADER_BYTES = 36

    EVENT_TIME_AT = 0
    EVENT_SEQ_AT = 6
    EVENT_CODE_AT = 12
    EVENT_SOURCE_AT = 14
    EVENT_KIND_AT = 17
    EVENT_FLAGS_AT = 18
    EVENT_COPIES_AT = 19
    EVENT_BYTES = 21

    MORE_BYTES_MAX = 8 + 8 + 6 + 3 + 6  # of one event
    HISTORY_MAX = 128  # limits.EVENTS_MAX
    COPIES_MAX = 65535

cdef enum:
    NO_TIME = 0xFFFFFFFFFFFF

cdef struct header_t:
    uint8_t state
    uint8_t overlays
    uint8_t flags
    int32_t events
    int32_t life
    int32_t first
    uint32_t office
    uint32_t source
    int64_t since
    int64_t next
    int64_t first_of_batch  # offset; `back` leads to it
    uint32_t scans
    uint16_t repeats

cdef struct event_t:
    int64_t time  # effective
    int64_t raw_time
    int64_t received  # when it came, by gateway or broker; of EVENT_RECEIVED_LATE only
    int64_t seq  # -1: none
    uint64_t id
    uint64_t target
    uint32_t source
    uint16_t code
    uint16_t copies
    uint16_t right_code
    uint8_t right_kind
    uint8_t kind
    uint8_t flags


cdef inline uint32_t get24(const uint8_t* p) noexcept nogil:
    return p[0] | (<uint32_t>p[1] << 8) | (<uint32_t>p[2] << 16)


cdef inline void put24(uint8_t* p, uint32_t value) noexcept nogil:
    p[0] = value & 0xff
    p[1] = (value >> 8) & 0xff
    p[2] = (value >> 16) & 0xff


cdef inline int64_t get32(const uint8_t* p) noexcept nogil:
    cdef uint32_t value
    memcpy(&value, p, 4)
    return value


cdef inline void put32(uint8_t* p, int64_t value) noexcept nogil:
    """The number, or the largest that fits: what does not fit is further back than a batch is long."""
    cdef uint32_t kept = 0xFFFFFFFF
    if value < <int64_t>kept:
        kept = <uint32_t>value
    memcpy(p, &kept, 4)


cdef inline int64_t get48(const uint8_t* p) noexcept nogil:
    cdef uint64_t value = 0
    memcpy(&value, p, 6)
    return <int64_t>value


cdef inline void put48(uint8_t* p, int64_t value) noexcept nogil:
    memcpy(p, &value, 6)


cdef inline void read_header(const uint8_t* p, header_t* header) noexcept nogil:
    header.state = p[STATE_AT]
    header.overlays = p[OVERLAYS_AT]
    header.flags = p[FLAGS_AT]
    header.events = p[EVENTS_AT]
    header.life = p[LIFE_AT]
    header.first = p[FIRST_AT]
    header.office = get24(p + OFFICE_AT)
    header.source = get24(p + SOURCE_AT)
    header.since = get48(p + SINCE_AT)
    memcpy(&header.scans, p + SCANS_AT, 4)
    header.next = get48(p + NEXT_AT)
    header.first_of_batch = header.next - get32(p + BACK_AT)
    memcpy(&header.repeats, p + REPEATS_AT, 2)


cdef inline void write_header(uint8_t* p, const header_t* header) noexcept nogil:
    p[VERSION_AT] = RECORD_VERSION
    p[STATE_AT] = header.state
    p[OVERLAYS_AT] = header.overlays
    p[FLAGS_AT] = header.flags
    p[EVENTS_AT] = <uint8_t>header.events
    p[LIFE_AT] = <uint8_t>header.life
    p[FIRST_AT] = <uint8_t>header.first
    p[7] = 0
    put24(p + OFFICE_AT, header.office)
    put24(p + SOURCE_AT, header.source)
    put48(p + SINCE_AT, header.since)
    memcpy(p + SCANS_AT, &header.scans, 4)
    put48(p + NEXT_AT, header.next)
    put32(p + BACK_AT, header.next - header.first_of_batch)
    memcpy(p + REPEATS_AT, &header.repeats, 2)


cdef inline int32_t more_bytes(uint8_t flags) noexcept nogil:
    """How many bytes an event with these flags has after all events."""
    return (
        (8 if flags & EVENT_HAS_ID else 0)
        + (8 if flags & EVENT_HAS_TARGET else 0)
        + (6 if flags & EVENT_SKEWED else 0)
        + (3 if flags & EVENT_HAS_RIGHT else 0)
        + (6 if flags & EVENT_RECEIVED_LATE else 0)
    )


cdef inline void write_event(uint8_t* p, const event_t* event) noexcept nogil:
    put48(p + EVENT_TIME_AT, event.time)
    put48(p + EVENT_SEQ_AT, event.seq + 1)
    memcpy(p + EVENT_CODE_AT, &event.code, 2)
    put24(p + EVENT_SOURCE_AT, event.source)
    p[EVENT_KIND_AT] = event.kind
    p[EVENT_FLAGS_AT] = event.flags
    memcpy(p + EVENT_COPIES_AT, &event.copies, 2)


cdef inline uint8_t* write_more(uint8_t* p, const event_t* event) noexcept nogil:
    if event.flags & EVENT_HAS_ID:
        memcpy(p, &event.id, 8)
        p += 8
    if event.flags & EVENT_HAS_TARGET:
        memcpy(p, &event.target, 8)
        p += 8
    if event.flags & EVENT_SKEWED:
        put48(p, event.raw_time)
        p += 6
    if event.flags & EVENT_HAS_RIGHT:
        p[0] = event.right_kind
        memcpy(p + 1, &event.right_code, 2)
        p += 3
    if event.flags & EVENT_RECEIVED_LATE:
        put48(p, event.received)
        p += 6
    return p


cdef inline const uint8_t* read_event(const uint8_t* p, const uint8_t* more, event_t* event) noexcept nogil:
    """Reads an event and what it has behind all events; the pointer behind that."""
    event.time = get48(p + EVENT_TIME_AT)
    event.raw_time = event.time
    event.seq = get48(p + EVENT_SEQ_AT) - 1
    memcpy(&event.code, p + EVENT_CODE_AT, 2)
    event.source = get24(p + EVENT_SOURCE_AT)
    event.kind = p[EVENT_KIND_AT]
    event.flags = p[EVENT_FLAGS_AT]
    memcpy(&event.copies, p + EVENT_COPIES_AT, 2)
    event.id = event.target = 0
    event.received = -1
    event.right_kind = NO_KIND
    event.right_code = 0
    if event.flags & EVENT_HAS_ID:
        memcpy(&event.id, more, 8)
        more += 8
    if event.flags & EVENT_HAS_TARGET:
        memcpy(&event.target, more, 8)
        more += 8
    if event.flags & EVENT_SKEWED:
        event.raw_time = get48(more)
        more += 6
    if event.flags & EVENT_HAS_RIGHT:
        event.right_kind = more[0]
        memcpy(&event.right_code, more + 1, 2)
        more += 3
    if event.flags & EVENT_RECEIVED_LATE:
        event.received = get48(more)
        more += 6
    return more


cdef inline bint is_record(const uint8_t* p, size_t length) noexcept nogil:
    """Whether the bytes are a record of this version, with an event at least, whose lengths fit."""
    cdef size_t size
    cdef int32_t i
    if length < HEADER_BYTES or p[VERSION_AT] != RECORD_VERSION or not 0 < p[EVENTS_AT] <= HISTORY_MAX:
        return False
    size = HEADER_BYTES + <size_t>p[EVENTS_AT] * EVENT_BYTES
    if length < size:
        return False
    for i in range(p[EVENTS_AT]):
        size += more_bytes(p[HEADER_BYTES + i * EVENT_BYTES + EVENT_FLAGS_AT])
    return length == size


cdef inline int32_t read_history(const uint8_t* p, event_t* events) noexcept nogil:
    """Reads all events of a record that is_record; how many."""
    cdef int32_t count = p[EVENTS_AT]
    cdef const uint8_t* more = p + HEADER_BYTES + count * EVENT_BYTES
    cdef int32_t i
    for i in range(count):
        more = read_event(p + HEADER_BYTES + i * EVENT_BYTES, more, &events[i])
    return count


cdef inline int32_t record_size(const event_t* events, int32_t count) noexcept nogil:
    cdef int32_t size = HEADER_BYTES + count * EVENT_BYTES
    cdef int32_t i
    for i in range(count):
        size += more_bytes(events[i].flags)
    return size


cdef inline void write_record(uint8_t* p, const header_t* header, const event_t* events) noexcept nogil:
    """Writes a record of record_size bytes."""
    cdef uint8_t* more = p + HEADER_BYTES + header.events * EVENT_BYTES
    cdef int32_t i
    write_header(p, header)
    for i in range(header.events):
        write_event(p + HEADER_BYTES + i * EVENT_BYTES, &events[i])
        more = write_more(more, &events[i])
