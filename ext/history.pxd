# The order of a parcel's events, its copies and its bound (docs/fold.md, section 2).

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memmove

from hashing cimport fnv_begin, fnv_end, fnv_more
from names cimport compare_devices, compare_names, compare_sites, names_t
from record cimport (
    COPIES_MAX, EVENT_HAS_ID, EVENT_HAS_RIGHT, EVENT_HAS_TARGET, EVENT_RECEIVED_LATE, EVENT_TARGET_IS_CODE, HISTORY_MAX, RECORD_CUT, event_t,
)

cdef enum:
    KEPT_NEWEST = 80  # limits.EVENTS_KEPT_NEWEST

# What a parcel's events are compared with.
cdef struct context_t:
    const names_t* sources
    const names_t* codes
    const uint8_t* ranks  # tie rank of each kind
    const uint8_t* parcel
    int32_t parcel_length


cdef inline int32_t _decimal(int64_t number, uint8_t* end) noexcept nogil:
    """Writes a number from 0 on in decimal so that it stops at end; its length."""
    cdef int32_t length = 0
    while True:
        length += 1
        end[-length] = <uint8_t>(0x30 + number % 10)
        number //= 10
        if number == 0:
            return length


cdef inline uint64_t event_id(const context_t* context, const event_t* event) noexcept nogil:
    """The event's id: the given one, else a hash of parcel, code, site, device, time and seq."""
    cdef uint8_t between = 0x1F
    cdef uint8_t[24] digits
    cdef int32_t length
    cdef const names_t* sources = context.sources
    cdef const names_t* codes = context.codes
    cdef uint64_t h
    if event.flags & EVENT_HAS_ID:
        return event.id
    h = fnv_more(fnv_begin(), context.parcel, context.parcel_length)
    h = fnv_more(h, &between, 1)
    h = fnv_more(h, codes.text + codes.entries[event.code].at, codes.entries[event.code].length)
    h = fnv_more(h, &between, 1)
    h = fnv_more(h, sources.text + sources.entries[event.source].at, sources.entries[event.source].length)
    h = fnv_more(h, &between, 1)
    h = fnv_more(
        h, sources.text + sources.entries[event.source].at + sources.entries[event.source].length,
        sources.entries[event.source].rest,
    )
    h = fnv_more(h, &between, 1)
    length = _decimal(event.raw_time, digits + 24)
    h = fnv_more(h, digits + 24 - length, length)
    h = fnv_more(h, &between, 1)
    if event.seq >= 0:
        length = _decimal(event.seq, digits + 24)
        h = fnv_more(h, digits + 24 - length, length)
    return fnv_end(h)


cdef inline int _compare(uint64_t a, uint64_t b) noexcept nogil:
    return (1 if a > b else 0) - (1 if a < b else 0)


cdef inline int _compare_source(const context_t* context, const event_t* a, const event_t* b) noexcept nogil:
    """Compares by (site, device, seq), no seq before 0."""
    cdef int difference = compare_sites(context.sources, a.source, b.source)
    if difference == 0:
        difference = compare_devices(context.sources, a.source, b.source)
    if difference == 0:
        difference = _compare(<uint64_t>(a.seq + 1), <uint64_t>(b.seq + 1))
    return difference


cdef inline uint64_t _target_kind(const event_t* event) noexcept nogil:
    """0: no target, 1: a code, 2: an event id."""
    if not event.flags & EVENT_HAS_TARGET:
        return 0
    return 1 if event.flags & EVENT_TARGET_IS_CODE else 2


cdef inline int _compare_alike(const context_t* context, const event_t* a, const event_t* b) noexcept nogil:
    """Compares events of the same id: by (time, code, target, computed id before given)."""
    cdef int difference
    if a.raw_time != b.raw_time:
        return 1 if a.raw_time > b.raw_time else -1
    difference = compare_names(context.codes, a.code, b.code)
    if difference == 0:
        difference = _compare(_target_kind(a), _target_kind(b))
    if difference == 0:
        difference = _compare(a.target, b.target)
    return difference if difference != 0 else (a.flags & EVENT_HAS_ID) - (b.flags & EVENT_HAS_ID)


cdef inline int compare_order(const context_t* context, const event_t* a, const event_t* b) noexcept nogil:
    """Compares by (effective time, tie rank, site, device, seq, event id, what is left): below, at or above 0."""
    cdef int difference
    if a.time != b.time:
        return 1 if a.time > b.time else -1
    difference = <int>context.ranks[a.kind] - <int>context.ranks[b.kind]
    if difference == 0:
        difference = _compare_source(context, a, b)
    if difference == 0:
        difference = _compare(event_id(context, a), event_id(context, b))
    return difference if difference != 0 else _compare_alike(context, a, b)


