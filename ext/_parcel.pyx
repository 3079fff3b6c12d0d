# The parcel's record: a batch of scans folded into it, and what stands in it explained.
#
# The layout of a record is written out in record.pxd, the order of events and their bound in history.pxd, the fold in fold.pxd. Here
# these meet Python: a scan in order appends 21 bytes and takes one cell; any other scan has the history read, mended and folded again.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem, PyDict_SetItem
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset

from fold cimport (
    ACCEPTED, CONDITIONS, DELIVERY_OFFICE_ARRIVED, EFFECT_ANOMALY, EFFECT_APPLY, EFFECT_NOTE, EVENT_WAS_SKEWED, HELD, HERE, NOBODY, OUT_FOR_DELIVERY, PRE_ADVISED, SAME, STRAY, cell_of, cell_t, effect_t, fold_life, life_end, rules_t, set_clocks, take_cell, use_own_times,
)
from history cimport KEPT_NEWEST, are_copies, context_t, event_id, insert, inserted_t
from names cimport compare_sites, entry_t, names_add, names_find, names_free, names_hash, names_t
from record cimport *
from scan cimport (
    KIND_CORRECT, KIND_NUMBERS, KIND_UNDO, NO_KIND, SCAN_HAS_DATA, SCAN_HAS_ID, SCAN_HAS_TARGET, SCAN_RECEIVED_LATE, SCAN_SKEWED, SCAN_TARGET_IS_CODE, scan_t, text_of,
)

from tracker import limits
from tracker.domain import machine
from tracker.domain.numbers import compare

cdef bytes _TABLE = machine.TABLE
cdef bytes _RANKS = machine.TIE_RANKS
cdef uint8_t STATES = len(machine.STATES)
cdef uint8_t EVENTS = len(machine.EVENTS)
cdef bytes _TERMINAL = bytes(state in machine.TERMINAL for state in machine.STATES)
cdef uint32_t SOURCES_MAX = limits.SOURCES_MAX
cdef uint32_t CODES_MAX = limits.CODES_MAX
cdef rules_t RULES
RULES.cells = <const cell_t*>PyBytes_AS_STRING(_TABLE)
RULES.reread_ms = limits.REREAD_WINDOW_MS
RULES.life_gap_ms = limits.LIFE_GAP_MS
RULES.reopen_ms = limits.REOPEN_MS
RULES.behind_ms = limits.CLOCK_BEHIND_MS
RULES.reset_before_ms = limits.CLOCK_RESET_BEFORE_MS
RULES.behind_events_max = limits.BEHIND_EVENTS_MAX
RULES.physical = machine.PHYSICAL
RULES.held = 1 << machine.OVERLAYS.index("held")

compare({
    "limits.EVENTS_MAX": (limits.EVENTS_MAX, HISTORY_MAX),
    "limits.EVENTS_KEPT_NEWEST": (limits.EVENTS_KEPT_NEWEST, KEPT_NEWEST),
    "machine.KIND_NUMBERS": (machine.KIND_NUMBERS, KIND_NUMBERS),
    "the number of UNDO": (machine.NUMBER[machine.UNDO], KIND_UNDO),
    "the number of CORRECT": (machine.NUMBER[machine.CORRECT], KIND_CORRECT),
    "the number of PRE_ADVISED": (machine.NUMBER["PRE_ADVISED"], PRE_ADVISED),
    "the number of ACCEPTED": (machine.NUMBER["ACCEPTED"], ACCEPTED),
    "the number of DELIVERY_OFFICE_ARRIVED": (machine.NUMBER["DELIVERY_OFFICE_ARRIVED"], DELIVERY_OFFICE_ARRIVED),
    "the number of OUT_FOR_DELIVERY": (machine.NUMBER["OUT_FOR_DELIVERY"], OUT_FOR_DELIVERY),
    "machine.Action.APPLY": (machine.Action.APPLY, EFFECT_APPLY),
    "machine.Action.NOTE": (machine.Action.NOTE, EFFECT_NOTE),
    "machine.Action.ANOMALY": (machine.Action.ANOMALY, EFFECT_ANOMALY),
    "the size of a cell": (machine.CELL.size, sizeof(cell_t)),
    "machine.CONDITIONS": (len(machine.CONDITIONS), CONDITIONS),
    "the bit of @here": (1 << machine.CONDITIONS.index("@here"), HERE),
    "the bit of @stray": (1 << machine.CONDITIONS.index("@stray"), STRAY),
    "the bit of @same": (1 << machine.CONDITIONS.index("@same"), SAME),
    "the bit of @held": (1 << machine.CONDITIONS.index("@held"), HELD),
})

