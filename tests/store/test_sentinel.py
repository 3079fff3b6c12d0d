"""Redis behind Sentinel: everybody comes to the primary, follows it when it changes, and is told what is in the way."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import redis

from tests.servers import PRIMARY, Authority, Redis, Sentinels, User
from tests.store.chains import LOG, PARTITION, TTL_S, apply, batch, run
from tests.store.test_acl import FOLDER
from tests.store.test_security import ASKING
from tracker.config import Address, Secret, Settings
from tracker.errors import TrackerError
from tracker.store import checks, sentinel
from tracker.store.claims import Applied, ChainBrokenError, Denied, Lost
from tracker.store.clients import KNOWN_S_MAX, Connector
from tracker.store.connection import Chain, RedisStore
from tracker.store.reading.sync import ParcelReader
from tracker.store.sentinel import Said
from tracker.store.server import Server

OLD, NEW = Address("old", 1), Address("new", 2)

SENTINEL_ACL: Final = (FOLDER / "sentinel.acl").read_text().split(maxsplit=4)[4].strip()
"""The rights of the one user at Sentinels."""

FOLLOW_S_MAX: Final = 20


@pytest.fixture(scope="module")
def group(redis_server: Redis) -> Iterator[Sentinels]:
    """Sentinels that are told by hand where the primary is."""
    del redis_server  # Skips where there is none.
    with Sentinels() as group:
        yield group


@pytest.fixture
def settings(group: Sentinels) -> Iterator[Settings]:
    """Settings with which the primary is found, which is empty."""
    with redis.Redis.from_url(group.primary.url) as client:
        client.flushall()
    yield Settings(redis=f"redis+sentinel://{group.addresses[0]}/{PRIMARY}/0", partitions=4)
    name(group, group.primary)


def name(group: Sentinels, primary: Redis) -> None:
    """Has the Sentinel name another primary."""
    with redis.Redis.from_url(group.sentinels[0].url) as client:
        client.sentinel_remove(PRIMARY)
        client.sentinel_monitor(PRIMARY, "127.0.0.1", primary.port, 1)


async def claimed(settings: Settings) -> Chain:
    answer = await RedisStore(Connector(Server(settings)), 4, TTL_S).claim(PARTITION, LOG)
    assert not isinstance(answer, Denied)
    return answer[0]


async def begin_of(settings: Settings) -> int | None:
    answer = await RedisStore(Connector(Server(settings)), 4, TTL_S).claim(PARTITION, LOG)
    assert not isinstance(answer, Denied)
    await answer[0].close()
    return answer[1].mark.next


def test_everybody_comes_to_the_primary(settings: Settings, group: Sentinels) -> None:
    for ask in ASKING:
        ask(settings)
    with redis.Redis.from_url(group.primary.url) as client:
        assert client.hget("t:{1}:mark", "next") == b"1"


def test_users_and_certificates_are_shown_to_sentinels_and_to_the_primary(
    redis_server: Redis, authority: Authority
) -> None:
    del redis_server
    ours = authority.client("tracker")
    with Sentinels(
        2,
        users={"worker": User("~t:{*}:* +@all")},
        sentinel_users={"tracker": User(SENTINEL_ACL)},
        authority=authority,
        client_certificate=True,
    ) as group:
        settings = Settings(
            redis=f"rediss+sentinel://{','.join(group.addresses)}/{PRIMARY}/0",
            redis_user="worker",
            redis_password=Secret(group.primary.users["worker"].password),
            redis_sentinel_user="tracker",
            redis_sentinel_password=Secret(group.sentinels[0].users["tracker"].password),
            redis_ca=authority.certificate,
            redis_certificate=ours.certificate,
            redis_key=ours.key,
            partitions=4,
        )
        for ask in ASKING:
            ask(settings)


def test_sentinels_that_have_heard_of_the_latest_failover_are_believed() -> None:
    assert sentinel.latest([Said(OLD, 3), Said(NEW, 4), Said(OLD, 3)]) == NEW
    assert sentinel.latest([Said(None), Said(NEW, 0)]) == NEW
    assert sentinel.latest([Said(None), Said(None)]) is None
    assert sentinel.latest([]) is None


def refusals(settings: Settings) -> Iterator[str]:
    """What each who asks is told."""
    for ask in ASKING:
        with pytest.raises((TrackerError, ChainBrokenError)) as caught:
            ask(settings)
        if isinstance(caught.value, TrackerError):
            assert caught.value.code == "no_redis"
        yield str(caught.value)


def test_a_name_that_no_sentinel_knows_is_said(settings: Settings, group: Sentinels) -> None:
    del settings
    for said in refusals(Settings(redis=f"redis+sentinel://{group.addresses[0]}/letters/0")):
        assert "no primary is known as 'letters': name it in TRACKER_REDIS as sentinel.conf does" in said


def test_sentinels_that_do_not_answer_are_named_each(settings: Settings) -> None:
    del settings
    for said in refusals(Settings(redis="redis+sentinel://127.0.0.1:1,127.0.0.1:2/m")):
        assert "127.0.0.1:1: Connection refused; 127.0.0.1:2: Connection refused" in said


@pytest.mark.usefixtures("settings")
def test_a_sentinel_that_is_not_there_keeps_nobody_from_the_others(group: Sentinels) -> None:
    with ParcelReader(Settings(redis=f"redis+sentinel://127.0.0.1:1,{group.addresses[0]}/{PRIMARY}")) as reader:
        assert reader.marks() == {}


def test_what_no_sentinel_is_and_a_wrong_password_of_one_are_said(redis_server: Redis) -> None:
    (said, *_) = refusals(Settings(redis=f"redis+sentinel://127.0.0.1:{redis_server.port}/m"))
    assert f"127.0.0.1:{redis_server.port}: " in said
    assert "no Sentinel" in said
    with Sentinels(sentinel_users={}) as group:
        for said in refusals(Settings(redis=f"redis+sentinel://{group.addresses[0]}/{PRIMARY}")):
            assert "the server asks for a login: set TRACKER_REDIS_SENTINEL_USER and" in said
        wrong: dict[str, Any] = {"redis_sentinel_user": "x", "redis_sentinel_password": Secret("wrong")}
        for said in refusals(Settings(redis=f"redis+sentinel://{group.addresses[0]}/{PRIMARY}", **wrong)):
            assert "there is no user 'x', or its password is another one: set TRACKER_REDIS_SENTINEL_USER" in said


def test_a_primary_that_has_become_a_replica_is_none_to_anybody(settings: Settings, group: Sentinels) -> None:
    name(group, group.replica)
    for said in refusals(settings):
        assert "the server that Sentinel names as the primary says it is not: a failover is under way" in said


def test_a_chain_to_what_is_the_primary_no_more_is_broken(settings: Settings, group: Sentinels) -> None:
    """Sentinels have gone over to another one, and the old one lives on: it takes what is written, in vain."""

    async def work() -> None:
        with Redis() as other:
            chain = await claimed(settings)
            assert await chain.is_unbroken()
            name(group, other)
            await asyncio.sleep(KNOWN_S_MAX)
            assert await apply(chain, batch(0, 5)) == Applied()
            assert not await chain.is_unbroken()
            await chain.close()
            assert await begin_of(settings) is None

    run(work())


def test_a_chain_goes_on_while_no_sentinel_answers(settings: Settings, group: Sentinels) -> None:
    async def work() -> None:
        chain = await claimed(settings)
        group.sentinels[0].pause()
        try:
            await asyncio.sleep(KNOWN_S_MAX)
            assert await chain.is_unbroken()
            assert await apply(chain, batch(0, 5)) == Applied()
            with pytest.raises(ChainBrokenError, match="Sentinel does not say where the primary is"):
                await begin_of(settings)
        finally:
            group.sentinels[0].resume()
        await chain.close()

    run(work())


def test_a_batch_for_a_primary_that_has_become_a_replica_is_lost(settings: Settings, group: Sentinels) -> None:
    async def work() -> None:
        chain = await claimed(settings)
        with redis.Redis.from_url(group.primary.url) as client:
            client.replicaof("127.0.0.1", str(group.replica.port))
            try:
                lost = await apply(chain, batch(0, 5))
            finally:
                client.replicaof("NO", "ONE")
        assert isinstance(lost, Lost)
        assert "the server is a replica, which takes no writes" in lost.reason
        await chain.close()

    run(work())


def test_after_a_failover_that_has_lost_batches_a_claim_begins_before_them(
    settings: Settings, group: Sentinels
) -> None:
    async def work() -> None:
        with Redis() as replica:
            chain = await claimed(settings)
            assert await apply(chain, batch(0, 5)) == Applied()
            replica.follow(group.primary)
            replica.cut_off()
            assert await apply(chain, batch(5, 9)) == Applied()
            with redis.Redis.from_url(replica.url) as client:
                client.replicaof("NO", "ONE")
                name(group, replica)
                assert await begin_of(settings) == 5
                assert client.get("t:{3}:p:P1") == b"record 5"
            # What the old chain still has on its way lands where it is lost too.
            assert await apply(chain, batch(9, 12)) == Applied()
            assert await begin_of(settings) == 5
            await chain.close()

    run(work())


def until(holds: Callable[[], Any]) -> None:
    """Waits until something neither fails nor is false."""
    deadline = time.monotonic() + FOLLOW_S_MAX
    while True:
        try:
            if holds():
                return
        except (TrackerError, ChainBrokenError):
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_when_the_primary_is_killed_its_replica_has_what_was_applied_and_goes_on_from_there(
    redis_server: Redis,
) -> None:
    del redis_server
    with Sentinels(3) as group:
        settings = Settings(redis=f"redis+sentinel://{','.join(group.addresses)}/{PRIMARY}", partitions=4)

        async def before() -> Chain:
            chain = await claimed(settings)
            assert await apply(chain, batch(0, 5)) == Applied()
            with redis.Redis.from_url(group.primary.url) as client:
                assert client.wait(1, 5_000) == 1
            group.fail_over()
            with pytest.raises(ChainBrokenError):
                await apply(chain, batch(5, 9))
            await chain.close()
            return chain

        with ParcelReader(settings) as reader:
            assert reader.marks() == {}
            run(before())
            until(lambda: run(begin_of(settings)) == 5)
            # A reader that was connected before follows too.
            until(lambda: reader.marks()[PARTITION]["next"] == "5")
        assert checks.check(settings)
