"""The ACLs in deploy/acl: under each of its users all works that is the user's to do, and no right is there in vain."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from tests.serve import stores
from tests.servers import Redis
from tests.store.chains import LOG, PARTITION, TTL_S, apply, batch, run
from tracker.config import Secret, Settings
from tracker.store import checks, keys
from tracker.store.claims import Applied, Denied
from tracker.store.clients import Connector
from tracker.store.connection import Chain, RedisStore
from tracker.store.reading.sync import ParcelReader
from tracker.store.recovery import Recovery
from tracker.store.server import Server

FOLDER: Final = Path(__file__).resolve().parents[2] / "deploy" / "acl"
RULES: Final = {line.split()[1]: line.split()[2:] for line in (FOLDER / "redis.acl").read_text().splitlines()}
"""User -> the rules, as the file has them."""

PASSWORD: Final = "of nobody else"  # noqa: S105  Of servers that end with the tests.
DATABASE: Final = 3

OWN: Final = frozenset({"hello", "acl", "acl|setuser", "acl|deluser", "client", "client|setinfo"})
"""What needs no right, and what clients of the tests run."""


def settings(server: Redis, user: str) -> Settings:
    """With which a user logs in."""
    url = server.url.removesuffix("/0") + f"/{DATABASE}"
    return Settings(redis=url, redis_user=user, redis_password=Secret(PASSWORD), partitions=4)


def work(given: Settings) -> None:
    """What a worker does: looks at the server, claims, applies all kinds of batches, reads, looks whether it holds."""
    checks.check(given)
    store = RedisStore(Connector(Server(given)), 4, TTL_S)

    async def claimed() -> Chain:
        answer = await store.claim(PARTITION, LOG)
        assert not isinstance(answer, Denied)
        return answer[0]

    async def chains() -> None:
        chain = await claimed()
        assert await apply(chain, batch(0, 5)) == Applied()
        # Left its final state, and has data that it had before.
        assert await apply(chain, batch(5, 6, final=frozenset(), data={}, reopened=frozenset([b"P1"]))) == Applied()
        # Is in a final state, with data that it had before: a record says so by a flag.
        record = bytes([2, 0xFF]) * 40
        assert await apply(chain, batch(6, 7, {b"P2": record}, data={}, final=frozenset([b"P2"]))) == Applied()
        assert await chain.reads(await chain.send_reads([b"P1"], [b"P1"], [b"A1"]))
        assert await chain.is_unbroken()
        await chain.close()
        assert await store.epoch(PARTITION)

    run(chains())
    with redis.Redis.from_url(given.redis) as client:
        client.hset(keys.mark(PARTITION), "began:3", "0 0 0 0 0")  # Half of a batch has come to life.
    run(chains_again(claimed))


async def chains_again(claimed: Callable[[], Any]) -> None:
    """Another claim."""
    await (await claimed()).close()


def read(given: Settings) -> None:
    """What readers do."""
    with ParcelReader(given) as reader:
        assert reader.marks()
        assert reader.keys_in_all()
        (stored,) = reader.all(lambda _: None)
        assert reader.parcel(stored.parcel.id) == stored
        assert reader.read_on("A1") == []


def operate(given: Settings) -> None:
    """What an operator does: init, accept-loss, rebuild."""
    checks.check(given)
    with Recovery(given) as recovery:
        recovery.skip_to(recovery.snapshots()[PARTITION], LOG, 9)
        recovery.rebuild([recovery.snapshots()[PARTITION]], LOG, {PARTITION: 0}, lambda _: None)


DOING: Final[Mapping[str, Callable[[Settings], None]]] = {
    "tracker-worker": work,
    "tracker-reader": read,
    "tracker-operator": operate,
}


@pytest.fixture
def admin(each_redis: Redis) -> Iterator[Any]:
    """A client that may do everything, at a server that has the users of the file and what a worker has written."""
    with redis.Redis.from_url(each_redis.url.removesuffix("/0") + f"/{DATABASE}") as client:
        client.flushdb()
        for user, rules in RULES.items():
            client.execute_command("ACL", "SETUSER", user, *rules, f">{PASSWORD}")
        yield client
        client.execute_command("ACL", "DELUSER", *RULES)


def test_the_file_names_each_user_that_something_is_done_by() -> None:
    assert RULES.keys() == DOING.keys()


@pytest.mark.parametrize("user", DOING)
def test_a_user_can_do_all_that_is_the_users_and_no_right_is_there_in_vain(
    each_redis: Redis, admin: Any, user: str
) -> None:
    if user != "tracker-worker":
        stores.write(settings(each_redis, user).redis, stores.journey(), partitions=4)
    before = admin.info("commandstats")
    DOING[user](settings(each_redis, user))
    after = admin.info("commandstats")
    calls = {name: one["calls"] - before.get(name, {"calls": 0})["calls"] for name, one in after.items()}
    calls["cmdstat_info"] -= 1  # The one before.
    ran = {name.removeprefix("cmdstat_") for name, count in calls.items() if count > 0} - OWN
    allowed = {rule.removeprefix("+") for rule in RULES[user] if rule.startswith("+")}
    if Redis.version(each_redis.server).startswith("6."):  # It counts all of CONFIG as one.
        allowed = {name.partition("|")[0] for name in allowed}
    assert ran == allowed


@pytest.mark.parametrize("user", DOING)
def test_a_user_can_touch_no_keys_but_ours(each_redis: Redis, admin: Any, user: str) -> None:
    del admin
    given = settings(each_redis, user)
    command = "EVAL" if user == "tracker-operator" else "HGETALL"
    arguments = ("return 1", 1) if command == "EVAL" else ()
    with (
        redis.Redis.from_url(given.redis, username=user, password=PASSWORD) as client,
        pytest.raises(redis.exceptions.NoPermissionError, match="key"),
    ):
        client.execute_command(command, *arguments, "elsewhere")


def test_the_page_says_of_each_right_who_has_it() -> None:
    page = (FOLDER / "redis.md").read_text().replace("\\|", "/")
    said: dict[str, set[str]] = {user: set() for user in RULES}
    for row in page.splitlines():
        if row.startswith("| `+"):
            _, rules, *marks, _reason, _ = (cell.strip() for cell in row.split("|"))
            for user, mark in zip(RULES, marks, strict=True):
                said[user] |= {rule.strip("`").replace("/", "|") for rule in rules.split() if mark}
    assert said == {user: {rule for rule in rules if rule.startswith("+")} for user, rules in RULES.items()}
