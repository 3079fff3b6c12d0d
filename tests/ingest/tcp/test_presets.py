"""Each preset with telegrams as its readers send them."""

from typing import Any, Final

import orjson
import pytest

from tests.ingest.tcp.doors import listener_of
from tracker.ingest.tcp.framing import Framer
from tracker.ingest.tcp.json_framing import JsonFramer
from tracker.ingest.tcp.listener import presets
from tracker.ingest.tcp.reading import Arrived, FrameReader, Meaning, Understood

S10: Final = {"barcode": "RR123456785KZ"}
READ: Final = b"RR123456785KZ"

TELEGRAMS: Final[dict[str, tuple[bytes, list[dict[str, Any] | Meaning]]]] = {
    "lines": (READ + b"\nNOREAD\r\n", [S10, Meaning.NO_READ]),
    "sick-lector": (b"\x02" + READ + b"\x03\x02NoRead\x03\x02" + READ + b"\r\n\x03", [S10, Meaning.NO_READ, S10]),
    "sick-msc800": (
        b"\x02" + READ + b";1Z999AA10123456784\x03\x02NoRead\x03",
        [{"barcodes": ["RR123456785KZ", "1Z999AA10123456784"]}, Meaning.NO_READ],
    ),
    # The examples of the manual's table, and a measurement that failed.
    "sick-mda": (
        (
            b"\x020145;1JVGL0012345;000081212;g;1;0321;0150;0087;mm;0000;4188\x03"
            b"\x020146;NoRead;000000000;g;0;0000;0000;0000;mm;0001;0\x03"
        ),
        [
            {
                "barcode": "1JVGL0012345",
                "seq": 145,
                "data": {
                    "weight_g": 81_212,
                    "length_mm": 321,
                    "width_mm": 150,
                    "height_mm": 87,
                    "scale_error": "1",
                    "volume_status": "0000",
                    "volume_mm3": "4188",
                },
            },
            Meaning.NO_READ,
        ],
    ),
    "datalogic": (b"\x02" + READ + b"\r\n\x02\x18\r\n", [S10, Meaning.NO_READ]),
    "keyence-sr": (READ + b"\rERROR\r", [S10, Meaning.NO_READ]),
    "cognex-dataman": (READ + b"\r\nNO-READ\r\n", [S10, Meaning.NO_READ]),
    "honeywell": (READ + b"\rNR\r", [S10, Meaning.NO_READ]),
    "honeywell-ack": (READ + b"\rNR\r", [S10, Meaning.NO_READ]),
    "zebra-fx": (
        (
            b'{"data":{"eventNum":7,"format":"epc","idHex":"3114257bf4499602d2000000"},'
            b'"timestamp":"2026-11-22T10:15:30.128+0000","type":"SIMPLE"}\n'
            b'{"data":{"eventNum":8,"format":"epc","idHex":"e28011700000020f2a4d5c31"},'
            b'"timestamp":"2026-11-22T10:15:31.128+0000","type":"SIMPLE"}'
        ),
        [
            {"barcode": "]C100106141412345678908", "seq": 7, "time": "2026-11-22T10:15:30.128+0000"},
            Meaning.PASSED_OVER,
        ],
    ),
}


def test_every_preset_is_tried() -> None:
    assert TELEGRAMS.keys() == presets().keys()


@pytest.mark.parametrize("name", TELEGRAMS)
def test_what_its_readers_send_is_read(name: str) -> None:
    listener = listener_of(preset=name, device="R1")
    framer: Framer | JsonFramer = JsonFramer(4_096) if listener.json else Framer(listener.framing)
    reader = FrameReader(listener.layout, listener.origin, listener.units, listener.clock)
    telegrams, expected = TELEGRAMS[name]
    frames = framer.feed(telegrams)
    assert not framer.is_waiting
    got = [_shown(reader.read(Arrived(frame, 1_796_000_000_000))) for frame in frames]
    common = {"event": "SORTED", "site": "KZALAA", "device": "R1", "time": 1_796_000_000_000}
    assert got == [one if isinstance(one, Meaning) else common | one for one in expected]


def _shown(understood: Understood) -> dict[str, Any] | Meaning:
    if understood.meaning is not Meaning.SCANS:
        return understood.meaning
    (scan,) = understood.scans
    read: dict[str, Any] = orjson.loads(scan)
    return read
