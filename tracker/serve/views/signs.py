"""What stands before an event's line."""

from typing import Final

SIGNS: Final = {"apply": ("●", "green"), "note": ("·", "dim"), "anomaly": ("!", "yellow"), "void": ("x", "dim")}
"""Effect -> its sign, and the style of that."""
