"""States that worlds must come into, or they would prove little: a full run in which one was never reached fails."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.simulation.worker import SimulatedWorker

KILLED_IN_FLIGHT: Final = "a worker is killed with a batch in flight"
PAUSED_IN_FLIGHT: Final = "a worker is stopped with a batch in flight"
REVOKED_IN_FLIGHT: Final = "a partition is revoked with a batch in flight"
LANDED_UNHEARD: Final = "a batch lands, and its reply is lost"
LANDED_LATE: Final = "a batch lands after its client has given it up"
LANDED_TWICE: Final = "a batch is sent twice on one connection"
REFUSED_EPOCH: Final = "a batch is refused: another worker has claimed the partition since"
REFUSED_MEMORY: Final = "a batch is refused: the store is out of memory"
REPLAYED: Final = "a batch lands that the store had before and lost"
AHEAD: Final = "a batch lands under records that are ahead of its mark"
HALF_ALONE: Final = "half a batch comes back, and its partition was claimed since"
TAKEN_BACK: Final = "a claim goes back to where half a batch began that has come back behind its place"
SENT_AGAIN: Final = "a dead letter is sent again"
REKEYED_AGAIN: Final = "a scan is re-keyed, or an alias announced, again"
STOPPED: Final = "a partition is stopped: "
STOPS: Final = ("wrong_log", "wrong_partitions", "log_moved", "corrupt_record")

ALL: Final = (
    *(KILLED_IN_FLIGHT, PAUSED_IN_FLIGHT, REVOKED_IN_FLIGHT, LANDED_UNHEARD, LANDED_LATE, LANDED_TWICE),
    *(REFUSED_EPOCH, REFUSED_MEMORY, REPLAYED, AHEAD, HALF_ALONE, TAKEN_BACK, SENT_AGAIN, REKEYED_AGAIN),
    *(STOPPED + reason for reason in STOPS),
)
"""Every one of them."""


def in_flight(worker: "SimulatedWorker") -> bool:
    """Whether a worker waits for the answer to a batch."""
    answers = [runner._in_flight for runner in worker.processor._runners.values()]
    return any(answer is not None and not answer.done() for answer in answers)
