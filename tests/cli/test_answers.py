"""`show`, `why` and `export` as people and programs run them, on a real Redis and a real Kafka."""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.domain import compiled
from tests.log.logs import fill
from tests.serve import stores
from tests.serve.stores import BASE_MS, HOUR_MS, PARCEL, PARTITIONS, a_scan, journey, label
from tests.servers import Kafka, Redis
from tracker.domain.aliases import day_of
from tracker.domain.partition import partition_of
from tracker.limits import LIFE_GAP_MS
from tracker.store import keys

Run = Callable[..., subprocess.CompletedProcess[str]]

PROMISED: dict[str, Any] = {
    "id": str,
    "state": str,
    "since": str,
    "site": str,
    "flags": list,
    "duplicates": int,
    "events": list,
}
PROMISED_OF_EVENT: dict[str, Any] = {
    "event": str,
    "time": str,
    "site": str,
    "device": str,
    "seq": int | None,
    "effect": str,
}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
JOURNEY_SHOWN = """\
RR 123 456 785 KZ  RR123456785KZ
Delivered: Handed over to the addressee or to where the addressee wished.
at KZALAA, since 2025-11-23 10:26:40 UTC

  1 ● 2025-11-22 08:26:40  KZNQZA POS-2   Taken over from the sender (EMSEVT:EMA)
  2 ● 2025-11-22 12:26:40  KZNQZA         Left the exporting office of exchange (EMSEVT:EMC)
  3 ● 2025-11-22 17:26:40  KZALAA TUN-07  At the importing office of exchange (EMSEVT:EMD); came 2 times: 1 duplicate dropped
  5 ● 2025-11-23 04:26:40  KZALAA PDA-11  Left on the delivery round
  6 x 2025-11-23 06:26:40  KZALAA PDA-11  Handed over (KAZPOST:BOXISS); taken back by event 7 (KAZPOST:BOXISS_UNDO)
  7 ● 2025-11-23 06:56:40  KZALAA PDA-11  Takes BOXISS back (KAZPOST:BOXISS_UNDO); takes back event 6 (KAZPOST:BOXISS)
  8 ● 2025-11-23 10:26:40  KZALAA PDA-11  Handed over
  9 ! 2025-11-23 14:26:40  KZNQZA TUN-01  Given a direction by a sorter, or bagged; scanned although it had reached its end
 10 · 2025-11-23 15:26:40  KZNQZA         Takes an earlier event back; waits for what it takes back, which has not come
1 re-read of the same pass not shown (--all)
Seen without a pre-advice.
1 duplicate scan dropped
"""  # noqa: E501  Lines as a terminal gets them.

SSCC = "095287654321012346"
HOSTILE_SITE = "KZ\u202eALA\u2066 \u200b" + "é" * 50


