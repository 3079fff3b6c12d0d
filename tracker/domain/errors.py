"""Why a scan is refused."""

from tracker.errors import REASONS, TrackerError


class Refusal(TrackerError):
    """A scan that can't be taken.

    Args:
        code: one of tracker.errors.REASONS.
        detail: what was expected and what came; empty where the reason says it all.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail or REASONS[code])
        self.detail = detail
