"""Tokens for OAUTHBEARER (RFC 7628): from a file or from a command, and a new one before the old one expires."""

import json
import shlex
import subprocess
import threading
import time
from base64 import urlsafe_b64decode
from typing import Any, Final, NamedTuple, Self

from tracker.config import Settings
from tracker.config.secrets import MASK, read
from tracker.limits import TOKEN_COMMAND_S_MAX

FRESH_SHARE: Final = 0.8
"""Of its lifetime a token is used for so much; then the command is asked for a new one. librdkafka does so too."""

OPAQUE_S: Final = 60.0
"""How long a token is used that does not say when it expires."""

LIFETIME_S_MIN: Final = 10.0
"""librdkafka takes no token that has expired; so long it is given one nevertheless, for the broker to judge."""

PAUSE_S: Final = 2.0
"""A command is not run more often, however often there is no token or a bad one: connections are tried again soon."""

_STDERR_SHOWN: Final = 300
"""Characters of a command's error that a message shows."""


class TokenError(Exception):
    """There is no token."""


class Token(NamedTuple):
    """A token.

    Attributes:
        text: as it is sent.
        expires_s: when it expires, in seconds of the epoch, None if it does not say so.
        subject: its user, empty if it does not say so.
    """

    text: str
    expires_s: float | None
    subject: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Reads what a JSON Web Token (RFC 7519) says of itself; others say nothing."""
        claims = _claims(text)
        expires, subject = claims.get("exp"), claims.get("sub")
        return cls(
            text,
            float(expires) if isinstance(expires, int | float) else None,
            subject if isinstance(subject, str) else "",
        )

    def __repr__(self) -> str:
        return f"Token({MASK}, {self.expires_s}, {self.subject!r})"

    @property
    def expired(self) -> str:
        """When it has expired, empty if it has not, or does not say so."""
        if self.expires_s is None or self.expires_s > time.time():
            return ""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.expires_s))


class TokenSource:
    """Where the tokens of a process come from. Any thread may ask.

    Args:
        settings: `kafka_token_file` or `kafka_token_command`.

    Attributes:
        name: the setting, for a message.
        last: the token that was used last, None before the first.
    """

    def __init__(self, settings: Settings) -> None:
        self.last: Token | None = None
        self._file = settings.kafka_token_file
        self._command = settings.kafka_token_command
        self.name = "TRACKER_KAFKA_TOKEN_FILE" if self._file else "TRACKER_KAFKA_TOKEN_COMMAND"
        self._lock = threading.Lock()
        self._ran_s = -PAUSE_S
        self._fresh_s = 0.0
        self._failure: TokenError | None = None

    def token(self) -> Token:
        """Gives a token that is fresh, as far as it says so itself.

        Raises:
            TokenError: it can't be had.
        """
        with self._lock:
            if self._file:
                self.last = self._read()
            elif time.monotonic() >= max(self._fresh_s, self._ran_s + PAUSE_S):
                self._renew()
            if self._failure is not None:
                raise self._failure
            assert self.last is not None
            return self.last

    def refused(self) -> None:
        """The broker has refused the last token: the command is asked for a new one, however fresh it was."""
        self._fresh_s = 0.0

    def _renew(self) -> None:
        try:
            self.last = token = self._run()
            self._failure = None
        except TokenError as error:
            self._failure = error
            self._fresh_s = 0.0
        else:
            lifetime_s = OPAQUE_S if token.expires_s is None else token.expires_s - time.time()
            self._fresh_s = time.monotonic() + FRESH_SHARE * lifetime_s
        finally:
            self._ran_s = time.monotonic()

    def for_librdkafka(self, _: object) -> tuple[str, float]:
        """As `oauth_cb` gives it: the token, and when the next one is asked for at the latest."""
        token = self.token()
        now = time.time()
        expires_s = now + OPAQUE_S if token.expires_s is None else token.expires_s
        return token.text, max(expires_s, now + LIFETIME_S_MIN)

    def _read(self) -> Token:
        assert self._file is not None
        try:
            text = read(self._file)
        except ValueError as reason:
            raise TokenError(f"{self.name}: no token in {str(self._file)!r}: {reason}") from None
        return self._checked(text, f"in {str(self._file)!r}")

    def _run(self) -> Token:
        command = shlex.split(self._command)
        try:
            done = subprocess.run(  # noqa: S603  # The command is the operator's own, and no shell reads it.
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOKEN_COMMAND_S_MAX, check=False
            )
        except OSError as error:
            raise TokenError(f"{self.name}: {command[0]!r} can't be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise TokenError(f"{self.name}: {command[0]!r} gave no token within {TOKEN_COMMAND_S_MAX} s") from None
        text = done.stdout.decode(errors="replace").strip()
        if done.returncode:
            said = _said(done.stderr, text)
            raise TokenError(f"{self.name}: {command[0]!r} ended with exit code {done.returncode}{said}")
        return self._checked(text, f"from {command[0]!r}")

    def _checked(self, text: str, place: str) -> Token:
        if not text or not all("!" <= character <= "~" for character in text):
            raise TokenError(f"{self.name}: expected one token in visible ASCII {place}, got something else")
        return Token.of(text)


def _said(stderr: bytes, secret: str) -> str:
    """What a command said in its trouble, without the token."""
    text = " ".join(stderr.decode(errors="replace").split())
    if secret:
        text = text.replace(secret, MASK)
    return f": {text[:_STDERR_SHOWN]}" if text else ""


def _claims(text: str) -> dict[str, Any]:
    try:
        _, payload, _ = text.split(".")
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
