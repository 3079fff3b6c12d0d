# How the reader's tables are made, when it is imported and from the declarations of tracker.domain.gs1.table.

LINKS = frozenset({"]Q1", "]d1", "]J0"})
"""Symbology identifiers behind which a URI may stand."""


cdef int add_check(str name, check_t check) except -1:
    if len(CHECK_NUMBERS) >= CHECKS_MAX:
        raise OverflowError(f"more than {CHECKS_MAX} checks")
    CHECKS[<size_t>len(CHECK_NUMBERS)] = check
    CHECK_NUMBERS[name] = len(CHECK_NUMBERS)
    return 0


cdef int add_checks() except -1:
    add_check("check_digit", check_digit)
    add_check("check_characters", check_characters)
    add_check("company_prefix_1", company_prefix_1)
    add_check("company_prefix_2", company_prefix_2)
    add_check("percent_encoding", percent_encoding)
    add_check("date", date)
    add_check("date_or_month", date_or_month)
    add_check("long_date", long_date)
    add_check("hour", hour)
    add_check("minute", minute)
    add_check("second", second)
    add_check("hour_minute", hour_minute)
    add_check("latitude", latitude)
    add_check("longitude", longitude)
    add_check("country", country)
    add_check("country_or_several", country_or_several)
    add_check("country_letters", country_letters)
    add_check("currency", currency)
    add_check("yes_no", yes_no)
    add_check("hyphen", hyphen)
    add_check("package_type", package_type)
    add_check("piece_of_total", piece_of_total)
    add_check("zero", zero)
    add_check("not_zero", not_zero)
    add_check("no_leading_zero", no_leading_zero)
    add_check("winding", winding)
    add_check("sex", sex)
    add_check("media_type", media_type)
    add_check("position_in_sequence", position_in_sequence)
    add_check("importer_index", importer_index)
    add_check("has_letter", has_letter)
    add_check("iban", iban)
    add_check("coupon", coupon)
    add_check("coupon_offer", coupon_offer)
    return 0


cdef int mark(str characters, uint8_t bit) except -1:
    for character in characters:
        CHARACTERS[<size_t>ord(character)] |= bit
    return 0


cdef int fill_characters() except -1:
    cdef size_t i
    mark(elements.CSET_82, IS_CSET_82)
    mark("#-/" + DIGITS + ascii_uppercase, IS_CSET_39)
    mark("-_=" + DIGITS + ascii_letters, IS_BASE64URL)
    mark(hexdigits, IS_HEX)
    mark(DIGITS, IS_DIGIT)
    for i, character in enumerate(elements.CSET_82):
        CSET_82_VALUE[<size_t>ord(character)] = i
    for i, prime in enumerate((2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)):
        PRIMES[i] = prime
    for character in "-._~:/?#[]@!$&'()*+,;=%" + DIGITS + ascii_letters:
        URI_CHARACTERS[<size_t>ord(character)] |= IN_URI
    for character in "-.:[]" + DIGITS + ascii_letters:
        URI_CHARACTERS[<size_t>ord(character)] |= IN_DOMAIN
    for number in ISO_3166_NUMERIC:
        COUNTRY[<size_t>int(number)] = 1
    for number in ISO_4217_NUMERIC:
        CURRENCY[<size_t>int(number)] = 1
    for letters in ISO_3166_ALPHA_2:
        COUNTRY_LETTERS[<size_t>(ord(letters[0]) - 65) * 26 + <size_t>(ord(letters[1]) - 65)] = 1
    return 0


cdef int fill_frames() except -1:
    cdef size_t modifier
    for identifier in symbologies.TEXTS:
        for modifier in range(128) if identifier[2] == "*" else (ord(identifier[2]),):
            FRAMES[<size_t>ord(identifier[1]) * 128 + modifier] = LINK_FRAME if identifier in LINKS else TEXT_FRAME
    for identifier in symbologies.ELEMENT_STRINGS:
        FRAMES[<size_t>ord(identifier[1]) * 128 + <size_t>ord(identifier[2])] = ELEMENT_FRAME
    FRAMES[c"E" * 128 + c"0"] = EAN_13_FRAME
    FRAMES[c"E" * 128 + c"4"] = EAN_8_FRAME
    FRAMES[c"I" * 128 + c"1"] = ITF_FRAME
    return 0


cdef int fill_lengths() except -1:
    global VALUE_LENGTH_MAX
    VALUE_LENGTH_MAX = elements.VALUE_LENGTH_MAX
    for first_two, length in elements.AI_DIGITS.items():
        AI_DIGITS[<size_t>int(first_two)] = length
    for first_two, length in elements.PREDEFINED_LENGTHS.items():
        VALUE_LENGTH[<size_t>int(first_two)] = length
    return 0


# A table: entries are (AI, flags, components, alternatives, alias) with components (kind, least, most, optional, checks).

cdef size_t slot_of_text(str ai) except? 0:
    return slot_of(int(ai), len(ai))


cdef int fill_ai(ai_t* ai, object entry) except -1:
    cdef component_t* component
    cdef size_t i, j
    name, flags, components, alternatives, _ = entry
    ai.number, ai.digits, ai.flags = int(name), len(name), flags
    if len(components) > COMPONENTS_MAX or len(alternatives) > ALTERNATIVES_MAX:
        raise OverflowError(f"AI {name}: more components or sequences of qualifiers than there is room for")
    ai.components = len(components)
    for i, (kind, least, most, optional, checks) in enumerate(components):
        component = &ai.component[i]
        component.kind, component.least, component.most, component.optional = ord(kind), least, most, optional
        if len(checks) > COMPONENT_CHECKS_MAX:
            raise OverflowError(f"AI {name}: more than {COMPONENT_CHECKS_MAX} checks of a component")
        component.checks = len(checks)
        for j, check in enumerate(checks):
            component.check[j] = CHECK_NUMBERS[check]
    ai.alternatives = len(alternatives)
    for i, qualifiers in enumerate(alternatives):
        if len(qualifiers) > QUALIFIERS_MAX:
            raise OverflowError(f"AI {name}: more than {QUALIFIERS_MAX} qualifiers")
        ai.qualifiers[i] = len(qualifiers)
        for j, qualifier in enumerate(qualifiers):
            ai.qualifier[i * QUALIFIERS_MAX + j] = slot_of_text(qualifier)
    return 0


cdef int add_alias(table_t* table, str name, size_t ai) except -1:
    cdef alias_t* alias
    if table.aliases == ALIASES_MAX or not 1 <= len(name) <= ALIAS_MAX:
        raise OverflowError(f"alias {name}: too long, or more than {ALIASES_MAX}")
    alias = &table.alias[table.aliases]
    alias.length = len(name)
    alias.ai = ai
    for i, character in enumerate(name):
        alias.name[<size_t>i] = ord(character)
    table.aliases += 1
    return 0


cdef int fill_table(table_t* table, list entries) except -1:
    cdef size_t index
    if len(entries) >= AIS_MAX:
        raise OverflowError(f"more than {AIS_MAX - 1} AIs")
    # What an AI that the table lacks may hold: any characters that a value can have.
    fill_ai(&table.ai[0], ("00", 0, [("X", 1, VALUE_LENGTH_MAX, False, ())], (), ""))
    table.ais = 1
    for index, entry in enumerate(entries, 1):
        fill_ai(&table.ai[index], entry)
        table.at[slot_of_text(entry[0])] = index
        table.ais += 1
        if entry[4]:
            add_alias(table, entry[4], index)
    return 0


add_checks()
fill_characters()
fill_frames()
fill_lengths()
