"""What scans carry beside their event, `data` and `container`: read in place as the complete reader reads them."""

import json
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.domain import compiled
from tests.domain.test_scan import scan
from tests.reference.strategies import SITE_ZONES
from tracker import limits
from tracker.domain import _body
from tracker.domain.errors import Rejection
from tracker.domain.machine import NUMBER
from tracker.domain.scan import FullReader, Scan

FULL: Final = FullReader(compiled.VOCABULARIES, SITE_ZONES)
READ_FULLY: Final = FullReader.__call__

Outcome = tuple[bytes, int, bytes, bytes] | str
"""Parcel, kind, container and data of a scan; or the reason why there is none."""


def fully(value: bytes) -> Outcome:
    """What the complete reader makes of a value."""
    try:
        read = FULL(value)
    except Rejection as rejection:
        return rejection.code
    assert isinstance(read, Scan)
    return read.parcel, read.kind, read.container, read.data


KIND_AT: Final = 88
"""Where the kind stands in a packed scan (ext/scan.pxd)."""


def read(value: bytes) -> Outcome:
    """What the compiled reader makes of it."""
    scans = compiled.READER.read(value, _body.whole(value), 0, 1)
    if scans.rejected:
        return scans.rejected[0][1].code
    [parcel] = scans.parcels()
    return parcel, scans.scans[KIND_AT], *scans.data.get(0, (b"", b""))


def is_in_place(value: bytes) -> bool:
    """Whether a value is read without the complete reader; in either case as that reads it."""
    with patch.object(FullReader, "__call__", side_effect=partial(READ_FULLY, FULL)) as asked:
        found = read(value)
    assert found == fully(value)
    return not asked.called


BLANKS: Final = st.sampled_from(("",) * 6 + (" ", "\n", "\t \r", "\u00a0"))
STRINGS: Final = st.one_of(
    st.text(max_size=4).map(json.dumps),
    st.text(max_size=4).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ('""', '"a"', '"text"', '"disposition"', '"event"', '"office"', '"damaged"', '"a\x7f"', '"\u0080"')
    ),
    st.sampled_from(('"\\u0061"', '"\\/"', '"\\ud83d"', '"\t"', '"\u2028"', '"é😀"', "'a'", '"')),
)
DIGITS: Final = st.text("0123456789", min_size=1, max_size=20)
NUMBERS: Final = st.one_of(
    st.builds("".join, st.tuples(st.sampled_from(("", "", "-", "+")), DIGITS)),
    st.builds("{}{}.{}".format, st.sampled_from(("", "-")), DIGITS, DIGITS),
    st.builds("{}{}.{}".format, st.sampled_from(("", "-")), st.sampled_from(("0", "1", "10")), DIGITS),
    st.builds("0.{}{}".format, st.sampled_from(("", "0", "000", "0000", "00000")), DIGITS),
    st.builds("{}e{}".format, DIGITS, st.integers(-30, 30)),
    st.floats().map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: orjson.dumps(number).decode()),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(("0", "-0", "0.0", "-0.0", "1.0", "1.50", "1.", ".5", "01", "1E5", "9007199254740993", "1e400")),
)
WORDS: Final = st.sampled_from(("true", "false", "null", "True", "nul", "", "nullx"))


@st.composite
def values(draw: st.DrawFn, depth: int = 3) -> str:
    """A JSON value as text, or nearly one."""
    kind = draw(st.sampled_from(("string", "number", "number", "word", "array", "object")[: 6 if depth else 4]))
    if kind == "array":
        inner = draw(st.lists(values(depth - 1), max_size=3))
        return f"[{draw(BLANKS)}{(draw(BLANKS) + ',').join(inner)}{draw(BLANKS)}]"
    if kind == "object":
        return str(draw(objects(depth - 1)))
    scalars = {"string": STRINGS, "number": NUMBERS, "word": WORDS}
    return str(draw(scalars[kind]))


@st.composite
def objects(draw: st.DrawFn, depth: int = 3) -> str:
    """A JSON object as text, or nearly one. Names stand twice now and then."""
    names = st.one_of(STRINGS, st.sampled_from(('"a"', '"b"', '"text"', '"disposition"')))
    pairs = draw(st.lists(st.tuples(names, values(depth)), max_size=4))
    blank = draw(BLANKS)
    inner = f"{blank},".join(f"{blank}{name}{blank}:{blank}{value}" for name, value in pairs)
    return f"{{{inner}{draw(BLANKS)}}}"


def with_raw(event: str, **raw: str) -> bytes:
    """A scan with fields that are JSON already."""
    more = "".join(f',"{name}":{text}' for name, text in raw.items())
    return (scan(parcel="P", event=event)[:-1].decode() + more + "}").encode("utf-8", "surrogatepass")


EVENTS: Final = ("ARRIVED", "LAB:IN", "LAB:OUT", "LAB:IN_UNDO", "CORRECT", "NO:SUCH")


@example("ARRIVED", "{}", None)
@example("ARRIVED", "{ }", '""')
@example("ARRIVED", '{"a":1,"a":1}', None)
@example("ARRIVED", '{"a":{"b":1},"b":[1,{"b":1}]}', None)
@example("LAB:IN", '{"text":"office"}', None)
@example("LAB:OUT", '{"disposition":"damaged","text":1}', None)
@example("ARRIVED", '{"a":-0}', None)
@example("ARRIVED", '{"a":1}}', None)
@given(st.sampled_from(EVENTS), st.one_of(objects(), values()), st.one_of(st.none(), STRINGS, WORDS, NUMBERS))
def test_what_a_scan_carries_is_read_as_the_complete_reader_reads_it(
    event: str, data: str, container: str | None
) -> None:
    is_in_place(with_raw(event, data=data, **({} if container is None else {"container": container})))


