"""EPCs: both forms of a thing become one key, and of an SSCC the one that its barcode has."""

import pytest

from tracker import config
from tracker.domain import barcode
from tracker.errors import TrackerError
from tracker.ingest.epcis import epcs
from tracker.ingest.epcis.checks import Refusal


@pytest.mark.parametrize("kind", [*epcs.KINDS.values()], ids=[*epcs.KINDS])
def test_the_epc_uri_and_the_digital_link_of_a_thing_become_the_same_key(kind: epcs.Kind) -> None:
    urn, link = kind.example.split(" or ")
    read = epcs.read(urn)
    assert read is not None
    assert read == epcs.read(link)
    assert read.kind == kind.name


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("urn:epc:id:sscc:0952876.0543210123", "009528765432101230"),
        ("urn:epc:id:sscc:952876543210.00123", "095287654321001234"),
        ("URN:EPC:ID:SSCC:0614141.1234567890", "106141412345678908"),
        ("https://id.gs1.org/00/095287654321012346", "095287654321012346"),
        ("HTTPS://EXAMPLE.COM/some/stem/00/095287654321012346?400=A%2F1", "095287654321012346"),
        ("https://example.com/sscc/095287654321012346", "095287654321012346"),
        ("https://id.gs1.org/00/095287654321012346?" + "x" * 4_055, "095287654321012346"),
    ],
)
def test_an_sscc_has_the_key_that_the_barcode_reader_gives(uri: str, key: str) -> None:
    read = epcs.read(uri)
    assert read is not None
    assert read.key == key
    assert barcode.recognise(f"]C100{read.key}").key == key


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("urn:epc:id:sgtin:952001.1012345.22222223333", "01/19520010123455/21/22222223333"),
        ("https://id.gs1.org/01/70614141123451/10/LOT/21/2017", "01/70614141123451/21/2017"),
        ("urn:epc:id:grai:4012345.55555.A%2FB", "8003/04012345555554A/B"),
        ("https://id.gs1.org/8003/04012345555554A%2FB", "8003/04012345555554A/B"),
        ("urn:epc:id:grai:401234512345..1", "8003/04012345123456" + "1"),
    ],
)
def test_other_things_have_the_path_of_their_digital_link(uri: str, key: str) -> None:
    read = epcs.read(uri)
    assert read is not None
    assert read.key == key


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("urn:epc:id:sgln:0614141.07346.1234", ("0614141073467", "1234")),
        ("urn:epc:id:sgln:0614141.07346.0", ("0614141073467", "")),
        ("https://id.gs1.org/414/0614141073467", ("0614141073467", "")),
        ("https://id.gs1.de/414/0614141073467/254/1234", ("0614141073467", "1234")),
    ],
)
def test_a_place_is_its_gln_with_the_extension_apart(uri: str, place: tuple[str, str]) -> None:
    read = epcs.read(uri)
    assert read is not None
    assert (read.key, read.extension) == place


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:gsrn:4012345.9876540000",
        "urn:epc:class:lgtin:4012345.012345.998877",
        "urn:epc:idpat:sgtin:4012345.098765.*",
        "https://id.gs1.org/01/10614141073464",
        "https://id.gs1.org/8003/04012345555554",
        "https://example.com/po/12345678",
        "https://",
        "http",
        "geo:43.25,76.95",
        "urn:uuid:8f93dd62-f7d5-4033-887a-e81e7596a988",
        "",
    ],
)
def test_classes_and_what_is_not_known_are_no_things(uri: str) -> None:
    assert epcs.read(uri) is None


def test_every_kind_can_be_chosen_in_the_settings() -> None:
    every = config.load({"TRACKER_EPCIS_KEYS": ",".join(epcs.KINDS)})
    assert every.epcis_keys == tuple(epcs.KINDS)
    assert config.load({}).epcis_keys == ("sscc",)
    with pytest.raises(TrackerError, match="sscc, sgtin, grai"):
        config.load({"TRACKER_EPCIS_KEYS": "sscc,s10"})


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("urn:epc:id:sscc:0614141.123456789", "bad_epc"),
        ("urn:epc:id:sscc:0614141.12345678901", "bad_epc"),
        ("urn:epc:id:sscc:061.12345678901234", "bad_epc"),
        ("urn:epc:id:sscc:", "bad_epc"),
        ("urn:epc:id:sscc:٠٦١٤١٤١.1234567890", "bad_epc"),
        ("urn:epc:id:sscc:0614141.1234567890\n", "bad_epc"),
        ("urn:epc:id:sgtin:0614141.107346", "bad_epc"),
        ("urn:epc:id:sgtin:0614141.107346.", "bad_epc"),
        ("urn:epc:id:sgtin:0614141.107346.123456789012345678901", "bad_epc"),
        ("urn:epc:id:grai:4012345.5555.987", "bad_epc"),
        ("urn:epc:id:giai:4000001.%C3%A9", "bad_epc"),
        ("urn:epc:id:giai:4000001.A%2CB", "bad_epc"),
        ("https://id.gs1.org/00/095287654321012345", "bad_check_digit"),
        ("https://id.gs1.org/00/09528765432101234", "bad_epc"),
        ("https://id.gs1.org/402/40123459999876542", "bad_check_digit"),
    ],
)
def test_a_wrong_epc_of_a_kind_that_is_looked_for_is_refused(uri: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        epcs.read(uri)
    assert refused.value.code == code
    assert epcs.read_any(uri) is None
    assert epcs.read(uri, {"ginc"}) is None


def test_a_link_that_is_too_long_to_be_read_is_refused() -> None:
    with pytest.raises(Refusal, match="at most 4096 characters, got 4097"):
        epcs.read("https://id.gs1.org/00/095287654321012346?" + "x" * 4_056)
