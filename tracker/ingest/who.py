"""Who may send: from the header of a request to its sender, or to a refusal that says what to change.

A refusal tells nothing about parcels, and never the key. That a key was revoked, or has expired, is told only to who
holds it; whoever guesses hears the same as of a key that never was.
"""

import logging
import time
from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from tracker.domain.times import rfc3339
from tracker.errors import TrackerError
from tracker.ingest.flood import Flood
from tracker.ingest.keys import form
from tracker.ingest.keys.key import Key, State
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.ports import RETRY_AFTER_S, Door, OverBudgetError, Scope, Sender, UnavailableError

log = logging.getLogger("tracker.ingest")

_NO_DIGEST: Final = bytes(32)
_SCHEME: Final = "bearer "


class KeyRefusedError(TrackerError):
    """He may not send.

    Attributes:
        status: of HTTP: 401 or 403.
        challenge: the value of `WWW-Authenticate` (RFC 6750, section 3).
    """

    def __init__(self, code: str, message: str, *, scope: Scope | None = None) -> None:
        super().__init__(code, message)
        self.status = 401 if scope is None else 403
        self.challenge = 'Bearer realm="tracker"'
        if code == "bad_key":
            self.challenge += ', error="invalid_token"'
        elif scope is not None:
            self.challenge += f', error="insufficient_scope", scope="{scope}"'


class Doorkeeper:
    """Knows senders by their keys. Belongs to one thread.

    Args:
        ring: the keys.
        clock_ms: gives the time, milliseconds since the epoch.
        flood: slows down who shows wrong keys again and again.
    """

    def __init__(
        self,
        ring: Keyring,
        *,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        flood: Flood | None = None,
    ) -> None:
        self._ring = ring
        self._clock_ms = clock_ms
        self._flood = flood or Flood()

    def sender(self, authorization: str | None, scope: Scope, door: Door, address: str = "") -> Sender:
        """Who sends, by the header `Authorization: Bearer <key>`.

        Args:
            authorization: the header's value, None if there is none.
            scope: what he wants to do.
            door: by what he sends.
            address: where he sends from, an IP address.

        Raises:
            KeyRefusedError: `no_key`, `bad_key`, `wrong_scope`.
            OverBudgetError: too many wrong keys came from this address; the right key is taken from it all the same.
            UnavailableError: the keys are not known, or not as they are now and this one is not among them.
        """
        if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise KeyRefusedError("no_key", "expected the header `Authorization: Bearer` with a device key, got none")
        return self.holder(authorization[len(_SCHEME) :].strip(), scope, door, address)

    def holder(self, text: str, scope: Scope, door: Door, address: str = "") -> Sender:
        """Who sends, by his key; as `sender`."""
        name = form.id_of(text)
        key = None if name is None else self._ring.get(name)
        # The digest of an unknown key is computed and compared too, so that ids can't be told by the clock.
        known = compare_digest(form.digest(text), (key and key.sha256) or _NO_DIGEST)
        if key is None or not known:
            raise self._stranger(text, name, address)
        state = key.state(self._clock_ms())
        if state is not State.VALID:
            raise self._closed(key, state)
        if scope not in key.scopes:
            allowed = ", ".join(sorted(key.scopes)) or "nothing"
            raise KeyRefusedError(
                "wrong_scope", f"expected a key with the scope {scope}, got {key.id} with {allowed}", scope=scope
            )
        return Sender(key.id, door, key.site, key.device, key.scopes)

    def _stranger(self, text: str, name: str | None, address: str) -> TrackerError:
        """Why a text opens nothing: it is no key, or none that is known."""
        if name is None:
            reason = (
                f"expected a device key, {form.PREFIX}_ and {form.KEY_CHARS - len(form.PREFIX) - 1} characters more in "
                f"lower case, got {len(text)} characters of another form"
            )
        elif not form.is_typed_right(text):
            reason = "the device key has a typing error: its check characters do not fit the others"
        elif not self._ring.current:
            return UnavailableError("this key can't be looked up at the moment; try again", RETRY_AFTER_S)
        else:
            reason = "expected a device key that `tracker keys add` has made, got one that is not known"
        if wait_s := self._flood.strike(address):
            return OverBudgetError("too many wrong keys came from this address", wait_s)
        log.info("refused a key from %s: %s", address or "an unknown address", reason)
        return KeyRefusedError("bad_key", reason)

    def _closed(self, key: Key, state: State) -> KeyRefusedError:
        """Why a key that was made here no longer opens."""
        time_ms = key.revoked_ms if state is State.REVOKED else key.expires_ms
        since = f" {'since' if state is State.EXPIRED else 'at'} {rfc3339(time_ms)}" if time_ms is not None else ""
        return KeyRefusedError(
            "bad_key", f"the device key {key.id} is {state}{since}: ask for a new one (`tracker keys add`)"
        )
