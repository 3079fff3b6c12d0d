"""The rows of the fault matrix, by kind."""

from typing import Final

from tests.chaos.row import Row
from tests.chaos.rows.network import NETWORK_ROWS
from tests.chaos.rows.redis import REDIS_ROWS
from tests.chaos.rows.traffic import TRAFFIC_ROWS
from tests.chaos.rows.workers import WORKER_ROWS

ROWS: Final[tuple[Row, ...]] = (*WORKER_ROWS, *REDIS_ROWS, *NETWORK_ROWS, *TRAFFIC_ROWS)
"""Every row but the mixture, in the order of the table."""

ALL_AT_ONCE: Final = "all at once"