@pytest.fixture
def run(redis_server: Redis) -> Run:
    """Runs `tracker` on an empty store, with no Kafka unless it is told where."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
        ours = {
            "TRACKER_REDIS": redis_server.url,
            "TRACKER_PARTITIONS": str(PARTITIONS),
            "TRACKER_KAFKA": "127.0.0.1:1",
        }
        return subprocess.run(
            [sys.executable, "-m", "tracker.cli", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment | ours | variables,
            cwd="/",  # Not where somebody's `tracker up` runs.
        )  # fmt: skip

    return run


def lines_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert (done.returncode, done.stderr) == (0, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", done.stdout)
    return done.stdout.splitlines()


def test_show_prints_a_parcel_for_a_person(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, journey())
    assert lines_of(run("show", PARCEL)) == JOURNEY_SHOWN.splitlines()
    assert any(
        line.startswith("  4 · 2025-11-22 17:27:00  KZALAA TUN-08") for line in lines_of(run("show", PARCEL, "--all"))
    )


def test_the_first_lines_of_a_parcel_from_abroad_say_what_is_wrong_and_the_last_what_is_usual(
    run: Run, redis_server: Redis
) -> None:
    stores.write(redis_server.url, [a_scan("EMSEVT:EMD", 0, "KZALAA"), a_scan("HELD", 1, "KZALAA")])
    shown = lines_of(run("show", PARCEL))
    assert shown[1:4] == [
        "In transit: On its way between or inside sites of the network.",
        "at KZALAA, since 2025-11-22 08:26:40 UTC",
        "held: Stopped, by customs or by the network, until it is released or moves.",
    ]
    assert shown[-2:] == ["Seen without a pre-advice.", "Seen in the network without an acceptance."]
    assert json.loads(run("show", PARCEL, "--json").stdout)["flags"] == ["ghost", "no_acceptance", "held"]


@pytest.mark.parametrize("name", [("rr 123 456 785 kz",), ("RR", "123", "456", "785", "KZ"), ("]C0RR123456785KZ",)])
def test_a_parcel_is_found_by_whatever_its_barcode_reader_knows(
    run: Run, redis_server: Redis, name: Sequence[str]
) -> None:
    stores.write(redis_server.url, journey())
    assert json.loads(run("show", "--json", *name).stdout)["id"] == PARCEL


def test_an_id_is_tried_as_it_is_before_it_is_read_as_a_barcode(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, [a_scan("ACCEPTED", 0, parcel="rr123456785kz"), *journey()])
    assert json.loads(run("show", "--json", "rr123456785kz").stdout)["id"] == "rr123456785kz"
    assert json.loads(run("show", "--json", "Rr123456785kz").stdout)["id"] == PARCEL


@pytest.mark.parametrize("command", ["show", "why"])
def test_an_unknown_parcel_is_exit_code_3_and_one_line(run: Run, command: str) -> None:
    for name, said in (("RR123456785KZ", "read as RR123456785KZ"), ("RR123456786KZ", "bad_check_digit")):
        done = run(command, name, "--json")
        assert done.stderr.startswith(f"tracker: error[unknown_parcel]: no scan of '{name}' has been applied")
        assert said in done.stderr
        assert (done.stdout, done.returncode, done.stderr.count("\n")) == ("", 3, 1)


def test_a_hostile_id_does_not_reach_the_terminal(run: Run) -> None:
    done = run("show", "\x1b[2J\u202e" + "x" * 10_000)
    assert done.returncode == 3
    assert not set(done.stderr) & set("\x1b\u202e")
    assert len(done.stderr) < 300


def check_promise(parcel: dict[str, Any]) -> None:
    """The keys and types that are promised, and times in RFC 3339, UTC, with milliseconds."""
    for name, kind in PROMISED.items():
        assert isinstance(parcel[name], kind), name
    assert RFC3339.fullmatch(parcel["since"])
    for event in parcel["events"]:
        for name, kind in PROMISED_OF_EVENT.items():
            assert isinstance(event[name], kind), name
        assert RFC3339.fullmatch(event["time"])
        assert event["effect"] in {"apply", "note", "anomaly", "void"}


def test_show_for_a_program_has_what_is_promised_key_by_key(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, journey())
    parcel = json.loads(run("show", PARCEL, "--json").stdout)
    check_promise(parcel)
    assert {name: parcel[name] for name in PROMISED if name != "events"} == {
        "id": PARCEL,
        "state": "DELIVERED",
        "since": "2025-11-23T10:26:40.000Z",
        "site": "KZALAA",
        "flags": ["ghost"],
        "duplicates": 1,
    }
    assert [event["effect"] for event in parcel["events"]] == [
        *("apply", "apply", "apply", "note", "apply", "void", "apply", "apply", "anomaly", "note"),
    ]
    assert {name: parcel["events"][2][name] for name in (*PROMISED_OF_EVENT, "data")} == {
        "event": "ARRIVED",
        "time": "2025-11-22T17:26:40.000Z",
        "site": "KZALAA",
        "device": "TUN-07",
        "seq": 3,
        "effect": "apply",
        "data": {"weight": 1.25},
    }


def test_hostile_names_are_escaped_for_people_and_unchanged_for_programs(run: Run, redis_server: Redis) -> None:
    data = {"text": "\x1b[2J\u009b31m\u202e[bold]" + "x" * 300}
    records = [a_scan("ACCEPTED", hour, HOSTILE_SITE, device="[red]:boom:", data=data) for hour in range(3)]
    stores.write(redis_server.url, records)
    shown = "\n".join(lines_of(run("show", PARCEL)))
    assert "KZ\\u202eALA\\u2066 \\u200bééé" in shown
    assert "[red]:boom:" in shown
    assert "\\u001b[2J" in "\n".join(lines_of(run("why", PARCEL, "--seconds", "0")))
    for command in (("show", PARCEL, "--json"), ("export",)):
        (line,) = lines_of(run(*command))
        assert [(event["site"], event["data"]) for event in json.loads(line)["events"]] == [(HOSTILE_SITE, data)] * 3


def on_terminal(*arguments: str, url: str) -> str:
    """What `tracker` writes to a terminal, both of standard output and of standard error."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "TRACKER_REDIS": url, "TRACKER_PARTITIONS": str(PARTITIONS)}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "tracker.cli", *arguments], stdin=its, stdout=its, stderr=its, env=environment
    ) as process:
        os.close(its)
        written = b""
        with contextlib.suppress(OSError):  # Linux says so when the other side is closed.
            while piece := os.read(ours, 65_536):
                written += piece
        os.close(ours)
        assert process.wait(20) == 0
    return written.decode()