cdef enum:
    FULL = -1
    NO_MEMORY = -2


class CorruptRecord(Exception):
    """Bytes that should be a parcel's record and are not, or are one of a version that this code does not know."""


cdef class NameTable:
    """A partition's dictionary: its sources (pairs of site and device) and codes, each known by its number.

    Args:
        codes: names of the codes that scans come with, in the order of the reader's numbers.
    """

    cdef names_t sources
    cdef names_t codes
    cdef bytes known
    cdef readonly list code_names
    cdef uint32_t sources_stored
    cdef uint32_t codes_stored

    def __cinit__(self, list codes not None):
        memset(&self.sources, 0, sizeof(names_t))
        memset(&self.codes, 0, sizeof(names_t))
        self.code_names = codes
        self.known = bytes(4 * len(codes))  # reader's number -> number in the dictionary + 1
        self.sources_stored = self.codes_stored = 0
        self.source(b"", b"")
        self.sources_stored = 1  # Source 0 is the source that is not known: it stands in no dictionary.

    def __dealloc__(self):
        names_free(&self.sources)
        names_free(&self.codes)

    cdef int64_t _source(self, const uint8_t* site, int32_t length, const uint8_t* device, int32_t device_length) noexcept:
        cdef uint64_t h = names_hash(site, length, device, device_length)
        cdef int64_t number = names_find(&self.sources, h, site, length, device, device_length)
        if number >= 0:
            return number
        if self.sources.count > SOURCES_MAX:
            return FULL
        number = names_add(&self.sources, h, site, length, device, device_length)
        return number if number >= 0 else NO_MEMORY

    cdef int64_t _code(self, bytes name):
        cdef const uint8_t* text = <const uint8_t*>PyBytes_AS_STRING(name)
        cdef int32_t length = <int32_t>PyBytes_GET_SIZE(name)
        cdef uint64_t h = names_hash(text, length, NULL, 0)
        cdef int64_t number = names_find(&self.codes, h, text, length, NULL, 0)
        if number >= 0:
            return number
        if self.codes.count >= CODES_MAX:
            return FULL
        number = names_add(&self.codes, h, text, length, NULL, 0)
        return number if number >= 0 else NO_MEMORY

    cdef int64_t _code_of(self, int32_t of_reader):
        """The number of one of the reader's codes."""
        cdef int32_t* known = <int32_t*>PyBytes_AS_STRING(self.known)
        cdef int64_t number
        if known[of_reader]:
            return known[of_reader] - 1
        number = self._code(self.code_names[of_reader])
        if number >= 0:
            known[of_reader] = <int32_t>number + 1
        return number

    def source(self, bytes site not None, bytes device not None):
        """The number of a source, which becomes known."""
        return _numbered(
            self._source(
                <const uint8_t*>PyBytes_AS_STRING(site), <int32_t>len(site),
                <const uint8_t*>PyBytes_AS_STRING(device), <int32_t>len(device),
            )
        )

    def code(self, bytes name not None):
        """The number of a code, which becomes known."""
        return _numbered(self._code(name))

    def stored(self):
        """What is known now is stored from now on: `new` gives what comes after it."""
        self.sources_stored = self.sources.count
        self.codes_stored = self.codes.count

    def new(self):
        """What is known but not stored: ([(number, site, device)], [(number, name)])."""
        return (
            [(i, *self.source_named(i)) for i in range(self.sources_stored, self.sources.count)],
            [(i, self.code_named(i)) for i in range(self.codes_stored, self.codes.count)],
        )

    def source_named(self, uint32_t number):
        """(site, device) of a source."""
        if number >= self.sources.count:
            raise CorruptRecord(f"source {number} is not in the partition's dictionary of {self.sources.count}")
        cdef entry_t* entry = &self.sources.entries[number]
        cdef const char* text = <const char*>self.sources.text + entry.at
        return text[: entry.length], text[entry.length : entry.length + entry.rest]

    def code_named(self, uint32_t number):
        """The name of a code."""
        if number >= self.codes.count:
            raise CorruptRecord(f"code {number} is not in the partition's dictionary of {self.codes.count}")
        cdef entry_t* entry = &self.codes.entries[number]
        return (<const char*>self.codes.text + entry.at)[: entry.length]

    cdef context_t context(self, bytes parcel) noexcept:
        cdef context_t context
        context.sources = &self.sources
        context.codes = &self.codes
        context.ranks = <const uint8_t*>PyBytes_AS_STRING(_RANKS)
        context.parcel = <const uint8_t*>PyBytes_AS_STRING(parcel)
        context.parcel_length = <int32_t>PyBytes_GET_SIZE(parcel)
        return context

    cdef int _knows(self, const uint8_t* record, Py_ssize_t length, bytes parcel) except -1:
        """Raises unless the bytes are a record and this dictionary has each number in it."""
        cdef event_t[HISTORY_MAX] events
        cdef header_t header
        cdef int32_t i, count
        if not is_record(record, length):
            raise CorruptRecord(f"{parcel!r}: not a record of version {RECORD_VERSION}: {record[: min(length, 32)]!r}")
        count = read_history(record, events)
        for i in range(count):
            if (
                events[i].source >= self.sources.count or events[i].code >= self.codes.count or not _is_kind(events[i].kind)
                or (events[i].flags & EVENT_HAS_RIGHT
                    and (events[i].right_code >= self.codes.count or events[i].right_kind >= EVENTS))
            ):
                raise CorruptRecord(f"{parcel!r}: event {i} has a source or code that the partition's dictionary does not have")
        read_header(record, &header)
        if (
            header.state >= STATES or header.office >= self.sources.count or header.source >= self.sources.count
            or header.first >= header.events or header.life > header.events
        ):
            raise CorruptRecord(f"{parcel!r}: its header has a state, source or life that does not exist")
        return 0

    def check(self, bytes parcel not None, bytes record not None):
        """Raises CorruptRecord unless the bytes are a record, and this dictionary has all that it names."""
        self._knows(<const uint8_t*>PyBytes_AS_STRING(record), PyBytes_GET_SIZE(record), parcel)


