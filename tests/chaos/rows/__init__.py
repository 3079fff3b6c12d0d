"""The rows of the fault matrix, by kind."""

from typing import Final

from tests.chaos.row import Row
from tests.chaos.rows.clocks import CLOCK_ROWS
from tests.chaos.rows.gateway import GATEWAY_ROWS
from tests.chaos.rows.kafka import KAFKA_ROWS
from tests.chaos.rows.network import NETWORK_ROWS
from tests.chaos.rows.redis import REDIS_ROWS
from tests.chaos.rows.room import ROOM_ROWS
from tests.chaos.rows.tail import TAIL_ROWS
from tests.chaos.rows.topic import TOPIC_ROWS
from tests.chaos.rows.traffic import TRAFFIC_ROWS
from tests.chaos.rows.workers import WORKER_ROWS
from tests.chaos.rows.wrong import WRONG_ROWS

KINDS: Final[tuple[tuple[Row, ...], ...]] = (
    WORKER_ROWS,
    REDIS_ROWS,
    TAIL_ROWS,
    ROOM_ROWS,
    KAFKA_ROWS,
    NETWORK_ROWS,
    TRAFFIC_ROWS,
    CLOCK_ROWS,
    WRONG_ROWS,
    TOPIC_ROWS,
    GATEWAY_ROWS,
)
ROWS: Final[tuple[Row, ...]] = tuple(row for kind in KINDS for row in kind)
"""Every row but the mixture, in the order of the table."""

ALL_AT_ONCE: Final = "all at once"


def named(name: str) -> Row:
    """The row of that name."""
    return next(row for row in ROWS if row.name == name)
