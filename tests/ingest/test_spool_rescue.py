"""A spool that is damaged is set aside and told of, what can be read of it is taken over, and the gateway goes on."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.ingest.requests import request
from tracker.ingest.packed import pack
from tracker.ingest.ports import Record
from tracker.ingest.spool import Spool
from tracker.ingest.spool_file import SpoolFile
from tracker.ingest.spooled import Packed

REQUESTS: Final = 3_000
HEADER: Final = 100
"""Bytes at the beginning of the file in which SQLite counts changes of it."""
ALL: Final = (0, 10_000_000, 1 << 40)

Damage = Callable[[Path], object]


def number_of(records: list[Record]) -> int:
    return int(records[0].value.split(b"-")[0][1:])


def fill(path: Path, count: int = REQUESTS) -> None:
    """Makes a spool of requests r0, r1, ..., each as long as no page shows how many it holds."""
    draw = Random(1)
    file = SpoolFile(path)
    long = [Record("scans", None, draw.randbytes(draw.randrange(6_000))) for _ in range(20)]
    file.put([Packed(number, 4, pack([*request(f"r{number}"), long[number % 20]])) for number in range(count)])
    file.close()


def opened(path: Path, check: Callable[[Spool], Awaitable[None]]) -> None:
    async def run() -> None:
        spool = Spool(path, 1 << 30)
        await spool.open()
        try:
            await check(spool)
        finally:
            await spool.close()

    asyncio.run(run())


def numbers_in(path: Path) -> list[int]:
    """Opens a spool, and gives the numbers of its requests; checks that it takes a new one."""
    found: list[int] = []

    async def check(spool: Spool) -> None:
        found.extend(number_of(one.records) for one in await spool.read(*ALL))
        await spool.put(request("r999999"))
        assert number_of((await spool.read(*ALL))[-1].records) == 999_999
        assert spool.standing.requests == len(found) + 1

    opened(path, check)
    return found


def set_aside(path: Path) -> list[Path]:
    return [one for one in path.parent.iterdir() if ".set-aside-" in one.name]


def garbage(at: float, length: int) -> Damage:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(int(path.stat().st_size * at))
            file.write(Random(2).randbytes(length))

    return damage


def truncated(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 + 77)


def other_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def without_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE requests")
    connection.close()


def flipped(path: Path) -> None:
    """One bit of one request: SQLite does not notice."""
    connection = sqlite3.connect(path)
    (packed,) = connection.execute("SELECT records FROM requests WHERE id = 1000").fetchone()
    changed = packed[:50] + bytes([packed[50] ^ 1]) + packed[51:]
    connection.execute("UPDATE requests SET records = ? WHERE id = 1000", (changed,))
    connection.commit()
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "least"),
    [
        (truncated, REQUESTS // 3),
        (garbage(0.5, 20_000), REQUESTS * 9 // 10),
        (garbage(0.9, 100), REQUESTS * 9 // 10),
        (flipped, REQUESTS - 1),
        (garbage(0, 2_000), 0),
        (lambda path: path.write_text("not a database\n" * 1_000), 0),
        (other_version, 0),
        (without_table, 0),
    ],
    ids=["truncated", "garbage", "little garbage", "a bit", "header", "another file", "version", "no table"],
)
def test_a_damaged_spool_is_set_aside_and_what_can_be_read_is_taken_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Damage, least: int
) -> None:
    path = tmp_path / "spool"
    fill(path)
    damage(path)
    before = path.read_bytes()[HEADER:]
    found = numbers_in(path)
    assert least <= len(found) <= REQUESTS
    assert found == sorted(set(found))
    (aside,) = set_aside(path)
    assert aside.read_bytes()[HEADER:] == before
    (told,) = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert aside.name in told.message
    assert f"{len(found)} requests were taken over" in told.message
    assert ("no other was seen" in told.message) == (len(found) == REQUESTS)
    assert "docs/gateway.md" in told.message
    assert numbers_in(path) == [*found, 999_999]  # It is sound now.


def test_an_empty_file_is_a_new_spool(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.touch()
    assert numbers_in(path) == []
    assert not set_aside(path)


def test_a_spool_that_is_damaged_while_it_is_used_is_set_aside_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool"
    fill(path)

    async def check(spool: Spool) -> None:
        garbage(0.6, 8_192)(path)
        every = await spool.read(*ALL)
        found = [number_of(one.records) for one in every]
        assert [one.id - 1 for one in every] == found
        assert len(found) > REQUESTS * 9 // 10
        assert found == sorted(set(found))
        await spool.put(request("r999999"))
        assert spool.standing.requests == len(found) + 1
        last = (await spool.read(*ALL))[-1]
        assert last.id == REQUESTS + 1  # An id that the drain knows is that of no other request.

    opened(path, check)
    assert set_aside(path)
    assert "it was set aside as" in caplog.text


def test_a_rescue_that_was_killed_before_the_damaged_file_was_renamed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    fill(path)
    garbage(0.5, 20_000)(path)
    fill(tmp_path / "spool.rescued", 5)
    assert len(numbers_in(path)) > REQUESTS // 2
    assert not (tmp_path / "spool.rescued").exists()


def test_a_rescue_that_was_killed_behind_that_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    fill(tmp_path / "spool.rescued", 5)
    (tmp_path / "spool-wal").write_bytes(b"of the damaged one")
    assert numbers_in(path) == [0, 1, 2, 3, 4]
    assert [one.read_bytes() for one in set_aside(path)] == [b"of the damaged one"]
