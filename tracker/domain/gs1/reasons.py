"""Why a GS1 or ISO/IEC 15434 message is not as its standard wants it."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

EXPECTED: Final = MappingProxyType(
    {
        "empty": "data",
        "too_long": "4096 bytes at most",
        "unknown_ai": "an application identifier of the table",
        "too_many_elements": "64 elements at most",
        "no_value": "a value",
        "value_too_short": "a longer value",
        "value_too_long": "the end of the value",
        "not_digits": "a digit",
        "not_cset_82": "a character of CSET 82",
        "not_cset_39": "a character of CSET 39",
        "not_base64url": "a character of base64url, or the right number of = at the end",
        "bad_check_digit": "another check digit",
        "bad_check_characters": "other check characters",
        "short_company_prefix": "a company prefix of 4 digits or more",
        "bad_company_prefix": "a company prefix of digits",
        "bad_percent_encoding": "% and two hexadecimal digits",
        "bad_month": "a month from 01 to 12",
        "bad_day": "a day of that month",
        "bad_hour": "an hour from 00 to 23",
        "bad_minute": "a minute from 00 to 59",
        "bad_second": "a second from 00 to 59",
        "not_yes_no": "0 or 1",
        "bad_latitude": "at most 1800000000",
        "bad_longitude": "at most 3600000000",
        "unknown_country": "a country of ISO 3166-1",
        "unknown_currency": "a currency of ISO 4217",
        "not_hyphen": "a hyphen",
        "bad_package_type": "capital letters and digits",
        "bad_piece": "a piece from 01 to the total",
        "not_zero": "0",
        "zero": "anything but 0",
        "leading_zero": "no leading 0",
        "bad_winding": "0, 1 or 9",
        "bad_iban": "an IBAN whose check digits are right",
        "bad_importer_index": "a letter, a digit, - or _",
        "bad_sex": "0, 1, 2 or 9",
        "bad_media_type": "01 to 10 or 80 to 99",
        "bad_sequence": "a position, / and a total that is not less",
        "no_letter": "a character that is no digit",
        "bad_coupon": "the fields of a coupon",
        "not_link": "http:// or https://, all in small or all in capital letters",
        "bad_uri_character": "a character that a URI can have",
        "no_domain": "a domain and a path",
        "no_primary_key": "an application identifier that is a primary key, and its value",
        "bad_qualifier": "a qualifier of the key, in its order",
        "not_link_attribute": "an application identifier that can be an attribute",
        "repeated_ai": "each application identifier once",
        "belongs_in_path": "this qualifier in the path, not in the query",
        "unknown_symbology": "a known symbology identifier",
        "not_envelope": "[)> and RS",
        "bad_envelope": "a format indicator and its fields",
        "conflicting_repeat": "the same value as before",
        "missing_element": "an element that must stand beside it",
        "excluded_element": "no element that must not stand beside it",
        "unserialised_key": "a serial number in the key, since it is signed",
    }
)
"""Reason -> what was expected. The order is that of gs1_reason_t in ext/gs1.pxd."""

REASONS: Final[tuple[str | None, ...]] = (None, *EXPECTED)
"""Number of a reason in packed results -> its code; None: nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a message.

    Args:
        reason: stable code, a key of `EXPECTED`.
        at: where, in characters from the beginning of the data behind the symbology identifier. In a Digital Link,
            where the segment or parameter begins.
        ai: in which element, or None.
        expected: what was expected.
        got: what came.
    """

    reason: str
    at: int
    ai: str | None
    expected: str
    got: str

    def __str__(self) -> str:
        where = f"AI ({self.ai}), " if self.ai else ""
        return f"{self.reason}: {where}character {self.at}: expected {self.expected}, got {self.got!r}"
