"""What hypothesis draws: records as they stand in Kafka, made so that ties, re-reads, copies and hits happen often."""

import json
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tracker.limits import (
    CLOCK_BEHIND_MS,
    CLOCK_RESET_BEFORE_MS,
    CLOCK_SKEW_MS_MAX,
    EPOCH_SECONDS_MAX,
    EPOCH_SECONDS_MIN,
    EVENTS_MAX,
    LIFE_GAP_MS,
    REREAD_WINDOW_MS,
    SEQ_MAX,
    TIME_MS_MAX,
)

from . import scan
from .machine import CORRECT, UNDO, machine
from .vocabularies import Vocabularies

PARCEL: Final = "RR123456785KZ"
BASE_MS: Final = 1_700_000_000_000

LAB: Final[dict[str, Any]] = {
    "prefix": "LAB",
    "name": "Made up for tests",
    "zone": "Europe/Berlin",
    "disposition_instead": {"damaged": "DAMAGED"},
    "codes": {
        "IN": {"event": "ARRIVED", "when_text_has": [["office", "DELIVERY_OFFICE_ARRIVED"], ["off", "UNLOADED"]]},
        "OUT": {"event": "DEPARTED"},
        "DROP": {"event": "DELIVERED"},
        "IN_UNDO": {"event": "UNDO", "of": "IN"},
        "DROP_UNDO": {"event": "UNDO", "of": "DROP"},
        "BACK": {"event": "UNDO"},
    },
}
"""A vocabulary in the form of its file, with everything that a vocabulary may say."""

VOCABULARIES: Final = Vocabularies([LAB])
SITE_ZONES: Final = {"KZALA": "Asia/Almaty"}

SITES: Final = ("", "KZALA", "KZNQZ", "Köln 😀")
DEVICES: Final = ("", "TUN-07", "TUN-1")
CODES: Final = ("ARRIVED", "LAB:IN", "LAB:OUT", "LAB:DROP", "OUT_FOR_DELIVERY", "DELIVERED")
TAKE_BACK: Final = (UNDO, CORRECT, CORRECT, "LAB:IN_UNDO", "LAB:DROP_UNDO", "LAB:BACK")
GIVEN_IDS: Final = ("a", "b", "0123456789abcdef")

STEPS_MS: Final = (0, 0, 1, REREAD_WINDOW_MS - 1, REREAD_WINDOW_MS, REREAD_WINDOW_MS + 1, 60_000, CLOCK_SKEW_MS_MAX + 1)
LATE_MS: Final = (
    *(None, None, 1_000, 1_000, 1_000, 1_000, 0, -CLOCK_SKEW_MS_MAX, -CLOCK_SKEW_MS_MAX - 1, -3_600_000),
    CLOCK_BEHIND_MS,
)
"""Received so long after the time of a scan; None: no timestamp."""

STAMPS_MS: Final = (None, None, None, None, 0, -1, 1, -7_200_000, CLOCK_SKEW_MS_MAX + 1, -CLOCK_BEHIND_MS)
"""How long after its record's timestamp a gateway received a scan; None: it came by way of none."""

BEHIND_MS: Final = (
    *(CLOCK_BEHIND_MS, 364 * 86_400_000, 2 * LIFE_GAP_MS, BASE_MS - CLOCK_RESET_BEFORE_MS, BASE_MS - 946_684_860_000),
    BASE_MS - 315_964_800_000,
)
"""So far behind a clock may run: not noticed by itself, a year, to the year 2005, to 2000, to 1980."""

LEAPS_MS: Final = (0, 0, 0, 0, 86_400_000, 90 * 86_400_000, LIFE_GAP_MS - 1, LIFE_GAP_MS, 3 * LIFE_GAP_MS)


@dataclass(frozen=True)
class Record:
    """A record of the topic: its value, and its timestamp (negative: none)."""

    value: bytes
    received_ms: int = -1