cdef inline bint _is_kind(uint8_t kind) noexcept nogil:
    return kind < EVENTS or kind == KIND_UNDO or kind == KIND_CORRECT


cdef _numbered(int64_t number):
    if number == NO_MEMORY:
        raise MemoryError
    if number == FULL:
        raise OverflowError("the partition's dictionary is full")
    return number


cdef class FoldResult:
    """What a batch of scans did.

    Attributes:
        records: {parcel id: record} of every parcel that a scan reached.
        final: ids of those that are in a final state now, a frozenset.
        reopened: ids of those with data that were in a final state before any scan of the batch, or may have been since a
            scan was in their record already, and are not now, a frozenset.
        rejected: [(index of the scan, reason)]: scans that the dictionary had no room for.
        data: [(index of the scan, event id)] of scans that carry data.
        skewed: [(number of the source, whether its clock is behind rather than ahead)] of the events that were seen to be of
            a wrong clock: scans of the batch, and scans before them.
        duplicates, late, anomalies: how many scans.
    """

    cdef readonly dict records
    cdef readonly frozenset final
    cdef readonly frozenset reopened
    cdef readonly list rejected
    cdef readonly list data
    cdef readonly list skewed
    cdef readonly int64_t duplicates
    cdef readonly int64_t late
    cdef readonly int64_t anomalies

    def __cinit__(self):
        self.records = {}
        self.final = frozenset()
        self.reopened = frozenset()
        self.rejected = []
        self.data = []
        self.skewed = []


cdef inline void _reached(header_t* header, int64_t offset, bint in_batch) noexcept nogil:
    """A scan has reached the parcel: the first of its batch, or a further one."""
    header.scans += 1
    header.next = offset + 1
    if not in_batch:
        header.first_of_batch = offset
        header.repeats = 0


