"""The spool: what it has acknowledged is there again, whatever happens to the process, the file or the disk."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.ingest.requests import request, until
from tracker.errors import TrackerError
from tracker.ingest.ports import Record, UnavailableError
from tracker.ingest.spool import Spool
from tracker.ingest.spooled import Settled

MIB: Final = 1_048_576
ALL: Final = (0, 1_000_000, 1 << 30)
"""From the first id on, without a bound that matters."""


def with_spool(path: Path, do: Callable[[Spool], Awaitable[None]], bytes_max: int = 64 * MIB) -> None:
    async def run() -> None:
        spool = Spool(path, bytes_max, clock_ms=lambda: 1_000)
        await spool.open()
        try:
            await do(spool)
        finally:
            await spool.close()

    asyncio.run(run())


async def values(spool: Spool) -> list[bytes]:
    return [record.value for found in await spool.read(*ALL) for record in found.records]


def test_a_request_comes_back_after_a_restart_with_all_that_it_had(tmp_path: Path) -> None:
    records = [
        Record("scans", b"P1", b"{}"),
        Record("scans.rejected", None, b"\xff", (("reason", b"not_json"), ("detail", b"x"))),
    ]

    async def put(spool: Spool) -> None:
        await spool.put(records)

    async def read(spool: Spool) -> None:
        (found,) = await spool.read(*ALL)
        assert found.records == records
        assert (spool.standing.requests, spool.standing.records, spool.standing.oldest_ms) == (1, 2, 1_000)

    with_spool(tmp_path / "spool", put)
    with_spool(tmp_path / "spool", read)


def test_requests_come_in_the_order_in_which_they_went_in_and_only_as_many_as_were_asked_for(tmp_path: Path) -> None:
    async def check(spool: Spool) -> None:
        await asyncio.gather(*(spool.put(request(f"r{number}", 2)) for number in range(50)))
        every = await spool.read(*ALL)
        assert [found.records[0].value for found in every] == [b"r%d-0" % number for number in range(50)]
        some = await spool.read(every[9].id, 6, MIB)
        assert some == every[10:13]
        assert await spool.read(every[9].id, 1, 1) == every[10:11]
        assert await spool.read(every[-1].id, 10, MIB) == []

    with_spool(tmp_path / "spool", check)


def test_requests_that_wait_share_a_commit(tmp_path: Path) -> None:
    commits = 0

    async def check(spool: Spool) -> None:
        nonlocal commits
        file = spool._file
        assert file is not None
        put = file.put

        def counted(requests: list[object]) -> None:
            nonlocal commits
            commits += 1
            put(requests)  # type: ignore[arg-type]

        file.put = counted  # type: ignore[method-assign, assignment]
        await asyncio.gather(*(spool.put(request(f"r{number}")) for number in range(500)))
        assert spool.standing.requests == 500

    with_spool(tmp_path / "spool", check)
    assert commits < 100


def test_what_is_settled_is_gone_and_of_what_is_reduced_the_rest_stays(tmp_path: Path) -> None:
    async def check(spool: Spool) -> None:
        for name in ("a", "b", "c"):
            await spool.put(request(name))
        a, b, c = await spool.read(*ALL)
        await spool.settle([Settled(a.id, 3, []), Settled(b.id, 3, b.records[1:2])])
        assert await values(spool) == [b"b-1", *(record.value for record in c.records)]
        assert (spool.standing.requests, spool.standing.records) == (2, 4)

    async def again(spool: Spool) -> None:
        assert (spool.standing.requests, spool.standing.records) == (2, 4)

    with_spool(tmp_path / "spool", check)
    with_spool(tmp_path / "spool", again)


def test_a_full_spool_refuses_a_request_as_a_whole_and_takes_it_when_there_is_room(tmp_path: Path) -> None:
    async def check(spool: Spool) -> None:
        draw = Random(1)
        big = [Record("scans", None, draw.randbytes(200_000))]
        for _ in range(5):
            await spool.put(big)
        with pytest.raises(UnavailableError, match=r"it is full.*TRACKER_SPOOL_BYTES") as caught:
            await spool.put(big)
        assert caught.value.retry_after_s > 0
        assert 0.9 * MIB < spool.standing.bytes <= MIB
        first, *_ = await spool.read(*ALL)
        await spool.settle([Settled(first.id, 1, [])])
        await spool.put(big)
        assert spool.standing.requests == 5

    with_spool(tmp_path / "spool", check, bytes_max=MIB)


def test_a_spool_that_was_drained_gives_its_room_back(tmp_path: Path) -> None:
    path = tmp_path / "spool"

    async def check(spool: Spool) -> None:
        draw = Random(1)
        for _ in range(40):
            await spool.put([Record("scans", None, draw.randbytes(500_000))])
        every = await spool.read(*ALL)
        await spool.settle([Settled(found.id, 1, []) for found in every])
        await until(lambda: sum(part.stat().st_size for part in tmp_path.iterdir()) < MIB)

    with_spool(path, check)


def test_a_second_gateway_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async def check(_spool: Spool) -> None:
        with pytest.raises(TrackerError, match="no other gateway uses") as caught:
            await Spool(tmp_path / "spool", MIB).open()
        assert caught.value.code == "bad_setting"

    with_spool(tmp_path / "spool", check)


@pytest.mark.parametrize("name", ["missing/spool", "folder"])
def test_where_there_can_be_no_file_the_setting_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()

    async def nothing(_spool: Spool) -> None:
        return

    with pytest.raises(TrackerError, match="TRACKER_SPOOL: expected a file") as caught:
        with_spool(tmp_path / name, nothing)
    assert caught.value.code == "bad_setting"
    assert (tmp_path / "folder").is_dir()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    def open_to_others() -> dict[str, int]:
        return {one.name: one.stat().st_mode & 0o077 for one in tmp_path.glob("spool*") if one.stat().st_size}

    async def put(spool: Spool) -> None:
        await spool.put(request("r1"))
        assert open_to_others() == {"spool": 0, "spool-wal": 0}

    with_spool(tmp_path / "spool", put)


@pytest.mark.slow
@pytest.mark.parametrize("removed", ["spool", "spool-wal"])
def test_where_its_file_was_removed_nothing_is_acknowledged_until_there_is_a_new_one(
    tmp_path: Path, removed: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def put(spool: Spool) -> None:
        await spool.put(request("r1"))
        (tmp_path / removed).unlink()
        with pytest.raises(UnavailableError, match="its file was removed"):
            await spool.put(request("r2"))
        (kept,) = await spool.read(0, 100, 1 << 20)
        assert kept.records == request("r1")
        await spool.settle([Settled(kept.id, 3, [])])
        await asyncio.sleep(1.1)
        await spool.put(request("r3"))

    async def read(spool: Spool) -> None:
        assert [one.records for one in await spool.read(0, 100, 1 << 20)] == [request("r3")]

    with_spool(tmp_path / "spool", put)
    assert "its file was removed" in caplog.text
    with_spool(tmp_path / "spool", read)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE accounts (id INTEGER)")
    other.close()
    before = path.read_bytes()

    async def nothing(_spool: Spool) -> None:
        return

    with pytest.raises(TrackerError, match="a database of something else"):
        with_spool(path, nothing)
    assert path.read_bytes() == before


CHILD: Final = """
import asyncio, sys
from pathlib import Path
from tests.ingest.requests import request, until
from tracker.ingest.spool import Spool

async def put(spool, first):
    for number in range(first, 1_000_000, 8):
        await spool.put(request(f"r{number}"))
        print(number, flush=True)

async def main():
    spool = Spool(Path(sys.argv[1]), 1 << 30)
    await spool.open()
    await asyncio.gather(*(put(spool, first) for first in range(8)))

asyncio.run(main())
"""


def test_what_a_killed_process_has_acknowledged_is_there(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = [int(child.stdout.readline()) for _ in range(200)]
            child.kill()
            acknowledged += [int(line) for line in child.stdout]

        async def check(spool: Spool, acknowledged: list[int] = acknowledged) -> None:
            found = await values(spool)
            assert {b"r%d-%d" % (number, place) for number in acknowledged for place in range(3)} <= set(found)
            assert len(found) == spool.standing.records

        with_spool(path, check)
