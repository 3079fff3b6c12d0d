# The tables of _barcode.pyx: what they are, and how they are made from the declarations in tracker.domain.formats.

from string import ascii_lowercase, ascii_uppercase

from tracker.domain.formats import FORMATS, elements, forms, symbologies

cdef enum:
    FORMS_MAX = 512               # forms of all formats
    LISTS_MAX = 8192              # numbers in all lists of forms to try
    SETS_MAX = 256                # different sets of characters, and of their values
    LOOKUPS_MAX = 4               # of one format
    ASCII = 128
    LOOKUP_TABLES_MAX = 32        # of all formats
    LETTER_PAIRS = 26 * 26
    LIST_END = 0xFFFF

cdef enum carries_t:              # what stands behind a symbology identifier
    TEXT = 0
    ELEMENT_STRINGS = 1
    TRADE_ITEM = 2

ctypedef const uint8_t* table_t    # character, or letter pair -> a number

cdef struct form_t:
    uint8_t length, format, rank
    uint8_t key_at, key_length
    uint8_t check_at, covered_at, covered_length, modulus   # modulus 0: no check character
    uint8_t lookups
    uint8_t[LOOKUPS_MAX] lookup_at
    table_t[LOOKUPS_MAX] lookup                             # letter pair -> 1 + number of a warning, or 0
    table_t values                                          # character -> what it counts in the sum
    table_t[BARCODE_KEY_MAX] accepts                        # position -> character -> 1 if it may stand there
    uint8_t[BARCODE_KEY_MAX] weights
    uint8_t[ASCII] characters                               # remainder -> check character

cdef form_t[FORMS_MAX] FORMS
cdef uint16_t[LISTS_MAX] LISTS                                   # numbers of forms; each list ends with LIST_END
cdef uint16_t[(BARCODE_KEY_MAX + 1) * ASCII] TEXT_LISTS          # [length][first character] -> start of its list
cdef uint16_t[(BARCODE_KEY_MAX + 1) * ASCII] ELEMENT_LISTS
cdef uint8_t[SETS_MAX * 256] SETS
cdef uint8_t[LOOKUP_TABLES_MAX * LETTER_PAIRS] LOOKUPS
cdef uint8_t[ASCII * ASCII] CARRIES                              # [letter][modifier] -> carries_t
cdef uint8_t[256] TYPED                                          # what a typed character stands for; BLANK: nothing
cdef uint8_t[256] CSET_82
cdef uint8_t[100] AI_DIGITS                                      # first two digits -> digits of the AI, or 0
cdef uint8_t[100] VALUE_LENGTH                                   # first two digits -> predefined length, or 0
cdef size_t VALUE_LENGTH_MAX = elements.VALUE_LENGTH_MAX


# How they are made.

cdef dict set_places = {}         # characters with their values -> place in SETS
cdef dict lookup_places = {}      # (format, place among its lookups) -> place in LOOKUPS
cdef size_t lists_length = 1


cdef table_t set_of(object values) except NULL:
    """The table that has these values for these characters and 0 for all others; shared by all that need the same."""
    cdef size_t place = set_places.setdefault(tuple(sorted(values.items())), len(set_places))
    if place >= SETS_MAX:
        raise OverflowError(f"formats need more than {SETS_MAX} sets of characters")
    for character, value in values.items():
        SETS[place * 256 + <size_t>ord(character)] = value
    return &SETS[place * 256]


