"""What of fuzzing must be code: mutations, and the barcode readers fed with copies that end where their memory ends."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memmove

from barcode cimport (
    BARCODE_ALIASES_MAX, BARCODE_AMBIGUOUS, BARCODE_RECOGNISED, barcode_aliases_t, barcode_api, barcode_api_t, barcode_site_t,
    barcode_t, recogniser_site,
)
from gs1 cimport GS1_OK, GS1_REASONS, gs1_api, gs1_api_t, gs1_message_t, size_t

from tracker.domain.barcode import configure

cdef enum:
    INPUT_MAX = 4200              # a little more than any reader takes
    SEEDS_MAX = 4096
    MUTATIONS = 13

cdef const barcode_api_t* BARCODE = barcode_api()
cdef const gs1_api_t* GS1 = gs1_api()

# A site whose devices write GS otherwise.
cdef object RECOGNISER = configure(separators=("~", "^", "^]", "{GS}", "\u2194"))
cdef const barcode_site_t* SITE = recogniser_site(RECOGNISER.site)

# What another script writes for a digit, and marks that frames are made of.
cdef list PIECES = [digit.encode() for digit in "٣۴३３᠐"] + [
    b"\x00", b"\x1d", b"\x1e", b"\x04", b"\x1c", b"]C1", b"]d2", b"]Q1", b"]E0", b"|]e0", b"%", b"%00", b"%2F", b"&", b"=", b"/",
    b"[)>\x1e", b"00", b"01", b"4300", b"91", b"https://a/", b"?", b"#", b"\xff", b"\r\n", b" ", b"-", b'"', b"\\", b"{", b"}",
    b"~", b"^]", b"{GS}", b"\x02", b"\x03", b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe3\x80\x80", b"420", b"https://www.ups.com", b"tracknum=",
    b"%2C", b",", b"/tracking/",
]

ctypedef const uint8_t* text_t

cdef struct corpus_t:
    size_t count
    text_t[SEEDS_MAX] text
    size_t[SEEDS_MAX] length

cdef corpus_t PIECE
cdef corpus_t SEED


cdef int fill(corpus_t* corpus, list texts) except -1:
    corpus.count = len(texts)
    if not 0 < corpus.count <= SEEDS_MAX:
        raise ValueError(f"expected 1 to {SEEDS_MAX} seeds, got {len(texts)}")
    for i, text in enumerate(texts):
        if len(text) > INPUT_MAX:
            raise ValueError(f"expected seeds of {INPUT_MAX} bytes at most, got {len(text)}")
        corpus.text[<size_t>i] = <const uint8_t*>PyBytes_AS_STRING(text)
        corpus.length[<size_t>i] = len(text)
    return 0


fill(&PIECE, PIECES)


cdef inline uint64_t draw(uint64_t* state) noexcept nogil:
    """xorshift64*"""
    state[0] ^= state[0] >> 12
    state[0] ^= state[0] << 25
    state[0] ^= state[0] >> 27
    return (state[0] * <uint64_t>2685821657736338717) >> 11


cdef size_t insert(uint8_t* text, size_t length, size_t at, const uint8_t* piece, size_t size) noexcept nogil:
    if length + size > INPUT_MAX:
        return length
    memmove(text + at + size, text + at, length - at)
    memcpy(text + at, piece, size)
    return length + size


cdef size_t mutate(uint64_t* state, uint8_t* text, size_t length) noexcept nogil:
    """Damages a text in one place; gives its new length."""
    cdef size_t at = draw(state) % length if length else 0, to = draw(state) % length if length else 0, other
    cdef uint8_t kept
    cdef uint8_t[INPUT_MAX] piece
    cdef uint64_t kind = draw(state) % MUTATIONS
    if length == 0 or kind == 0:                              # another symbol, or a piece of one, at the end
        other = draw(state) % SEED.count
        return insert(text, length, length, SEED.text[other], SEED.length[other])
    if kind == 1:                                             # a prefix
        return at
    if kind == 2:                                             # a suffix
        memmove(text, text + at, length - at)
        return length - at
    if kind == 3:                                             # one bit
        text[at] ^= 1 << (draw(state) & 7)
    elif kind == 4:                                           # one digit
        text[at] = c"0" + draw(state) % 10
    elif kind == 5:                                           # any byte
        text[at] = draw(state) & 0xFF
    elif kind == 6 and at + 1 < length:                       # neighbours change places
        kept = text[at]
        text[at] = text[at + 1]
        text[at + 1] = kept
    elif kind == 7 or kind == 8 or kind == 9:                 # a mark, or a digit of another script
        other = draw(state) % PIECE.count
        return insert(text, length, at, PIECE.text[other], PIECE.length[other])
    elif kind == 10 and at < to:                              # something is missing
        memmove(text + at, text + to, length - to)
        return length - (to - at)
    elif kind == 11 and at < to and to - at <= INPUT_MAX - length:   # something stands twice
        memcpy(piece, text + at, to - at)
        return insert(text, length, to, piece, to - at)
    elif kind == 12:                                          # a long run of one byte
        other = draw(state) % 64
        kept = text[at]
        while other and length < INPUT_MAX:
            length = insert(text, length, at, &kept, 1)
            other -= 1
    return length


cdef size_t draw_input(uint64_t* state, uint8_t* text) noexcept nogil:
    """A seed, damaged in up to five places; now and then as long as a read may be."""
    cdef size_t at = draw(state) % SEED.count, length, rounds = draw(state) % 6
    length = SEED.length[at]
    memcpy(text, SEED.text[at], length)
    while rounds:
        length = mutate(state, text, length)
        rounds -= 1
    if draw(state) % 512 == 0:
        while 0 < length <= INPUT_MAX // 2:
            memcpy(text + length, text, length)
            length *= 2
    return length


cdef bint is_key(const uint8_t* key, size_t length) noexcept nogil:
    cdef size_t i
    for i in range(length):
        if not (c"0" <= key[i] <= c"9" or c"A" <= key[i] <= c"Z" or key[i] == c"." or key[i] == c"_"
                or key[i] == c"/" or key[i] == c"-" or c"a" <= key[i] <= c"z"):
            return False
    return 1 <= length <= 64


cdef uint64_t touched(const gs1_message_t* message) noexcept nogil:
    """Reads every byte of every element, so that one beyond the end is seen."""
    cdef uint64_t total = 0
    cdef size_t i, j
    for i in range(message.count):
        for j in range(message.elements[i].length):
            total += message.text[message.elements[i].at + j]
    return total


cdef const char* fault_of(const uint8_t* text, size_t length, uint64_t* found) noexcept nogil:
    """Puts a read to each barcode reader; what is wrong with an answer, or NULL."""
    cdef barcode_t barcode
    cdef barcode_aliases_t aliases
    cdef gs1_message_t message
    cdef int reason
    cdef text_t[2] reads
    cdef size_t[2] lengths
    cdef uint8_t i
    reads[0] = reads[1] = text
    lengths[0], lengths[1] = length, length // 2
    reason = BARCODE.recognise(NULL, reads, lengths, 1, &barcode, NULL)
    if reason != barcode.reason or not 0 <= reason <= BARCODE_AMBIGUOUS:
        return b"recognise: no documented reason"
    if reason == BARCODE_RECOGNISED and not is_key(barcode.key, barcode.key_length):
        return b"recognise: the key is no parcel id"
    found[0] += reason == BARCODE_RECOGNISED
    reason = BARCODE.recognise(SITE, reads, lengths, 2, &barcode, &aliases)
    if reason != barcode.reason or not 0 <= reason <= BARCODE_AMBIGUOUS:
        return b"recognise, two reads: no documented reason"
    if aliases.count > BARCODE_ALIASES_MAX or (aliases.count > 0 and reason != BARCODE_RECOGNISED):
        return b"recognise, two reads: aliases of nothing, or too many"
    for i in range(aliases.count):
        if not is_key(aliases.keys[i].key, aliases.keys[i].key_length):
            return b"recognise, two reads: an alias is no parcel id"
    reason = GS1.walk(text, length, &message)
    if reason != message.reason or not 0 <= reason < GS1_REASONS:
        return b"walk: no documented reason"
    if message.fault_at > 4096 or message.fault_at + message.fault_length > length + 4:
        return b"walk: the fault stands behind the end"
    found[1] += reason == GS1_OK and message.count > 0
    found[3] += touched(&message)
    reason = GS1.read_all(text, length, &message)
    if reason != message.reason or not 0 <= reason < GS1_REASONS:
        return b"read_all: no documented reason"
    found[2] += reason == GS1_OK and message.count > 0
    found[3] += touched(&message)
    return NULL


def feed(list seeds not None, uint64_t seed, uint64_t count):
    """Puts so many drawn inputs to the barcode readers.

    Returns:
        (recognised, frames that were walked, the same without a fault in any value): how many of the inputs were that.

    Raises:
        AssertionError: an answer is none that is documented.
    """
    cdef uint64_t state = seed * 2 + 1, i
    cdef uint64_t[4] found
    cdef uint8_t[INPUT_MAX] text
    cdef uint8_t* copy
    cdef size_t length
    cdef const char* fault = NULL
    fill(&SEED, seeds)
    found[0] = found[1] = found[2] = found[3] = 0
    with nogil:
        for i in range(count):
            length = draw_input(&state, text)
            copy = <uint8_t*>malloc(length)
            if copy == NULL and length:
                break
            memcpy(copy, text, length)
            fault = fault_of(copy, length, found)
            free(copy)
            if fault != NULL:
                break
    if fault != NULL:
        raise AssertionError(f"{fault.decode()}: {text[:length]!r}")
    return found[0], found[1], found[2]


def mutated(list seeds not None, uint64_t seed, uint64_t count):
    """So many drawn inputs."""
    cdef uint64_t state = seed * 2 + 1, i
    cdef uint8_t[INPUT_MAX] text
    cdef size_t length
    cdef list drawn = []
    fill(&SEED, seeds)
    for i in range(count):
        length = draw_input(&state, text)
        drawn.append(PyBytes_FromStringAndSize(<const char*>text, length))
    return drawn
