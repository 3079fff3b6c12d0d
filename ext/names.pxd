# A partition's dictionary in memory: sources (pairs of site and device) and codes, each known by its number.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memcpy, memset

from hashing cimport fnv_begin, fnv_end, fnv_more

cdef struct entry_t:
    uint32_t at  # into text
    uint16_t length  # of the site, or of the code's name
    uint16_t rest  # of the device behind it
    uint64_t hash

cdef struct names_t:
    uint8_t* text
    uint32_t text_used
    uint32_t text_size
    entry_t* entries
    uint32_t count
    uint32_t size
    uint32_t* slots  # number + 1, by hash
    uint32_t mask


cdef inline uint64_t names_hash(
    const uint8_t* text, int32_t length, const uint8_t* rest, int32_t rest_length
) noexcept nogil:
    """hash64 of a code's name; of a source, of site, U+001F, device, where no name has that character."""
    cdef uint8_t between = 0x1F
    cdef uint64_t h = fnv_more(fnv_begin(), text, length)
    if rest != NULL:
        h = fnv_more(fnv_more(h, &between, 1), rest, rest_length)
    return fnv_end(h)


cdef inline int64_t names_find(
    const names_t* names, uint64_t h, const uint8_t* text, int32_t length, const uint8_t* rest, int32_t rest_length
) noexcept nogil:
    """The number of an entry, -1 where there is none."""
    cdef uint32_t slot
    cdef const entry_t* entry
    if names.count == 0:
        return -1
    slot = <uint32_t>h & names.mask
    while names.slots[slot] != 0:
        entry = &names.entries[names.slots[slot] - 1]
        if (
            entry.hash == h and entry.length == length and entry.rest == rest_length
            and memcmp(names.text + entry.at, text, length) == 0
            and (rest_length == 0 or memcmp(names.text + entry.at + length, rest, rest_length) == 0)
        ):
            return names.slots[slot] - 1
        slot = (slot + 1) & names.mask
    return -1


cdef inline bint names_rehash(names_t* names, uint32_t size) noexcept nogil:
    """Makes the table of slots anew with size slots, a power of two; False where memory ran out."""
    cdef uint32_t* slots = <uint32_t*>realloc(names.slots, size * sizeof(uint32_t))
    cdef uint32_t slot, number
    if slots == NULL:
        return False
    memset(slots, 0, size * sizeof(uint32_t))
    names.slots = slots
    names.mask = size - 1
    for number in range(names.count):
        slot = <uint32_t>names.entries[number].hash & names.mask
        while slots[slot] != 0:
            slot = (slot + 1) & names.mask
        slots[slot] = number + 1
    return True


cdef inline int64_t names_add(
    names_t* names, uint64_t h, const uint8_t* text, int32_t length, const uint8_t* rest, int32_t rest_length
) noexcept nogil:
    """Adds an entry that is not there yet; its number, -1 where memory ran out."""
    cdef uint32_t need = names.text_used + length + rest_length
    cdef void* grown
    cdef entry_t* entry
    cdef uint32_t slot
    cdef uint32_t slots = 256
    if need > names.text_size or names.text == NULL:
        grown = realloc(names.text, need * 2 + 64)
        if grown == NULL:
            return -1
        names.text = <uint8_t*>grown
        names.text_size = need * 2 + 64
    if names.count == names.size:
        grown = realloc(names.entries, (names.size * 2 + 64) * sizeof(entry_t))
        if grown == NULL:
            return -1
        names.entries = <entry_t*>grown
        names.size = names.size * 2 + 64
        while slots < names.size * 2:
            slots *= 2
        if not names_rehash(names, slots):
            return -1
    entry = &names.entries[names.count]
    entry.at = names.text_used
    entry.length = <uint16_t>length
    entry.rest = <uint16_t>rest_length
    entry.hash = h
    if length:
        memcpy(names.text + entry.at, text, length)
    if rest_length:
        memcpy(names.text + entry.at + length, rest, rest_length)
    names.text_used = need
    slot = <uint32_t>h & names.mask
    while names.slots[slot] != 0:
        slot = (slot + 1) & names.mask
    names.count += 1
    names.slots[slot] = names.count
    return names.count - 1


cdef inline void names_free(names_t* names) noexcept nogil:
    free(names.text)
    free(names.entries)
    free(names.slots)
    memset(names, 0, sizeof(names_t))


cdef inline int compare_text(const uint8_t* a, int32_t a_length, const uint8_t* b, int32_t b_length) noexcept nogil:
    """Compares as bytes: below, at or above 0."""
    cdef int difference = memcmp(a, b, a_length if a_length < b_length else b_length)
    return difference if difference != 0 else a_length - b_length


cdef inline int compare_sites(const names_t* sources, uint32_t a, uint32_t b) noexcept nogil:
    if a == b:
        return 0
    return compare_text(
        sources.text + sources.entries[a].at, sources.entries[a].length,
        sources.text + sources.entries[b].at, sources.entries[b].length,
    )


cdef inline int compare_devices(const names_t* sources, uint32_t a, uint32_t b) noexcept nogil:
    if a == b:
        return 0
    return compare_text(
        sources.text + sources.entries[a].at + sources.entries[a].length, sources.entries[a].rest,
        sources.text + sources.entries[b].at + sources.entries[b].length, sources.entries[b].rest,
    )


cdef inline int compare_names(const names_t* codes, uint32_t a, uint32_t b) noexcept nogil:
    if a == b:
        return 0
    return compare_text(
        codes.text + codes.entries[a].at, codes.entries[a].length,
        codes.text + codes.entries[b].at, codes.entries[b].length,
    )