def test_on_a_terminal_there_are_styles_and_nothing_else_that_acts(run: Run, redis_server: Redis) -> None:
    del run
    hostile = a_scan("SORTED", 0, HOSTILE_SITE, data={"text": "\x1b[2J\u009b31m"})
    stores.write(redis_server.url, [*journey(), hostile])
    for command in (("show", PARCEL, "--all"), ("why", PARCEL, "--seconds", "0"), ("show", PARCEL, "--json")):
        written = on_terminal(*command, url=redis_server.url)
        assert ("\x1b[1m" in written) == ("--json" not in command)
        left = re.sub(r"\x1b\[[0-9;]*m|\r\n", "", written)
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e\u2066]", left)
        assert "\\u202e" in left


def test_export_to_a_file_shows_its_progress_on_a_terminal(run: Run, redis_server: Redis, tmp_path: Path) -> None:
    del run
    stores.write(redis_server.url, journey())
    out = tmp_path / "parcels.ndjson"
    assert "parcels written" in on_terminal("export", "--out", str(out), url=redis_server.url)
    assert json.loads(out.read_text("utf-8"))["id"] == PARCEL


def test_earlier_lives_are_listed_and_shown_whole_on_demand(run: Run, redis_server: Redis) -> None:
    later_h = 2 * LIFE_GAP_MS / HOUR_MS
    stores.write(redis_server.url, [*journey(), a_scan("ACCEPTED", later_h, "KZNQZA"), a_scan("DEPARTED", later_h + 1)])
    brief = lines_of(run("show", PARCEL))
    assert brief[1].startswith("In transit: ")
    assert brief[-1] == (
        "Earlier life 1 of this number: Delivered, 2025-11-22 08:26:40 to 2025-11-23 15:26:40 UTC, 10 events"
    )
    assert len(lines_of(run("show", PARCEL, "--all"))) == len(brief) + 10
    assert "Life 1 of 2: DELIVERED: " in "\n".join(lines_of(run("why", PARCEL, "--seconds", "0")))


