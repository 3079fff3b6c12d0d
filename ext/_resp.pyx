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
    """Writes `*3\\r\\n` or `$12\\r\\n`; the pointer behind it."""
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


def pack_writes(bytes prefix not None, dict values not None, final not None, Py_ssize_t ttl_s):
    """Writes prefix + key to value for every {key: value}: (commands, how many).

    One MSET for those that stay, and a SET with EX for each key in final, which goes ttl_s seconds after it.
    """
    cdef bytes expiry = b"$2\r\nEX\r\n$%d\r\n%d\r\n" % (_digits(ttl_s), ttl_s)
    cdef Py_ssize_t before = PyBytes_GET_SIZE(prefix)
    cdef Py_ssize_t going = len(final)
    cdef Py_ssize_t staying = len(values) - going
    cdef Py_ssize_t each = 4 + _size(3) + PyBytes_GET_SIZE(expiry)
    cdef Py_ssize_t size = going * each
    cdef bytes key
    cdef bytes value
    cdef bytes packed
    cdef char* p
    if staying:
        size += 1 + _digits(2 * staying + 1) + 2 + _size(4)
    for key, value in values.items():
        size += _size(before + PyBytes_GET_SIZE(key)) + _size(PyBytes_GET_SIZE(value))
    packed = PyBytes_FromStringAndSize(NULL, size)
    p = PyBytes_AS_STRING(packed)
    for key in final:
        value = <bytes>values[key]
        p = _text(p, b"*5\r\n$3\r\nSET\r\n", 13)
        p = _pair(p, prefix, key, value)
        p = _text(p, PyBytes_AS_STRING(expiry), PyBytes_GET_SIZE(expiry))
    if staying:
        p = _number(p, 0x2A, 2 * staying + 1)
        p = _text(p, b"$4\r\nMSET\r\n", 10)
        for key, value in values.items():
            if not going or key not in final:
                p = _pair(p, prefix, key, value)
    return packed, going + (1 if staying else 0)


cdef inline char* _pair(char* p, bytes prefix, bytes key, bytes value):
    """Writes a key behind its prefix, and its value."""
    p = _number(p, 0x24, PyBytes_GET_SIZE(prefix) + PyBytes_GET_SIZE(key))
    p = _text(p, PyBytes_AS_STRING(prefix), PyBytes_GET_SIZE(prefix))
    p = _end(_text(p, PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)))
    p = _number(p, 0x24, PyBytes_GET_SIZE(value))
    return _end(_text(p, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)))
