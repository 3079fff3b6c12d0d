"""GS1 messages as the library reads and writes them. The vectors of GS1 itself are in tests/conformance."""

from string import digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import _gs1, gs1
from tracker.domain.countries import ISO_3166_NUMERIC
from tracker.domain.currencies import ISO_4217_NUMERIC
from tracker.domain.gs1 import table, writing
from tracker.domain.gs1.reasons import EXPECTED, REASONS
from tracker.errors import TrackerError

SSCC = "00095287654321012346"


def reasons(message: gs1.Message) -> list[str]:
    return [fault.reason for fault in message.faults]


def test_the_compiled_reader_has_a_name_for_each_reason() -> None:
    assert len(REASONS) == _gs1.REASON_COUNT
    assert len(set(REASONS)) == len(REASONS)


def test_a_fault_says_where_and_what_was_expected_and_what_came() -> None:
    fault = gs1.read_elements("4326261322" + "\x1d" + SSCC).faults[0]
    assert (fault.reason, fault.ai, fault.at) == ("bad_month", "4326", 6)
    assert (fault.expected, fault.got) == (EXPECTED["bad_month"], "1322")
    assert str(fault) == "bad_month: AI (4326), character 6: expected a month from 01 to 12, got '1322'"


@pytest.mark.parametrize(
    ("data", "at"), [("00095287654321012345", 19), ("420A\x1d4020952876543210123" + "1", 24), ("4101234567890123", 15)]
)
def test_a_wrong_check_digit_is_told_with_the_right_one(data: str, at: int) -> None:
    fault = gs1.read_elements(data).faults[0]
    assert (fault.reason, fault.at) == ("bad_check_digit", at)
    assert fault.got == data[at]
    assert gs1.read_elements(data[:at] + fault.expected + data[at + 1 :], rules=()).ok


@pytest.mark.parametrize("ai", ["00", "01", "02", "402", "410", "417"])
def test_every_single_wrong_digit_is_refused(ai: str) -> None:
    covered = "952876543210123456"[: gs1.PARCELS[ai].components[0].most - 1]
    right = covered + gs1.check_digit(covered)
    for at in range(len(right)):
        for digit in set(digits) - {right[at]}:
            assert reasons(gs1.read_elements(ai + right[:at] + digit + right[at + 1 :])) == ["bad_check_digit"]


@pytest.mark.parametrize("digit", "٣३３\u0663")
def test_only_ascii_digits_are_digits(digit: str) -> None:
    assert reasons(gs1.read_elements("0009528765432101234" + digit)) == ["not_digits"]
    assert reasons(gs1.read_link(f"https://a/00/09528765432101234{digit}")) == ["bad_uri_character"]
    with pytest.raises(ValueError, match="digits"):
        gs1.check_digit(digit)


def test_a_country_is_one_of_iso_3166() -> None:
    taken = {f"{n:03}" for n in range(1000) if gs1.read_elements(f"421{n:03}A").ok}
    assert taken == ISO_3166_NUMERIC
    assert len(taken) == 249


def test_a_currency_is_one_of_iso_4217() -> None:
    payee = "8020A\x1d4159520123456788"
    taken = {f"{n:03}" for n in range(1000) if gs1.read_elements(f"3912{n:03}1250\x1d{payee}").ok}
    assert taken == ISO_4217_NUMERIC
    assert len(taken) == 182
    assert {"398", "643", "840", "978", "156", "999"} <= taken
    assert reasons(gs1.read_elements(f"39120001250\x1d{payee}")) == ["unknown_currency"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("420A\x1d421398A", ["excluded_element"]),
        ("403A", ["missing_element"]),
        (f"{SSCC}403A", []),
        ("4303A\x1d" + SSCC, ["missing_element"]),
        ("4303A\x1d4302B\x1d" + SSCC, []),
        ("3710\x1d0209528765432108", ["missing_element"]),
        (f"3710\x1d0209528765432108{SSCC}", []),
        ("3300001234" + "3301001234" + SSCC, ["excluded_element"]),
        ("400A\x1d400A", []),
        ("400A\x1d400B", ["conflicting_repeat"]),
        ("400A\x1d400B\x1d403A", ["conflicting_repeat", "missing_element"]),
    ],
)
def test_elements_that_go_together(data: str, expected: list[str]) -> None:
    assert reasons(gs1.read_elements(data)) == expected
    assert reasons(gs1.read_elements(data, rules=())) == []


def test_a_rule_can_be_switched_off() -> None:
    data = "400A\x1d400B\x1d403A"
    assert reasons(gs1.read_elements(data, rules=["requirements"])) == ["missing_element"]
    assert reasons(gs1.read_elements(data, rules=["repeats"])) == ["conflicting_repeat"]


def test_an_unknown_ai_is_taken_on_demand_if_its_length_is_known() -> None:
    assert reasons(gs1.read_elements(f"3100001234{SSCC}")) == ["unknown_ai"]
    assert gs1.read_elements(f"3100001234{SSCC}", permit_unknown=True).get("3100") == "001234"
    assert reasons(gs1.read_elements(f"89123\x1d{SSCC}", permit_unknown=True)) == ["unknown_ai"]


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "empty"),
        ("ftp://a/00/095287654321012346", "not_link"),
        ("Https://a/00/095287654321012346", "not_link"),
        ("https:///00/095287654321012346", "no_domain"),
        ("https://a?00=095287654321012346", "no_domain"),
        ("https://a/x/095287654321012346", "no_primary_key"),
        ("https://a/00/095287654321012346/", "no_primary_key"),
        ("https://a/00/095287654321012345", "bad_check_digit"),
        ("https://a/01/09528765432108/21/A/10/B", "bad_qualifier"),
        ("https://a/01/09528765432108/10/A%2", "bad_percent_encoding"),
        ("https://a/01/09528765432108?10=A", "belongs_in_path"),
        ("https://a/00/095287654321012346?7041=PX", "not_link_attribute"),
        ("https://a/00/095287654321012346?400=A&400=A", "repeated_ai"),
        ("https://a/00/095287654321012346?3922=1", "unknown_ai"),
        ("https://a/00/095287654321012346?400=A+B", "not_cset_82"),
    ],
)
def test_a_link_that_is_none_says_why(uri: str, reason: str) -> None:
    assert reasons(gs1.read_link(uri)) == [reason]