cdef bytes _passed_over(bytes record, int64_t offset, bint in_batch, FoldResult folded):
    """The record after a scan that is in it already: the store has the record of a batch, and not the mark of that batch.

    The copies of that batch are counted with its first scan. So they count once, wherever the new batches end.
    """
    cdef header_t header
    cdef bytes result
    read_header(<const uint8_t*>PyBytes_AS_STRING(record), &header)
    if offset == header.first_of_batch:
        folded.duplicates += header.repeats
    elif not in_batch:
        # They were counted with a batch that has landed. What follows in this one is counted from here on.
        header.first_of_batch = offset
        header.repeats = 0
        result = PyBytes_FromStringAndSize(PyBytes_AS_STRING(record), PyBytes_GET_SIZE(record))
        write_header(<uint8_t*>PyBytes_AS_STRING(result), &header)
        return result
    return record


cdef inline bint _is_final(object record) noexcept:
    """Whether a record, or None, is of a parcel in a final state."""
    cdef uint8_t state
    if record is None:
        return False
    state = <uint8_t>PyBytes_AS_STRING(<bytes>record)[STATE_AT]
    return state < STATES and _TERMINAL[state] != 0


cdef bytes _append(
    const context_t* context, const uint8_t* record, Py_ssize_t length, const event_t* event, int64_t offset,
    bint in_batch, bint has_data, FoldResult folded
):
    """The record with one more event at its end and one cell taken; None where there is more to do than that."""
    cdef header_t header
    cdef effect_t effect
    cdef const uint8_t* last
    cdef const uint8_t* end
    cdef uint8_t* out
    cdef bytes result
    cdef int64_t time
    read_header(record, &header)
    if header.flags & (RECORD_CUT | RECORD_HAS_REVISIONS | RECORD_HAS_SKEWED | RECORD_HAS_RECEIVED_LATE) or header.events >= HISTORY_MAX or event.kind >= KIND_CORRECT:
        return None
    if event.flags & (EVENT_SKEWED | EVENT_RECEIVED_LATE) or (event.flags & EVENT_HAS_ID and header.flags & RECORD_HAS_IDS):
        return None
    end = record + HEADER_BYTES + header.events * EVENT_BYTES
    last = end - EVENT_BYTES
    time = get48(last + EVENT_TIME_AT)
    if event.time < time or (event.time == time and context.ranks[event.kind] <= context.ranks[last[EVENT_KIND_AT]]):
        return None
    if event.time - time >= RULES.life_gap_ms:
        return None
    if header.events > 1 and time - get48(last - EVENT_BYTES + EVENT_TIME_AT) >= RULES.life_gap_ms:
        return None  # A stray scan after a silence is the beginning of a life, now that another one follows.
    while last >= record + HEADER_BYTES and event.time - get48(last + EVENT_TIME_AT) <= RULES.reread_ms:
        if last[EVENT_KIND_AT] == event.kind and compare_sites(context.sources, get24(last + EVENT_SOURCE_AT), event.source) == 0:
            return None
        last -= EVENT_BYTES
    effect.effect = 0
    take_cell(context, &RULES, event, event.kind, &header, &effect)
    if effect.effect == EFFECT_ANOMALY:
        folded.anomalies += 1
    header.events += 1
    _reached(&header, offset, in_batch)
    if event.flags & EVENT_HAS_ID:
        header.flags |= RECORD_HAS_IDS
    if has_data:
        header.flags |= RECORD_HAS_DATA
    result = PyBytes_FromStringAndSize(NULL, length + EVENT_BYTES + more_bytes(event.flags))
    out = <uint8_t*>PyBytes_AS_STRING(result)
    memcpy(out + HEADER_BYTES, record + HEADER_BYTES, end - record - HEADER_BYTES)
    write_header(out, &header)
    out += end - record
    write_event(out, event)
    out += EVENT_BYTES
    memcpy(out, end, record + length - end)
    write_more(out + (record + length - end), event)
    return result


