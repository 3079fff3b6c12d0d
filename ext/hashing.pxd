# Two hashes that are part of formats: Kafka's partitioner, and the 64 bit of event ids (docs/fold.md, section 1).

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

ctypedef const unsigned char* text_t


cdef inline uint32_t murmur2(text_t data, size_t length) noexcept nogil:
    """MurmurHash2 as Kafka's clients use it: 32 bit, seed 0x9747b28c."""
    cdef uint32_t m = 0x5bd1e995
    cdef uint32_t h = <uint32_t>0x9747b28c ^ <uint32_t>length
    cdef uint32_t k
    cdef size_t at = 0
    while at + 4 <= length:
        memcpy(&k, data + at, 4)
        k *= m
        k ^= k >> 24
        k *= m
        h *= m
        h ^= k
        at += 4
    if length - at == 3:
        h ^= <uint32_t>data[at + 2] << 16
    if length - at >= 2:
        h ^= <uint32_t>data[at + 1] << 8
    if length - at >= 1:
        h ^= data[at]
        h *= m
    h ^= h >> 13
    h *= m
    h ^= h >> 15
    return h


cdef inline int32_t partition_of(text_t key, size_t length, int32_t count) noexcept nogil:
    """The partition of a key among count: the hash made positive, modulo, as Java clients do."""
    return <int32_t>((murmur2(key, length) & 0x7fffffff) % <uint32_t>count)


cdef inline uint64_t fnv_begin() noexcept nogil:
    return <uint64_t>0xcbf29ce484222325


cdef inline uint64_t fnv_more(uint64_t h, text_t data, size_t length) noexcept nogil:
    cdef size_t at
    for at in range(length):
        h = (h ^ data[at]) * <uint64_t>0x100000001b3
    return h


cdef inline uint64_t fnv_end(uint64_t x) noexcept nogil:
    """The finalizer that spreads FNV-1a's weak high bits."""
    x ^= x >> 33
    x *= <uint64_t>0xff51afd7ed558ccd
    x ^= x >> 33
    x *= <uint64_t>0xc4ceb9fe1a85ec53
    x ^= x >> 33
    return x


cdef inline uint64_t hash64(text_t data, size_t length) noexcept nogil:
    return fnv_end(fnv_more(fnv_begin(), data, length))


cdef inline uint64_t id_number(text_t data, size_t length) noexcept nogil:
    """A given event id as a number: 16 of 0-9a-f are taken as they are, anything else is hashed."""
    cdef uint64_t number = 0
    cdef size_t at
    cdef unsigned char c
    if length != 16:
        return hash64(data, length)
    for at in range(16):
        c = data[at]
        if 0x30 <= c <= 0x39:
            number = (number << 4) | <uint64_t>(c - 0x30)
        elif 0x61 <= c <= 0x66:
            number = (number << 4) | <uint64_t>(c - 0x61 + 10)
        else:
            return hash64(data, length)
    return number
