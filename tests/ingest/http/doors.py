"""A doorkeeper who knows one key."""

from typing import Final

from tracker.ingest.keys import form
from tracker.ingest.keys.key import Key
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.ports import Scope
from tracker.ingest.who import Doorkeeper

_NEW: Final = form.draw()

DEVICE_KEY: Final = _NEW.key.value


def doorkeeper(site: str = "", *scopes: Scope) -> Doorkeeper:
    """One who knows DEVICE_KEY."""
    key = Key(_NEW.id, form.digest(DEVICE_KEY), site=site, scopes=frozenset(scopes or Scope))
    return Doorkeeper(Keyring([key], known=True, current=True))