def read(record: Record) -> scan.Scan | scan.Announcement | scan.Rejection:
    """Reads a record with the vocabulary and the zones of these strategies; a barcode is taken as the key as it is."""
    return scan.read(
        record.value,
        vocabularies=VOCABULARIES,
        site_zones=SITE_ZONES,
        received_ms=record.received_ms,
        recognise=lambda reads: (reads[0], None) if reads[0] else (None, "no_identifier"),
    )


def read_all(records: list[Record]) -> list[scan.Scan]:
    """Reads records of which none is refused."""
    scans = [read(record) for record in records]
    assert all(isinstance(one, scan.Scan) for one in scans), scans
    return [one for one in scans if isinstance(one, scan.Scan)]


def value(**fields: Any) -> bytes:
    """A scan as JSON; fields that are None are left out."""
    return json.dumps({name: field for name, field in fields.items() if field is not None}).encode()


def times() -> st.SearchStrategy[int]:
    """Event times in clusters: the same millisecond, about a re-read's window apart, months apart, lives apart."""
    return st.builds(lambda leap, step: BASE_MS + leap + step, st.sampled_from(LEAPS_MS), st.sampled_from(STEPS_MS))


@st.composite
def records(draw: st.DrawFn, event: str | None = None, target: str | None = None) -> Record:
    """One scan of PARCEL: with these, or of an ordinary event without target."""
    if event is None:
        event = draw(st.one_of(st.sampled_from(CODES), st.sampled_from(machine().events)))
    time = draw(times())
    late_ms = draw(st.sampled_from(LATE_MS))
    if draw(st.sampled_from((False, False, False, False, True))):
        behind_ms = draw(st.sampled_from(BEHIND_MS))
        time, late_ms = time - behind_ms, behind_ms + draw(st.sampled_from((0, 0, -1, 60_000)))
    stamp_ms = draw(st.sampled_from(STAMPS_MS))
    text = draw(st.sampled_from((None, None, "taken off", "office")))
    right = draw(st.sampled_from((None, "DELIVERED", "LAB:IN"))) if event == CORRECT else None
    data = {name: field for name, field in (("text", text), ("event", right)) if field is not None}
    fields = value(
        parcel=PARCEL,
        event=event,
        time=time,
        site=draw(st.sampled_from(SITES)) or None,
        device=draw(st.sampled_from(DEVICES)) or None,
        container=draw(st.sampled_from((None, None, "BAG-1", "BAG-2"))),
        seq=draw(st.sampled_from((None, None, 0, 1, SEQ_MAX))),
        id=draw(st.sampled_from((None, None, None, None, *GIVEN_IDS))),
        target=target,
        data=data or None,
        received=None if stamp_ms is None else max(0, time + (late_ms or 0) + stamp_ms),
    )
    return Record(fields, -1 if late_ms is None else time + late_ms)


@st.composite
def histories(draw: st.DrawFn, events_max: int = 12) -> list[Record]:
    """Records of one parcel in the order of their arrival, none of them refused.

    UNDO and CORRECT hit by code and by id, given and computed, before and after their targets, one another too; some
    given ids are another event's computed one; some records come again, as they were, a little later (re-reads) or
    received at another time, as the broker says or a gateway.
    """
    history = draw(st.lists(records(), min_size=1, max_size=events_max))
    for again in draw(st.lists(st.sampled_from(history), max_size=3)):
        history.append(_later(again, draw(st.sampled_from((1, REREAD_WINDOW_MS, REREAD_WINDOW_MS + 1)))))
    for event in draw(st.lists(st.sampled_from(TAKE_BACK), max_size=5)):
        ids = [f"{one.id:016x}" for one in read_all(history)]
        target = draw(st.sampled_from((*ids, *ids, *GIVEN_IDS, *CODES, "of nothing")))
        history.append(draw(records(event, target)))
    if draw(st.sampled_from((False, False, False, True))):
        history.append(_with_id(draw(records()), draw(st.sampled_from(read_all(history))).id))
    for copy in draw(st.lists(st.sampled_from(history), max_size=4)):
        received = draw(st.sampled_from((copy.received_ms, copy.received_ms, BASE_MS, BASE_MS + 1)))
        stamp = draw(st.sampled_from(({}, {}, {"received": None}, {"received": BASE_MS}, {"received": BASE_MS - 1})))
        history.append(Record(value(**(json.loads(copy.value) | stamp)), received))
    return draw(st.permutations(history))


