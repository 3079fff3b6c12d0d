# The tables of _barcode.pyx: what they are, and how they are made from the declarations in tracker.domain.formats.

from string import ascii_lowercase, ascii_uppercase, digits

from tracker.domain.formats import FORMATS, ends, forms, links, symbologies
from tracker.domain.formats.checks import Mod37And36
from tracker.domain.formats.format import Frame, Names

cdef enum:
    FORMS_MAX = 512               # forms of all formats
    LISTS_MAX = 8192              # entries in all lists of forms to try
    SETS_MAX = 256                # different sets of characters, and of what they count
    LOOKUPS_MAX = 4               # of one format
    ADDED_MAX = 4                 # characters that a key has before or behind those of the text
    ASCII = 128
    FRAMES = 9                    # tracker.domain.formats.format.Frame
    LOOKUP_TABLES_MAX = 32        # of all formats
    LETTER_PAIRS = 26 * 26
    REFUSED = 255                 # in a lookup's table
    LIST_END = 0xFFFF
    SUM_BITS = 12                 # a sum has less than 64 x 64: as many positions as a text has, each of less than the modulus
    SUMS_OF_WORD = 5              # of 64 bits: 64 // SUM_BITS, which Cython can not compute in a debug build
    WIDE_ENDS_MAX = 32
    SEPARATORS_MAX = 8            # limits.SEPARATORS_MAX
    SEPARATOR_MAX = 8             # limits.SEPARATOR_BYTES_MAX
    SUM_WORDS = 2                 # for the different sums of the forms of one length

cdef enum carries_t:              # what stands behind a symbology identifier, if it is no text: those are Frame's numbers
    ELEMENT_STRINGS = FRAMES
    TRADE_ITEM

cdef enum names_t:                # tracker.domain.formats.format.Names, in its order
    NAMES_PARCEL = 0
    NAMES_CONTAINER = 1
    NAMES_PLACE = 2

cdef enum check_t:
    NO_CHECK = 0
    SUM = 1
    MOD_37_36 = 2

ctypedef const uint8_t* table_t    # character, or letter pair -> a number

cdef struct form_t:
    uint8_t length, format, carrier
    uint8_t narrow                                          # positions where not every digit may stand
    uint8_t key_at, key_length, lead_length, tail_length
    uint8_t check, check_at, covered_at, covered_length, modulus, start
    uint8_t sum_word, sum_shift                             # of texts of digits: where the sum stands
    uint32_t reciprocal                                     # of the modulus, in 2^-20
    uint8_t lookups
    uint8_t names                                           # names_t
    bint rejects_misread                                             # a wrong check digit ends the search
    bint last_resort                                             # to any other form that the text fits
    uint8_t[LOOKUPS_MAX] lookup_at
    uint8_t[ADDED_MAX] lead, tail                           # of the key
    table_t[LOOKUPS_MAX] lookup                             # letter pair -> 1 + number of a warning, 0, or REFUSED
    uint8_t[BARCODE_KEY_MAX] accepts                        # position -> the set of characters that may stand there
    uint8_t[BARCODE_KEY_MAX] narrow_at
    uint8_t[BARCODE_KEY_MAX] counts                         # position -> what characters count there
    uint8_t[64] characters                                  # remainder -> check character

cdef struct entry_t:
    uint16_t form
    uint8_t precedence

cdef struct separator_t:
    uint8_t length
    uint8_t[SEPARATOR_MAX] text

cdef struct lists_t:
    uint8_t separators                                      # how devices of the site write GS, the longest first
    separator_t[SEPARATORS_MAX] separator
    entry_t[LISTS_MAX] entries                              # each list ends with LIST_END
    uint16_t[FRAMES * (BARCODE_KEY_MAX + 1) * ASCII] starts # [frame][length][first] -> start of its list; first is
                                                            # the first character, or of a text of digits its value

cdef form_t[FORMS_MAX] FORMS
cdef uint8_t[SETS_MAX * 256] SETS                           # [set][character] -> a number, 0 for what it does not have
# What a digit adds at its position to all the sums of a text of so many digits: [word][length][position][digit].
cdef uint64_t[SUM_WORDS * (BARCODE_KEY_MAX + 1) * BARCODE_KEY_MAX * 10] SUMS
cdef uint8_t[BARCODE_KEY_MAX + 1] SUM_WORDS_USED            # length -> words
cdef uint8_t[LOOKUP_TABLES_MAX * LETTER_PAIRS] LOOKUPS
cdef uint8_t[ASCII * ASCII] CARRIES                         # [letter][modifier] -> Frame or carries_t
cdef uint8_t[256] ALPHANUMERIC                              # digits and capital letters -> 0 to 35
cdef uint8_t[ASCII] IS_END                                  # what stands at the ends of a read and is no part of it
cdef uint8_t[WIDE_ENDS_MAX * 4] WIDE_ENDS                   # the same beyond ASCII, in UTF-8
cdef uint8_t[WIDE_ENDS_MAX] WIDE_END_LENGTH
cdef size_t WIDE_ENDS_COUNT = 0
cdef uint8_t[256] TYPED                                     # what a typed character stands for; BLANK: nothing


