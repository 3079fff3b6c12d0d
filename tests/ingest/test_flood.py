"""Wrong keys by address: how many are answered, and how much is remembered."""

from tracker.ingest.flood import Flood
from tracker.limits import WRONG_KEY_ADDRESSES_MAX, WRONG_KEYS_BURST, WRONG_KEYS_PER_S


class Clock:
    """A clock that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def exhausted(flood: Flood, address: str) -> None:
    assert [flood.strike(address) for _ in range(WRONG_KEYS_BURST)] == [0] * WRONG_KEYS_BURST
    assert flood.strike(address) > 0


def test_so_many_wrong_keys_are_answered_and_then_one_in_a_while() -> None:
    clock = Clock()
    flood = Flood(clock)
    exhausted(flood, "192.0.2.1")
    clock.now_s = 1 / WRONG_KEYS_PER_S
    assert [flood.strike("192.0.2.1") > 0 for _ in range(3)] == [False, True, True]
    clock.now_s = 1_000.0
    exhausted(flood, "192.0.2.1")


def test_waiting_for_as_long_as_it_says_is_enough() -> None:
    clock = Clock()
    flood = Flood(clock)
    exhausted(flood, "192.0.2.1")
    clock.now_s += flood.strike("192.0.2.1")
    assert flood.strike("192.0.2.1") == 0


def test_addresses_are_told_apart_and_ipv6_by_its_first_64_bits() -> None:
    flood = Flood(Clock())
    exhausted(flood, "2001:db8::1")
    assert flood.strike("2001:db8::2:3") > 0
    assert flood.strike("2001:db8:0:1::1") == 0
    exhausted(flood, "192.0.2.1")
    assert flood.strike("::ffff:192.0.2.1") > 0
    assert flood.strike("::ffff:192.0.2.2") == 0
    assert flood.strike("fe80::1%eth0") == flood.strike("not:an:address") == flood.strike("") == 0


def test_no_more_addresses_are_remembered_than_the_limit() -> None:
    flood = Flood(Clock())
    exhausted(flood, "first")
    for number in range(WRONG_KEY_ADDRESSES_MAX - 1):
        flood.strike(f"address {number}")
    assert flood.strike("first") > 0
    for number in range(WRONG_KEY_ADDRESSES_MAX):
        flood.strike(f"other {number}")
    assert flood.strike("first") == 0
    assert len(flood._full_s) == WRONG_KEY_ADDRESSES_MAX
