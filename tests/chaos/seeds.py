"""Where a run's randomness comes from."""

import os
import time
from typing import Final

VARIABLE: Final = "TRACKER_CHAOS_SEED"


def seed() -> int:
    """The seed of a run: the one that the environment gives, or another one each time. It is printed."""
    chosen = int(os.environ.get(VARIABLE) or time.time_ns() % 1_000_000)
    print(f"{VARIABLE}={chosen}")
    return chosen
