"""Reading scans: the compiled reader and the slow one together against the reference model."""

import json
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.domain import compiled
from tests.reference import scan as reference
from tests.reference.strategies import BASE_MS, SITE_ZONES, VOCABULARIES, time_texts, values
from tracker import limits
from tracker.domain import _scan, barcode
from tracker.domain import scan as reading
from tracker.domain.aliases import Announcement

S10: Final = "RR123456785KZ"
SSCC: Final = "095287654321012346"
UPS: Final = "1Z5R89390357567127"


def _recognise(reads: list[str]) -> tuple[str | None, str | None, *tuple[str, ...]]:
    found = barcode.recognise_set(reads)
    return (found.key, found.reason, *found.aliases)


def expected(
    value: bytes | None, received_ms: int = -1
) -> reference.Scan | reference.Announcement | reference.Rejection:
    return reference.read(
        value, vocabularies=VOCABULARIES, site_zones=SITE_ZONES, received_ms=received_ms, recognise=_recognise
    )


def scan(**fields: object) -> bytes:
    return json.dumps({"event": "ARRIVED", "time": BASE_MS, **fields}).encode()


@given(values(), st.sampled_from((-1, -1, 0, BASE_MS, BASE_MS + 1, limits.TIME_MS_MAX)))
def test_a_value_is_read_or_refused_as_the_reference_model_does(value: bytes, received_ms: int) -> None:
    model = expected(value, received_ms)
    scans = compiled.read([value], [received_ms])
    if isinstance(model, reference.Rejection):
        assert [refusal.code for _, refusal in scans.rejected] == [model.reason]
    elif isinstance(model, reference.Announcement):
        assert scans.rejected == []
        assert scans.announced == [(model.alias.encode(), model.parcel.encode(), model.effective)]
    else:
        assert scans.rejected == []
        assert scans.parcels() == [model.parcel.encode()]
        assert scans.offset_and_time(0) == (0, model.effective)
        assert scans.source(0) == (model.site.encode(), model.device.encode())
        assert scans.announced == []
        assert scans.aliases == [(0, alias.encode()) for alias in model.aliases]
        assert scans.data == ({0: (model.container.encode(), model.data)} if model.data or model.container else {})


@example("9999-12-31T23:59:60")
@example("1970-01-01T03:00:00")
@example("1970-01-01T00:10:00")
@example("1970-01-01T00:10:00+05:00")
@example("1969-12-31T23:59:59")
@example("0000-01-01T00:00:00")
@given(time_texts())
def test_a_time_is_read_or_refused_as_the_reference_model_does(text: str) -> None:
    for event in ("ARRIVED", "LAB:IN"):
        value = scan(parcel=S10, event=event, time=text)
        model = expected(value)
        scans = compiled.read([value, scan(parcel=S10, event=event, time=text, slow=1)])
        if isinstance(model, reference.Rejection):
            assert [refusal.code for _, refusal in scans.rejected] == [model.reason] * 2
        else:
            assert isinstance(model, reference.Scan)
            assert [scans.offset_and_time(at)[1] for at in (0, 1)] == [model.time] * 2


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (1_776_469_397, "seconds, 2026-04-17T23:43:17.000Z"),
        (915_148_800, "seconds, 1999-01-01T00:00:00.000Z"),
        (1_776_469_397_000_000, "microseconds, 2026-04-17T23:43:17.000Z"),
        (1_776_469_397_000_000_000, "nanoseconds, 2026-04-17T23:43:17.000Z"),
        ("17.04.2026 23:43", "such as 2026-11-22T10:15:30+05:00"),
        ("1776469397", "such as 2026-11-22T10:15:30+05:00"),
        ("1776469397", "a number stands without quotation marks"),
    ],
)
def test_a_time_in_another_unit_or_form_is_refused_with_what_it_looks_like(time: object, said: str) -> None:
    [(_, refusal)] = compiled.read([scan(parcel=S10, time=time)]).rejected
    assert refusal.code == "bad_time"
    assert said in refusal.detail


@pytest.mark.parametrize(
    ("received", "timestamp", "counts"),
    [
        (None, -1, None),
        (None, BASE_MS, BASE_MS),
        (BASE_MS, -1, BASE_MS),
        (BASE_MS, BASE_MS + 1, BASE_MS),
        (BASE_MS + 1, BASE_MS, BASE_MS),
        (BASE_MS, 0, 0),
        (0, BASE_MS, 0),
    ],
)
def test_a_scan_is_received_when_its_gateway_says_but_never_after_its_record(
    received: int | None, timestamp: int, counts: int | None
) -> None:
    ahead = limits.TIME_MS_MAX
    for more in ({}, {"slow": 1}):
        value = scan(parcel=S10, time=ahead, **more, **({} if received is None else {"received": received}))
        assert compiled.read([value], [timestamp]).offset_and_time(0)[1] == (ahead if counts is None else counts)


