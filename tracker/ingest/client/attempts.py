"""When a batch is sent again, and when that is given up. No input or output, and the clock is the caller's."""

import random
import ssl
from dataclasses import dataclass
from typing import Final

from tracker.ingest.client.answers import Again, UnreachableError

PAUSE_S: Final = 0.25
"""Before the second try; twice as long before each further one."""

PAUSE_S_MAX: Final = 10.0
"""The longest, unless the gateway says another one."""

PATIENCE_S: Final = 60.0
"""How long a batch is tried unless the caller says otherwise: longer than a gateway takes to start again."""


@dataclass(slots=True)
class Attempts:
    """The tries of one batch.

    Attributes:
        url: where to, for messages.
        began_s: by the caller's clock.
        patience_s: how long it is tried.
        made: tries so far.
    """

    url: str
    began_s: float
    patience_s: float
    made: int = 0

    def pause_s(self, again: Again, now_s: float) -> float:
        """How long to wait before the next try. Half of a pause is drawn, so that clients do not come all at once.

        Args:
            again: why it is tried again.
            now_s: by the caller's clock.

        Raises:
            UnreachableError: it was tried long enough.
        """
        self.made += 1
        pause = min(PAUSE_S * 2.0 ** (self.made - 1), PAUSE_S_MAX) * random.uniform(0.5, 1.0)  # noqa: S311 - spread
        if again.after_s is not None:
            pause = max(pause, again.after_s)
        if now_s + pause - self.began_s > self.patience_s:
            tries = "1 try" if self.made == 1 else f"{self.made} tries"
            raise UnreachableError(
                f"{self.url}: expected an answer within {self.patience_s:g} s, got none in {tries} (the last one: "
                f"{again.why}); send it again: a scan that arrives twice is counted once"
            )
        return pause


def unanswered(error: BaseException, url: str) -> Again:
    """There was no answer.

    Raises:
        UnreachableError: and there will be none: the gateway's certificate is not accepted.
    """
    # aiohttp keeps the error of Python's ssl within its own.
    found = getattr(error, "certificate_error", error)
    if isinstance(found, ssl.SSLCertVerificationError):
        said = found.verify_message or "without a reason"
        change = "name the authority that has issued it, and the host as it stands there"
        raise UnreachableError(f"{url}: the gateway's certificate is not accepted ({said}): {change}") from None
    return Again(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
