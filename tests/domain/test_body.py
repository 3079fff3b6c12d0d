"""Bodies of scans: split as a JSON reader splits them, and each scan read as one that stands alone."""

import json
from contextlib import suppress
from typing import Any, Final

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.domain import compiled
from tests.domain.test_scan import expected
from tests.reference import scan as reference
from tests.reference import strict_json
from tests.reference.strategies import BASE_MS, values
from tracker import limits
from tracker.domain import _body, _records
from tracker.domain.body import VALUE_BYTES_MAX, Body, Form, Refused, read_body, stamp
from tracker.domain.errors import Rejection

READER: Final = compiled.READER
NOW: Final = BASE_MS + 1_000
MOST: Final = limits.BODY_SCANS_MAX + 1
S10: Final = "RR123456785KZ"


def scan(**fields: object) -> bytes:
    return json.dumps({"parcel": "P1", "event": "ARRIVED", "time": BASE_MS, **fields}).encode()


def pieces(body: bytes, records: bytes) -> list[bytes]:
    """The bytes of packed records."""
    spans = [_records.record(records, i)[4:] for i in range(_records.count(records))]
    return [body[at : at + length] for at, length in spans]


def reasons(body: Body) -> list[tuple[int, str]]:
    return [(refused.index, refused.reason) for refused in body.refused]


@given(st.lists(values(), max_size=6), st.sampled_from((b"\n", b"\r\n", b" \t\n", b"\n\n \r\n")))
def test_each_line_is_taken_or_refused_as_the_reference_model_does(drawn: list[bytes], end: bytes) -> None:
    sent = [line.strip(b" \t\r\n") for value in drawn for line in value.split(b"\n")]
    sent = [line for line in sent if line]
    body = read_body(READER, end.join(sent), Form.LINES)
    models = [expected(line) for line in sent]
    assert sorted(body.indexes + [refused.index for refused in body.refused]) == [*range(len(sent))]
    for at, index in enumerate(body.indexes):
        model = models[index]
        assert isinstance(model, reference.Scan)
        assert body.keys[at] == model.parcel.encode()
        assert (body.sites[at], body.devices[at]) == (model.site.encode(), model.device.encode())
    for refused in body.refused:
        model = models[refused.index]
        assert refused.value == sent[refused.index]
        if isinstance(model, reference.Rejection):
            assert refused.reason == model.reason
        elif isinstance(model, reference.Announcement):
            assert (refused.reason, "workers" in refused.detail) == ("missing_field", True)
        else:
            assert refused.reason == "reserved_field"


@given(st.lists(values(), max_size=5))
def test_a_stamped_scan_is_the_same_scan_with_what_the_gateway_knows(sent: list[bytes]) -> None:
    lines = [value.replace(b"\n", b" ") for value in sent]
    body = read_body(READER, b"\n".join(lines), Form.LINES)
    for at, value in enumerate(body.stamped(NOW, 'Köln "1"'.encode(), b"D\\1")):
        before, after = expected(body.values[at]), expected(value)
        assert isinstance(before, reference.Scan)
        assert isinstance(after, reference.Scan)
        assert after.received == NOW
        assert after.site == (before.site or 'Köln "1"')
        assert after.device == (before.device or "D\\1")
        same = ("parcel", "code", "kind", "container", "seq", "given_id", "target", "right_event", "data", "aliases")
        assert [getattr(before, name) for name in same] == [getattr(after, name) for name in same]


