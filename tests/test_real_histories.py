"""Real histories of ../shared/real, through Kafka and a worker to Redis: they end as their sources say."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from tests.process.workers import Worker, counters, new_topic, parcels, until_applied
from tests.reference.real import KNOWN_DISAGREEMENTS, REAL, SHARED
from tests.servers import Kafka, Redis
from tracker.cli.main import cli
from tracker.domain import machine

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/real beside the project")


@pytest.fixture(scope="module")
def replayed(kafka: Kafka, redis_server: Redis) -> Iterator[tuple[dict[str, dict[str, Any]], dict[str, int], float]]:
    """Every parcel that Redis holds afterwards, what the marks count, and how many seconds it took."""
    url = redis_server.url.removesuffix("/0") + "/7"
    topic = new_topic(kafka)
    vocabularies = ("--vocabularies", str(SHARED / "tables" / "vocabularies"))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        with Worker(kafka, url, topic, settings=vocabularies) as worker:
            began = time.monotonic()
            for path in sorted(REAL.glob("*.ndjson")):
                servers = ("--kafka", kafka.address, "--redis", url, "--topic", topic, "--partitions", "4")
                arguments = ["replay", *servers, str(path)]
                cli.main(arguments, standalone_mode=False)
            until_applied(kafka, client, topic, worker)
            took_s = time.monotonic() - began
        yield parcels(client), counters(client), took_s


def test_real_histories_end_in_redis_as_their_sources_say(
    replayed: tuple[dict[str, dict[str, Any]], dict[str, int], float], tell: Callable[[str], None]
) -> None:
    found, counted, took_s = replayed
    expected = json.loads((REAL / "expected.json").read_text("utf-8"))
    differ = {(one["file"], one["parcel"]): one for one in expected if not agrees(found[one["parcel"]], one)}
    tell(
        f"real histories: {len(expected) - len(differ)} of {len(expected)} agree with their source "
        f"({counted['scans']} scans in {took_s:.1f} s); the others:"
    )
    for (file, parcel_id), one in sorted(differ.items()):
        tell(f"  {file} {parcel_id}: {found[parcel_id]['state']}. {one.get('known_disagreement')}")
    assert differ.keys() == KNOWN_DISAGREEMENTS
    assert {(one["file"], one["parcel"]) for one in expected if "known_disagreement" in one} == KNOWN_DISAGREEMENTS
    assert len(found) == len(expected) == 121
    assert counted == {"scans": 891, "duplicates": 0, "rejected": 0, "rekeyed": 0, "aliases": 0}


def test_real_histories_keep_every_scan(
    replayed: tuple[dict[str, dict[str, Any]], dict[str, int], float],
) -> None:
    found, _, _ = replayed
    lines = [json.loads(line) for path in REAL.glob("*.ndjson") for line in path.read_bytes().splitlines()]
    sent: dict[str, int] = {}
    for line in lines:
        sent[line["parcel"]] = sent.get(line["parcel"], 0) + 1
    assert {name: sum(len(life["events"]) for life in (one, *one["previous"])) for name, one in found.items()} == sent


def agrees(parcel: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether state and overlays are what the source's status stands for."""
    if parcel["state"] not in expected["expected_state_any_of"]:
        return False
    # Where the source's status says more than a state: overlays of which one must be raised, or states that say it too.
    alternatives = set(re.findall(r"\w+", expected.get("expected_overlay", ""))) & {*machine.STATES, *machine.OVERLAYS}
    return not alternatives or parcel["state"] in alternatives or not alternatives.isdisjoint(parcel["flags"])
