"""What tests of one partition's work share."""

from functools import partial

import pytest

from tests.process.runners import Work, run
from tests.servers import Redis


@pytest.fixture
def work(redis_server: Redis) -> Work:
    """Runs something with a runner that has just been started, at a real Redis."""
    return partial(run, redis_server.url.removesuffix("/0") + "/8")