def test_on_a_terminal_without_utf_8_nothing_fails(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, [a_scan("ACCEPTED", 0, "Алматы")])
    done = run("show", PARCEL, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u0410" in done.stdout


def test_export_writes_every_parcel_as_show_does(run: Run, redis_server: Redis, tmp_path: Path) -> None:
    others = [a_scan("ACCEPTED", 0, f"SITE-{i}", parcel=f"P{i}") for i in range(30)]
    stores.write(redis_server.url, [*journey(), *others])
    lines = lines_of(run("export"))
    parcels = {parcel["id"]: parcel for parcel in map(json.loads, lines)}
    assert parcels.keys() == {PARCEL, *(f"P{i}" for i in range(30))}
    assert len(lines) == len(parcels)
    for parcel in parcels.values():
        check_promise(parcel)
    assert parcels[PARCEL] == json.loads(run("show", PARCEL, "--json").stdout)
    out = tmp_path / "parcels.ndjson"
    assert lines_of(run("export", "--out", str(out))) == []
    assert sorted(out.read_text("utf-8").splitlines()) == sorted(lines)


def test_export_tells_of_a_corrupt_record_and_writes_all_others(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, [a_scan("ACCEPTED", 0, parcel=f"P{i}") for i in range(5)])
    with redis.Redis.from_url(redis_server.url) as client:
        client.set(keys.parcels(partition_of(b"P3", PARTITIONS)) + b"P3", b"junk")
    done = run("export")
    assert done.stderr.startswith(
        "tracker: error[corrupt_record]: 1 of 5 parcels can't be read and are missing; the first"
    )
    assert (len(done.stdout.splitlines()), done.returncode) == (4, 2)


def test_export_into_a_pipe_that_is_closed_is_silent(run: Run, redis_server: Redis) -> None:
    del run
    stores.write(redis_server.url, [a_scan("ACCEPTED", 0, "SITE", parcel=f"P{i}") for i in range(2_000)])
    command = [
        sys.executable,
        "-m",
        "tracker.cli",
        "export",
        "--redis",
        redis_server.url,
        "--partitions",
        str(PARTITIONS),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 1


@pytest.mark.parametrize("command", [("show", PARCEL), ("why", PARCEL), ("export",)])
def test_without_redis_a_command_ends_with_one_line(run: Run, command: Sequence[str]) -> None:
    done = run(*command, TRACKER_REDIS="redis://:secret@127.0.0.1:1/0")
    assert done.stderr.startswith("tracker: error[no_redis]: Redis at redis://:***@127.0.0.1:1/0 (TRACKER_REDIS): ")
    assert (done.stdout, done.returncode, done.stderr.count("\n")) == ("", 2, 1)


def test_with_another_partition_count_a_command_names_both(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, journey())
    done = run("show", PARCEL, TRACKER_PARTITIONS="64")
    assert done.stderr == (
        "tracker: error[wrong_partitions]: expected a store of 64 partitions (TRACKER_PARTITIONS), got one of 4\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize("command", [("show", PARCEL), ("why", PARCEL), ("export",)])
def test_who_gives_no_partition_count_gets_that_of_the_store(
    run: Run, redis_server: Redis, command: Sequence[str]
) -> None:
    stores.write(redis_server.url, journey())
    done = run(*command, TRACKER_PARTITIONS="")
    assert (done.returncode, done.stderr) == (0, "")
    assert PARCEL in done.stdout


def test_a_store_that_no_worker_has_claimed_is_told_of(run: Run, redis_server: Redis) -> None:
    nothing = (
        "tracker: warning: nothing has been applied: no worker has claimed a partition in Redis at "
        f"{redis_server.url}\n"
    )
    done = run("export", TRACKER_PARTITIONS="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", nothing)
    done = run("show", PARCEL, TRACKER_PARTITIONS="")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(nothing + "tracker: error[unknown_parcel]: no scan of ")


def test_why_without_kafka_explains_all_the_same(run: Run, redis_server: Redis) -> None:
    stores.write(redis_server.url, journey())
    lines = lines_of(run("why", PARCEL))
    assert "      DELIVERED | SORTED@stray -> DELIVERED, anomaly, !scan_after_terminal" in lines
    assert lines[-1].startswith("offsets: Kafka at 127.0.0.1:1 (TRACKER_KAFKA): ")


def test_why_tells_the_offset_of_each_scan(run: Run, redis_server: Redis, kafka: Kafka) -> None:
    records = journey()
    stores.write(redis_server.url, records)
    offsets = fill(kafka, "why-all", records)
    done = run("why", PARCEL, "--json", TRACKER_KAFKA=kafka.address, TRACKER_TOPIC="why-all")
    explained = json.loads(lines_of(done)[0])
    assert explained["partition"] == partition_of(PARCEL.encode(), PARTITIONS)
    assert explained["offsets_remark"] is None
    found = [event["offsets"] for event in explained["events"]]
    assert found == [[offsets[0]], [offsets[1]], offsets[2:4], *([offset] for offset in offsets[4:])]
    check_promise({**explained, "events": [{**event} for event in explained["events"]]})
    last = lines_of(run("why", PARCEL, TRACKER_KAFKA=kafka.address, TRACKER_TOPIC="why-all"))[-1]
    assert last == "offsets: all found in the log"


def test_local_times_are_read_by_the_zone_of_their_site(
    run: Run,
    redis_server: Redis,
    kafka: Kafka,
    tmp_path: Path,
) -> None:
    zones = tmp_path / "zones.json"
    zones.write_text('{"KZALA": "Asia/Almaty"}')
    record = a_scan("ARRIVED", 0, "KZALA", time="2025-11-22T13:26:40")
    folded = compiled.fold_one([record])
    assert folded["events"][0]["time"] == "2025-11-22T08:26:40.000Z"
    stores.write(redis_server.url, [record])
    offsets = fill(kafka, "why-zones", [record])
    reached = {"TRACKER_KAFKA": kafka.address, "TRACKER_TOPIC": "why-zones"}
    done = run("why", PARCEL, "--json", **reached, TRACKER_SITE_ZONES=str(zones))
    assert json.loads(done.stdout)["events"][0]["offsets"] == offsets
    zones.write_text("[1]")
    done = run("why", PARCEL, **reached, TRACKER_SITE_ZONES=str(zones))
    assert (done.returncode, "TRACKER_SITE_ZONES" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", [("show",), ("why", "--seconds", "0")])
def test_show_and_why_answer_a_label_as_its_parcel(run: Run, redis_server: Redis, command: tuple[str, ...]) -> None:
    stores.write(redis_server.url, journey())
    label(redis_server.url, SSCC, (day_of(BASE_MS), PARCEL))
    about = {"asked": SSCC, "label_of": [{"id": PARCEL, "state": "DELIVERED", "read": "2025-11-22"}]}
    assert (
        json.loads(run(*command, "--json", SSCC).stdout) == json.loads(run(*command, "--json", PARCEL).stdout) | about
    )
    first, *rest = lines_of(run(*command, SSCC))
    assert first == f"{SSCC} is another label of this parcel, last read on 2025-11-22"
    assert rest == lines_of(run(*command, PARCEL))


def test_a_carrier_that_is_none_is_refused_with_the_variable_that_names_it(run: Run) -> None:
    done = run("show", SSCC, TRACKER_BARCODE_FIRST="dhl_expres")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tracker: error[bad_setting]: TRACKER_BARCODE_FIRST: expected carriers of ")
    assert "got 'dhl_expres'" in done.stderr