# How they are made.

cdef dict set_indices = {}         # characters with their numbers -> index in SETS
cdef dict sum_indices = {}         # length -> {what each digit adds at each position: which of the sums of this length}
cdef dict lookup_indices = {}      # (format, index among its lookups) -> index in LOOKUPS


cdef int set_of(object values) except -1:
    """The set that has these numbers for these characters and 0 for all others; shared by all that need the same."""
    cdef size_t index = set_indices.setdefault(tuple(sorted(values.items())), len(set_indices))
    if index >= SETS_MAX:
        raise OverflowError(f"formats need more than {SETS_MAX} sets of characters")
    for character, value in values.items():
        SETS[index * 256 + <size_t>ord(character)] = value
    return index


cdef table_t lookup_of(object format_, size_t at) except NULL:
    """The table of the warnings of a format's lookup, by letter pair; shared by all of the format's forms."""
    cdef size_t index = lookup_indices.setdefault((format_.name, at), len(lookup_indices))
    cdef uint8_t* table = &LOOKUPS[index * LETTER_PAIRS]
    cdef object lookup = format_.lookups[at]
    if index >= LOOKUP_TABLES_MAX:
        raise OverflowError(f"formats need more than {LOOKUP_TABLES_MAX} lookups")
    for pair in range(LETTER_PAIRS):
        value = chr(ord("A") + pair // 26) + chr(ord("A") + pair % 26)
        warning = lookup.warning(value)
        table[<size_t>pair] = 0 if warning is None else 1 + forms.WARNINGS.index(warning)
        if lookup.refuses(value):
            table[<size_t>pair] = REFUSED
    return table


cdef int fill_added(uint8_t* added, uint8_t* length, str text) except -1:
    if len(text) > ADDED_MAX:
        raise OverflowError(f"a key has more than {ADDED_MAX} characters besides those of the text")
    length[0] = len(text)
    for at, character in enumerate(text):
        added[<size_t>at] = ord(character)
    return 0


cdef int fill_check(form_t* form, object source) except -1:
    cdef object check = source.check
    cdef size_t at, index
    form.check = NO_CHECK
    if check is None:
        return 0
    form.check_at = source.parts[check.check].start
    form.covered_at = source.covered.start
    form.covered_length = source.covered.stop - source.covered.start
    if isinstance(check, Mod37And36):
        form.check = MOD_37_36
        return 0
    if len(check.characters) != check.modulus or check.modulus > 64:
        raise ValueError(f"{source.format.name}: expected a check character for each of at most 64 remainders")
    form.check = SUM
    form.modulus = check.modulus
    form.start = check.start % check.modulus
    form.reciprocal = (1 << 20) // form.modulus + 1
    counts = check.counts(form.covered_length)
    for at in range(form.covered_length):
        form.counts[at] = set_of(counts[at])
    for at in range(form.modulus):
        form.characters[at] = ord(check.characters[at])
    if source.may_be_digits:
        index = sum_of(form.length, form.covered_at, counts)
        form.sum_word, form.sum_shift = index // SUMS_OF_WORD, index % SUMS_OF_WORD * SUM_BITS
    return 0


cdef int sum_of(size_t length, size_t start, list counts) except -1:
    """Which of the sums of texts of so many digits this is; those of several forms are often the same."""
    cdef tuple added = tuple((start + at, digit, count[digit]) for at, count in enumerate(counts) for digit in digits)
    cdef dict indices = sum_indices.setdefault(length, {})
    cdef size_t index = indices.setdefault(added, len(indices))
    cdef size_t at, digit, word = index // SUMS_OF_WORD
    if word >= SUM_WORDS:
        raise OverflowError(f"formats of {length} digits need more than {SUM_WORDS * SUMS_OF_WORD} different sums")
    if SUM_WORDS_USED[length] <= word:
        SUM_WORDS_USED[length] = word + 1
    if index + 1 == <size_t>len(indices):
        for at, character, count in added:
            digit = int(character)
            at = ((word * (BARCODE_KEY_MAX + 1) + length) * BARCODE_KEY_MAX + at) * 10 + digit
            SUMS[at] |= <uint64_t>count << (index % SUMS_OF_WORD * SUM_BITS)
    return index


cdef int fill_form(form_t* form, object source) except -1:
    cdef object format_ = source.format
    cdef size_t at
    form.length = len(source.accepts)
    form.narrow = 0
    form.format = FORMATS.index(format_)
    form.carrier = forms.CARRIERS.index(format_.carrier)
    form.names = list(Names).index(format_.names)
    form.rejects_misread = source.pattern.rejects_misread
    form.last_resort = source.pattern.last_resort
    form.key_at = source.key.start
    form.key_length = source.key.stop - source.key.start
    fill_added(form.lead, &form.lead_length, source.lead)
    fill_added(form.tail, &form.tail_length, source.tail)
    if form.lead_length + form.key_length + form.tail_length > BARCODE_KEY_MAX:
        raise ValueError(f"{format_.name}: a key of more than {BARCODE_KEY_MAX} characters")
    for at in range(form.length):
        form.accepts[at] = set_of(dict.fromkeys(source.accepts[at], 1))
        # The first character is right where a form is tried.
        if at > 0 and not set(source.accepts[at]) >= set(digits):
            form.narrow_at[form.narrow] = at
            form.narrow += 1
    form.lookups = len(format_.lookups)
    for at in range(form.lookups):
        part = source.parts[format_.lookups[at].part]
        if set("".join(source.accepts[part])) - set(ascii_uppercase) or part.stop - part.start != 2:
            raise ValueError(f"{format_.name}: only parts of two capital letters can be looked up")
        form.lookup_at[at] = part.start
        form.lookup[at] = lookup_of(format_, at)
    return fill_check(form, source)


cdef int fill_lists(lists_t* lists, object first, object off) except -1:
    """The forms that a site's texts can have, by frame, length and first character; equal lists are kept once."""
    cdef size_t used = 1
    cdef int frame
    cdef dict indices = {}
    memset(lists, 0, sizeof(lists_t))
    lists.entries[0].form = LIST_END    # the list of all texts that no form has
    for frame in range(FRAMES):
        for (length, character, all_digits), entries in forms.dispatch(Frame(frame), first, off).items():
            if entries not in indices:
                indices[entries] = used
                if used + len(entries) + 1 > LISTS_MAX:
                    raise OverflowError(f"the lists of forms need more than {LISTS_MAX} entries")
                for number, precedence in entries:
                    lists.entries[used].form = number
                    lists.entries[used].precedence = precedence
                    used += 1
                lists.entries[used].form = LIST_END
                used += 1
            lists.starts[list_index(frame, length, int(character) if all_digits else ord(character))] = indices[entries]
    return 0


cdef int fill_separators(lists_t* lists, tuple separators) except -1:
    cdef bytes text
    if len(separators) > SEPARATORS_MAX or max(map(len, separators), default=0) > SEPARATOR_MAX:
        raise OverflowError(f"more than {SEPARATORS_MAX} separators, or one of more than {SEPARATOR_MAX} bytes")
    for text in sorted(separators, key=len, reverse=True):
        memcpy(lists.separator[lists.separators].text, PyBytes_AS_STRING(text), len(text))
        lists.separator[lists.separators].length = len(text)
        lists.separators += 1
    return 0


cdef inline size_t list_index(size_t frame, size_t length, uint8_t first) noexcept nogil:
    return (frame * (BARCODE_KEY_MAX + 1) + length) * ASCII + first


cdef int fill_carries(str identifier, int carries) except -1:
    cdef size_t modifier
    for modifier in range(ASCII) if identifier[2] == "*" else (ord(identifier[2]),):
        CARRIES[<size_t>ord(identifier[1]) * ASCII + modifier] = carries
    return 0


cdef int fill_ends() except -1:
    global WIDE_ENDS_COUNT
    cdef bytes encoded
    for character in ends.ENDS:
        encoded = character.encode()
        if len(encoded) == 1:
            IS_END[encoded[0]] = 1
            continue
        if WIDE_ENDS_COUNT == WIDE_ENDS_MAX or len(encoded) > 3:
            raise OverflowError(f"more than {WIDE_ENDS_MAX} ends of a read beyond ASCII, or one of four bytes")
        memcpy(&WIDE_ENDS[WIDE_ENDS_COUNT * 4], PyBytes_AS_STRING(encoded), len(encoded))
        WIDE_END_LENGTH[WIDE_ENDS_COUNT] = len(encoded)
        WIDE_ENDS_COUNT += 1
    return 0


cdef int fill_tables() except -1:
    cdef Py_ssize_t number
    if len(forms.FORMS) > FORMS_MAX or len(FORMATS) > 255 or len(forms.WARNINGS) > 64 or len(forms.CARRIERS) > 64:
        raise OverflowError("more forms, formats, warnings or carriers than their numbers allow")
    for number in range(len(forms.FORMS)):
        fill_form(&FORMS[number], forms.FORMS[number])
    memset(CARRIES, Frame.LINEAR, sizeof(CARRIES))
    for identifier, (_, frame) in symbologies.TEXTS.items():
        fill_carries(identifier, frame)
    for identifier in symbologies.ELEMENT_STRINGS:
        fill_carries(identifier, ELEMENT_STRINGS)
    for identifier in symbologies.TRADE_ITEMS:
        fill_carries(identifier, TRADE_ITEM)
    fill_ends()
    for number in range(256):
        TYPED[number] = ord(chr(number).upper()) if chr(number) in ascii_lowercase else number
    for character in " -\t\r\n":
        TYPED[<size_t>ord(character)] = 0x20
    for number, character in enumerate("0123456789" + ascii_uppercase):
        ALPHANUMERIC[<size_t>ord(character)] = number
    return 0


fill_tables()