cdef table_t lookup_of(object format_, size_t at) except NULL:
    """The table of the warnings of a format's lookup, by letter pair; shared by all of the format's forms."""
    cdef size_t place = lookup_places.setdefault((format_.name, at), len(lookup_places))
    cdef uint8_t* table = &LOOKUPS[place * LETTER_PAIRS]
    if place >= LOOKUP_TABLES_MAX:
        raise OverflowError(f"formats need more than {LOOKUP_TABLES_MAX} lookups")
    for pair in range(LETTER_PAIRS):
        warning = format_.lookups[at].warning(chr(ord("A") + pair // 26) + chr(ord("A") + pair % 26))
        table[<size_t>pair] = 0 if warning is None else 1 + forms.WARNINGS.index(warning)
    return table


cdef int fill_form(form_t* form, object source) except -1:
    cdef object format_ = source.format, check = source.format.check
    cdef size_t at
    form.length = len(source.accepts)
    form.format = FORMATS.index(format_)
    form.rank = format_.rank
    form.key_at = source.key.start
    form.key_length = source.key.stop - source.key.start
    for at in range(form.length):
        form.accepts[at] = set_of(dict.fromkeys(source.accepts[at], 1))
    form.lookups = len(format_.lookups)
    for at in range(form.lookups):
        part = source.parts[format_.lookups[at].part]
        if set("".join(source.accepts[part])) - set(ascii_uppercase) or part.stop - part.start != 2:
            raise ValueError(f"{format_.name}: only parts of two capital letters can be looked up")
        form.lookup_at[at] = part.start
        form.lookup[at] = lookup_of(format_, at)
    form.modulus = 0
    if check is None:
        return 0
    if len(check.characters) != check.modulus or check.modulus > ASCII:
        raise ValueError(f"{format_.name}: expected a check character for each remainder, at most {ASCII}")
    form.modulus = check.modulus
    form.check_at = source.parts[check.check].start
    form.covered_at = source.covered.start
    form.covered_length = source.covered.stop - source.covered.start
    form.values = set_of(check.values)
    for at in range(form.covered_length):
        form.weights[at] = check.weights[at % len(check.weights)]
    for at in range(form.modulus):
        form.characters[at] = ord(check.characters[at])
    return 0


cdef int fill_lists(uint16_t* starts, object dispatch) except -1:
    global lists_length
    for (length, first), numbers in dispatch.items():
        if lists_length + len(numbers) + 1 > LISTS_MAX:
            raise OverflowError(f"the lists of forms need more than {LISTS_MAX} places")
        starts[<size_t>length * ASCII + <size_t>ord(first)] = lists_length
        for number in numbers:
            LISTS[lists_length] = number
            lists_length += 1
        LISTS[lists_length] = LIST_END
        lists_length += 1
    return 0


cdef int fill_carries(object identifiers, carries_t carries) except -1:
    cdef size_t modifier
    for identifier in identifiers:
        for modifier in range(ASCII) if identifier[2] == "*" else (ord(identifier[2]),):
            CARRIES[<size_t>ord(identifier[1]) * ASCII + modifier] = carries
    return 0


cdef int fill_tables() except -1:
    cdef Py_ssize_t number
    if len(forms.FORMS) > FORMS_MAX or len(FORMATS) > 255 or len(forms.WARNINGS) > 64:
        raise OverflowError("more forms, formats or warnings than their numbers allow")
    for number in range(len(forms.FORMS)):
        fill_form(&FORMS[number], forms.FORMS[number])
    LISTS[0] = LIST_END           # the list of all texts that no form has
    fill_lists(TEXT_LISTS, forms.dispatch(elements=False))
    fill_lists(ELEMENT_LISTS, forms.dispatch(elements=True))
    fill_carries(symbologies.TEXTS, TEXT)
    fill_carries(symbologies.ELEMENT_STRINGS, ELEMENT_STRINGS)
    fill_carries(symbologies.TRADE_ITEMS, TRADE_ITEM)
    for number in range(256):
        TYPED[number] = ord(chr(number).upper()) if chr(number) in ascii_lowercase else number
    for character in " -\t\r\n":
        TYPED[<size_t>ord(character)] = 0x20
    for character in elements.CSET_82:
        CSET_82[<size_t>ord(character)] = 1
    for first_two, length in elements.AI_DIGITS.items():
        AI_DIGITS[<size_t>int(first_two)] = length
    for first_two, length in elements.PREDEFINED_LENGTHS.items():
        VALUE_LENGTH[<size_t>int(first_two)] = length
    return 0


fill_tables()