cdef bytes _refold(
    const context_t* context, const uint8_t* record, const event_t* event, int64_t offset, bint in_batch, bint has_data,
    FoldResult folded
):
    """The record (NULL: there is none) with an event taken into its history, and its last life folded again."""
    cdef event_t[HISTORY_MAX + 1] events
    cdef effect_t[HISTORY_MAX + 1] effects
    cdef header_t header
    cdef inserted_t inserted
    cdef int32_t begin, end, i
    cdef bint behind
    cdef bytes result
    memset(&header, 0, sizeof(header_t))
    if record != NULL:
        read_header(record, &header)
        read_history(record, events)
    if header.flags & RECORD_HAS_RECEIVED_LATE:
        use_own_times(context, events, header.events)
    inserted = insert(context, events, header.events, event, &header.flags)
    header.events = inserted.count
    if (header.flags & RECORD_HAS_RECEIVED_LATE) or (event.flags & EVENT_RECEIVED_LATE):
        set_clocks(context, &RULES, events, header.events)
    _reached(&header, offset, in_batch)
    header.life = 0
    end = 0
    begin = 0
    while end < header.events:
        begin = end
        end = life_end(&RULES, events, begin, header.events)
        header.life += 1
    header.first = begin
    fold_life(context, &RULES, events + begin, header.events - begin, &header, effects)
    header.flags &= ~(RECORD_HAS_IDS | RECORD_HAS_REVISIONS | RECORD_HAS_SKEWED | RECORD_HAS_RECEIVED_LATE)
    for i in range(header.events):
        if events[i].flags & EVENT_HAS_ID:
            header.flags |= RECORD_HAS_IDS
        if events[i].kind >= KIND_CORRECT:
            header.flags |= RECORD_HAS_REVISIONS
        if events[i].flags & EVENT_SKEWED:
            header.flags |= RECORD_HAS_SKEWED
        if events[i].flags & EVENT_RECEIVED_LATE:
            header.flags |= RECORD_HAS_RECEIVED_LATE
        if events[i].flags & EVENT_SKEWED and not inserted.copy:
            # An event before it may be seen to be of a wrong clock only now.
            behind = events[i].flags & EVENT_RECEIVED_LATE != 0
            if are_copies(&events[i], event) or (behind and not events[i].flags & EVENT_WAS_SKEWED):
                folded.skewed.append((events[i].source, behind))
        events[i].flags &= ~EVENT_WAS_SKEWED
    if has_data:
        header.flags |= RECORD_HAS_DATA
    if inserted.copy:
        folded.duplicates += 1
        header.repeats += header.repeats < COPIES_MAX
    if inserted.late:
        folded.late += 1
    for i in range(header.events - begin):
        if not inserted.copy and effects[i].effect == EFFECT_ANOMALY and are_copies(&events[begin + i], event):
            folded.anomalies += 1
    result = PyBytes_FromStringAndSize(NULL, record_size(events, header.events))
    write_record(<uint8_t*>PyBytes_AS_STRING(result), &header, events)
    return result


cdef int _event_of(NameTable names, const scan_t* scan, const uint8_t* base, const uint8_t* arena, event_t* event) except -2:
    """Makes an event of a scan; FULL where the dictionary has no room for its source or code."""
    cdef int64_t code = names._code_of(scan.code)
    cdef int64_t source = names._source(
        text_of(base, arena, scan.site_at), scan.site_length, text_of(base, arena, scan.device_at), scan.device_length
    )
    cdef int64_t right = 0
    if scan.right_code >= 0:
        right = names._code_of(scan.right_code)
    if code == NO_MEMORY or source == NO_MEMORY or right == NO_MEMORY:
        raise MemoryError
    if code < 0 or source < 0 or right < 0:
        return FULL
    event.time = scan.effective
    event.raw_time = scan.time
    event.seq = scan.seq
    event.id = scan.id
    event.target = scan.target
    event.source = <uint32_t>source
    event.code = <uint16_t>code
    event.copies = 1
    event.kind = scan.kind
    event.right_code = <uint16_t>right
    event.right_kind = scan.right_kind
    event.flags = 0
    if scan.flags & SCAN_HAS_ID:
        event.flags |= EVENT_HAS_ID
    if scan.flags & SCAN_HAS_TARGET:
        event.flags |= EVENT_HAS_TARGET
    if scan.flags & SCAN_TARGET_IS_CODE:
        event.flags |= EVENT_TARGET_IS_CODE
    if scan.flags & SCAN_SKEWED:
        event.flags |= EVENT_SKEWED
    if scan.right_code >= 0:
        event.flags |= EVENT_HAS_RIGHT
    event.received = -1
    if scan.flags & SCAN_RECEIVED_LATE:
        event.flags |= EVENT_RECEIVED_LATE
        event.received = scan.received
    return 0