JSONS: Final = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text()),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=12,
)


@given(st.data())
def test_any_valid_data_is_kept_as_orjson_writes_what_it_has_read(data: st.DataObject) -> None:
    drawn = data.draw(st.dictionaries(st.text(max_size=6), JSONS, max_size=5))
    separators = data.draw(st.sampled_from(((",", ":"), (", ", ": "), (",\n  ", " : "))))
    raw = json.dumps(drawn, separators=separators, ensure_ascii=data.draw(st.booleans()))
    compact = orjson.dumps(orjson.loads(raw))
    found = read(with_raw("ARRIVED", data=raw))
    assert found == ("bad_data" if len(compact) > limits.DATA_BYTES_MAX else (b"P", NUMBER["ARRIVED"], b"", compact))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"weight_g": 1250},
        {"weight_kg": 2.35, "length_mm": 310, "belt": "A7", "ok": True, "none": None, "dims": [1, 2, 3]},
        {"name": "Köln 😀", "nested": {"a": {"b": [[], {}]}}},
        {"n": -1, "zero": 0, "f": 0.5, "g": 100.0, "h": -12345.678901234, "i": 0.0001, "j": 123456789012345678},
        {"text": "office"},
        {"disposition": "in_transit"},
    ],
)
def test_what_devices_send_is_read_in_place(data: dict[str, Any]) -> None:
    for separators in ((",", ":"), (", ", ": ")):
        raw = json.dumps(data, separators=separators, ensure_ascii=False)
        assert is_in_place(with_raw("ARRIVED", data=raw, container='"KZALAADEFRAAAUN51234001110123"'))
        assert is_in_place(with_raw("ARRIVED", container='"Sack 1"', data=raw))


@pytest.mark.parametrize(
    "data", ['{"a":"\\n"}', '{"a":1e5}', '{"a":0.1234567890123456}', '{"a":1,"a":2}', "[]", "1", '{"a"}']
)
def test_what_can_not_be_proven_is_the_complete_readers(data: str) -> None:
    assert not is_in_place(with_raw("ARRIVED", data=data))


@pytest.mark.parametrize(
    ("event", "data", "kind"),
    [
        ("LAB:IN", '{"text":"taken off"}', "UNLOADED"),
        ("LAB:IN", '{"text":"off, office"}', "DELIVERY_OFFICE_ARRIVED"),
        ("LAB:IN", '{"text":"of"}', "ARRIVED"),
        ("LAB:IN", '{"text":""}', "ARRIVED"),
        ("LAB:IN", '{"text":["office"],"more":{"text":"office"},"event":"DELIVERED"}', "ARRIVED"),
        ("LAB:OUT", '{"text":"office","disposition":"damaged"}', "DAMAGED"),
        ("LAB:OUT", '{"disposition":"damage"}', "DEPARTED"),
        ("LAB:OUT", '{"disposition":"damaged "}', "DEPARTED"),
        ("LAB:IN_UNDO", '{"disposition":"damaged","text":"office"}', "UNDO"),
        ("CBV:arriving", '{"disposition":"in_transit"}', "ARRIVED"),
    ],
)
def test_codes_are_resolved_in_place_by_what_data_says(event: str, data: str, kind: str) -> None:
    value = with_raw(event, data=data)
    assert is_in_place(value)
    assert read(value)[1] == NUMBER[kind]


@given(st.sampled_from([code.name for code in compiled.VOCABULARIES.codes() if code.event != "CORRECT"]), st.data())
def test_every_code_is_resolved_as_its_vocabulary_says(event: str, data: st.DataObject) -> None:
    code = compiled.VOCABULARIES.find(event)
    words = ["", "in_transit", *code.disposition_instead, *(words for words, _ in code.when_text_has)]
    drawn = st.lists(st.sampled_from([*words, "x", " ", "é"]), max_size=3).map("".join)
    texts = {name: data.draw(drawn) for name in ("text", "disposition") if data.draw(st.booleans())}
    is_in_place(scan(parcel="P", event=event, target="x", data=texts))
    is_in_place(scan(parcel="P", event=event, data=texts))


@pytest.mark.parametrize("by", [-1, 0, 1])
def test_data_and_container_are_as_long_as_they_may_be_and_no_longer(by: int) -> None:
    data = '{ "a" : "' + "x" * (limits.DATA_BYTES_MAX + by - len('{"a":""}')) + '" }'
    assert is_in_place(with_raw("ARRIVED", data=data)) == (by <= 0)
    assert is_in_place(with_raw("ARRIVED", container=f'"{"x" * (limits.CONTAINER_BYTES_MAX + by)}"')) == (by <= 0)


def test_data_of_one_scan_is_no_other_scans() -> None:
    values = [
        scan(parcel="P1", data={"a": 1}, container="C"),
        scan(parcel="P2"),
        scan(parcel="P3", container="D"),
        scan(parcel="P4", data={}),
        scan(parcel="P5", container=""),
        scan(parcel="P6", data={"b": [2]}),
    ]
    assert compiled.read(values).data == {
        0: (b"C", b'{"a":1}'),
        2: (b"D", b""),
        3: (b"", b"{}"),
        5: (b"", b'{"b":[2]}'),
    }


def test_objects_with_many_names_and_many_levels_are_read_too() -> None:
    many = {f"n{i}": i for i in range(100)}
    assert not is_in_place(scan(parcel="P", data=many))
    deep: Any = {}
    for levels in range(1, 30):
        assert is_in_place(scan(parcel="P", data=deep)) == (levels <= 6)
        deep = {"a": deep}
