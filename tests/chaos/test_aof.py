"""What a crash leaves of Redis' file, and what mending it is good for."""

import redis

from tests.chaos import aof
from tests.servers import Redis


def half_a_transaction_lost(server: Redis, client: "redis.Redis", lost: int) -> None:
    """Writes a transaction, kills the server, and cuts that much off the end of its file."""
    for number in (1, 2):
        pipeline = client.pipeline()
        pipeline.set("record", number)
        pipeline.hset("mark", "next", str(number))
        pipeline.execute()
    server.kill()
    assert aof.cut(server, lost) == lost


def test_half_a_transaction_does_not_come_back_at_the_second_start_of_a_mended_file(redis_server: Redis) -> None:
    del redis_server  # Skips where there is none.
    # The transaction has 102 bytes: cut in EXEC, before it, in HSET, in SET, in MULTI, and all of it.
    for lost in (1, 14, 20, 60, 90, 102):
        # With `everysec` a slow fsync holds writes back, so that a kill takes the whole transaction.
        with Redis(settings={"appendfsync": "always"}) as server, redis.Redis.from_url(server.url) as client:
            half_a_transaction_lost(server, client, lost)
            aof.mend(server)
            server.start()
            client.hset("mark", "epoch", "1")
            server.kill()
            server.start()
            assert client.get("record") == b"1", lost
            assert client.hgetall("mark") == {b"next": b"1", b"epoch": b"1"}, lost