def fold(NameTable names not None, list parcels not None, bytes buffer not None, bytes arena not None, bytes scans not None,
         dict records not None):
    """Folds a batch of scans into the records of their parcels.

    Args:
        names: the partition's dictionary; new sources and codes become known in it.
        parcels: the parcel id of each scan.
        buffer, arena, scans: as tracker.domain._scan.Scans has them.
        records: {parcel id: record, or None where the store has none} with an entry for every parcel. It is not changed.

    Returns:
        FoldResult.

    Raises:
        KeyError: a parcel has no entry: its record was not read.
        CorruptRecord: the bytes of a record are not one.
    """
    cdef const scan_t* scan = <const scan_t*>PyBytes_AS_STRING(scans)
    cdef Py_ssize_t count = PyBytes_GET_SIZE(scans) // <Py_ssize_t>sizeof(scan_t)
    cdef const uint8_t* base = <const uint8_t*>PyBytes_AS_STRING(buffer)
    cdef const uint8_t* kept = <const uint8_t*>PyBytes_AS_STRING(arena)
    cdef FoldResult folded = FoldResult.__new__(FoldResult)
    cdef dict changed = folded.records
    cdef event_t event
    cdef context_t context
    cdef const uint8_t* record
    cdef PyObject* held
    cdef bytes before
    cdef bytes after
    cdef bytes parcel
    cdef Py_ssize_t i
    cdef bint has_data, in_batch
    cdef list were_final = []
    for i in range(count):
        parcel = <bytes>parcels[i]
        context = names.context(parcel)
        held = PyDict_GetItem(changed, parcel)
        in_batch = held != NULL
        if not in_batch:
            held = PyDict_GetItem(records, parcel)
            if held == NULL:
                raise KeyError(parcel)
        if _event_of(names, &scan[i], base, kept, &event) == FULL:
            folded.rejected.append((i, "too_many_names"))
            continue
        has_data = (scan[i].flags & SCAN_HAS_DATA) != 0
        if has_data:
            folded.data.append((i, event_id(&context, &event)))
        after = None
        record = NULL
        if <object>held is not None:
            before = <bytes>held
            record = <const uint8_t*>PyBytes_AS_STRING(before)
            if not is_record(record, PyBytes_GET_SIZE(before)):
                raise CorruptRecord(f"{parcel!r}: not a record of version {RECORD_VERSION}: {before[:32]!r}")
            if _is_final(before):  # Within the batch too: half of one that ended there may have come back, and its data expires.
                were_final.append(parcel)
            if scan[i].offset < get48(record + NEXT_AT):
                were_final.append(parcel)  # What came back had it final, for all that is known.
                after = _passed_over(before, scan[i].offset, in_batch, folded)
            else:
                after = _append(
                    &context, record, PyBytes_GET_SIZE(before), &event, scan[i].offset, in_batch, has_data, folded
                )
        if after is None:
            after = _refold(&context, record, &event, scan[i].offset, in_batch, has_data, folded)
        PyDict_SetItem(changed, parcel, after)
    folded.final = frozenset([parcel for parcel, after in changed.items() if _is_final(after)])
    folded.reopened = frozenset(
        [
            parcel for parcel in were_final
            if not _is_final(changed[parcel]) and PyBytes_AS_STRING(<bytes>changed[parcel])[FLAGS_AT] & RECORD_HAS_DATA
        ]
    )
    return folded


def gather(list parcels not None, dict young not None, dict old not None):
    """Looks parcels up in two generations of a cache: ({parcel id: record} of those found, [ids that are in neither])."""
    cdef dict found = {}
    cdef list missing = []
    cdef PyObject* held
    cdef set asked = set()
    for parcel in parcels:
        held = PyDict_GetItem(young, parcel)
        if held == NULL:
            held = PyDict_GetItem(old, parcel)
        if held != NULL:
            PyDict_SetItem(found, parcel, <object>held)
        elif parcel not in asked:
            asked.add(parcel)
            missing.append(parcel)
    return found, missing


def numbers_of(bytes record not None):
    """The numbers that a record names: (sources, codes), each a sorted list."""
    cdef event_t[HISTORY_MAX] events
    cdef const uint8_t* bytes_of = <const uint8_t*>PyBytes_AS_STRING(record)
    cdef header_t header
    cdef int32_t i
    if not is_record(bytes_of, PyBytes_GET_SIZE(record)):
        raise CorruptRecord(f"not a record of version {RECORD_VERSION}: {record[:32]!r}")
    read_header(bytes_of, &header)
    sources = {header.source, header.office}
    codes = set()
    for i in range(read_history(bytes_of, events)):
        sources.add(events[i].source)
        codes.add(events[i].code)
        if events[i].flags & EVENT_HAS_RIGHT:
            codes.add(events[i].right_code)
    return sorted(sources), sorted(codes)


