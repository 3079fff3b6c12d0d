# Redis commands with many keys (RESP, Redis serialization protocol), written into one buffer: the apply of a batch
# is thousands of keys and values, and an argument list of Python objects for each would cost more than the fold.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy


cdef inline Py_ssize_t _digits(Py_ssize_t number) noexcept nogil:
    cdef Py_ssize_t count = 1
    while number >= 10:
        number //= 10
        count += 1
    return count


cdef inline char* _number(char* p, char kind, Py_ssize_t number) noexcept nogil:
    """Writes `*3\\r\\n` or `$12\\r\\n`; the place behind it."""
    cdef Py_ssize_t count = _digits(number)
    cdef Py_ssize_t at = count
    p[0] = kind
    while at > 0:
        p[at] = <char>(0x30 + number % 10)
        number //= 10
        at -= 1
    p[count + 1] = 0x0D
    p[count + 2] = 0x0A
    return p + count + 3


cdef inline char* _text(char* p, const char* text, Py_ssize_t length) noexcept nogil:
    memcpy(p, text, length)
    return p + length


cdef inline char* _end(char* p) noexcept nogil:
    p[0] = 0x0D
    p[1] = 0x0A
    return p + 2


cdef inline Py_ssize_t _size(Py_ssize_t length) noexcept nogil:
    """The length of a bulk string of so many bytes."""
    return 1 + _digits(length) + 2 + length + 2


def pack_mget(bytes prefix not None, list keys not None):
    """MGET of prefix + key for every key."""
    cdef Py_ssize_t before = PyBytes_GET_SIZE(prefix)
    cdef Py_ssize_t size = 1 + _digits(len(keys) + 1) + 2 + _size(4)
    cdef bytes key
    cdef bytes packed
    cdef char* p
    for key in keys:
        size += _size(before + PyBytes_GET_SIZE(key))
    packed = PyBytes_FromStringAndSize(NULL, size)
    p = PyBytes_AS_STRING(packed)
    p = _number(p, 0x2A, len(keys) + 1)
    p = _text(p, b"$4\r\nMGET\r\n", 10)
    for key in keys:
        p = _number(p, 0x24, before + PyBytes_GET_SIZE(key))
        p = _text(p, PyBytes_AS_STRING(prefix), before)
        p = _end(_text(p, PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)))
    return packed


def pack_mset(bytes prefix not None, dict values not None):
    """MSET of prefix + key to value for every {key: value}."""
    cdef Py_ssize_t before = PyBytes_GET_SIZE(prefix)
    cdef Py_ssize_t size = 1 + _digits(2 * len(values) + 1) + 2 + _size(4)
    cdef bytes key
    cdef bytes value
    cdef bytes packed
    cdef char* p
    for key, value in values.items():
        size += _size(before + PyBytes_GET_SIZE(key)) + _size(PyBytes_GET_SIZE(value))
    packed = PyBytes_FromStringAndSize(NULL, size)
    p = PyBytes_AS_STRING(packed)
    p = _number(p, 0x2A, 2 * len(values) + 1)
    p = _text(p, b"$4\r\nMSET\r\n", 10)
    for key, value in values.items():
        p = _number(p, 0x24, before + PyBytes_GET_SIZE(key))
        p = _text(p, PyBytes_AS_STRING(prefix), before)
        p = _end(_text(p, PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)))
        p = _number(p, 0x24, PyBytes_GET_SIZE(value))
        p = _end(_text(p, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)))
    return packed
