"""What is known of a device key, and its form in the topic of keys: a JSON object under the key's id."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import orjson

from tracker.ingest.keys import form
from tracker.ingest.ports import Scope

DIGEST_BYTES: Final = 32


class State(StrEnum):
    """Whether a key opens."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Budget(StrEnum):
    """What a sender has budgets of."""

    SCANS = "scans"
    REJECTS = "rejects"
    PARCELS = "parcels"


class NotAKeyError(ValueError):
    """A record of the topic, or a row of the copy, does not say what a key is."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, without its secret.

    Attributes:
        id: names it.
        sha256: of the whole key; None of one that is only known to be revoked.
        site: the only one that it sends for; empty: any.
        device: put into scans that name none; empty: none.
        account: whose it is; empty: nobody's.
        scopes: what its holder may do.
        made_ms: when it was made, since the epoch.
        expires_ms: from when on it does not open; None: never.
        revoked_ms: when it was revoked; None: it is not.
        budgets: of this key, above those of the settings.
    """

    id: str
    sha256: bytes | None
    site: str = ""
    device: str = ""
    account: str = ""
    scopes: frozenset[Scope] = frozenset({Scope.SCANS})
    made_ms: int = 0
    expires_ms: int | None = None
    revoked_ms: int | None = None
    budgets: Mapping[Budget, int] | None = None

    def state(self, now_ms: int) -> State:
        """Whether it opens at a time."""
        if self.revoked_ms is not None or self.sha256 is None:
            return State.REVOKED
        return State.EXPIRED if self.expires_ms is not None and now_ms >= self.expires_ms else State.VALID

    def holder(self) -> tuple[str, str, str]:
        """Who holds it: keys with the same holder take turns when they are rotated."""
        return self.site, self.device, self.account

    def value(self) -> bytes:
        """Its form in the topic."""
        fields: dict[str, Any] = {
            "sha256": None if self.sha256 is None else self.sha256.hex(),
            "site": self.site,
            "device": self.device,
            "account": self.account,
            "scopes": sorted(map(str, self.scopes)),
            "made": self.made_ms,
            "expires": self.expires_ms,
            "revoked": self.revoked_ms,
            "budgets": {str(budget): rate for budget, rate in (self.budgets or {}).items()},
        }
        return orjson.dumps({name: value for name, value in fields.items() if value not in (None, "", {})})

    @classmethod
    def of(cls, name: str, value: bytes) -> "Key":
        """Reads a record of the topic. A scope that this version does not know is left out: it may not be used here.

        Raises:
            NotAKeyError: it is no key; says why, and nothing of what it holds.
        """
        if not form.is_id(name):
            raise NotAKeyError("its id has another form")
        try:
            fields = orjson.loads(value)
            sha256 = fields.get("sha256")
            found = cls(
                id=name,
                sha256=None if sha256 is None else bytes.fromhex(sha256),
                site=_text(fields, "site"),
                device=_text(fields, "device"),
                account=_text(fields, "account"),
                scopes=_scopes(tuple(fields.get("scopes", ()))),
                made_ms=_time(fields, "made") or 0,
                expires_ms=_time(fields, "expires"),
                revoked_ms=_time(fields, "revoked"),
                budgets={Budget(one): int(rate) for one, rate in fields.get("budgets", {}).items()} or None,
            )
        except (ValueError, TypeError, AttributeError) as error:
            raise NotAKeyError(f"it is no JSON object of a key ({type(error).__name__})") from None
        if found.sha256 is not None and len(found.sha256) != DIGEST_BYTES:
            raise NotAKeyError("its SHA-256 has another length")
        return found


@lru_cache(maxsize=64)
def _scopes(names: tuple[str, ...]) -> frozenset[Scope]:
    """The scopes of these names. Keys share their sets: one takes as much memory as the key itself."""
    return frozenset(Scope(name) for name in names if name in frozenset(Scope))


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise TypeError(name)
    return sys.intern(value)  # A site has many keys.


def _time(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, int):
        raise TypeError(name)
    return value
