"""A request that is sent again under its key is answered as before, once it was answered."""

import asyncio
import time

import pytest

from tracker.ingest.http.once import Answered, Once
from tracker.web.problems import ProblemError

ANSWER = Answered(200, "application/json", b"{}")


class Doing:
    """Something to do, which ends when a test says so."""

    def __init__(self) -> None:
        self.times = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> Answered:
        self.times += 1
        await self.may_end.wait()
        return ANSWER._replace(body=b"%d" % self.times)


def test_the_same_key_and_body_are_done_once() -> None:
    async def run() -> None:
        once, doing = Once(), Doing()
        doing.may_end.set()
        first = await once.answer("a", "key", b"body", doing)
        assert await once.answer("a", "key", b"body", doing) == first
        assert doing.times == 1
        await once.answer("another sender", "key", b"body", doing)
        await once.answer("a", "another key", b"body", doing)
        await once.answer("a", None, b"body", doing)
        assert doing.times == 4

    asyncio.run(run())


def test_the_same_key_with_another_body_is_refused_also_while_it_is_under_way() -> None:
    async def run() -> None:
        once, doing = Once(), Doing()
        first = asyncio.create_task(once.answer("a", "key", b"body", doing))
        await asyncio.sleep(0)
        for body, reason, status in ((b"other", "key_reused", 422), (b"body", "key_in_flight", 409)):
            with pytest.raises(ProblemError) as caught:
                await once.answer("a", "key", body, doing)
            assert (caught.value.reason, caught.value.status) == (reason, status)
        doing.may_end.set()
        await first
        with pytest.raises(ProblemError, match="of its own"):
            await once.answer("a", "key", b"other", doing)

    asyncio.run(run())


def test_what_could_not_be_done_is_done_again() -> None:
    async def run() -> None:
        once, doing = Once(), Doing()

        async def fails() -> Answered:
            raise ConnectionError

        with pytest.raises(ConnectionError):
            await once.answer("a", "key", b"body", fails)
        doing.may_end.set()
        assert await once.answer("a", "key", b"body", doing)

    asyncio.run(run())


def test_to_forget_takes_no_longer_where_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.http.once.ANSWERS_MAX", 20_000)

    async def run() -> None:
        once, doing = Once(), Doing()
        doing.may_end.set()
        for number in range(20_000):
            await once.answer("a", f"{number}", b"", doing)
        began_s = time.process_time()
        for number in range(2_000):
            await once.answer("a", f"more {number}", b"", doing)
        assert time.process_time() - began_s < 0.3

    asyncio.run(run())


@pytest.mark.parametrize("key", ["", "a" * 256, "ü", "a\x07"])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(ProblemError, match="1 to 255"):
        asyncio.run(Once().answer("a", key, b"", Doing()))


@pytest.mark.parametrize(("bound", "value"), [("ANSWERS_MAX", 3), ("ANSWERS_BYTES_MAX", 3)])
def test_no_more_is_remembered_than_the_bounds_and_the_newest_stay(
    monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    monkeypatch.setattr(f"tracker.ingest.http.once.{bound}", value)

    async def run() -> None:
        once, doing = Once(), Doing()
        doing.may_end.set()
        for number in range(8):
            await once.answer("a", f"{number}", b"", doing)
            assert len(once) <= 3
        assert (await once.answer("a", "7", b"", doing)).body == b"8"
        assert (await once.answer("a", "0", b"", doing)).body == b"9"

    asyncio.run(run())