def renumbered(bytes record not None, dict sources not None, dict codes not None):
    """The same record for another dictionary: {number: number there} of its sources and codes."""
    cdef event_t[HISTORY_MAX] events
    cdef const uint8_t* bytes_of = <const uint8_t*>PyBytes_AS_STRING(record)
    cdef header_t header
    cdef int32_t i
    numbers_of(record)
    read_header(bytes_of, &header)
    header.source = sources[header.source]
    header.office = sources[header.office]
    for i in range(read_history(bytes_of, events)):
        events[i].source = sources[events[i].source]
        events[i].code = codes[events[i].code]
        if events[i].flags & EVENT_HAS_RIGHT:
            events[i].right_code = codes[events[i].right_code]
    cdef bytes result = PyBytes_FromStringAndSize(NULL, PyBytes_GET_SIZE(record))
    write_record(<uint8_t*>PyBytes_AS_STRING(result), &header, events)
    return result


def summary(bytes record not None):
    """(state, overlays, flags, events, life, source, since or None, scans) of a record's header."""
    cdef header_t header
    if not is_record(<const uint8_t*>PyBytes_AS_STRING(record), PyBytes_GET_SIZE(record)):
        raise CorruptRecord(f"not a record of version {RECORD_VERSION}: {record[:32]!r}")
    read_header(<const uint8_t*>PyBytes_AS_STRING(record), &header)
    return (
        header.state, header.overlays, header.flags, header.events, header.life, header.source,
        None if header.since == NO_TIME else header.since, header.scans,
    )


def explain(NameTable names not None, bytes parcel not None, bytes record not None):
    """Folds every life of a record again and says what each event did.

    Returns:
        A list of lives, oldest first, each (state, overlays, source, since or None, events); an event is
        (kind, code, source, time, seq or None, event id, copies, effect, acts as or None, state before, conditions that held, marks,
        reread of or None, voided by or None, took or None, skewed), whose last numbers count events of the same life.

    Raises:
        CorruptRecord: the bytes are not a record, or name something that the dictionary lacks.
    """
    cdef event_t[HISTORY_MAX] events
    cdef effect_t[HISTORY_MAX] effects
    cdef header_t header
    cdef context_t context = names.context(parcel)
    cdef int32_t begin = 0
    cdef int32_t i, end, count
    names.check(parcel, record)
    count = read_history(<const uint8_t*>PyBytes_AS_STRING(record), events)
    lives = []
    while begin < count:
        end = life_end(&RULES, events, begin, count)
        memset(&header, 0, sizeof(header_t))
        fold_life(&context, &RULES, events + begin, end - begin, &header, effects)
        lives.append(
            (
                header.state, header.overlays, header.source, None if header.since == NO_TIME else header.since,
                [_explained(&context, &events[begin + i], &effects[i]) for i in range(end - begin)],
            )
        )
        begin = end
    return lives


cdef _explained(const context_t* context, const event_t* event, const effect_t* effect):
    return (
        event.kind, event.code, event.source, event.raw_time, None if event.seq < 0 else event.seq,
        event_id(context, event), event.copies, effect.effect,
        effect.acts_as if effect.machine else None, effect.state, effect.holding, effect.marks,
        None if effect.reread_of == NOBODY else effect.reread_of,
        None if effect.voided_by == NOBODY else effect.voided_by,
        None if effect.voided == NOBODY else effect.voided,
        event.flags & EVENT_SKEWED != 0,
    )


def cell(int32_t state, int32_t event, int32_t holding):
    """A cell of the compiled table: (next, action, raises, clears, marks), as numbers and bits."""
    if not (0 <= state < len(machine.STATES) and 0 <= event < EVENTS and 0 <= holding < 1 << CONDITIONS):
        raise IndexError((state, event, holding))
    cdef const cell_t* found = cell_of(&RULES, <uint8_t>state, <uint8_t>event, <uint8_t>holding)
    return found.next, found.action, found.raises, found.clears, found.marks
