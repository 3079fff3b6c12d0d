# A request's body as records: where each scan begins and ends, and afterwards what was read of each.
#
# Nothing here judges what a scan is. What stands between two ends goes to the scan reader as it is, like a record out of Kafka.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT32_MAX, int32_t, uint8_t
from libc.string cimport memchr, memcmp

from json_text cimport cursor_t, skip_blanks
from records cimport record_t
from scan cimport SCAN_HAS_BLANKS, SCAN_HAS_RECEIVED, scan_t, text_of

cdef enum:
    NOT_AN_ARRAY = -1  # besides that a count


cdef inline cursor_t _trim_end(cursor_t p, cursor_t end) noexcept nogil:
    """Where a text ends that begins at p, without the blanks at its end."""
    while end > p and ((end - 1)[0] == 0x20 or (end - 1)[0] == 0x0A or (end - 1)[0] == 0x0D or (end - 1)[0] == 0x09):
        end -= 1
    return end


cdef inline void _put(record_t* out, int32_t index, cursor_t base, cursor_t begin, cursor_t end) noexcept nogil:
    out.offset = index
    out.timestamp = -1
    out.key_at = 0
    out.key_length = -1
    out.value_at = <int32_t>(begin - base)
    out.value_length = <int32_t>(end - begin)


cdef int32_t _find_lines(cursor_t base, cursor_t end, record_t* out, int32_t most) noexcept nogil:
    """Finds lines that are not blank, most at the most; how many there are."""
    cdef cursor_t p = base
    cdef cursor_t line_end
    cdef cursor_t begin
    cdef cursor_t behind
    cdef int32_t found = 0
    while p < end and found < most:
        line_end = <cursor_t>memchr(p, 0x0A, end - p)
        if line_end == NULL:
            line_end = end
        begin = skip_blanks(p, line_end)
        behind = _trim_end(begin, line_end)
        if behind > begin:
            _put(&out[found], found, base, begin, behind)
            found += 1
        p = line_end + 1 if line_end < end else end
    return found


cdef inline cursor_t _behind_string(cursor_t p, cursor_t end) noexcept nogil:
    """Behind the quote that ends a string, whose first quote is at p; NULL where none does."""
    p += 1
    while p < end:
        if p[0] == 0x22:
            return p + 1
        p += 2 if p[0] == 0x5C else 1
    return NULL


cdef cursor_t _behind_element(cursor_t p, cursor_t end) noexcept nogil:
    """At the comma or the bracket that ends the element of an array at p; NULL where none does."""
    cdef int32_t depth = 0
    while p != NULL and p < end:
        if p[0] == 0x22:
            p = _behind_string(p, end)
            continue
        if p[0] == 0x7B or p[0] == 0x5B:
            depth += 1
        elif depth == 0 and (p[0] == 0x2C or p[0] == 0x5D):
            return p
        elif p[0] == 0x7D or p[0] == 0x5D:
            depth -= 1
            if depth < 0:
                return NULL
        p += 1
    return NULL


cdef int32_t _find_elements(cursor_t base, cursor_t end, record_t* out, int32_t most, cursor_t* fault) noexcept nogil:
    """Finds the elements of an array, most at the most; how many there are, or NOT_AN_ARRAY and where that is seen.

    Brackets are only counted: what is no JSON within an element is the reader's to see.
    """
    cdef cursor_t begin
    cdef cursor_t behind
    cdef cursor_t p = skip_blanks(base, end)
    cdef int32_t found = 0
    fault[0] = p
    if p >= end or p[0] != 0x5B:
        return NOT_AN_ARRAY
    p = begin = skip_blanks(p + 1, end)
    if p < end and p[0] == 0x5D:
        fault[0] = p = skip_blanks(p + 1, end)
        return 0 if p == end else NOT_AN_ARRAY
    while found < most:
        fault[0] = begin
        p = _behind_element(begin, end)
        if p == NULL:
            return NOT_AN_ARRAY
        behind = _trim_end(begin, p)
        if behind == begin:
            return NOT_AN_ARRAY
        _put(&out[found], found, base, begin, behind)
        found += 1
        begin = skip_blanks(p + 1, end)
        if p[0] == 0x5D:
            fault[0] = begin
            return found if begin == end else NOT_AN_ARRAY
    return found


def whole(bytes body not None):
    """A body that is one scan, without blanks around it: one packed record_t."""
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, sizeof(record_t))
    cdef cursor_t base = <cursor_t>PyBytes_AS_STRING(body)
    cdef cursor_t end = base + _bounded(body)
    cdef cursor_t begin = skip_blanks(base, end)
    _put(<record_t*>PyBytes_AS_STRING(packed), 0, base, begin, _trim_end(begin, end))
    return packed


