"""The generator: the same for the same seed, in order, and with every rate as it is named."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from tracker.domain import barcode
from tracker.errors import TrackerError
from tracker.simulate.network import DeviceKind, Network, TimeStyle
from tracker.simulate.parcels import DAY_MS, HOUR_MS, Fault, Parcel
from tracker.simulate.rates import FAULTS, PRESETS, Rates
from tracker.simulate.traffic import END_MS, JOURNEY_MS_MAX, Traffic

MANY = 10_000
FIELDS = {"parcel", "barcode", "barcodes", "event", "time", "site", "device", "seq", "id", "target", "data"}
VOCABULARIES = Path(__file__).parents[2].parent / "shared" / "tables" / "vocabularies"


@pytest.fixture(scope="module", params=["default", "stress"])
def rates(request: pytest.FixtureRequest) -> Rates:
    return PRESETS[request.param]


@pytest.fixture(scope="module")
def parcels(rates: Rates) -> list[Parcel]:
    traffic = Traffic(MANY, 7, rates)
    return [traffic.parcel(number) for number in range(MANY)]


def assert_share(found: int, of: int, share: float) -> None:
    """Within five standard deviations of a binomial, and never two of a hundred of the whole away."""
    assert abs(found - of * share) <= min(5 * sqrt(of * share * (1 - share)) + 1, of * 0.02)


def test_the_same_seed_gives_the_same_bytes(rates: Rates) -> None:
    first, second = Traffic(300, 5, rates), Traffic(300, 5, rates)
    assert list(first) == list(second)
    assert list(first) == list(first)
    assert [sent.value for sent in Traffic(300, 6, rates)] != [sent.value for sent in first]


def test_the_bytes_of_a_seed_are_these_on_every_python_and_machine() -> None:
    # Whoever changes the generator on purpose changes this too, and says so: results of others compare by seed.
    sent = b"\n".join(record.key + b" " + record.value for record in Traffic(200, 1))
    assert sha256(sent).hexdigest()[:16] == "5e0f888c9fc68360"


def test_a_parcel_is_the_same_among_few_and_among_many() -> None:
    few = Traffic(50, 5)
    keys = {few.parcel(number).key for number in range(50)}

    def their_scans(parcels: int) -> list[tuple[int, bytes, object]]:
        sent = [record for record in Traffic(parcels, 5) if record.key in keys]
        return sorted((record.due_ms, record.key, str({**json.loads(record.value), "seq": 0})) for record in sent)

    assert their_scans(50) == their_scans(400)


def test_records_come_in_the_order_of_sending_and_none_is_missing(rates: Rates) -> None:
    traffic = Traffic(500, 3, rates)
    sent = list(traffic)
    due = [record.due_ms for record in sent]
    assert due == sorted(due)
    planned = [scan for number in range(500) for scan in traffic.parcel(number).scans]
    assert len(sent) == len(planned) + sum(scan.again_ms > 0 for scan in planned)


def test_no_scan_is_made_after_the_end_nor_sent_before_it_is_made(parcels: list[Parcel]) -> None:
    for parcel in parcels:
        times = [scan.at_ms for scan in parcel.scans]
        assert times == sorted(times)
        assert times[-1] <= END_MS
        assert times[-1] - times[0] <= JOURNEY_MS_MAX
        assert all(scan.lateness_ms >= 0 for scan in parcel.scans)


def test_every_value_is_a_scan_with_the_fields_of_one(rates: Rates) -> None:
    network = Network(3, rates)
    styles = {(device.site, device.name): device.style for device in network.devices}
    for _, key, value in Traffic(400, 3, rates):
        scan = json.loads(value)
        assert set(scan) <= FIELDS
        assert len({"parcel", "barcode", "barcodes"} & set(scan)) == 1
        assert {"event", "time", "site", "device", "seq"} <= set(scan)
        assert scan["seq"] >= 1
        assert re.fullmatch(rb"[A-Za-z0-9._/-]{1,64}", key)
        style = styles[scan["site"], scan["device"]]
        if style is TimeStyle.EPOCH:
            assert isinstance(scan["time"], int)
        else:
            assert datetime.fromisoformat(scan["time"]).utcoffset() is not None
            assert scan["time"][16:19] == ":00" if style is TimeStyle.MINUTE else scan["time"][19] == "."


def test_a_device_counts_its_scans_without_gap_and_without_repeating() -> None:
    seqs: dict[tuple[str, str], set[int]] = {}
    distinct = {record.value for record in Traffic(400, 3)}
    for value in distinct:
        scan = json.loads(value)
        seqs.setdefault((scan["site"], scan["device"]), set()).add(scan["seq"])
    assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in seqs.values())
    assert sum(map(len, seqs.values())) == len(distinct)


def test_the_time_written_is_the_true_time_by_the_clock_of_the_device() -> None:
    for seed in range(50):
        traffic = Traffic(1, seed)
        planned = sorted(traffic.parcel(0).scans, key=lambda scan: scan.at_ms + scan.lateness_ms)
        values = dict.fromkeys(record.value for record in sorted(traffic))
        for value, scan in zip(values, planned, strict=True):
            written = json.loads(value)["time"]
            at = written if isinstance(written, int) else datetime.fromisoformat(written).timestamp() * 1_000
            coarse = 60_000 if scan.device.style is TimeStyle.MINUTE else 1
            assert 0 <= round(scan.at_ms + scan.device.skew_ms - at) < coarse


def test_parcels_have_as_many_scans_as_the_rates_say() -> None:
    no_faults: dict[str, Any] = dict.fromkeys(FAULTS, 0.0)
    rates = replace(PRESETS["stress"], clean_share=1.0, **no_faults)
    traffic = Traffic(MANY, 1, replace(rates, unfinished=0.0))
    counts = [len(traffic.parcel(number).scans) for number in range(MANY)]
    assert sum(counts) / MANY == pytest.approx(rates.scans_mean, abs=0.15)
    assert min(counts) >= rates.scans_min
    assert max(counts) <= rates.scans_max


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Fault.NO_PRE_ADVICE, "no_pre_advice"),
        (Fault.LATE_PRE_ADVICE, "late_pre_advice"),
        (Fault.MISSORT, "missort"),
        (Fault.ATTEMPT_FAILURE, "attempt_failure"),
        (Fault.RETURNED, "returned"),
        (Fault.SCAN_AFTER_DELIVERY, "scan_after_delivery"),
    ],
)
def test_what_happens_to_parcels_has_its_rate(parcels: list[Parcel], rates: Rates, fault: Fault, name: str) -> None:
    assert_share(sum(parcel.faults & fault > 0 for parcel in parcels), MANY, getattr(rates, name))


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Fault.UNDO, "undo"),
        (Fault.DUPLICATE, "duplicate"),
        (Fault.INVERSION, "inversion"),
        (Fault.LATE_MINUTES, "late_minutes"),
        (Fault.LATE_HOURS, "late_hours"),
        (Fault.LATE_DAYS, "late_days"),
    ],
)
def test_what_happens_to_scans_has_its_rate(parcels: list[Parcel], rates: Rates, fault: Fault, name: str) -> None:
    scans = [scan for parcel in parcels for scan in parcel.scans]
    assert_share(sum(scan.faults & fault > 0 for scan in scans), len(scans), getattr(rates, name))


def test_what_happens_in_tunnels_has_its_rate(parcels: list[Parcel], rates: Rates) -> None:
    repeats = Fault.REREAD | Fault.RECIRCULATION | Fault.UNDO
    reads = [
        scan
        for parcel in parcels
        for scan in parcel.scans
        if scan.device.kind is DeviceKind.TUNNEL and not scan.faults & repeats
    ]
    missed = rates.bad_cameras * rates.no_read_bad + (1 - rates.bad_cameras) * rates.no_read_good
    assert_share(sum(scan.faults & Fault.NO_READ > 0 for scan in reads), len(reads), missed)
    repeated = Counter(scan.faults & repeats for parcel in parcels for scan in parcel.scans)
    assert_share(repeated[Fault.REREAD], len(reads), rates.reread)
    assert_share(repeated[Fault.RECIRCULATION], len(reads), rates.recirculation)


def test_lateness_is_what_its_fault_says(parcels: list[Parcel]) -> None:
    for scan in (scan for parcel in parcels for scan in parcel.scans if not scan.faults & Fault.INVERSION):
        if scan.faults & Fault.LATE_DAYS:
            assert DAY_MS <= scan.lateness_ms <= 10 * DAY_MS
        elif scan.faults & Fault.LATE_HOURS:
            assert HOUR_MS <= scan.lateness_ms <= DAY_MS
        else:
            assert (scan.lateness_ms >= 2_000) == (scan.faults & Fault.LATE_MINUTES > 0)


def test_an_inverted_scan_comes_after_the_next_one(parcels: list[Parcel]) -> None:
    for parcel in parcels:
        for scan, following in zip(parcel.scans, parcel.scans[1:], strict=False):
            if scan.faults & Fault.INVERSION and following.at_ms - scan.at_ms < HOUR_MS:
                assert scan.at_ms + scan.lateness_ms > following.at_ms + following.lateness_ms


def test_the_clean_share_is_free_of_all_faults(parcels: list[Parcel], rates: Rates) -> None:
    clean = sum(not parcel.faults and not any(scan.faults for scan in parcel.scans) for parcel in parcels)
    assert clean >= MANY * rates.clean_share - 5 * sqrt(MANY)


def test_some_parcels_are_still_on_their_way(parcels: list[Parcel], rates: Rates) -> None:
    finished = sum({scan.kind for scan in parcel.scans} & {"DELIVERED", "RETURNED"} != set() for parcel in parcels)
    assert_share(MANY - finished, MANY, rates.unfinished)


def test_devices_have_their_shares_of_habits_and_wrong_clocks(rates: Rates) -> None:
    devices = Network(1, rates).devices
    tunnels = [device for device in devices if device.kind is DeviceKind.TUNNEL]
    assert_share(sum(device.style is TimeStyle.MINUTE for device in devices), len(devices), rates.minute_sources)
    assert_share(sum(device.bad_camera for device in tunnels), len(tunnels), rates.bad_cameras)
    assert_share(sum(device.several_labels for device in tunnels), len(tunnels), rates.several_labels)
    wrong = [device for device in devices if abs(device.skew_ms) > HOUR_MS // 2]
    assert len(wrong) == round(len(devices) * rates.wrong_hour)
    skews = [device.skew_ms for device in devices if device not in wrong]
    assert sqrt(sum(skew * skew for skew in skews) / len(skews)) == pytest.approx(rates.clock_skew_s * 1_000, rel=0.1)


def test_scans_in_whole_minutes_have_their_part_of_all_scans(parcels: list[Parcel], rates: Rates) -> None:
    styles = [scan.device.style for parcel in parcels for scan in parcel.scans]
    assert styles.count(TimeStyle.MINUTE) / len(styles) == pytest.approx(rates.minute_sources, abs=0.05)


def test_duplicates_are_the_same_bytes_and_no_reads_have_no_label_and_the_key_of_their_device() -> None:
    sent = list(Traffic(2_000, 9, PRESETS["stress"]))
    copies = Counter(record.value for record in sent)
    assert set(copies.values()) == {1, 2}
    assert_share(sum(count == 2 for count in copies.values()), len(copies), PRESETS["stress"].duplicate)
    misses = [record for record in sent if b"/" in record.key]
    assert misses
    for record in misses:
        scan = json.loads(record.value)
        assert scan.get("barcode") == "NOREAD" or scan.get("barcodes") == []
        assert record.key.decode() == f"{scan['site']}/{scan['device']}"


def test_every_undo_names_a_scan_of_its_parcel_before_it_at_its_site() -> None:
    traffic = Traffic(3_000, 2, PRESETS["stress"])
    forms = Counter[str]()
    for number in range(3_000):
        scans = traffic.parcel(number).scans
        for at, undo in enumerate(scans):
            if not undo.faults & Fault.UNDO:
                continue
            earlier = [scan for scan in scans[:at] if scan.device.site == undo.device.site]
            target = (undo.more or {}).get("target")
            if target is None:
                forms["a code of its own"] += 1
                assert undo.event.removesuffix("_UNDO") in {scan.event for scan in earlier}
            elif target in {scan.event for scan in earlier}:
                forms["by code"] += 1
            else:
                forms["by id"] += 1
                assert target in {scan.more["id"] for scan in earlier if scan.more and "id" in scan.more}
    assert len(forms) == 3
    assert min(forms.values()) > 20


def test_numbers_of_parcels_are_unlike_each_other(parcels: list[Parcel]) -> None:
    assert len({parcel.key for parcel in parcels}) == MANY


def test_every_event_is_a_canonical_name_or_a_code_of_its_vocabulary_with_that_meaning(parcels: list[Parcel]) -> None:
    if not VOCABULARIES.is_dir():
        pytest.skip("../shared/tables is not there")
    texts = {path.stem: json.loads(path.read_text("utf-8"))["codes"] for path in VOCABULARIES.glob("*.json")}
    seen = {(scan.event, scan.kind, scan.faults & Fault.UNDO > 0) for parcel in parcels for scan in parcel.scans}
    for event, kind, undo in seen:
        if ":" in event:
            vocabulary, code = event.split(":")
            assert texts[vocabulary][code]["event"] == ("UNDO" if undo else kind), event
        else:
            assert event == ("UNDO" if undo else kind)
    assert {event.split(":")[0] for event, _, _ in seen if ":" in event} == {"EMSEVT", "KAZPOST", "USPS"}


def test_parcels_are_made_when_they_start_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    parcel = Traffic.parcel

    def noting(traffic: Traffic, number: int) -> Parcel:
        made.append(number)
        return parcel(traffic, number)

    monkeypatch.setattr(Traffic, "parcel", noting)
    records = list(islice(Traffic(1_000_000, 1), 2_000))
    assert len(records) == 2_000
    assert len(made) < 2_000
    assert made[0] == 999_999


def test_as_many_parcels_as_fit_before_the_end_are_made_and_no_more() -> None:
    most = (END_MS - JOURNEY_MS_MAX) // HOUR_MS
    assert next(iter(Traffic(most, spacing_ms=HOUR_MS))).due_ms >= 0
    with pytest.raises(TrackerError, match="at most") as caught:
        Traffic(most + 1, spacing_ms=HOUR_MS)
    assert caught.value.code == "bad_traffic"


def test_rates_that_cannot_be_are_refused_by_name() -> None:
    wrongs: list[dict[str, Any]] = [
        {"undo": 1.5},
        {"reread": -0.1},
        {"clean_share": 0.99},
        {"returned": 0.5},
        {"no_pre_advice": 0.6},
        {"scans_mean": 3.0},
    ]
    for wrong in wrongs:
        with pytest.raises(TrackerError, match="must") as caught:
            replace(PRESETS["default"], **wrong)
        assert caught.value.code == "bad_traffic"


def test_some_s10_parcels_bear_an_sscc_too_which_is_no_other_parcels_key(parcels: list[Parcel], rates: Rates) -> None:
    s10 = [parcel for parcel in parcels if barcode.recognise(parcel.key).scheme == "s10"]
    labelled = [set(barcode.recognise_set([parcel.label, *parcel.other_labels]).aliases) for parcel in s10]
    assert_share(sum(map(bool, labelled)), len(s10), rates.consignor_sscc)
    second = [alias for aliases in labelled for alias in aliases]
    assert len(set(second)) == len(second)
    assert not {parcel.key.decode() for parcel in parcels} & set(second)
    assert all(barcode.recognise(alias).scheme == "sscc" for alias in second)
