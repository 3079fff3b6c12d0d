# Clocks that run behind, and the fold of one life of a parcel (docs/fold.md, sections 2 and 3).

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from history cimport context_t, event_id, put_all_in_order
from names cimport compare_devices, compare_sites
from record cimport (
    EVENT_HAS_RIGHT, EVENT_RECEIVED_LATE, EVENT_SKEWED, EVENT_TARGET_IS_CODE, NO_TIME, event_t, header_t,
)
from scan cimport KIND_CORRECT, KIND_NUMBERS, KIND_UNDO, NO_KIND

cdef enum:
    EFFECT_APPLY = 0
    EFFECT_NOTE = 1
    EFFECT_ANOMALY = 2
    EFFECT_VOID = 3

    PRE_ADVISED = 0
    ACCEPTED = 1
    DELIVERY_OFFICE_ARRIVED = 16
    OUT_FOR_DELIVERY = 17

    # Conditions of cells, in the order of machine.CONDITIONS.
    HERE = 0x01
    STRAY = 0x02
    SAME = 0x04
    HELD = 0x08
    CONDITIONS = 4

    NOBODY = -1

# One cell of the machine's compiled table (tracker.domain.machine.compile_table).
cdef struct cell_t:
    uint8_t next
    uint8_t action
    uint8_t raises
    uint8_t clears
    uint16_t marks
    uint8_t conditions  # HERE, STRAY, SAME, HELD: those that a cell of this state and event depends on
    uint8_t reserved

# What the fold needs to know beside the events.
cdef struct rules_t:
    const cell_t* cells
    uint64_t physical  # a bit for each kind in which somebody had the parcel in hand
    uint8_t held  # the overlay `held`
    int64_t reread_ms
    int64_t life_gap_ms
    int64_t reopen_ms
    int64_t behind_ms
    int64_t reset_before_ms
    int32_t behind_events_max

# What became of an event.
cdef struct effect_t:
    uint8_t effect
    uint8_t acts_as  # the kind that it had in the machine
    uint8_t state  # before it
    uint8_t holding  # of the conditions that its cell depends on, those that held
    bint machine  # it took a cell at all
    uint16_t marks
    int16_t reread_of  # the event that it reads again
    int16_t voided_by
    int16_t voided  # the event that this UNDO or CORRECT voided


cdef inline bint _are_of_one_device(const context_t* context, uint32_t a, uint32_t b) noexcept nogil:
    """Whether two sources have the same device; without names of devices, whether they are at the same site."""
    return compare_devices(context.sources, a, b) == 0 and (
        context.sources.entries[a].rest > 0 or compare_sites(context.sources, a, b) == 0
    )


cdef inline int32_t _lost_run(
    const context_t* context, const rules_t* rules, const event_t* events, int32_t begin, int32_t count
) noexcept nogil:
    """Where a run of events ends that a wrong clock may have made; begin if it can't be one."""
    cdef int32_t end = begin
    cdef bint few = True
    while end == begin or (end < count and events[end].time - events[end - 1].time < rules.behind_ms):
        few = (
            few and end - begin < rules.behind_events_max
            and _are_of_one_device(context, events[begin].source, events[end].source)
        )
        if (
            not events[end].flags & EVENT_RECEIVED_LATE
            or events[end].kind == PRE_ADVISED or events[end].kind == ACCEPTED
            or (not few and events[end].time >= rules.reset_before_ms)
        ):
            return begin
        end += 1
    return end if end < count else begin


cdef inline int32_t _behind(
    const context_t* context, const rules_t* rules, const event_t* events, int32_t count
) noexcept nogil:
    """How many events, from the first on, were made by clocks that run behind; in the order of their own times."""
    cdef int32_t lost = 0
    cdef int32_t reset = 0
    cdef int32_t end, i
    while True:
        end = _lost_run(context, rules, events, lost, count)
        if end == lost:
            break
        if reset == lost and events[end - 1].time < rules.reset_before_ms:
            reset = end
        lost = end
    for i in range(lost, count):
        if events[i].flags & EVENT_RECEIVED_LATE:
            return reset  # A replay of what was, where every event comes late.
    return lost


cdef enum:
    EVENT_WAS_SKEWED = 0x80  # set_clocks had put it elsewhere before; a flag of one fold, which no record has


cdef inline void use_own_times(const context_t* context, event_t* events, int32_t count) noexcept nogil:
    """Takes back what set_clocks has done, and marks the events that it has done it to."""
    cdef int32_t i
    for i in range(count):
        if events[i].flags & EVENT_RECEIVED_LATE:
            events[i].time = events[i].raw_time
            if events[i].flags & EVENT_SKEWED:
                events[i].flags ^= EVENT_SKEWED | EVENT_WAS_SKEWED
    put_all_in_order(context, events, count)


