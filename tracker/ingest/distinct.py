"""About how many different things were seen, in 256 bytes however many they are: HyperLogLog (Flajolet et al., 2007).

256 registers give a standard error of 1.04 / sqrt(256), 6.5 %. Things are told apart by Python's hash of bytes, SipHash
with a key of this process: nobody outside can choose names that count little.
"""

import math
from collections.abc import Iterable
from typing import Final

_BITS: Final = 8
_REGISTERS: Final = 1 << _BITS
_REST: Final = (1 << 64 - _BITS) - 1
_ALPHA: Final = 0.7213 / (1 + 1.079 / _REGISTERS)
_LINEAR_MAX: Final = 2.5 * _REGISTERS
"""Up to here the count of registers that are still 0 says it better."""


class Distinct:
    """Counts different things."""

    __slots__ = ("_inverses", "_ranks", "_zeros")

    def __init__(self) -> None:
        self._ranks = bytearray(_REGISTERS)
        self._inverses = float(_REGISTERS)  # The sum of 2 ** -rank.
        self._zeros = _REGISTERS

    def add(self, names: Iterable[bytes]) -> None:
        """Has seen these."""
        ranks = self._ranks
        for number in map(hash, names):
            register, rest = number & _REGISTERS - 1, number >> _BITS & _REST
            rank = (rest & -rest).bit_length() or 65 - _BITS
            before = ranks[register]
            if rank > before:
                ranks[register] = rank
                self._inverses += 2.0**-rank - 2.0**-before
                self._zeros -= not before

    def count(self) -> float:
        """About how many."""
        raw = _ALPHA * _REGISTERS * _REGISTERS / self._inverses
        if raw <= _LINEAR_MAX and self._zeros:
            return _REGISTERS * math.log(_REGISTERS / self._zeros)
        return raw
