"""Carriers' tracking links: whose numbers they have, and where."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.barcode import model
from tests.domain.barcode.reads import key_of, reason_of, valid_text
from tracker.domain import barcode
from tracker.domain.formats.format import Frame, Names
from tracker.domain.formats.forms import CARRIERS, FORMS
from tracker.domain.formats.links import ANYONES, LINKS, Link

UPS = "1Z999AA10123456784"
S10 = "RR123456785KZ"
FEDEX_OR_PUROLATOR = "287809468872"


def link_to(link: Link, number: str) -> str:
    """A link of this form with this number."""
    place = link.template[len(link.host) :].replace("{}", number)
    return f"https://www.{link.host}{place}"


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.template)
def test_each_link_names_the_parcel_of_a_number_that_its_carriers_have(link: Link) -> None:
    source = random.Random(1)
    texts = [(S10, S10), ("095287654321012346", "095287654321012346")]
    for form in FORMS:
        if form.format.carrier in link.carriers and form.rank(Frame.LINK) and form.format.names is Names.PARCEL:
            text = valid_text(form, source)
            texts.append((text, form.key_of(text)))
    for number, key in texts:
        if link.ends_at_hyphen and "-" in number:
            continue
        for front in ("", "]Q1", "]d1", "]L0"):
            found = barcode.recognise(front + link_to(link, number.replace("%", "%25")))
            assert key in {one.key for one in found.candidates}
            assert {one.carrier for one in found.candidates} <= {*link.carriers, *ANYONES}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.template)
def test_a_links_carriers_are_known_and_its_parts_are_in_small_letters(link: Link) -> None:
    assert set(link.carriers) <= set(CARRIERS)
    assert link.template == link.template.lower()
    assert link.kind in "?/#"
    assert link.source


@pytest.mark.parametrize(
    ("read", "key"),
    [
        ("https://www.ups.com/track?loc=en_US&tracknum=1Z999AA10123456784&requester=ST/trackdetails", UPS),
        ("HTTPS://WWW.UPS.COM/TRACK?TRACKNUM=1Z999AA10123456784", UPS),
        ("http://ups.com/track?TrackNum=1z%20999%20aa1%2001%202345%206784#top", UPS),
        ("https://qazpost.kz/tracking/RR123456785KZ", S10),
        ("https://qazpost.kz/kk/tracking/RR123456785KZ?utm=x", S10),
        ("https://post.kz/mail/search/track/RR123456785KZ/detail", S10),
        ("https://track.post.kz/api/v2/RR123456785KZ/events", S10),
        ("https://www.royalmail.com/track-your-item#/tracking-results/RR473124829GB", "RR473124829GB"),
        ("https://www.pochta.ru/tracking#10100083123454", "10100083123454"),
        ("https://www.pochta.ru/tracking?barcode=RR123456785KZ#results", S10),
        (
            "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor=0073938000549297",
            "0073938000549297",
        ),
        ("https://www.fedex.com/fedextrack/?trknbr=287809468872", FEDEX_OR_PUROLATOR),
        ("https://www.purolator.com/en/shipping/tracker?searchValue=287809468872", FEDEX_OR_PUROLATOR),
        ("https://jouw.postnl.nl/track-and-trace/3SDEVC123456789-NL-1234AB", "3SDEVC123456789"),
        ("https://gls-group.eu/track/Y8XQ7AB2", "Y8XQ7AB2"),
        ("https://www.dhl.com/kz-ru/home/tracking.html?tracking-id=8487135506&submit=1", "8487135506"),
        ("https://www.dhl.de/de/verfolgen.html?piececode=00340434161094022115", "340434161094022115"),
        ("https://www.lasership.com/track/1LS7119013618127-1", "1LS71190136181271"),
        ("\x02https://qazpost.kz/tracking/RR123456785KZ\r\n", S10),
        ("https://www.ups.com/mobile/track?trackingNumber=1Z999AA10123456784&t=t", UPS),
        (
            "https://tools.usps.com/go/TrackConfirmAction_input?origTrackNum=9400111206206406260787",
            "9400111206206406260787",
        ),
        ("http://fedex.com/Tracking?cntry_code=us&tracknumber_list=287809468872", FEDEX_OR_PUROLATOR),
        ("https://my.dhlparcel.nl/home/tracktrace/JVGL0999999990/1234AB?lang=nl_NL", "JVGL0999999990"),
        ("https://trace.dpd.fr/fr/trace/25012345678901", "25012345678901"),
        ("https://www.gls-pakete.de/sendungsverfolgung?match=Y8XQ7AB2", "Y8XQ7AB2"),
        ("https://new.myhermes.co.uk/track.html#/parcel/H00A1A0000123458/details", "H00A1A0000123458"),
        ("https://jouw.postnl.nl/#!/track-en-trace/3SDEVC123456789/NL/1234AB", "3SDEVC123456789"),
        ("https://service.post.ch/ekp-web/ui/entry/search/990033201000000017?lang=de", "990033201000000017"),
        ("https://www.posti.fi/fi/seuranta#/lahetys/JJFI64570000031155501", "JJFI64570000031155501"),
        ("https://www.canadapost-postescanada.ca/track-reperage/en#/details/0073938000549297", "0073938000549297"),
        ("https://track.4px.com/#/result/0/4PX3001234567890CN", "4PX3001234567890CN"),
        ("https://www.poste.it/cerca/index.html#/risultati-spedizioni/RR123456785KZ", S10),
        ("https://sporing.posten.no/sporing/RR123456785KZ?lang=no", S10),
    ],
)
def test_a_link_may_have_more_in_it_than_the_number(read: str, key: str) -> None:
    assert key_of(read) == key
    assert barcode.recognise_batch([read.encode()]).keys == [key.encode()]


@pytest.mark.parametrize(
    "read",
    [
        "https://example.com/track?tracknum=1Z999AA10123456784",
        "https://ups.com.example.com/track?tracknum=1Z999AA10123456784",
        "https://example.com/?u=https://www.ups.com/track?tracknum=1Z999AA10123456784",
        "https://www.ups.com@example.com/track?tracknum=1Z999AA10123456784",
        "https://xups.com/track?tracknum=1Z999AA10123456784",
        "https://uр\u0455.com/track?tracknum=1Z999AA10123456784",
        "https://www.ups.com/track?xtracknum=1Z999AA10123456784",
        "https://www.ups.com/track/tracknum=1Z999AA10123456784",
        "https://www.ups.com/track?tracknum=287809468872",
        "https://www.ups.com/track?tracknum=986578788855",
        "https://qazpost.kz/tracking?RR123456785KZ",
        "https://qazpost.kz/tracking/",
        "https://qazpost.kz/?x=/tracking/RR123456785KZ",
        "https://track.post.kz/x/RR123456785KZ",
        "]C0https://qazpost.kz/tracking/RR123456785KZ",
        "]C1https://qazpost.kz/tracking/RR123456785KZ",
        "https:/qazpost.kz/tracking/RR123456785KZ",
        "https://",
        "http://a",
        "https://www.",
        "https://www.ups.com/track?tracknum=" + "1" * 4000,
    ],
)
def test_a_link_of_another_host_or_to_another_place_names_no_parcel(read: str) -> None:
    assert reason_of(read) == "no_identifier"


def test_the_host_says_whose_number_it_is() -> None:
    assert reason_of(FEDEX_OR_PUROLATOR) == "ambiguous"
    for host, carrier in (("fedex.com?trknbr=", "fedex"), ("purolator.com?pin=", "purolator")):
        found = barcode.recognise(f"https://{host}{FEDEX_OR_PUROLATOR}")
        assert (found.carrier, len(found.candidates)) == (carrier, 1)
        # It identifies itself, so it says whose the bare number on the same parcel is, and goes before what does not.
        assert barcode.recognise_set([FEDEX_OR_PUROLATOR, f"https://{host}{FEDEX_OR_PUROLATOR}"]).carrier == carrier
        assert barcode.recognise_set(["986578788855", f"https://{host}{FEDEX_OR_PUROLATOR}"]).key == FEDEX_OR_PUROLATOR


def test_several_numbers_in_a_link_are_ambiguous_unless_they_are_one() -> None:
    link = "https://www.fedex.com/fedextrack/?trknbr="
    for between in (",", "%2C", "%0A", ";", ",,%20"):
        found = barcode.recognise(f"{link}{FEDEX_OR_PUROLATOR}{between}986578788855")
        assert (found.reason, len(found.candidates)) == ("ambiguous", 2)
        assert key_of(f"{link}986578788855{between}9865%2D7878+8855") == "986578788855"


def test_a_wrong_check_digit_is_told_in_a_link() -> None:
    assert reason_of("https://qazpost.kz/tracking/RR123456786KZ") == "bad_check_digit"
    assert reason_of("https://www.ups.com/track?tracknum=1Z999AA10123456785") == "bad_check_digit"


def test_a_digital_link_is_one_on_a_carriers_host_too() -> None:
    assert key_of("https://www.dhl.com/00/095287654321012346") == "095287654321012346"


@st.composite
def links(draw: st.DrawFn) -> bytes:
    """A link of some form, of another host, or with something odd in it."""
    link = draw(st.sampled_from(LINKS))
    form = draw(st.sampled_from([form for form in FORMS if form.format.carrier in (*link.carriers, *ANYONES)]))
    if draw(st.integers(0, 4)) == 0:
        form = draw(st.sampled_from(FORMS))
    number = valid_text(form, random.Random(draw(st.integers(0, 99))))
    read = draw(st.sampled_from(("", "]Q1", "]L0", "\ufeff", "]C0"))) + link_to(link, number)
    read = read.replace("www.", draw(st.sampled_from(("www.", "", "WWW.", "m."))))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(read)))
        other = draw(st.sampled_from((*"/?&#=-+,;%aZ1\n é", "%2C", "%4", "%3d", "/track/", "?tracknum=", "&b=", "#/")))
        read = read[:at] + other + read[at + draw(st.integers(0, 1)) :]
    return read.encode("latin-1" if draw(st.booleans()) and "\ufeff" not in read else "utf-8")


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(st.lists(links(), min_size=1, max_size=2))
def test_both_implementations_agree_on_links(reads: list[bytes]) -> None:
    expected = model.outcome(reads)
    found = barcode.recognise_set(reads)
    assert (found.reason, found.key, found.scheme) == expected[:3]
    assert {(one.scheme, one.key) for one in found.candidates} == expected.candidates
    assert found.aliases == expected.aliases
