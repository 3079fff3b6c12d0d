# One text or element of _barcode.pyx against the forms that it can have.

cdef bint fits(const form_t* form, const uint8_t* text, bint digits) noexcept nogil:
    """Whether the text, whose first character is right, is of this form.

    Of one that is all digits only the positions count that refuse some digit.
    """
    cdef size_t at, i
    cdef const uint8_t* pair
    if digits:
        for i in range(form.narrow):
            at = form.narrow_at[i]
            if not SETS[<size_t>form.accepts[at] * 256 + text[at]]:
                return False
        return True
    for at in range(1, form.length):
        if not SETS[<size_t>form.accepts[at] * 256 + text[at]]:
            return False
    for at in range(form.lookups):
        pair = text + form.lookup_at[at]
        if form.lookup[at][(pair[0] - c"A") * 26 + (pair[1] - c"A")] == REFUSED:
            return False
    return True


cdef inline bint are_eight_digits(const uint8_t* text) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, text, 8)
    return ((word & 0xF0F0F0F0F0F0F0F0U) == 0x3030303030303030U
            and ((word + 0x0606060606060606U) & 0xF0F0F0F0F0F0F0F0U) == 0x3030303030303030U)


cdef inline bint are_eight_plain(const uint8_t* text) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, text, 8)
    return (((word | (word + 0x2525252525252525U)) & 0x8080808080808080U) == 0
            and ((word + 0x5050505050505050U) & 0x8080808080808080U) == 0x8080808080808080U)


cdef bint all_plain(const uint8_t* text, size_t length) noexcept nogil:
    """Whether 8 characters or more are all from 0 to Z: digits, capitals and the few marks between."""
    cdef size_t at
    for at in range(0, length - 8, 8):
        if not are_eight_plain(text + at):
            return False
    return are_eight_plain(text + length - 8)


cdef bint all_digits(const uint8_t* text, size_t length) noexcept nogil:
    cdef size_t at
    if length >= 8:
        for at in range(0, length - 8, 8):
            if not are_eight_digits(text + at):
                return False
        return are_eight_digits(text + length - 8)
    for at in range(length):
        if <uint8_t>(text[at] - c"0") > 9:
            return False
    return True


cdef void sum_digits(const uint8_t* text, size_t length, uint64_t* sums) noexcept nogil:
    """Adds up all the sums that forms of so many digits have, five in one walk: they stand side by side in a word."""
    cdef const uint64_t* added
    cdef uint64_t total
    cdef size_t at, word
    for word in range(SUM_WORDS_USED[length]):
        added = &SUMS[(word * (BARCODE_KEY_MAX + 1) + length) * BARCODE_KEY_MAX * 10]
        total = 0
        for at in range(length):
            total += added[at * 10 + (text[at] & 0x0F)]
        sums[word] = total


cdef bint check_digit_stands(const form_t* form, const uint8_t* text, const uint64_t* sums) noexcept nogil:
    """The same as below for a text of digits whose sums are known."""
    cdef uint64_t word = sums[form.sum_word]
    return has_remainder(form, text, <uint32_t>(word >> form.sum_shift) & ((1 << SUM_BITS) - 1))


cdef inline bint has_remainder(const form_t* form, const uint8_t* text, uint32_t total) noexcept nogil:
    total += form.start
    # The remainder by way of a product: a division would take as long as the sum.
    return form.characters[total - form.modulus * ((total * form.reciprocal) >> 20)] == text[form.check_at]


