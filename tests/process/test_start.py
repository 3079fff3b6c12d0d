"""A worker waits at its start for what may come, for as long as it is told, and for nothing that a person must mend."""

import pytest

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.process.start import wait_for_servers

WAIT_S = 60
SETTINGS = Settings(start_timeout_s=WAIT_S)


class Servers:
    """Servers that refuse with these codes, one after another, then with the last; and a clock that goes on by sleep.

    An empty code is no refusal.
    """

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.now_s = 1_000.0
        self.pauses: list[float] = []
        self.said: list[str] = []

    def check(self, settings: Settings) -> None:
        assert settings is SETTINGS
        if code := self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]:
            raise TrackerError(code, "refused")

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    def wait(self) -> None:
        wait_for_servers(SETTINGS, self.said.append, self.check, lambda: self.now_s, self.sleep)


def test_servers_that_are_there_are_not_waited_for() -> None:
    servers = Servers("")
    servers.wait()
    assert (servers.pauses, servers.said) == ([], [])


def test_servers_that_come_are_waited_for_in_longer_and_longer_pauses() -> None:
    servers = Servers(*["no_redis"] * 5, "no_kafka", "no_kafka", "")
    servers.wait()
    assert servers.pauses == [0.25, 0.5, 1, 2, 4, 5, 5]
    assert servers.said == ["no_redis: refused"] * 5 + ["no_kafka: refused"] * 2


@pytest.mark.parametrize("code", ["no_redis", "no_kafka"])
def test_servers_that_do_not_come_are_named_after_the_wait(code: str) -> None:
    servers = Servers(code)
    with pytest.raises(TrackerError, match="refused") as refused:
        servers.wait()
    assert refused.value.code == code
    assert sum(servers.pauses) == WAIT_S


@pytest.mark.parametrize("code", ["bad_redis", "bad_topic"])
def test_what_a_person_has_to_change_is_said_at_once(code: str) -> None:
    servers = Servers("no_redis", code)
    with pytest.raises(TrackerError) as refused:
        servers.wait()
    assert refused.value.code == code
    assert servers.pauses == [0.25]
