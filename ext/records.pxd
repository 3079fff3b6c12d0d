# What the record walker hands on: one entry a Kafka record, positions into the buffer it came from.

from libc.stdint cimport int32_t, int64_t

cdef struct record_t:
    int64_t offset
    int64_t timestamp  # milliseconds, -1 where there is none
    int32_t key_at
    int32_t key_length  # -1: null
    int32_t value_at
    int32_t value_length  # -1: null