@pytest.mark.parametrize(
    "uri",
    [
        "https://a/00/095287654321012346",
        "HTTP://a/sscc/095287654321012346#/00/x",
        "https://a/00/faux/x/00/095287654321012346?&&linktype=x&y&",
        "https://a/00/%30%395287654321012346?3922=1",
    ],
)
def test_one_logistic_unit_has_one_key_however_its_link_is_written(uri: str) -> None:
    assert gs1.read_link(uri, permit_unknown=True).get("00") == "095287654321012346"


def test_an_unknown_attribute_is_taken_on_demand_if_an_ai_may_be_so_long() -> None:
    uri = "https://a/00/095287654321012346"
    assert gs1.read_link(f"{uri}?89=A&3922=1", permit_unknown=True).get("89") == "A"
    assert reasons(gs1.read_link(f"{uri}?89=A")) == ["unknown_ai"]
    assert reasons(gs1.read_link(f"{uri}?999=A", permit_unknown=True)) == ["unknown_ai"]
    assert reasons(gs1.read_link(f"{uri}?89123=A", permit_unknown=True)) == ["unknown_ai"]


def test_a_gtin_is_padded_in_a_link() -> None:
    assert gs1.read_link("https://a/gtin/4006381333931").get("01") == "04006381333931"
    assert reasons(gs1.read_link("https://a/gtin/4006381333931", pad_gtin=False)) == ["value_too_short"]
    assert reasons(gs1.read_link("https://a/gtin/4006381333931", aliases=False)) == ["no_primary_key"]


def test_brackets_are_for_people() -> None:
    assert gs1.read_bracketed("(00)095287654321012346(400)A\\(1)").get("400") == "A(1)"
    assert reasons(gs1.read_bracketed("")) == ["empty"]
    assert reasons(gs1.read_bracketed("(400)A^")) == ["not_cset_82"]
    assert reasons(gs1.read_bracketed("(91)A" * 65)) == ["too_many_elements"]


@given(st.lists(st.sampled_from([*gs1.PARCELS.ais]), min_size=1, max_size=6, unique=True))
def test_what_is_written_reads_back(ais: list[str]) -> None:
    elements = [(ai, value_of(ai)) for ai in ais]
    text = writing.write_elements(elements)
    assert [tuple(element) for element in gs1.read_elements(text, rules=()).elements] == elements
    scan = writing.write_scan("gs1_datamatrix", text)
    assert gs1.read_scan(scan).elements == gs1.read_elements(text, rules=()).elements


LINKED = [ai for ai, each in gs1.PARCELS.ais.items() if each.link_attribute and ai not in {"10", "254"}]


@given(
    st.lists(st.sampled_from(LINKED), max_size=6, unique=True),
    st.text(st.sampled_from("Az09!\"%&'()*+,-./:;<=>?_"), min_size=1, max_size=20),
)
def test_a_link_that_is_written_reads_back(ais: list[str], text: str) -> None:
    elements = {ai: value_of(ai) for ai in ["00", *ais]} | {"400": text, "91": text}
    uri = writing.write_link(list(elements.items()), stem="https://a/00/faux")
    found = gs1.read_link(uri)
    assert found.faults == ()
    assert dict(found.elements) == elements
    assert found.elements[0].ai == "00"


def value_of(ai: str) -> str:
    """Some value that an AI takes."""
    known = {f"391{digit}": "3981250" for digit in digits}
    known |= {"421": "398A", "4307": "KZ", "4317": "KZ", "4326": "261122", "8008": "26112210"}
    if ai in known:
        return known[ai]
    if ai in {"11", "13", "15", "16", "17"}:
        return "261100"
    if ai in {"4324", "4325"}:
        return "2611002359"
    length = sum(part.least for part in gs1.PARCELS[ai].components if not part.optional)
    return "0" * max(length, 4 if ai == "401" else 1)


@pytest.mark.parametrize(
    ("symbol", "data"), [("gs1_128", "hello"), ("ean_13", "1"), ("nothing", "1"), ("upc", "4006381333931")]
)
def test_what_no_symbol_can_have_is_not_written(symbol: str, data: str) -> None:
    with pytest.raises(TrackerError):
        writing.write_scan(symbol, data)


def test_a_table_of_ones_own_is_read_by() -> None:
    own = gs1.Table(table.declared('8020 = {title = "reference", value = "x1..25"}'))
    assert gs1.read_elements("8020A", table=own).elements == (("8020", "A"),)
    assert reasons(gs1.read_elements(SSCC, table=own)) == ["unknown_ai"]
    assert len(own) == 1


@pytest.mark.parametrize("value", ["18", "n1-2", "q1", "n6:nothing"])
def test_a_table_that_says_nothing_clear_is_refused(value: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        gs1.Table(table.declared(f'8020 = {{title = "reference", value = "{value}"}}'))