@st.composite
def long_histories(draw: st.DrawFn) -> list[Record]:
    """A history about as long as a record can be, or longer: a loop of the same few scans around a drawn one."""
    history = draw(histories())
    length = draw(st.integers(EVENTS_MAX - 12, EVENTS_MAX + 40))
    pace_ms = draw(st.sampled_from((0, 1_000, 20_000, 3_600_000, 5 * 86_400_000)))
    events = draw(st.lists(st.sampled_from((*CODES, *machine().events)), min_size=1, max_size=5))
    sites = draw(st.lists(st.sampled_from(SITES), min_size=1, max_size=3))
    loop = [
        Record(
            value(
                parcel=PARCEL,
                event=events[turn % len(events)],
                time=BASE_MS + turn * pace_ms,
                site=sites[turn % len(sites)],
                seq=turn,
            )
        )
        for turn in range(length)
    ]
    history += loop
    draw(st.randoms(use_true_random=False)).shuffle(history)
    return history


def _with_id(record: Record, event_id: int) -> Record:
    return Record(value(**(json.loads(record.value) | {"id": f"{event_id:016x}"})), record.received_ms)


def _later(record: Record, by_ms: int) -> Record:
    fields = json.loads(record.value)
    later = {"time": fields["time"] + by_ms, "id": None, "device": "HAND-1"}
    received = record.received_ms if record.received_ms < 0 else record.received_ms + by_ms
    return Record(value(**(fields | later)), received)