JSONS: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@example([[], {}, "]", ",", '"', "\\", "[", ["]"], {"}": "{"}], None)
@given(st.lists(JSONS, max_size=6), st.sampled_from((None, 0, 1)))
def test_an_array_is_split_where_its_elements_end(elements: list[Any], indent: int | None) -> None:
    for ascii_only in (False, True):
        body = json.dumps(elements, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        found = _body.elements(body, MOST)
        assert isinstance(found, bytes)
        assert [json.loads(piece.decode("utf-8", "surrogatepass")) for piece in pieces(body, found)] == elements


@given(st.lists(JSONS, max_size=4), st.data())
def test_of_what_is_no_array_either_it_is_said_or_an_element_is_no_json(
    elements: list[Any], data: st.DataObject
) -> None:
    body = bytearray(json.dumps(elements).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        piece = data.draw(st.sampled_from(["", *'[]{},:"\\ 1']))
        body[at : at + data.draw(st.integers(0, 2))] = piece.encode()
    found = _body.elements(bytes(body), MOST)
    sound = isinstance(found, bytes) and all(is_json(piece) for piece in pieces(bytes(body), found))
    assert sound == (is_json(bytes(body)) and body.strip().startswith(b"["))


def is_json(text: bytes) -> bool:
    try:
        strict_json.loads(text)
    except strict_json.NotJsonError:
        return False
    return True


@given(st.binary(max_size=60), st.sampled_from(Form))
def test_any_bytes_are_refused_and_never_an_error_of_another_kind(body: bytes, form: Form) -> None:
    if form is not Form.LINES and body.strip(b" \t\r\n").startswith(b"[") and not is_json(body):
        with suppress(Rejection):
            assert read_body(READER, body, form).refused
    else:
        assert read_body(READER, body, form).keys == []


HOSTILE: Final = [
    (b"[" * 10_000, "too_deep"),
    (b'{"a":' * 10_000, "too_deep"),
    (b'{"parcel":"P1","event":"ARRIVED","time":' + b"9" * 50_000 + b"}", "not_json"),
    (b'{"parcel":"P1","event":"ARRIVED","time":1e400}', "not_json"),
    (b'{"parcel":"P1","event":"ARRIVED","time":1700000000000,"site":"\xff"}', "not_json"),
    (b'{"parcel":"P1","event":"ARRIVED","time":1700000000000,"site":"\\ud800"}', "not_json"),
    (b'\xef\xbb\xbf{"parcel":"P1","event":"ARRIVED","time":1700000000000}', "not_json"),
    (b'{"parcel":"P1","event":"ARRIVED","time":1700000000000}\x00', "not_json"),
    (b'{"parcel":"P1\x00","event":"ARRIVED","time":1700000000000}', "not_json"),
    (b'{"parcel":"P1\\u0000","event":"ARRIVED","time":1700000000000}', "bad_parcel"),
    ('{"parcel":"P1","event":"ARRIVED","time":1700000000000}'.encode("utf-16"), "not_json"),
    (b'{"parcel":"P1","event":"ARRIVED","time":1700000000000', "not_json"),
    (scan(more="x" * limits.SCAN_BYTES_MAX), "too_large"),
    (b"\x00", "not_json"),
    (b'"', "not_json"),
    (b"-", "not_json"),
]


@pytest.mark.parametrize(("hostile", "reason"), HOSTILE)
def test_a_hostile_scan_is_refused_and_its_neighbours_are_taken(hostile: bytes, reason: str) -> None:
    line = hostile.replace(b"\n", b" ")
    body = read_body(READER, b"\n".join([scan(), line, scan()]))
    assert (body.keys, body.indexes, reasons(body)) == ([b"P1", b"P1"], [0, 2], [(1, reason)])
    [refused] = body.refused
    assert (refused.detail != "", refused.value == line, refused.key) == (True, True, None)


def test_an_array_that_never_ends_is_refused_as_a_whole_and_says_where() -> None:
    for body in (
        b"[" * 10_000,
        b"[1,",
        b"[1 2",
        b"[1]]",
        b"[1],",
        b"[,1]",
        b"[1,]",
        b'["',
        b'["\\',
        b"[}",
        b"[1]\x00",
        b"[",
    ):
        for form in (Form.ANY, Form.JSON):
            with pytest.raises(Rejection) as refusal:
                read_body(READER, body + b"\n" + scan(), form)
            assert refusal.value.code == "not_json"
            assert "byte" in refusal.value.detail
    assert reasons(read_body(READER, b"[1,\n" + scan(), Form.LINES)) == [(0, "not_json")]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("blank", [b"", b"\r\n", b" \t\n\n"])
def test_one_scan_is_a_body(form: Form, blank: bytes) -> None:
    body = read_body(READER, blank + scan(site="KZALA", device="D") + blank, form)
    assert body == Body([0], [b"P1"], [scan(site="KZALA", device="D")], [b"KZALA"], [b"D"], [])


def test_a_scan_over_several_lines_is_one_scan_and_not_a_line_each() -> None:
    value = json.dumps(json.loads(scan()), indent=2).encode()
    assert read_body(READER, value).values == [value]
    assert read_body(READER, b"[" + value + b"]").values == [value]
    assert len(read_body(READER, value, Form.LINES).refused) == 5
    # A first line that is broken does not make one scan of the lines.
    assert reasons(read_body(READER, b"{\n" + scan())) == [(0, "not_json")]


@pytest.mark.parametrize("body", [b"", b" \n\r\n\t", b"[]", b" [ \n ] "])
def test_a_body_without_scans_is_empty(body: bytes) -> None:
    assert read_body(READER, body) == Body([], [], [], [], [], [])


def test_a_scan_that_says_when_it_was_received_is_refused_with_its_parcel() -> None:
    value = scan(received=BASE_MS, site="KZALA", device="D")
    body = read_body(READER, value + b"\n" + scan(received=None) + b"\n" + scan(received="x"))
    detail = "`received` is said by the gateway alone: leave it out, or call it otherwise"
    assert body.refused[0] == Refused(0, "reserved_field", detail, value, b"P1", b"KZALA", b"D")
    assert reasons(body)[1:] == [(2, "wrong_type")]
    assert body.indexes == [1]


@pytest.mark.parametrize(
    "more",
    [
        *({"site": None}, {"site": ""}, {"device": None, "site": "KZALA"}, {"device": ""}, {"received": None}),
        {"site": None, "device": "", "received": None, "data": {"x": 1.5}},
    ],
)
def test_a_name_that_says_nothing_gives_way_to_what_the_gateway_knows(more: dict[str, Any]) -> None:
    for value in (scan(**more), scan(**more).replace(b'"site"', b'"s\\u0069te"')):
        body = read_body(READER, value)
        [stamped] = body.stamped(NOW, b"KZNQZ", b"TUN-1")
        assert compiled.read([stamped]).source(0) == (
            (more.get("site") or "KZNQZ").encode(),
            (more.get("device") or "TUN-1").encode(),
        )
        [alone] = body.values
        assert alone[0:1] + alone[-1:] == b"{}"
        assert compiled.read([stamp(alone, NOW)]).rejected == []


def test_a_local_time_is_read_at_the_site_of_who_sent_it() -> None:
    local = scan(time="2026-11-22T10:15:30")
    sent = [scan(), local, scan(), scan(time="2026-11-22T10:15:30", site=None), scan(time="2026-11-22", site="KZNQZ")]
    body = read_body(READER, b"\n".join(sent), site=b"KZALA")
    assert (body.indexes, reasons(body)) == ([0, 1, 2, 3], [(4, "bad_time")])
    assert body.sites == [b""] * 4
    assert compiled.read(body.stamped(NOW, b"KZALA")).rejected == []
    assert reasons(read_body(READER, local, site=b"KZNQZ")) == [(0, "no_zone")]
    assert reasons(read_body(READER, local)) == [(0, "no_zone")]
    elsewhere = scan(time="2026-11-22T10:15:30", site="KZNQZ")
    assert reasons(read_body(READER, elsewhere, site=b"KZALA")) == [(0, "no_zone")]


def test_barcodes_that_name_no_parcel_are_refused_with_where_they_were_read() -> None:
    value = json.dumps({"barcode": "x", "event": "ARRIVED", "time": BASE_MS, "site": "KZALA", "device": "D"}).encode()
    [refused] = read_body(READER, value).refused
    assert (refused.reason, refused.site, refused.device, refused.key) == ("no_identifier", b"KZALA", b"D", None)


def test_a_body_has_so_many_scans_and_no_more() -> None:
    line = b'{"parcel":"P","event":"ARRIVED","time":0}'
    for joined, around in ((b"\n", b"%b"), (b",", b"[%b]")):
        body = joined.join([line] * limits.BODY_SCANS_MAX)
        assert len(read_body(READER, around % body).keys) == limits.BODY_SCANS_MAX
        with pytest.raises(Rejection, match=r"expected at most 10000 scans") as refusal:
            read_body(READER, around % (body + joined + line))
        assert refusal.value.code == "too_large"


def test_a_scan_is_taken_while_it_can_be_stamped() -> None:
    bare = len(scan(more=""))
    longest, longer = (scan(more="x" * (VALUE_BYTES_MAX - bare + by)) for by in (0, 1))
    body = read_body(READER, longest + b"\n" + longer)
    assert (body.indexes, reasons(body)) == ([0], [(1, "too_large")])
    assert body.refused[0].key == b"P1"
    [stamped] = body.stamped(limits.TIME_MS_MAX, b'"' * limits.SITE_BYTES_MAX, b"\\" * limits.DEVICE_BYTES_MAX)
    assert len(longest) < len(stamped) <= limits.SCAN_BYTES_MAX
    assert compiled.read([stamped]).rejected == []


def test_what_one_scan_is_stamped_with_stands_in_it() -> None:
    assert orjson.loads(stamp(scan(), NOW, b"S", b"D")) == {
        **orjson.loads(scan()),
        "received": NOW,
        "site": "S",
        "device": "D",
    }


def test_positions_are_those_of_the_body_and_nothing_else() -> None:
    records = _body.lines(scan(), MOST)
    scans = READER.read(scan(), records, 0, 1)
    with pytest.raises(IndexError):
        _body.columns(scans.buffer, scans.arena, scans.scans, b"")
    assert _records.count(_body.lines(b"a\n" * 10, 3)) == 3
    assert _records.count(_body.whole(b"")) == 1