cdef inline void set_clocks(
    const context_t* context, const rules_t* rules, event_t* events, int32_t count
) noexcept nogil:
    """Puts events whose clocks run behind where they were received."""
    cdef int32_t i
    for i in range(_behind(context, rules, events, count)):
        events[i].time = events[i].received
        events[i].flags |= EVENT_SKEWED
    put_all_in_order(context, events, count)


cdef inline bint _is_ordinary(const event_t* event) noexcept nogil:
    return event.kind < KIND_CORRECT


cdef inline const cell_t* cell_of(const rules_t* rules, uint8_t state, uint8_t kind, uint8_t holding) noexcept nogil:
    return &rules.cells[((<int32_t>state * KIND_NUMBERS + kind) << CONDITIONS) + holding]


cdef inline bint may_be_one_site(const context_t* context, uint32_t a, uint32_t b) noexcept nogil:
    """Whether two sources are at the same site, or nobody can say that they aren't."""
    return (
        context.sources.entries[a].length == 0 or context.sources.entries[b].length == 0
        or compare_sites(context.sources, a, b) == 0
    )


cdef inline uint8_t holding_of(
    const context_t* context, const rules_t* rules, const event_t* event, const header_t* header, uint8_t asked
) noexcept nogil:
    """Of the conditions that are asked for, those that hold for an event of a parcel."""
    cdef uint8_t holding = 0
    if asked & HERE and may_be_one_site(context, header.office, event.source):
        holding |= HERE
    if asked & STRAY and header.since != NO_TIME:
        if not rules.reopen_ms <= event.time - header.since < rules.life_gap_ms:
            holding |= STRAY
    if asked & SAME and may_be_one_site(context, header.source, event.source):
        holding |= SAME
    if asked & HELD and header.overlays & rules.held:
        holding |= HELD
    return holding


cdef inline void _find_rereads(
    const context_t* context, const rules_t* rules, const event_t* events, int32_t count, effect_t* effects
) noexcept nogil:
    cdef int32_t i, j
    for i in range(count):
        effects[i].reread_of = NOBODY
        if not _is_ordinary(&events[i]):
            continue
        j = i - 1
        while j >= 0 and events[i].time - events[j].time <= rules.reread_ms:
            if (
                events[j].kind == events[i].kind and events[j].code == events[i].code and effects[j].reread_of == NOBODY
                and compare_sites(context.sources, events[i].source, events[j].source) == 0
            ):
                effects[i].reread_of = <int16_t>j
                break
            j -= 1


cdef inline void _take(const event_t* events, int32_t count, effect_t* effects, int32_t by, int32_t target) noexcept nogil:
    """Voids a target, and with it what only read it again."""
    cdef int32_t i
    effects[target].voided_by = <int16_t>by
    effects[by].voided = <int16_t>target
    if effects[target].reread_of == NOBODY and _is_ordinary(&events[target]):
        for i in range(target + 1, count):
            if effects[i].reread_of == target and effects[i].voided_by == NOBODY:
                effects[i].voided_by = <int16_t>by


cdef inline int32_t _find_id(
    const context_t* context, const event_t* events, int32_t count, const effect_t* effects, int32_t by, uint64_t target
) noexcept nogil:
    """The last event of an id that the UNDO or CORRECT at by may void."""
    cdef int32_t i = count - 1
    while i >= 0:
        if (
            i != by and effects[i].voided_by == NOBODY and (_is_ordinary(&events[i]) or i < by)
            and event_id(context, &events[i]) == target
        ):
            return i
        i -= 1
    return NOBODY


cdef inline void _revise_by_id(
    const context_t* context, const event_t* events, int32_t count, effect_t* effects
) noexcept nogil:
    cdef int32_t by = count - 1
    cdef int32_t target
    while by >= 0:
        if (
            not _is_ordinary(&events[by]) and not events[by].flags & EVENT_TARGET_IS_CODE
            and effects[by].voided_by == NOBODY
        ):
            target = _find_id(context, events, count, effects, by, events[by].target)
            while target != NOBODY:
                _take(events, count, effects, by, target)
                if (
                    events[by].kind != KIND_CORRECT or events[target].kind != KIND_CORRECT
                    or events[target].flags & EVENT_TARGET_IS_CODE
                ):
                    break
                # A correction of a correction replaces what that one replaced.
                target = _find_id(context, events, count, effects, by, events[target].target)
        by -= 1


