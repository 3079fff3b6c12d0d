"""Each check of a value, with what it takes and what it refuses: those of the GS1 General Specifications, section 3."""

import pytest

from tracker.domain import gs1
from tracker.domain.gs1 import table

COUPON = "0123456" + "123456" + "11" + "110123"
IBAN = "GB82WEST12345698765432"

# Check, component, what it takes, what it refuses, reason.
CHECKS = (
    ("check_digit", "n18", "095287654321012346", "095287654321012345", "bad_check_digit"),
    ("check_characters", "x1..25", "1987654Ad4X4bL5ttr2310c2K", "1987654Ad4X4bL5ttr2310cKK", "bad_check_characters"),
    ("check_characters", "x1..25", "1987654Ad4X4bL5ttr2310c2K", "2K", "value_too_short"),
    ("company_prefix_1", "x1..30", "1234A", "123A4", "bad_company_prefix"),
    ("company_prefix_1", "x1..30", "1234", "123", "short_company_prefix"),
    ("company_prefix_2", "x1..30", "A1234", "A123", "short_company_prefix"),
    ("percent_encoding", "x1..35", "A%2f%C3%B6", "A%2", "bad_percent_encoding"),
    ("percent_encoding", "x1..35", "100%25", "%GG", "bad_percent_encoding"),
    ("date", "n6", "240229", "230229", "bad_day"),
    ("date", "n6", "261231", "260931", "bad_day"),
    ("date", "n6", "000229", "261200", "bad_day"),
    ("date_or_month", "n6", "261200", "261301", "bad_month"),
    ("date_or_month", "n6", "260100", "260001", "bad_month"),
    ("long_date", "n8", "20000229", "19000229", "bad_day"),
    ("long_date", "n8", "19991231", "19991331", "bad_month"),
    ("hour", "n2", "23", "24", "bad_hour"),
    ("minute", "n2", "59", "60", "bad_minute"),
    ("second", "n2", "59", "60", "bad_second"),
    ("hour_minute", "n4", "2359", "2400", "bad_hour"),
    ("hour_minute", "n4", "0000", "0060", "bad_minute"),
    ("latitude", "n10", "1800000000", "1800000001", "bad_latitude"),
    ("longitude", "n10", "3600000000", "3600000001", "bad_longitude"),
    ("country", "n3", "398", "999", "unknown_country"),
    ("country", "x3", "398", "3X8", "unknown_country"),
    ("country_or_several", "n3", "999", "998", "unknown_country"),
    ("country_letters", "x2", "KZ", "ZZ", "unknown_country"),
    ("country_letters", "x2", "GB", "gb", "unknown_country"),
    ("currency", "n3", "398", "000", "unknown_currency"),
    ("currency", "n3", "999", "998", "unknown_currency"),
    ("yes_no", "n1", "1", "2", "not_yes_no"),
    ("hyphen", "x1", "-", "+", "not_hyphen"),
    ("package_type", "x1..4", "201A", "pk", "bad_package_type"),
    ("piece_of_total", "n4", "0102", "0201", "bad_piece"),
    ("piece_of_total", "n4", "9999", "0001", "bad_piece"),
    ("zero", "n1", "0", "1", "not_zero"),
    ("not_zero", "n4", "0001", "0000", "zero"),
    ("no_leading_zero", "n1..12", "0", "01", "leading_zero"),
    ("winding", "n1", "9", "2", "bad_winding"),
    ("sex", "n1", "9", "3", "bad_sex"),
    ("media_type", "n2", "10", "11", "bad_media_type"),
    ("media_type", "n2", "80", "00", "bad_media_type"),
    ("position_in_sequence", "x3", "1/3", "3/1", "bad_sequence"),
    ("position_in_sequence", "x3", "9/9", "0/9", "leading_zero"),
    ("importer_index", "x1", "_", "+", "bad_importer_index"),
    ("has_letter", "x1..25", "12A", "123", "no_letter"),
    ("iban", "x1..34", IBAN, IBAN.replace("82", "28"), "bad_iban"),
    ("iban", "x1..34", "NL91ABNA0417164300", "NL91abna0417164300", "bad_iban"),
    ("coupon", "x1..70", COUPON + "3261231", COUPON + "3261331", "bad_coupon"),
    ("coupon", "x1..70", COUPON, COUPON + "4261231" + "3261231", "bad_coupon"),
    ("coupon_offer", "x1..70", "00123456" + "123456" + "0123456", "2", "bad_coupon"),
)


@pytest.mark.parametrize(("check", "component", "right", "wrong", "reason"), CHECKS)
def test_a_check_takes_what_is_right_and_says_why_it_refuses(
    check: str, component: str, right: str, wrong: str, reason: str
) -> None:
    own = gs1.Table(table.declared(f'90 = {{title = "some", value = "{component}:{check}"}}'))
    assert gs1.read_elements(f"90{right}", table=own).faults == ()
    assert [fault.reason for fault in gs1.read_elements(f"90{wrong}", table=own).faults] == [reason]


def test_every_check_is_tested() -> None:
    assert {check for check, *_ in CHECKS} == set(table.CHECKS)


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "reason"),
    [
        ("n", "0189", "01A9", "not_digits"),
        ("x", "aZ9!\"%&'()*+,-./:;<=>?_", "a b", "not_cset_82"),
        ("x", "A", "A~", "not_cset_82"),
        ("y", "AZ09#-/", "a", "not_cset_39"),
        ("z", "aZ09-_", "a+", "not_base64url"),
        ("z", "QUI=", "QUJ=", "not_base64url"),
        ("z", "QQ==", "Q===", "not_base64url"),
        ("z", "QQ==", "QQ=Q", "not_base64url"),
    ],
)
def test_a_component_has_the_characters_of_its_kind(kind: str, right: str, wrong: str, reason: str) -> None:
    own = gs1.Table(table.declared(f'90 = {{title = "some", value = "{kind}1..90"}}'))
    assert gs1.read_elements(f"90{right}", table=own).faults == ()
    assert [fault.reason for fault in gs1.read_elements(f"90{wrong}", table=own).faults] == [reason]
