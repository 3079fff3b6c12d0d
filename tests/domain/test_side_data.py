"""What events carry beside: of copies the least stays, whichever came first and in whichever batch."""

from itertools import permutations

from tracker.domain import side_data
from tracker.domain.parcel import NameTable

COPIES = (
    (7, b"BAG-4", '{"weight_g":45,"text":"Алматы"}'.encode()),
    (7, b"BAG-2", '{"weight_g":36,"text":"Алматы"}'.encode()),
    (7, b"BAG-1", '{"weight_g":36,"text":"Алматы"}'.encode()),
)


def test_the_least_of_copies_stays_in_any_order_of_batches() -> None:
    for order in permutations(COPIES):
        held: bytes | None = None
        for carried in order:
            held = side_data.merged(held, [carried], NameTable([]), b"RR123456785KZ", b"")
        assert held == '{"0000000000000007":{"container":"BAG-1","data":{"weight_g":36,"text":"Алматы"}}}'.encode()
