"""A parcel is found under the other labels that were read on it, by `show` and `why`, for people and for programs."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Final

import pytest
import redis

from tests.cli.test_answers import lines_of, run
from tests.serve import stores
from tests.serve.stores import BASE_MS, PARCEL, PARTITIONS, a_scan, journey
from tests.servers import Redis
from tracker.domain.aliases import ReadOn, day_of, merged
from tracker.domain.barcode import configure
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.serve.find import Found, find
from tracker.store import keys
from tracker.store.reading.sync import ParcelReader

__all__ = ["run"]

SSCC: Final = "095287654321012346"
OTHER: Final = "EE876543216CA"
TODAY: Final = day_of(BASE_MS)
DATE: Final = "2025-11-22"

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def url(redis_server: Redis) -> str:
    """A store with a parcel and another one."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    stores.write(redis_server.url, [*journey(), a_scan("ACCEPTED", 0, parcel=OTHER)])
    return redis_server.url


def label(url: str, alias: str, *read_on: tuple[int, str]) -> None:
    """Writes what a worker holds of an alias that was announced for these parcels."""
    encoded = alias.encode()
    held = merged(encoded, None, [ReadOn(day, parcel.encode()) for day, parcel in read_on])
    with redis.Redis.from_url(url) as client:
        client.set(keys.aliases(partition_of(encoded, PARTITIONS)) + encoded, held)


def found(url: str, name: str, off: tuple[str, ...] = ()) -> Found:
    with ParcelReader(stores.settings(url)) as reader:
        return find(reader, name, configure(disabled=off))


def lines(one: Found) -> list[str]:
    return [line.plain for line in one.lines()]


@pytest.mark.parametrize("name", [SSCC, f"]C100{SSCC}", "(00) 0 9528765 432101234 6"])
def test_a_label_of_one_parcel_leads_to_that_parcel_and_says_so(url: str, name: str) -> None:
    label(url, SSCC, (TODAY, PARCEL))
    one = found(url, name)
    assert one.stored == found(url, PARCEL).stored
    assert one.about() == {"asked": SSCC, "label_of": [{"id": PARCEL, "state": "DELIVERED", "read": DATE}]}
    assert lines(one) == [f"{SSCC} is another label of this parcel, last read on {DATE}"]


def test_a_label_of_several_parcels_lists_those_that_are_there_the_newest_first(url: str) -> None:
    label(url, SSCC, (TODAY - 1, PARCEL), (TODAY, OTHER), (TODAY + 5, "GONE"))
    one = found(url, SSCC)
    assert one.stored is None
    assert one.about() == {
        "asked": SSCC,
        "label_of": [
            {"id": OTHER, "state": "ACCEPTED", "read": DATE},
            {"id": PARCEL, "state": "DELIVERED", "read": "2025-11-21"},
        ],
    }
    assert lines(one) == [
        f"{SSCC} is a label of 2 parcels:",
        f"{OTHER}  Accepted, last read on {DATE}",
        f"{PARCEL}  Delivered, last read on 2025-11-21",
    ]


def test_a_parcel_of_its_own_that_is_another_label_too_is_that_parcel_and_says_so(url: str) -> None:
    label(url, OTHER, (TODAY, PARCEL))
    one = found(url, OTHER)
    assert one.stored is not None
    assert one.stored.parcel.id == OTHER
    assert one.about() == {"asked": OTHER, "label_of": [{"id": PARCEL, "state": "DELIVERED", "read": DATE}]}
    assert lines(one) == [f"{OTHER} is another label of {PARCEL} too, last read on {DATE}"]


def test_a_parcel_that_is_no_other_label_says_nothing_more(url: str) -> None:
    one = found(url, PARCEL)
    assert (one.about(), lines(one)) == ({}, [])


def test_a_label_of_a_label_is_not_followed(url: str) -> None:
    label(url, "A1", (TODAY, PARCEL))
    label(url, "A2", (TODAY, "A1"))
    assert found(url, "A1").stored is not None
    with pytest.raises(TrackerError, match="no scan of 'A2' has been applied"):
        found(url, "A2")


def test_what_is_no_list_of_parcels_is_named_and_does_not_act_on_a_terminal(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set(keys.aliases(partition_of(SSCC.encode(), PARTITIONS)) + SSCC.encode(), b"\x1b[2J")
    with pytest.raises(TrackerError, match=f"alias b'{SSCC}': expected days and parcels") as caught:
        found(url, SSCC)
    assert caught.value.code == "corrupt_record"
    assert "\x1b" not in str(caught.value)


def test_a_barcode_is_read_as_the_sites_settings_say(url: str) -> None:
    label(url, SSCC, (TODAY, PARCEL))
    with pytest.raises(TrackerError, match="no_identifier"):
        found(url, f"]C100{SSCC}", off=("gs1",))


@pytest.mark.parametrize("command", [("show",), ("why", "--seconds", "0")])
def test_show_and_why_answer_a_label_as_its_parcel(run: Run, redis_server: Redis, command: tuple[str, ...]) -> None:
    stores.write(redis_server.url, journey())
    label(redis_server.url, SSCC, (TODAY, PARCEL))
    about = {"asked": SSCC, "label_of": [{"id": PARCEL, "state": "DELIVERED", "read": DATE}]}
    assert (
        json.loads(run(*command, "--json", SSCC).stdout) == json.loads(run(*command, "--json", PARCEL).stdout) | about
    )
    first, *rest = lines_of(run(*command, SSCC))
    assert first == f"{SSCC} is another label of this parcel, last read on {DATE}"
    assert rest == lines_of(run(*command, PARCEL))


def test_a_carrier_that_is_none_is_refused_with_the_variable_that_names_it(run: Run) -> None:
    done = run("show", SSCC, TRACKER_BARCODE_FIRST="dhl_expres")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tracker: error[bad_setting]: TRACKER_BARCODE_FIRST: expected carriers of ")
    assert "got 'dhl_expres'" in done.stderr
