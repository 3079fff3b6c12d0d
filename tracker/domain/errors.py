"""Why a scan is rejected."""

from tracker.errors import REASONS, TrackerError


class Rejection(TrackerError):
    """A scan that can't be taken.

    Args:
        code: one of tracker.errors.REASONS.
        detail: what was expected and what came; empty where the reason says it all.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail or REASONS[code])
        self.detail = detail


class Unidentified(Rejection):
    """The barcodes of a scan name no parcel, or more than one. All else in the scan is sound.

    Args:
        code, detail: as of any rejection.
        site, device: where it was read and by what, in UTF-8; empty where not known.
    """

    def __init__(self, code: str, detail: str, site: bytes, device: bytes) -> None:
        super().__init__(code, detail)
        self.site = site
        self.device = device
