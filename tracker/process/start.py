"""What a worker waits for before it begins: a Kafka that has its topic, and a Redis that is fit.

Where everything is started at once, the worker is often first. It waits a while for what may come; what a person has to
change it says at once.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log.identity import log_identity
from tracker.store import checks

log = logging.getLogger("tracker.process")

PAUSE_S_MIN: Final = 0.25
PAUSE_S_MAX: Final = 5.0
"""Between two looks; each is twice as long as the one before."""

_MAY_COME: Final = frozenset({"no_kafka", "no_redis"})


def wait_for_servers(
    settings: Settings,
    waits: Callable[[str], None],
    check: Callable[[Settings], None] | None = None,
    clock_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns when Kafka and Redis can be worked with.

    Args:
        settings: of the worker; `start_timeout_s` bounds the wait.
        waits: told why it can't begin yet.
        check: raises TrackerError if it can't begin.
        clock_s: gives seconds that never go back.
        sleep: waits so many seconds.

    Raises:
        TrackerError: `bad_topic`, `bad_redis`, at once; `no_kafka`, `no_redis`, after the wait.
    """
    check = check or check_servers
    deadline_s = clock_s() + settings.start_timeout_s
    pause_s = PAUSE_S_MIN
    while True:
        try:
            check(settings)
        except TrackerError as error:
            left_s = deadline_s - clock_s()
            if error.code not in _MAY_COME or left_s <= 0:
                raise
            waits(f"{error.code}: {error}")
            sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, PAUSE_S_MAX)
        else:
            return


def check_servers(settings: Settings) -> None:
    """Refuses a Redis that is not fit, and a topic whose partitions are not as many as every key in Redis says.

    Raises:
        TrackerError: `bad_topic`, `no_kafka`, `bad_redis`, `no_redis`.
    """
    log_identity(settings)
    for warning in checks.check(settings).warnings:
        log.warning("Redis: %s", warning)
