"""Carriers' formats a second time, from their descriptions: regular expressions and plain arithmetic.

Shares nothing with the project but the list of countries, and is as slow as it looks.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from tracker.domain.countries import ISO_3166_ALPHA_2

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
S10, SSCC, PARTNER, SHORT, PLAIN, CONTAINER = 1, 2, 3, 4, 5, 6
TYPED, LINEAR, ITF, TWO_D, ELEMENT, ROUTED = "typed", "linear", "itf", "two_d", "element", "routed"
LINK = "number of a carrier's link"
IDENTIFIED, MESSAGE = "field behind a data identifier", "message for transportation"
TEXTS = (TYPED, LINEAR, ITF, TWO_D)

Check = Callable[[re.Match[str]], bool]


class Rule(NamedTuple):
    """A form: scheme, carrier, rank, pattern with the group `key` (or all of it), its check, and where it is read."""

    scheme: str
    carrier: str
    rank: int
    pattern: str
    check: Check | None = None
    frames: tuple[str, ...] = TEXTS
    front: str = ""
    decided: str = ""
    routing: bool = False
    last_resort: bool = False
    container: bool = False


def from_left(text: str, *weights: int) -> int:
    return sum(int(digit) * weights[at % len(weights)] for at, digit in enumerate(text))


def ten(covered: str, check: str, extra: int = 0) -> bool:
    """Three times every second digit from the right, up to a multiple of ten."""
    return (from_left(covered[::-1], 3, 1) + extra + int(check)) % 10 == 0


def gs1(match: re.Match[str]) -> bool:
    return ten(match["body"], match["check"])


def left(*weights: int, extra: int = 0) -> Check:
    return lambda match: (from_left(match["body"], *weights) + extra + int(match["check"])) % 10 == 0


def eleven(*weights: int) -> Check:
    return lambda match: from_left(match["body"], *weights) % 11 % 10 == int(match["check"])


def luhn(match: re.Match[str]) -> bool:
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(match["body"] + match["check"]))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def seven(match: re.Match[str]) -> bool:
    return int(match["body"]) % 7 == int(match["check"])


def sf(match: re.Match[str]) -> bool:
    products = [int(digit) * (2 * at + 1) for at, digit in enumerate(reversed(match["body"]))]
    return (sum(product // 10 + product % 10 for product in products) + int(match["check"])) % 10 == 0


def mod_37_36(match: re.Match[str]) -> bool:
    remainder = 36
    for character in match["body"]:
        remainder += ALPHANUMERIC.index(character)
        remainder -= 36 if remainder > 36 else 0
        remainder *= 2
        remainder -= 37 if remainder > 36 else 0
    return ALPHANUMERIC[0 if remainder == 1 else 37 - remainder] == match["check"]


def australia(match: re.Match[str]) -> bool:
    values = [int(char) if char.isdigit() else ord(char) % 10 for char in match["body"]]
    return (sum(value * (3, 1)[at % 2] for at, value in enumerate(reversed(values))) + int(match["check"])) % 10 == 0


def ontrac(digit: str) -> Check:
    def check(match: re.Match[str]) -> bool:
        body = match["body"] if match["body"][0] == digit else digit + match["body"]
        return (from_left(body, 1, 2) + int(match["check"])) % 10 == 0

    return check


def legacy_bare(match: re.Match[str]) -> bool:
    return ten("91" + match["body"], match["check"])


def economy(match: re.Match[str]) -> bool:
    return ten("92" + match["body"], match["check"])


def evri(match: re.Match[str]) -> bool:
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in match["body"]]
    return (2 * sum(values[::2]) + sum(values[1::2])) % 10 == int(match["check"])


def countries(match: re.Match[str]) -> bool:
    return {match["from"], match["to"]} <= ISO_3166_ALPHA_2


ROUTING = r"420(?:\d{5}|\d{9}(?=\d{22}$))"
MAILER_N = r"(?=9\d{8}(?:\d{8}|\d{12}|\d{16})$|[0-8]\d{5}(?:\d{11}|\d{15})$)"
MAILER_C = r"(?=9\d{8}(?:\d{8}|\d{12})$|[0-8]\d{5}(?:\d{11}|\d{15})$)"
N = rf"(?P<key>(?P<body>94\d{{3}}{MAILER_N}\d+)(?P<check>\d))"
C = rf"(?P<key>(?P<body>(?:92(?=\d{{3}}9)|93(?=\d{{3}}[0-8])|95)\d{{3}}{MAILER_C}\d+)(?P<check>\d))"
# Of 34 digits the ZIP+4 is taken wherever a number stands behind it.
NUMBER_22 = r"(?:91|94|95|92(?=\d{3}9)|93(?=\d{3}[0-8]))\d{20}$"
ZIP = r"420(?:\d{9}(?=\d{22}$)|\d{5}(?=\d{22}$)|\d{5}(?=\d{26}$)(?!\d{4}9[1-5]\d{20}$))"
LEGACY = r"(?P<key>(?P<body>91\d{19})(?P<check>\d))"
BARE = r"(?P<key>(?P<body>\d{19})(?P<check>\d))"
CENTRE = r"(?P<{}>[A-Z]{{2}})[A-Z][A-Z0-9]{{3}}"
DESPATCH = CENTRE.format("from") + CENTRE.format("to") + r"[A-D][A-Z]{2}\d{5}"
# Behind a postal code without its separator.
LOST = (*TEXTS, ROUTED)
ENDS = (*TEXTS, IDENTIFIED)
PARCEL = r"(?:\d{14}|[A-Z]{2}\d{12})"
ARTICLE = r"(?P<key>(?P<body>(?:[A-Z0-9]{3}|[A-Z0-9]{5})\d{17})(?P<check>\d))"
GROUND_96 = r"96\d{5}(?P<key>(?P<body>\d{14})(?P<check>\d))"
GSN = r"96\d{18}(?P<body>\d\d(?P<key>\d{11}))(?P<check>\d)"
CODE = r"(?P<body>\d{11})(?P<check>\d)"

RULES = (
    Rule("ups_waybill", "ups", PLAIN, r"[AHJKTV](?P<body>\d{9})(?P<check>\d)", left(1, 2)),
    Rule("usps_impb_n", "usps", PARTNER, N, gs1),
    Rule("usps_impb_n", "usps", PARTNER, ZIP + N, gs1, LOST),
    Rule("usps_impb_n", "usps", PLAIN, N, gs1, (ELEMENT, ROUTED), decided=ROUTED),
    Rule("usps_impb_c", "usps", PARTNER, C, gs1),
    Rule("usps_impb_c", "usps", PARTNER, ZIP + C, gs1, LOST),
    Rule("usps_impb_c", "usps", PLAIN, C, gs1, (ELEMENT, ROUTED), decided=ROUTED),
    Rule("usps_legacy", "usps", PARTNER, LEGACY, gs1),
    Rule("usps_legacy", "usps", PARTNER, rf"420(?:\d{{5}}|\d{{9}}){LEGACY}", gs1, LOST),
    Rule("usps_legacy", "usps", PLAIN, LEGACY, gs1, (ELEMENT, ROUTED), decided=ROUTED),
    Rule("usps_legacy", "usps", PLAIN, BARE, legacy_bare, front="91"),
    Rule("usps_legacy", "usps", PARTNER, rf"420(?:\d{{5}}|\d{{9}}){BARE}", legacy_bare, LOST, front="91"),
    Rule("usps_20", "usps", PLAIN, BARE, gs1),
    Rule("fedex_12", "fedex", PLAIN, CODE, eleven(3, 1, 7)),
    Rule("fedex_34", "fedex", PLAIN, r"[0-8]\d{19}(?P<body>\d\d(?P<key>\d{11}))(?P<check>\d)", eleven(1, 7, 3)),
    Rule("fedex_astra_32", "fedex", PLAIN, r"3\d{15}(?P<key>(?P<body>\d{11})(?P<check>\d))\d{4}", eleven(3, 1, 7)),
    Rule("fedex_ground_15", "fedex", PLAIN, r"(?P<body>\d{14})(?P<check>\d)", left(1, 3)),
    Rule("fedex_ground_96", "fedex", PARTNER, GROUND_96, left(1, 3), (*TEXTS, ELEMENT, ROUTED)),
    Rule("fedex_ground_gsn", "fedex", PARTNER, GSN, eleven(1, 7, 3), (*TEXTS, ELEMENT, ROUTED)),
    Rule("fedex_ground_sscc", "fedex", PLAIN, r"00(?P<body>\d{15})(?P<check>\d)", gs1),
    Rule("dhl_express", "dhl", PLAIN, r"(?P<body>\d{9,10})(?P<check>\d)", seven),
    Rule("dhl_piece", "dhl", PARTNER, r"JVGL(?:\d{9,10}|\d{16})", None, ENDS),
    Rule("dhl_piece", "dhl", PARTNER, r"[1-6]?J(?P<key>JD(?:\d{9,10}|\d{18}))", None, ENDS),
    Rule("dhl_piece", "dhl", PARTNER, r"[1-6]?J(?P<key>JVGL(?:\d{9,10}|\d{16}))", None, ENDS),
    Rule("dhl_piece", "dhl", PARTNER, r"JD\d{18}"),
    Rule("dhl_piece", "dhl", PLAIN, r"JD\d{9,10}"),
    Rule("dhl_piece", "dhl", PLAIN, r"J(?!VGL|JD\d)[A-Z]{2,3}\d{9,10}"),
    Rule(
        "dhl_ecommerce",
        "dhl",
        PARTNER,
        r"(?!..\d{9}[A-Z0-9][A-Z]$)(?!.{12}[A-Z]$)(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)\d[A-Z0-9]{9,38}",
    ),
    Rule("dhl_ecommerce_14", "dhl", PLAIN, r"\d{14}"),
    Rule("identcode", "deutsche_post", PLAIN, CODE, left(4, 9), decided=ITF),
    Rule("leitcode", "deutsche_post", PLAIN, r"(?P<body>\d{13})(?P<check>\d)", left(4, 9), decided=ITF, routing=True),
    Rule(
        "dpd",
        "dpd",
        PLAIN,
        rf"(?P<body>[A-Z0-9]{{7}}(?P<key>{PARCEL})\d{{6}})(?P<check>[A-Z0-9])",
        mod_37_36,
    ),
    Rule("dpd", "dpd", PARTNER, rf"%[A-Z0-9]{{7}}(?P<key>{PARCEL})\d{{6}}"),
    Rule("dpd", "dpd", PLAIN, rf"[A-Z0-9]{{7}}(?P<key>{PARCEL})\d{{6}}"),
    Rule("dpd", "dpd", PLAIN, rf"(?P<key>(?P<body>{PARCEL}))(?P<check>[A-Z0-9])", mod_37_36),
    Rule("dpd", "dpd", PLAIN, PARCEL),
    Rule("gls", "gls", PLAIN, CODE, left(3, 1, extra=1)),
    Rule("gls_track_id", "gls", PLAIN, r"[A-Z0-9]{8}", None, (TWO_D,)),
    Rule("postnl_3s", "postnl", PARTNER, r"3S[A-Z][A-Z0-9]{9,13}"),
    Rule("swiss_post", "swiss_post", PLAIN, r"9[89]\d{16}", None, (LINEAR, TWO_D)),
    Rule("inpost", "inpost", PLAIN, r"\d{24}"),
    Rule("yodel", "yodel", PARTNER, r"JD\d{16}"),
    Rule("yodel", "yodel", PARTNER, r"[1-6]?J(?P<key>JD\d{16})", None, ENDS),
    Rule(
        "russian_domestic",
        "russian_post",
        PLAIN,
        r"(?P<body>\d{6}(?:0[1-9]|[1-8]\d|9[0-6])\d{5})(?P<check>\d)",
        left(3, 1),
    ),
    Rule("moldova_domestic", "posta_moldovei", PARTNER, r"D[A-Z]\d{10}(?:RR|CC|AS|AR)"),
    Rule("sf", "sf", PLAIN, r"\d{3}(?P<body>\d{8})(?P<check>\d)", sf),
    Rule("sf", "sf", PARTNER, r"SF\d{13}"),
    Rule("cainiao_lp", "cainiao", PARTNER, r"LP\d{14}"),
    Rule("yunexpress", "yunexpress", PARTNER, r"YT\d{16}"),
    Rule("yto", "yto", PARTNER, r"YT\d{13}"),
    Rule("australia_post", "australia_post", PLAIN, ARTICLE, australia),
    Rule("australia_post", "australia_post", PARTNER, f"91{ARTICLE}", australia, (ELEMENT, ROUTED)),
    Rule("canada_post", "canada_post", PLAIN, r"(?P<body>\d{15})(?P<check>\d)", gs1),
    Rule("canpar", "canpar", PLAIN, r"[CDKLSUXZ]\d{21}"),
    Rule("purolator", "purolator", PLAIN, CODE, luhn),
    Rule("purolator_alpha", "purolator", PLAIN, r"[A-Z]{3}\d{9}"),
    Rule("amazon_logistics", "amazon", PARTNER, r"TB[ACM]\d{12}"),
    Rule("amazon_international", "amazon", PLAIN, r"[ACF]\d{10}"),
    Rule("ontrac_c", "ontrac", PLAIN, r"C(?P<body>\d{13})(?P<check>\d)", ontrac("4")),
    Rule("ontrac_d", "ontrac", PLAIN, r"D(?P<body>\d{13})(?P<check>\d)", ontrac("5")),
    Rule("lasership_lx", "lasership", PARTNER, r"L[AIEHNX][1-3]\d{7}"),
    Rule("lasership_1ls7_15", "lasership", PARTNER, r"1LS7[12]\d{10}"),
    Rule("lasership_1ls7_18", "lasership", PARTNER, r"1LS7[12]\d\d01[1-4]\d{6}-?1"),
    Rule("lasership_1lscx", "lasership", PARTNER, r"1LSCX[A-Z0-9]{10}"),
    Rule("landmark_ltn", "landmark", PARTNER, r"LTN\d{8}N1"),
    Rule("old_dominion", "old_dominion", PLAIN, r"(?P<body>(?:77[78]|072|780)\d{7})(?P<check>\d)", luhn),
    Rule("old_dominion_guaranteed", "old_dominion", PLAIN, r"(?P<body>80\d{8})(?P<check>\d)", luhn),
    Rule("speedee", "speedee", PARTNER, r"SP\d{18}"),
    Rule("gofo", "gofo", PARTNER, r"GFUS\d{14}"),
    Rule("ups_maxicode", "ups", SHORT, r"UPSN/(?P<key>1Z[A-Z0-9]{8}/[A-Z0-9]{6})", None, (MESSAGE,)),
    Rule("licence_plate", "iso_15459", PARTNER, r"[1-6](?P<key>J[A-Z0-9]{7,34}\d)", last_resort=True),
    Rule("licence_plate", "iso_15459", PLAIN, r"J[A-Z][A-Z0-9]{10,33}\d", last_resort=True),
    Rule(
        "licence_plate", "iso_15459", PARTNER, r"[1-6]?(?P<key>J[A-Z0-9]{4,35})", None, (IDENTIFIED,), last_resort=True
    ),
    Rule("fedex_20", "fedex", PLAIN, r"(?P<body>\d{3}9\d{15})(?P<check>\d)", economy),
    Rule("ups_mail_innovations", "ups", PLAIN, r"80\d{16}|MI\d{6}[A-Z0-9]{4,22}"),
    Rule("amazon_logistics", "amazon", PARTNER, r"TB[ACM][A-Z]{3}\d{9}"),
    Rule("ontrac_ls", "ontrac", PLAIN, r"(?:LS|BN)\d{8,12}"),
    Rule("yodel", "yodel", PARTNER, r"8Y[A-Z]{2}\d{9}"),
    Rule("dpd_poland", "dpd", PLAIN, r"\d{13}U"),
    Rule("gls_11", "gls", PLAIN, r"(?P<body>\d{10})(?P<check>\d)", left(1, 3, extra=1)),
    Rule("gls_11", "gls", PLAIN, r"\d{11}", None, (LINK,)),
    Rule("evri", "evri", PLAIN, r"(?P<body>[HT][A-Z0-9]{5}\d{9})(?P<check>\d)", evri),
    Rule("hermes", "hermes", PLAIN, r"H\d{19}"),
    Rule("parcelforce", "parcelforce", PLAIN, r"PB[A-Z]{2}\d{10}"),
    Rule("colissimo", "la_poste", PLAIN, r"(?:[1-36-9][A-Z]|5[N-Z])(?P<body>\d{10})(?P<check>\d)", gs1),
    Rule("postnord", "postnord", PLAIN, r"\d{11}SE"),
    Rule("posti", "posti", PARTNER, r"JJFI\d{17}", None, ENDS),
    Rule("packeta", "packeta", PLAIN, r"Z\d{10}"),
    Rule("pocztex", "poczta_polska", PLAIN, r"PX\d{10}"),
    Rule("cainiao_cng", "cainiao", PARTNER, r"CNG\d{14}"),
    Rule("four_px", "four_px", PARTNER, r"4PX\d{13}CN"),
    Rule("s9", "upu", PARTNER, DESPATCH + r"\d{3}[01]\d{5}", countries, container=True),
    Rule("s8", "upu", PARTNER, DESPATCH, countries, container=True),
)


class Reading(NamedTuple):
    """A form that a text fits."""

    scheme: str
    carrier: str
    rank: int
    key: str
    valid: bool
    names: bool = True
    ends: bool = False
    last_resort: bool = False
    container: bool = False


def readings(text: str, frame: str) -> list[Reading]:
    """Every form of a carrier that a text fits, with right and wrong check digits."""
    found = []
    for rule in RULES:
        # The number of a link is any text, whatever symbol it would stand in.
        read = frame in rule.frames or (frame == LINK and not set(TEXTS).isdisjoint(rule.frames))
        match = re.fullmatch(rule.pattern, text, re.ASCII) if read else None
        if match is None:
            continue
        key = rule.front + match.groupdict().get("key", text)
        if rule.scheme in {"fedex_34", "fedex_ground_gsn"}:
            key += match["check"]
        if rule.scheme == "lasership_1ls7_18":
            key = key.replace("-", "")
        rank = min(rule.rank, PARTNER) if frame in (rule.decided, LINK) else rule.rank
        valid = rule.check is None or rule.check(match)
        routed_usps = text.startswith("420") and rule.scheme.startswith("usps") and rule.front == ""
        ends = routed_usps and not valid
        if rule.container and not valid:
            continue
        names = not rule.routing
        found.append(
            Reading(rule.scheme, rule.carrier, rank, key, valid, names, ends, rule.last_resort, rule.container)
        )
    return found