HOSTILE_TEXTS: Final = (
    "",
    "\x00",
    "\x1f",
    "\x7f",
    "\u0080",
    "\u009f",
    "\u00a0",
    "é" * 64,
    "é" * 65,
    "x" * 64,
    "x" * 65,
    "x" * 128,
    "x" * 129,
    "x" * 256,
    "x" * 257,
    "RR١٢٣",
    "\U0001f600",
    '"\\/\b\t',
    "LAB:",
    ":IN",
    "LAB:IN:",
    "NO:IN",
    "arrived",
    "UNDO",
    "CORRECT",
    "0123456789abcdef",
    "0123456789ABCDEF",
)
HOSTILE_TIMES: Final = (
    "2024-02-29T12:00:00Z",
    "2023-02-29T12:00:00Z",
    "2024-10-27T02:30:00",
    "2024-03-31T02:30:00",
    "2024-06-30t23:59:60.999999999z",
    "2024-01-01 00:00:00,5Z",
    "2024-01-01 00:00:00.",
    "2024-01-01T00:00:00+0530",
    "2024-01-01T00:00:00 -05",
    "2024-01-01T00:00+05:30",
    "2024-10-27 02:30",
    "2024-01-01T00:00:00+5",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00-23:59",
    "1970-01-01T00:00:00+00:01",
    "1969-12-31T23:59:00-00:01",
    "9999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:60Z",
    "0000-01-01T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00Z",
    "२०२४-01-01T00:00:00Z",
    "2024-01-01T00:00:00 Z",
    "+2024-01-01T00:00:00Z",
)
HOSTILE_NUMBERS: Final = (
    *("0", "-0", "-1", "0.0", "-0.0", "1.0", "1e3", "1E-400", "1e400", "01", "+1", "1.", "NaN", "Infinity"),
    *(str(number) for number in (SEQ_MAX, SEQ_MAX + 1, TIME_MS_MAX, TIME_MS_MAX + 1, 2**63, 2**64 - 1, 2**64, 10**400)),
    *(str(first + by) for first in (EPOCH_SECONDS_MIN, EPOCH_SECONDS_MAX) for by in (-1, 0, 1)),
)
HOSTILE_RAW: Final = (
    *('["RR123456785KZ","]C100095287654321012346"]', '["]C100095287654321012346","NOREAD","RR123456785KZ"]'),
    *("null", "true", "[]", "{}", "[[]]", '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '"\\ud800"', '"\\ud83d\\ude00"'),
    *(
        '"\\u0041RR"',
        '"\\u00zz"',
        '"a',
        "'a'",
        "[1,]",
        '["RR", "RS"]',
        '["RR", 1]',
        '[""]',
        "[" * 40,
        "[" * 31 + "]" * 31,
    ),
    *('{"event":"DELIVERED"}', '{"event":"UNDO"}', '{"event":null}', '{"text":"' + "x" * 1_012 + '"}'),
    *('{"text":"' + "x" * 1_013 + '"}', '{"text":"off","n":1e5,"m":-0, "o":12345678901234567890123}', "\ufeff1", "1 1"),
)
NAMES: Final = (
    *("parcel", "barcode", "barcodes", "event", "time", "site", "device", "container", "seq", "id", "target", "data"),
    *("more", "parce\\u006c", "alias", "received", "received"),
)


@st.composite
def time_texts(draw: st.DrawFn) -> str:
    """A time as senders write it, or nearly one: some have a part that is none, or a place changed."""
    parts = (
        ("2024-02-29", "2024-02-29", "1970-01-01", "9999-12-31"),
        ("T", "T", "t", " ", "_", "  "),
        ("00:00", "23:59", "12:30", "24:00", "1:00"),
        ("", ":00", ":59", ":60", ":61", ":5", ":"),
        ("", "", ".5", ",5", ".0019999", ",", "."),
        ("", "", " ", "  "),
        ("", "Z", "z", "+05:30", "+0530", "+05", "-23:59", "-0000", "+24:00", "+5", "+05:", "+05:3", "UTC", "[UTC]"),
    )
    text = "".join([str(draw(st.sampled_from(part))) for part in parts])
    if draw(st.booleans()):
        return text
    place, other = draw(st.integers(0, len(text))), str(draw(st.sampled_from(("", *"0:+-.,Z ٥"))))
    return text[:place] + other + text[place + draw(st.integers(0, 1)) :]


@st.composite
def values(draw: st.DrawFn) -> bytes:
    """The value of a record, mostly a scan with something wrong or odd about it."""
    raw = {"parcel": f'"{PARCEL}"', "event": '"ARRIVED"', "time": str(BASE_MS)}
    raw["event"] = json.dumps(draw(st.sampled_from((*CODES, *TAKE_BACK))))
    if draw(st.sampled_from((False,) * 4 + (True,))):
        # An announcement; with `event` a scan with a field that nobody knows.
        raw["alias"] = draw(st.sampled_from(('"RR1"', '"RR1"', '"RR1"', f'"{PARCEL}"')))
        if draw(st.sampled_from((True, True, True, False))):
            del raw["event"]
    odd = st.one_of(
        st.sampled_from((*HOSTILE_TEXTS, *HOSTILE_TIMES)).map(json.dumps),
        st.sampled_from((*HOSTILE_TEXTS, *HOSTILE_TIMES)).map(lambda text: json.dumps(text, ensure_ascii=False)),
        st.sampled_from((*HOSTILE_NUMBERS, *HOSTILE_RAW)),
        time_texts().map(json.dumps),
        st.text(max_size=8).map(json.dumps),
    )
    pairs = list((raw | draw(st.dictionaries(st.sampled_from(NAMES), odd, max_size=3))).items())
    missing = draw(st.sampled_from((None,) * 7 + ("parcel", "event", "time")))
    pairs = draw(st.permutations([pair for pair in pairs if pair[0] != missing]))
    if draw(st.sampled_from((False,) * 9 + (True,))):
        pairs.append(draw(st.sampled_from(pairs or [("site", '""')])))
    blank = draw(st.sampled_from(("",) * 7 + (" ", "\n\t\r", "\x0b", "\u00a0")))
    whole = blank + "{" + ",".join(f'"{name}"{blank}:{blank}{field}' for name, field in pairs) + "}" + blank
    text = whole.encode("utf-8", "surrogatepass")
    if draw(st.sampled_from((False,) * 9 + (True,))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.binary(max_size=2)) + text[place + draw(st.integers(0, 2)) :]
    return bytes(text)
