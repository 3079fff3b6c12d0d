"""What a world ends with when something is wrong in it."""

from typing import Final

DIED: Final = "died"
"""Not the oracle's: something raised what it must not. No bug counts as caught by this alone."""


class Violation(AssertionError):
    """The store is not the fold of a prefix of its log, or a partition does not end as it must.

    Args:
        message: what differs.
        kind: of what there is, in a word or two: `lost`, `unexpected`, `different`, `miscounted`, `not sent`,
            `not told`, `expiry`, `wrong batch`, `wrong store`, `epoch went back`, `no rest`, or DIED.
    """

    def __init__(self, message: str, kind: str = "different") -> None:
        super().__init__(message)
        self.kind = kind