@pytest.mark.parametrize(
    ("received", "reason"),
    [
        *((0, None), (None, None), (limits.TIME_MS_MAX, None), (limits.EPOCH_SECONDS_MIN - 1, None)),
        *((-1, "bad_time"), (limits.TIME_MS_MAX + 1, "bad_time"), (limits.EPOCH_SECONDS_MIN, "bad_time")),
        *((limits.EPOCH_SECONDS_MAX, "bad_time"), (10**400, "not_json"), (10**30, "bad_time")),
        *(("2026-11-22T10:15:30Z", "wrong_type"), (1.5, "wrong_type"), (True, "wrong_type"), ([1], "wrong_type")),
    ],
)
def test_when_a_scan_was_received_is_a_whole_number_of_milliseconds(received: object, reason: str | None) -> None:
    rejected = compiled.read([scan(parcel=S10, received=received)]).rejected
    assert [refusal.code for _, refusal in rejected] == ([] if reason is None else [reason])
    assert all("`received`" in refusal.detail or reason == "not_json" for _, refusal in rejected)


@pytest.mark.parametrize(
    ("read", "code", "said"),
    [
        ("986578788850", "bad_check_digit", "fedex_12"),
        ("986578788850", "bad_check_digit", "not known"),
        ("287809468872", "ambiguous", "287809468872 (fedex_12 of fedex), 287809468872 (purolator of purolator)"),
        ("noise", "no_identifier", "no candidate in ['noise']"),
        (
            "RR123456785\u041aZ",
            "no_identifier",
            "no candidate in ['RR123456785\u041aZ']: '\u041a' (U+041A) is not ASCII, which is all that a label has",
        ),
    ],
)
def test_a_read_that_names_no_parcel_is_refused_with_what_it_may_be(read: str, code: str, said: str) -> None:
    [(_, refusal)] = compiled.read([scan(barcode=read)]).rejected
    assert refusal.code == code
    assert said in refusal.detail


def test_a_refused_value_leaves_its_neighbours_alone() -> None:
    good = b'{"parcel":"P%d","event":"ARRIVED","time":1700000000000}'
    scans = compiled.read([good % 1, b"not JSON", None, good % 2, b"[" * 10_000, good % 3])
    assert scans.parcels() == [b"P1", b"P2", b"P3"]
    assert [(i, refusal.code) for i, refusal in scans.rejected] == [(1, "not_json"), (2, "null_value"), (4, "too_deep")]


def test_a_refusal_does_not_keep_the_batch_that_it_came_of() -> None:
    [(_, refusal)] = compiled.read([b"not JSON"]).rejected
    assert (refusal.__traceback__, refusal.__context__) == (None, None)


@pytest.mark.parametrize("size", [2_000_000, 65_537])
def test_a_value_that_is_too_large_is_refused_by_its_size(size: int) -> None:
    scans = compiled.read([b'{"parcel":"P1","event":"' + b"x" * (size - 25) + b'"'])
    assert [refusal.code for _, refusal in scans.rejected] == ["too_large"]


def test_a_scan_of_another_partitions_parcel_is_handed_back_with_its_id() -> None:
    keys = [b"P%d" % i for i in range(50)]
    values = [b'{"parcel":"%s","event":"ARRIVED","time":1700000000000}' % key for key in keys]
    buffer, packed, _ = compiled.walk(compiled.batch((i, 0, None, value) for i, value in enumerate(values)))
    scans = compiled.READER.read(buffer, packed, 2, 4)
    own = [key for key in keys if _scan.partition_of_key(key, 4) == 2]
    assert scans.parcels() == own
    assert [key for _, key in scans.foreign] == [key for key in keys if key not in own]
    assert 0 < len(own) < 50


def test_the_other_labels_of_a_parcel_are_given_out_with_its_scan_and_with_no_other() -> None:
    values = [
        scan(barcode=S10),
        scan(barcodes=[f"]C100{SSCC}", S10, "NOREAD", S10.lower()]),
        scan(parcel=S10, barcodes=[SSCC]),
        b"no scan",
        scan(barcode=UPS, barcodes=[f"]C100{SSCC}", S10], data={"weight_g": 3}),
    ]
    scans = compiled.read(values)
    assert scans.parcels() == [S10.encode()] * 4
    assert scans.aliases == [(1, SSCC.encode()), (3, UPS.encode()), (3, SSCC.encode())]


