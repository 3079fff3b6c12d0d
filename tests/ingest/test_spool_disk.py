"""The spool on a disk that is full, or in a process that has no file descriptor left."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.ingest.test_spool import values, with_spool
from tests.servers import Disk, UnavailableError
from tracker.ingest.spool import Spool

CHILD: Final = """
import asyncio, sys
from pathlib import Path
from tests.ingest.requests import request
from tracker.ingest.ports import UnavailableError
from tracker.ingest.spool import Spool

async def put(spool, first):
    for number in range(first, 1_000_000, 8):
        try:
            await spool.put(request(f"r{number}", 20))
            print("kept", number, flush=True)
        except UnavailableError as error:
            print("refused", number, error, flush=True)
            await asyncio.sleep(0.05)

async def main():
    spool = Spool(Path(sys.argv[1]), 1 << 30)
    await spool.open()
    await asyncio.gather(*(put(spool, first) for first in range(8)))

asyncio.run(main())
"""


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    try:
        return Disk(tmp_path / "disk")
    except UnavailableError as error:
        pytest.skip(str(error))


@contextmanager
def child(path: Path, disk: Disk) -> Iterator[Iterator[list[str]]]:
    """Puts until it is killed; gives what it says of each request, in words."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, env={**disk.environment}
    ) as process:
        assert process.stdout is not None
        try:
            yield (line.split(maxsplit=2) for line in process.stdout)
        finally:
            process.kill()


def test_on_a_full_disk_requests_are_refused_and_taken_again_when_there_is_room(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "spool"
    kept: set[int] = set()
    refused: set[int] = set()
    with child(path, disk) as said:

        def listen(word: str, count: int) -> None:
            deadline = time.monotonic() + 20
            while count:
                assert time.monotonic() < deadline
                what, number, *_ = next(said)
                (kept if what == "kept" else refused).add(int(number))
                count -= what == word

        for _ in range(3):
            listen("kept", 100)
            disk.fill()
            listen("refused", 50)
            disk.free()
            listen("kept", 100)

    async def check(spool: Spool) -> None:
        found = set(await values(spool))
        whole = [{b"r%d-%d" % (number, place) for place in range(20)} for number in kept]
        assert all(one <= found for one in whole)
        for number in refused:  # As a whole or not at all.
            assert len({b"r%d-%d" % (number, place) for place in range(20)} & found) in {0, 20}

    with_spool(path, check)
    assert not [one for one in tmp_path.iterdir() if ".set-aside-" in one.name]


NO_DESCRIPTOR: Final = """
import asyncio, concurrent.futures.thread, os, resource, sys
from pathlib import Path
from tests.ingest.requests import request
from tracker.errors import TrackerError
from tracker.ingest.spool import Spool

def exhaust():
    try:
        while True:
            os.dup(0)
    except OSError:
        pass

async def main():
    spool = Spool(Path(sys.argv[1]), 1 << 30)
    await spool.open()
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    exhaust()
    for number in range(2_000):  # More than a checkpoint of its log needs.
        await spool.put(request(f"r{number}", 20))
    print(spool.standing.requests)
    try:
        await Spool(Path(sys.argv[1] + "2"), 1 << 30).open()
    except TrackerError as error:
        print(error.line)
    await spool.close()

asyncio.run(main())
"""


def test_without_a_file_descriptor_an_open_spool_goes_on_and_none_is_set_aside(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", NO_DESCRIPTOR, str(tmp_path / "spool")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    count, refusal = done.stdout.splitlines()
    assert count == "2000"
    assert "error[bad_setting]: TRACKER_SPOOL" in refusal
    assert "Too many open files" in refusal
    assert not [one for one in tmp_path.iterdir() if ".set-aside-" in one.name]
