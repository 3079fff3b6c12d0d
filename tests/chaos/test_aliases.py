"""What a probe makes of an alias that it finds in Redis at one moment."""

import pytest

from tests.chaos import aliases
from tests.chaos.stored import StoredPartition
from tests.reference.scan import DAY_MS, Announcement
from tracker.domain.parcel import NameTable

ANNOUNCED = [(4, Announcement("LABEL", "P1", 1 * DAY_MS, -1)), (9, Announcement("LABEL", "P2", 2 * DAY_MS, -1))]


@pytest.mark.parametrize(
    ("held", "mark", "amiss"),
    [
        (None, 4, False),
        (b"1 P1", 5, False),
        (b"2 P2 1 P1", 10, False),
        (b"1 P1", 2, False),  # Half a batch came back, the mark did not.
        (b"2 P2 1 P1", 5, False),
        (None, 5, True),
        (b"1 P1", 10, True),
        (b"2 P2", 10, True),
        (b"1 P1 2 P2", 10, True),
        (b"1 P1 1 P3", 5, True),
        (b"no alias", 5, True),
    ],
)
def test_an_alias_is_the_fold_of_what_announces_it_up_to_the_mark_or_further(
    held: bytes | None, mark: int, *, amiss: bool
) -> None:
    stored = {} if held is None else {"LABEL": held}
    found = StoredPartition({b"next": b"%d" % mark}, {}, {}, NameTable([]), {}, {}, stored)
    assert aliases.unfounded(found, {"LABEL": ANNOUNCED}) == ({"LABEL"} if amiss else set())
