"""What is refused by the gateway, as problems of HTTP."""

from tracker.errors import TrackerError
from tracker.ingest.ports import OverBudgetError, UnavailableError
from tracker.ingest.who import KeyRefusedError
from tracker.web.problems import ProblemError


def problem_of(error: TrackerError) -> ProblemError:
    """The answer to a request that can't be done.

    Args:
        error: KeyRefusedError, UnavailableError or OverBudgetError; any other is raised again.
    """
    if isinstance(error, KeyRefusedError):
        return ProblemError(error.status, error.code, str(error), headers={"WWW-Authenticate": error.challenge})
    if isinstance(error, UnavailableError | OverBudgetError):
        status = 503 if isinstance(error, UnavailableError) else 429
        return ProblemError(status, error.code, str(error), headers={"Retry-After": str(error.retry_after_s)})
    raise error