def lines(bytes body not None, int32_t most):
    """The lines of a body that are not blank, without blanks around them: packed record_t, most of them at the most."""
    cdef cursor_t base = <cursor_t>PyBytes_AS_STRING(body)
    cdef cursor_t end = base + _bounded(body)
    cdef bytes packed = _room(body, most)
    cdef int32_t count = _find_lines(base, end, <record_t*>PyBytes_AS_STRING(packed), most)
    return packed[: count * sizeof(record_t)]


def elements(bytes body not None, int32_t most):
    """The elements of a body that is a JSON array, without blanks around them.

    Where the array is no JSON, either this says so or an element is no JSON: brackets are counted, not told apart.

    Returns:
        Packed record_t, most of them at the most; or the position, in bytes, at which the body stops being an array.
    """
    cdef cursor_t base = <cursor_t>PyBytes_AS_STRING(body)
    cdef cursor_t end = base + _bounded(body)
    cdef cursor_t fault = NULL
    cdef bytes packed = _room(body, most)
    cdef int32_t count = _find_elements(base, end, <record_t*>PyBytes_AS_STRING(packed), most, &fault)
    if count == NOT_AN_ARRAY:
        return fault - base
    return packed[: count * sizeof(record_t)]


cdef bytes _room(bytes body, int32_t most):
    """Room for the records of a body: each takes two bytes of it, but for the last."""
    return PyBytes_FromStringAndSize(NULL, min(<Py_ssize_t>most, PyBytes_GET_SIZE(body) // 2 + 1) * sizeof(record_t))


cdef Py_ssize_t _bounded(bytes body) except -1:
    """The length of a body whose positions have 31 bits."""
    if PyBytes_GET_SIZE(body) > INT32_MAX:
        raise OverflowError(f"expected a body of at most {INT32_MAX} bytes, got {PyBytes_GET_SIZE(body)}")
    return PyBytes_GET_SIZE(body)


cdef class Columns:
    """What was read of each scan, in columns.

    Attributes:
        indexes: which of the body's records it is.
        keys, values: its parcel id, and its bytes as they were sent.
        sites, devices: its names, empty where it has none.
        blanks: positions in these columns of scans with a site, device or received that says nothing.
        received: positions of those that say when they were received.
    """

    cdef readonly list indexes
    cdef readonly list keys
    cdef readonly list values
    cdef readonly list sites
    cdef readonly list devices
    cdef readonly list blanks
    cdef readonly list received


def columns(bytes buffer not None, bytes arena not None, bytes scans not None, bytes records not None):
    """What was read of each scan.

    Args:
        buffer, arena, scans: of the Scans that tracker.domain._scan has read.
        records: from which they were read, each with its index as its offset.
    """
    cdef const record_t* record = <const record_t*>PyBytes_AS_STRING(records)
    cdef const scan_t* scan = <const scan_t*>PyBytes_AS_STRING(scans)
    cdef Py_ssize_t count = PyBytes_GET_SIZE(scans) // <Py_ssize_t>sizeof(scan_t)
    cdef Py_ssize_t read = PyBytes_GET_SIZE(records) // <Py_ssize_t>sizeof(record_t)
    cdef const uint8_t* base = <const uint8_t*>PyBytes_AS_STRING(buffer)
    cdef const uint8_t* more = <const uint8_t*>PyBytes_AS_STRING(arena)
    cdef bytes site = b""
    cdef bytes device = b""
    cdef Columns result = Columns.__new__(Columns)
    cdef Py_ssize_t i
    result.indexes, result.keys, result.values, result.sites, result.devices = [], [], [], [], []
    result.blanks, result.received = [], []
    for i in range(count):
        if not 0 <= scan[i].offset < read:
            raise IndexError(scan[i].offset)
        site = _same(site, text_of(base, more, scan[i].site_at), scan[i].site_length)
        device = _same(device, text_of(base, more, scan[i].device_at), scan[i].device_length)
        result.indexes.append(scan[i].offset)
        result.keys.append(
            PyBytes_FromStringAndSize(<const char*>text_of(base, more, scan[i].parcel_at), scan[i].parcel_length)
        )
        result.values.append(
            PyBytes_FromStringAndSize(
                <const char*>base + record[scan[i].offset].value_at, record[scan[i].offset].value_length
            )
        )
        result.sites.append(site)
        result.devices.append(device)
        if scan[i].flags & SCAN_HAS_BLANKS:
            result.blanks.append(i)
        if scan[i].flags & SCAN_HAS_RECEIVED:
            result.received.append(i)
    return result


cdef bytes _same(bytes last, const uint8_t* text, int32_t length):
    """A text as bytes: the last one's, where it is the same again."""
    if length == PyBytes_GET_SIZE(last) and memcmp(PyBytes_AS_STRING(last), text, length) == 0:
        return last
    return PyBytes_FromStringAndSize(<const char*>text, length)

