"""What the chain of applies keeps valid, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class Cache(Generic[Key, Value]):
    """A bounded dictionary; the least lately used half goes when it is full.

    Args:
        size_max: how many entries it holds, but for those that one batch brings.

    Attributes:
        young, old: the halves. What is in both counts as it is in the young one.
    """

    size_max: int
    young: dict[Key, Value] = field(default_factory=dict)
    old: dict[Key, Value] = field(default_factory=dict)

    def keep(self, more: Mapping[Key, Value]) -> None:
        """Takes the entries of a batch."""
        self.young.update(more)
        if len(self.young) * 2 > self.size_max:
            self.young, self.old = {}, self.young

    def get(self, key: Key) -> Value | None:
        """An entry, which counts as lately used from now on; None if it is not there."""
        value = self.young.get(key)
        if value is None and key in self.old:
            value = self.young[key] = self.old[key]
        return value

    def clear(self) -> None:
        """Forgets everything."""
        self.young, self.old = {}, {}