cdef bint check_character_stands(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef const uint8_t* covered = text + form.covered_at
    cdef uint32_t total = 0
    cdef size_t at
    if form.check == NO_CHECK:
        return True
    if form.check == MOD_37_36:
        return mod_37_36(covered, form.covered_length) == ALPHANUMERIC[text[form.check_at]]
    for at in range(form.covered_length):
        total += SETS[<size_t>form.counts[at] * 256 + covered[at]]
    return has_remainder(form, text, total)


cdef unsigned int mod_37_36(const uint8_t* covered, size_t length) noexcept nogil:
    cdef unsigned int remainder = 36
    cdef size_t at
    for at in range(length):
        remainder += ALPHANUMERIC[covered[at]]
        if remainder > 36:
            remainder -= 36
        remainder *= 2
        if remainder > 36:
            remainder -= 37
    return 0 if remainder == 1 else 37 - remainder


cdef uint64_t warnings_of(const form_t* form, const uint8_t* text) noexcept nogil:
    cdef uint64_t warnings = 0
    cdef const uint8_t* pair
    cdef uint8_t warning
    cdef size_t i
    for i in range(form.lookups):
        pair = text + form.lookup_at[i]
        warning = form.lookup[i][(pair[0] - c"A") * 26 + (pair[1] - c"A")]
        if warning:
            warnings |= <uint64_t>1 << (warning - 1)
    return warnings


cdef void add(said_t* said, const form_t* form, uint8_t precedence, const uint8_t* text) noexcept nogil:
    """Takes a form that the text fits, of the same precedence as those before or the first of all."""
    if said.form == NULL:
        said.form = form
        said.precedence = precedence
    elif form.carrier == said.form.carrier and form.format != said.form.format:
        said.split |= not same_key(form, said.form, text)
    said.carriers |= <uint64_t>1 << form.carrier


cdef bint same_key(const form_t* one, const form_t* other, const uint8_t* text) noexcept nogil:
    cdef uint8_t[BARCODE_KEY_MAX] key, other_key
    cdef size_t length = copy_key(one, text, key)
    return length == copy_key(other, text, other_key) and memcmp(key, other_key, length) == 0


cdef size_t copy_key(const form_t* form, const uint8_t* text, uint8_t* key) noexcept nogil:
    cdef size_t length = form.lead_length
    if length:
        memcpy(key, form.lead, length)
    copy_short(key + length, text + form.key_at, form.key_length)
    length += form.key_length
    if form.tail_length:
        memcpy(key + length, form.tail, form.tail_length)
    return length + form.tail_length


cdef void copy_short(uint8_t* target, const uint8_t* source, size_t length) noexcept nogil:
    """Copies up to 64 bytes in two pieces that may overlap: memcpy of a length that varies costs as much as a check."""
    cdef size_t at
    if length > 32:
        memcpy(target, source, 32)
        memcpy(target + length - 32, source + length - 32, 32)
    elif length > 16:
        memcpy(target, source, 16)
        memcpy(target + length - 16, source + length - 16, 16)
    elif length >= 8:
        memcpy(target, source, 8)
        memcpy(target + length - 8, source + length - 8, 8)
    else:
        for at in range(length):
            target[at] = source[at]


cdef inline void try_forms(sink_t* sink, size_t frame, const uint8_t* text, size_t length) noexcept nogil:
    # No text of any form begins with a control character: their slots belong to the lists of digits.
    if length == 0 or length > BARCODE_KEY_MAX or text[0] >= ASCII or text[0] < BLANK:
        return
    try_list(sink, frame, text, length, all_digits(text, length))


cdef void try_list(sink_t* sink, size_t frame, const uint8_t* text, size_t length, bint digits) noexcept nogil:
    """Tries the forms that a text can have, of 1 to BARCODE_KEY_MAX characters with a printable ASCII one first."""
    cdef size_t first = text[0] - c"0" if digits else text[0]
    cdef const entry_t* entry = &sink.lists.entries[sink.lists.starts[list_index(frame, length, first)]]
    cdef const form_t* form
    cdef said_t said
    cdef uint64_t[SUM_WORDS] sums
    cdef bint summed = False, stands
    if entry.form == LIST_END:
        return
    said.form = NULL
    said.carriers = 0
    said.precedence = NOTHING
    said.split = False
    while entry.form != LIST_END:
        # Forms of a lower precedence can't change the result. Only an explanation looks at them.
        if entry.precedence > said.precedence and sink.findings == NULL:
            break
        form = &FORMS[entry.form]
        if fits(form, text, digits) and (sink.carriers_tried >> form.carrier) & 1:
            if digits and form.check == SUM:
                if not summed:
                    sum_digits(text, length, sums)
                    summed = True
                stands = check_digit_stands(form, text, sums)
            else:
                stands = check_character_stands(form, text)
            if stands:
                if entry.precedence <= said.precedence and not (form.last_resort and said.form != NULL):
                    add(&said, form, entry.precedence, text)
                if sink.findings != NULL:
                    note(sink, entry, text)
            else:
                # A text that fits a form is not a misread of a form of lower precedence.
                if entry.precedence <= said.precedence:
                    sink.bad_check_digit = True
                    if sink.misread != NULL:
                        sink.misread[form.format] = 1
                if form.rejects_misread:
                    break
        entry += 1
    if said.form == NULL or said.form.names == NAMES_PLACE:
        return
    if said.form.names == NAMES_CONTAINER:
        said.precedence = CONTAINER
    take(sink, &said, text)


cdef void note(sink_t* sink, const entry_t* entry, const uint8_t* text) noexcept nogil:
    cdef finding_t* finding
    if sink.findings_count < FINDINGS_MAX:
        finding = &sink.findings[sink.findings_count]
        finding.read = sink.reads
        finding.form = entry.form
        finding.precedence = CONTAINER if FORMS[entry.form].names == NAMES_CONTAINER else entry.precedence
        memcpy(finding.text, text, FORMS[entry.form].length)
        sink.findings_count += 1