cdef inline void _revise_by_code(
    const context_t* context, const event_t* events, int32_t count, effect_t* effects
) noexcept nogil:
    cdef int32_t by, i
    for by in range(count):
        if (
            _is_ordinary(&events[by]) or not events[by].flags & EVENT_TARGET_IS_CODE
            or effects[by].voided_by != NOBODY
        ):
            continue
        i = by - 1
        while i >= 0:
            if (
                _is_ordinary(&events[i]) and effects[i].voided_by == NOBODY and effects[i].reread_of == NOBODY
                and context.codes.entries[events[i].code].hash == events[by].target
                and compare_sites(context.sources, events[i].source, events[by].source) == 0
            ):
                _take(events, count, effects, by, i)
                break
            i -= 1


cdef inline uint8_t _acts_as(const event_t* events, const effect_t* effects, int32_t i) noexcept nogil:
    """The kind that an event has in the machine; NO_KIND for one that is only noted."""
    if effects[i].reread_of != NOBODY:
        return NO_KIND
    if _is_ordinary(&events[i]):
        return events[i].kind
    if events[i].kind == KIND_CORRECT and effects[i].voided != NOBODY:
        if events[i].flags & EVENT_HAS_RIGHT:
            return events[i].right_kind
        if _is_ordinary(&events[effects[i].voided]):
            return events[effects[i].voided].kind
    return NO_KIND


cdef inline void take_cell(
    const context_t* context, const rules_t* rules, const event_t* event, uint8_t kind, header_t* header, effect_t* effect
) noexcept nogil:
    """One step of the machine."""
    cdef const cell_t* cell = cell_of(rules, header.state, kind, 0)
    cdef uint8_t holding = 0
    if cell.conditions:
        holding = holding_of(context, rules, event, header, cell.conditions)
        cell = cell_of(rules, header.state, kind, holding)
    effect.effect = cell.action
    effect.acts_as = kind
    effect.state = header.state
    effect.holding = holding
    effect.machine = True
    effect.marks = cell.marks
    if cell.action == EFFECT_ANOMALY:
        return
    if cell.action == EFFECT_APPLY:
        header.overlays = (header.overlays & ~cell.clears) | cell.raises
        if cell.next != header.state:
            header.state = cell.next
            header.since = event.time
    if kind == DELIVERY_OFFICE_ARRIVED or kind == OUT_FOR_DELIVERY:
        header.office = event.source
    if context.sources.entries[event.source].length and rules.physical >> kind & 1:
        header.source = event.source


cdef inline void fold_life(
    const context_t* context, const rules_t* rules, const event_t* events, int32_t count, header_t* header,
    effect_t* effects
) noexcept nogil:
    """Folds the events of one life into state, overlays, office, source and since."""
    cdef int32_t i
    cdef uint8_t kind
    header.state = header.overlays = 0
    header.office = header.source = 0
    header.since = NO_TIME
    for i in range(count):
        effects[i].voided_by = effects[i].voided = NOBODY
        effects[i].marks = 0
        effects[i].machine = False
        effects[i].holding = 0
        effects[i].acts_as = NO_KIND
    _find_rereads(context, rules, events, count, effects)
    _revise_by_id(context, events, count, effects)
    _revise_by_code(context, events, count, effects)
    for i in range(count):
        effects[i].state = header.state
        if effects[i].voided_by != NOBODY:
            effects[i].effect = EFFECT_VOID
            continue
        kind = _acts_as(events, effects, i)
        if kind != NO_KIND:
            take_cell(context, rules, &events[i], kind, header, &effects[i])
        elif events[i].kind == KIND_UNDO and effects[i].voided != NOBODY:
            effects[i].effect = EFFECT_APPLY
        else:
            effects[i].effect = EFFECT_NOTE


cdef inline bint _begins_life(
    const rules_t* rules, const event_t* events, int32_t i, int32_t count
) noexcept nogil:
    """Whether an event begins another life: after a silence, and not a stray scan of the parcel that was."""
    if events[i].time - events[i - 1].time < rules.life_gap_ms:
        return False
    if events[i].kind == PRE_ADVISED or events[i].kind == ACCEPTED:
        return True
    return i + 1 < count and events[i + 1].time - events[i].time < rules.life_gap_ms


cdef inline int32_t life_end(
    const rules_t* rules, const event_t* events, int32_t begin, int32_t count
) noexcept nogil:
    """Where the life that begins at an event ends: the first event that is not its own."""
    cdef int32_t i = begin + 1
    while i < count and not _begins_life(rules, events, i, count):
        i += 1
    return i
