"""Why a partition does not get on: for a person, and where it is stopped, by a code too."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a partition is stopped, or not claimed yet.

    Attributes:
        text: for a person.
        code: one of tracker.errors.COMMAND_ERRORS where it is stopped; empty where it is tried again.
    """

    text: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.text}" if self.code else self.text


NO_REASON: Final = Reason("")
"""There is nothing to say."""
