"""Valid inputs, of which the damaged ones are made."""

import json
import random
from typing import Any

from tests.domain import compiled
from tests.reference.strategies import Record
from tracker.domain import gs1, parcel
from tracker.domain.formats import FORMATS

GS = "\x1d"

READS = (
    *(
        f"]C100095287654321012346{GS}",
        f"]C1420940030{GS}92001901755477000000000000",
        "]d20195012345678903" + "37" + "12",
    ),
    f"]C1019931265099999891ABC12345671234567{GS}8008261122101530",
    f"]d200095287654321012346{GS}4300Acme%20Ltd{GS}4302Main%2FStreet 1{GS}4307KZ{GS}4309"
    + "0" * 20
    + f"{GS}43242611220000",
    *(f"{GS}00095287654321012346", f"\x02]C1{GS}42096784{GS}{GS}9405510200829415553590{GS}\x03\r\n"),
    *("]C1420967849405510200829415553590", "~00095287654321012346~10A^]420AB", "\ufeff\u3000RR123456785KZ\xa0"),
    *(
        "https://www.ups.com/track?loc=kk&tracknum=1Z999AA10123456784,1z%20999#x",
        "]Q1https://qazpost.kz/tracking/RR123456785KZ",
    ),
    *("https://jouw.postnl.nl/track-and-trace/3SDEVC123456789-NL", "https://www.pochta.ru/tracking#10100083123454"),
    "]E04006381333931",
    "]E04006381333931|]e010ABC",
    "]E402345673",
    "]I114006381333938",
    *(
        "]Q1https://id.gs1.org/00/952012345678912345?02=09520123456788&37=25&10=ABC123#x",
        "]d1HTTP://a/sscc/952012345678912345",
    ),
    *(
        "https://a/01/12312312312333/22/ABC%2d123/10/x/21/y?99=ABC&98=XYZ%2f987&linkType=all",
        "]J0https://[::1]:80/00/faux/414/9520123456788",
    ),
    "]L0[)>\x1e06\x1d1JUN043325711MH8031200000000001\x1dQ5\x1e05\x1d00095287654321012346\x1e\x04",
    *("JJD000390007827123456", f"42010282{GS}9261290113185417468510"),
    *(
        "]C0RR123456785KZ",
        "rr 123 456 785 kz",
        "(00)095287654321012346",
        "]A01Z999AA10123456784",
        "%0075001112345678901234101276",
    ),
)


def reads() -> list[bytes]:
    """Reads of every frame and every format, and an element of every AI."""
    # Whole reads are drawn as often as single elements, which are more.
    texts = [*READS, *(format_.example for format_ in FORMATS)] * 4
    texts += [f"]C1{ai}{'0' * sum(part.least for part in each.components)}" for ai, each in gs1.PARCELS.ais.items()]
    return [text.encode() for text in texts]


def scans() -> list[bytes]:
    """Scans as they stand in Kafka, in every form that a scan has, and announcements of other labels."""
    plain: dict[str, Any] = {
        "barcode": "RR123456785KZ",
        "event": "LAB:IN",
        "time": "2026-11-22T10:15:30.250+05:00",
        "site": "KZALAA",
        "device": "TUN-07",
        "seq": 90211,
    }
    forms = [
        plain,
        {**plain, "barcodes": ["]C100095287654321012346", "RR123456785KZ", "x"]},
        {
            **plain,
            "parcel": "RR123456785KZ",
            "time": 1_763_800_000_000,
            "data": {"weight": 12, "text": "office\u0000 \u00fc"},
        },
        {
            **plain,
            "event": "CORRECT",
            "target": "0123456789abcdef",
            "id": "an id",
            "container": "KZALAADEFRAAAUN51234001110123",
        },
        {**plain, "event": "LAB:IN_UNDO", "site": "Köln 😀", "unknown": [[{"a": None, "b": [1e9, -0.5, True]}]]},
        {"alias": "095287654321012346", "parcel": "RR123456785KZ", "time": 1_763_800_000_000},
        {**plain, "received": 1_763_800_000_000, "site": None, "device": ""},
        {"alias": "A", "parcel": "P", "time": "2026-11-22T10:15:30Z", "more": 1},
    ]
    texts = [json.dumps(form, ensure_ascii=ascii_only) for form in forms for ascii_only in (False, True)]
    return [text.encode() for text in texts] + [b" { } ", b"[]", b'{"a":"\\ud800"}', b"{" * 40]


def batches(source: random.Random) -> list[bytes]:
    """Fetched bytes: batches of one or more records, with keys and without, in a transaction, one after another."""
    values = [value for value in scans() if len(value) < 300]
    made = [
        compiled.batch(
            [
                (i, 1_763_800_000_000 + i, source.choice([None, b"key"]), source.choice([*values, None]))
                for i in range(count)
            ],
            transactional=transactional,
        )
        for count in (1, 2, 5)
        for transactional in (False, True)
    ]
    return [*made, made[0] + made[2]]


def records() -> tuple[parcel.NameTable, list[bytes]]:
    """A partition's dictionary, and its parcels' records, of one event and of many."""
    source = random.Random(7)
    values = [
        json.dumps(
            {
                "parcel": f"P{count}",
                "event": source.choice(["ARRIVED", "LAB:IN", "DELIVERED", "LAB:IN_UNDO", "OUT_FOR_DELIVERY"]),
                "time": 1_700_000_000_000 + source.randrange(40) * 86_400_000 * 10,
                "site": source.choice(["", "KZALA", "KZNQZ"]),
                **({"id": f"id-{i}"} if i % 3 else {"seq": i}),
            }
        ).encode()
        for count in (1, 3, 12, 40, 140)
        for i in range(count)
    ]
    names, kept = compiled.fold([Record(value) for value in values])
    return names, list(kept.values())
