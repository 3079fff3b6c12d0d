"""Which parcel is meant, asked by both readers."""

from typing import Final

import pytest
import redis

from tests.serve import stores
from tests.serve.stores import BASE_MS, PARCEL, PARTITIONS, a_scan, journey, label
from tests.servers import Redis
from tests.store.reading.readers import WITH_BOTH, Reader, interrupted
from tracker.domain.aliases import day_of
from tracker.domain.barcode import configure
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.serve.find import Found, find
from tracker.store import keys

SSCC: Final = "095287654321012346"
OTHER: Final = "EE876543216CA"
TODAY: Final = day_of(BASE_MS)
DATE: Final = "2025-11-22"

pytestmark = WITH_BOTH


@pytest.fixture
def url(redis_server: Redis) -> str:
    """A store with a parcel and another one."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    stores.write(redis_server.url, [*journey(), a_scan("ACCEPTED", 0, parcel=OTHER)])
    return redis_server.url


def found(reading: type[Reader], url: str, name: str, disabled: tuple[str, ...] = ()) -> Found:
    with reading(stores.settings(url)) as reader:
        return reader.run(find(reader.queries, name, configure(disabled=disabled)))


@pytest.mark.parametrize("name", [f"\ufeff{PARCEL}\u200b", f"*{PARCEL}*", f"  {PARCEL}\u3000"])
def test_a_name_is_taken_as_a_person_types_and_pastes_it(reading: type[Reader], url: str, name: str) -> None:
    assert found(reading, url, name).asked == PARCEL


@pytest.mark.parametrize("name", [SSCC, f"]C100{SSCC}", "(00) 0 9528765 432101234 6"])
def test_a_label_of_one_parcel_leads_to_that_parcel_and_says_so(reading: type[Reader], url: str, name: str) -> None:
    label(url, SSCC, (TODAY, PARCEL))
    one = found(reading, url, name)
    assert one.stored == found(reading, url, PARCEL).stored
    assert one.about() == {"asked": SSCC, "label_of": [{"id": PARCEL, "state": "DELIVERED", "read": DATE}]}


def test_a_label_of_several_parcels_lists_those_that_are_there_the_newest_first(
    reading: type[Reader], url: str
) -> None:
    label(url, SSCC, (TODAY - 1, PARCEL), (TODAY, OTHER), (TODAY + 5, "GONE"))
    one = found(reading, url, SSCC)
    assert one.stored is None
    assert one.about() == {
        "asked": SSCC,
        "label_of": [
            {"id": OTHER, "state": "ACCEPTED", "read": DATE},
            {"id": PARCEL, "state": "DELIVERED", "read": "2025-11-21"},
        ],
    }


def test_a_parcel_of_its_own_that_is_another_label_too_is_that_parcel_and_says_so(
    reading: type[Reader], url: str
) -> None:
    label(url, OTHER, (TODAY, PARCEL))
    one = found(reading, url, OTHER)
    assert one.stored is not None
    assert one.stored.parcel.id == OTHER
    assert one.about() == {"asked": OTHER, "label_of": [{"id": PARCEL, "state": "DELIVERED", "read": DATE}]}


def test_a_parcel_that_is_no_other_label_says_nothing_more(reading: type[Reader], url: str) -> None:
    assert found(reading, url, PARCEL).about() == {}


def test_a_label_of_a_label_is_not_followed(reading: type[Reader], url: str) -> None:
    label(url, "A1", (TODAY, PARCEL))
    label(url, "A2", (TODAY, "A1"))
    assert found(reading, url, "A1").stored is not None
    with pytest.raises(TrackerError, match="no scan of 'A2' has been applied"):
        found(reading, url, "A2")


def test_what_is_no_list_of_parcels_is_named_and_does_not_act_on_a_terminal(reading: type[Reader], url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set(keys.aliases(partition_of(SSCC.encode(), PARTITIONS)) + SSCC.encode(), b"\x1b[2J")
    with pytest.raises(TrackerError, match=f"alias b'{SSCC}': expected days and parcels") as caught:
        found(reading, url, SSCC)
    assert caught.value.code == "corrupt_record"
    assert "\x1b" not in str(caught.value)


def test_a_barcode_is_read_as_the_sites_settings_say(reading: type[Reader], url: str) -> None:
    label(url, SSCC, (TODAY, PARCEL))
    with pytest.raises(TrackerError, match="no_identifier"):
        found(reading, url, f"]C100{SSCC}", disabled=("gs1",))


def test_the_parcels_of_a_label_are_read_together(reading: type[Reader], url: str) -> None:
    """A label of 16 parcels is no 16 times as slow over a network."""
    label(url, SSCC, *((TODAY, parcel) for parcel in (PARCEL, OTHER, "GONE")))
    steps: list[int] = []
    with reading(stores.settings(url)) as reader:
        reader.run(interrupted(find(reader.queries, SSCC, configure()), steps.append))
    assert len(steps) == 4  # No parcel; its label; their records; what the records name.