def test_a_single_symbol_may_hold_several_identifiers() -> None:
    symbol = f"]C100{SSCC}9400111206206406260787"
    assert barcode.recognise(symbol).aliases
    scans = compiled.read([scan(barcode=symbol), scan(barcode=symbol, slow=1)])
    assert [alias for _, alias in scans.aliases] == [key.encode() for key in barcode.recognise(symbol).aliases] * 2


def test_the_reader_and_the_slow_one_give_the_same_aliases_however_many_there_are() -> None:
    labels = [barcode.make_valid("sscc", extension_digit="0", body=f"{i:016}") for i in range(20)]
    for count in (1, 2, limits.ALIASES_MAX, limits.ALIASES_MAX + 1, limits.ALIASES_MAX + 2, 20):
        for reads in ([S10, *labels[:count]], [*labels[:count], S10]):
            found = compiled.read([scan(barcodes=reads), scan(barcodes=reads, slow=1)]).aliases
            of_fast, of_slow = ([alias for at, alias in found if at == which] for which in (0, 1))
            assert of_fast == of_slow == [label.encode() for label in labels[:count]][: limits.ALIASES_MAX]


def test_the_reader_and_the_slow_one_find_the_parcel_behind_more_identifiers_than_an_explanation_shows() -> None:
    label = "[)>\x1e05" + f"\x1d00{SSCC}" * limits.ELEMENTS_MAX
    reads = [label, label, S10]
    scans = compiled.read([scan(barcodes=reads), scan(barcodes=reads, slow=1)])
    assert not scans.rejected
    assert scans.parcels() == [S10.encode()] * 2
    assert scans.aliases == [(0, SSCC.encode()), (1, SSCC.encode())]


def test_a_scan_of_another_partition_leaves_its_aliases_there() -> None:
    home = _scan.partition_of_key(S10.encode(), 4)
    for more in ({}, {"slow": 1}):
        buffer, packed, _ = compiled.walk(compiled.batch([(0, 0, None, scan(barcodes=[S10, SSCC], **more))]))
        for partition in range(4):
            scans = compiled.READER.read(buffer, packed, partition, 4)
            assert scans.aliases == ([(0, SSCC.encode())] if partition == home else [])
            assert scans.foreign == ([] if partition == home else [(0, S10.encode())])


def test_an_announcement_is_read_where_its_alias_is_at_home_and_handed_back_elsewhere() -> None:
    home = _scan.partition_of_key(SSCC.encode(), 4)
    value = Announcement(SSCC.encode(), S10.encode(), BASE_MS).value()
    for written in (value, value[:-1] + b',"more":[]}'):  # The second is the slow reader's.
        buffer, packed, _ = compiled.walk(compiled.batch([(0, BASE_MS, None, written)]))
        for partition in range(4):
            scans = compiled.READER.read(buffer, packed, partition, 4)
            assert scans.announced == ([(SSCC.encode(), S10.encode(), BASE_MS)] if partition == home else [])
            assert scans.foreign == ([] if partition == home else [(0, SSCC.encode())])
            assert (len(scans), scans.rejected) == (0, [])


@pytest.mark.parametrize("more", [b"}", b',"more":1}'])
@pytest.mark.parametrize("ahead_ms", [0, limits.CLOCK_SKEW_MS_MAX, limits.CLOCK_SKEW_MS_MAX + 1, 10**12])
def test_an_announcement_ahead_of_the_brokers_clock_counts_when_it_was_received(more: bytes, ahead_ms: int) -> None:
    value = Announcement(b"A", b"P", BASE_MS + ahead_ms).value()[:-1] + more
    effective = BASE_MS if ahead_ms > limits.CLOCK_SKEW_MS_MAX else BASE_MS + ahead_ms
    assert compiled.read([value], [BASE_MS]).announced == [(b"A", b"P", effective)]
    assert compiled.read([value]).announced == [(b"A", b"P", BASE_MS + ahead_ms)]


def test_a_site_reads_its_own_carrier_first_in_both_readers() -> None:
    site = barcode.configure(preferred=["ups"])
    reader = reading.reader(compiled.VOCABULARIES, {}, site)
    for more in ({}, {"slow": 1}):
        buffer, packed, _ = compiled.walk(compiled.batch([(0, 0, None, scan(barcodes=[S10, UPS], **more))]))
        scans = reader.read(buffer, packed, 0, 1)
        assert (scans.parcels(), scans.aliases) == ([UPS.encode()], [(0, S10.encode())])