cdef inline int compare_copies(const context_t* context, const event_t* a, const event_t* b) noexcept nogil:
    """Which of two copies is the lesser, and so stays: below, at or above 0."""
    cdef int difference
    if a.time != b.time:
        return 1 if a.time > b.time else -1
    if a.raw_time != b.raw_time:
        return 1 if a.raw_time > b.raw_time else -1
    difference = <int>context.ranks[a.kind] - <int>context.ranks[b.kind]
    if difference == 0:
        difference = compare_names(context.codes, a.code, b.code)
    if difference == 0:
        difference = _compare_source(context, a, b)
    if difference == 0:
        difference = _compare(_target_kind(a), _target_kind(b))
    if difference == 0:
        difference = _compare(a.target, b.target)
    if difference == 0:
        difference = (a.flags & EVENT_HAS_RIGHT) - (b.flags & EVENT_HAS_RIGHT)
    if difference == 0 and a.flags & EVENT_HAS_RIGHT:
        difference = <int>context.ranks[a.right_kind] - <int>context.ranks[b.right_kind]
        if difference == 0:
            difference = compare_names(context.codes, a.right_code, b.right_code)
    return difference


cdef inline bint are_copies(const event_t* a, const event_t* b) noexcept nogil:
    """Whether two events are one that was sent twice."""
    if a.flags & EVENT_HAS_ID or b.flags & EVENT_HAS_ID:
        return a.flags & b.flags & EVENT_HAS_ID and a.id == b.id
    return (
        a.raw_time == b.raw_time and a.code == b.code and a.source == b.source and a.seq == b.seq
        and _target_kind(a) == _target_kind(b) and a.target == b.target
    )


cdef inline int32_t cut(event_t* events, int32_t count) noexcept nogil:
    """Drops what a cut history does not keep; how many are left."""
    cdef uint64_t seen = 0  # a bit for each of KIND_NUMBERS
    cdef int32_t i
    cdef int32_t kept
    if count <= KEPT_NEWEST:
        return count
    kept = count - KEPT_NEWEST  # the kept of the rest are gathered from here down
    i = kept - 1
    while i >= 0:
        if not (seen >> events[i].kind) & 1:
            seen |= <uint64_t>1 << events[i].kind
            kept -= 1
            events[kept] = events[i]
        i -= 1
    memmove(events, events + kept, (count - kept) * sizeof(event_t))
    return count - kept


cdef inline int32_t _put_in_order(
    const context_t* context, event_t* events, int32_t count, const event_t* event
) noexcept nogil:
    """Puts an event where it belongs in order; where that is."""
    cdef int32_t at = count
    while at > 0 and compare_order(context, &events[at - 1], event) > 0:
        at -= 1
    memmove(events + at + 1, events + at, (count - at) * sizeof(event_t))
    events[at] = event[0]
    return at


cdef inline void put_all_in_order(const context_t* context, event_t* events, int32_t count) noexcept nogil:
    cdef event_t event
    cdef int32_t i
    for i in range(1, count):
        event = events[i]
        _put_in_order(context, events, i, &event)


cdef struct inserted_t:
    int32_t count  # events there are now
    bint copy  # the event was there already
    bint late  # it stands before another one


cdef inline inserted_t insert(
    const context_t* context, event_t* events, int32_t count, const event_t* event, uint8_t* record_flags
) noexcept nogil:
    """Takes an event into a history that has room for HISTORY_MAX + 1."""
    cdef inserted_t result
    cdef event_t merged
    cdef int32_t i
    cdef int32_t at
    result.copy = False
    result.late = False
    result.count = count
    for i in range(count):
        if are_copies(&events[i], event):
            result.copy = True
            merged = event[0] if compare_copies(context, event, &events[i]) < 0 else events[i]
            merged.copies = events[i].copies
            if merged.copies < COPIES_MAX:
                merged.copies += 1
            if events[i].flags & event.flags & EVENT_RECEIVED_LATE:
                merged.received = events[i].received if events[i].received < event.received else event.received
            else:
                merged.flags &= ~EVENT_RECEIVED_LATE
            memmove(events + i, events + i + 1, (count - i - 1) * sizeof(event_t))
            _put_in_order(context, events, count - 1, &merged)
            return result
    at = _put_in_order(context, events, count, event)
    result.late = at < count
    result.count = count + 1
    if result.count > HISTORY_MAX:
        record_flags[0] |= RECORD_CUT
    if record_flags[0] & RECORD_CUT:
        result.count = cut(events, result.count)
    return result
