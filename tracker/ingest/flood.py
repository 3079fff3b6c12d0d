"""Slows down who shows wrong keys again and again.

A key can't be guessed: what a flood costs is the time and the log of the gateway. So it is the refusals that have a
bound, by address. The right key is taken from the same address all the same: behind it may be a whole site.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from tracker.limits import WRONG_KEY_ADDRESSES_MAX, WRONG_KEYS_BURST, WRONG_KEYS_PER_S

_IPV6_PREFIX: Final = 64
"""Of an IPv6 address these bits say whose it is: he may have all that begin so."""


class Flood:
    """Wrong keys by address, as token buckets. Belongs to one thread.

    Args:
        clock_s: gives a time that never goes back, in seconds.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        # Address -> when its bucket is full again. The one that was longest without a wrong key goes first.
        self._full_s: OrderedDict[str, float] = OrderedDict()

    def strike(self, address: str) -> int:
        """Notes a wrong key. Gives 0, or after how many seconds another one is answered as such."""
        now_s = self._clock_s()
        whose = _whose(address)
        full_s = max(self._full_s.pop(whose, 0.0), now_s) + 1 / WRONG_KEYS_PER_S
        over_s = full_s - now_s - WRONG_KEYS_BURST / WRONG_KEYS_PER_S
        self._full_s[whose] = full_s if over_s <= 0 else full_s - 1 / WRONG_KEYS_PER_S
        if len(self._full_s) > WRONG_KEY_ADDRESSES_MAX:
            self._full_s.popitem(last=False)
        return math.ceil(over_s) if over_s > 0 else 0


def _whose(address: str) -> str:
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, _IPV6_PREFIX), strict=False).network_address)
