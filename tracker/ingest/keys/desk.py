"""Makes, lists and revokes keys. What it says is done stands in the topic, on all in-sync replicas."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from tracker.config import Secret, Settings
from tracker.errors import TrackerError, shown
from tracker.ingest.keys import form
from tracker.ingest.keys.key import Budget, Key, State
from tracker.ingest.keys.topic import KeysTopic
from tracker.ingest.ports import Scope
from tracker.limits import (
    ACCOUNT_BYTES_MAX,
    DEVICE_BYTES_MAX,
    KEY_CLOSED_DAYS_MAX,
    KEYS_MAX,
    KEYS_OPEN_MAX,
    SITE_BYTES_MAX,
)

DAY_MS: Final = 24 * 3_600 * 1_000

_NAME_BYTES_MAX: Final = {"site": SITE_BYTES_MAX, "device": DEVICE_BYTES_MAX, "account": ACCOUNT_BYTES_MAX}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a new key is to be; as the attributes of `Key`."""

    site: str
    device: str = ""
    account: str = ""
    scopes: frozenset[Scope] = frozenset({Scope.SCANS})
    expires_ms: int | None = None
    budgets: Mapping[Budget, int] | None = None


class Made(NamedTuple):
    """A new key.

    Attributes:
        key: what is known of it.
        text: all of it, to be shown once.
    """

    key: Key
    text: Secret


def add(settings: Settings, order: Order) -> Made:
    """Makes a key.

    Raises:
        TrackerError: `bad_setting`, there can't be such a key; `too_many_keys`; as of `KeysTopic`.
    """
    now_ms = _now_ms()
    _check(order, now_ms)
    with KeysTopic(settings) as topic:
        there = topic.keys(topic.extent())
        forgotten = [key for key in there.values() if _closed_ms(key) < now_ms - KEY_CLOSED_DAYS_MAX * DAY_MS]
        _check_room(there, len(forgotten), order, now_ms)
        new = form.draw()
        while new.id in there:
            new = form.draw()
        key = Key(
            id=new.id,
            sha256=form.digest(new.key.value),
            site=order.site,
            device=order.device,
            account=order.account,
            scopes=order.scopes,
            made_ms=now_ms,
            expires_ms=order.expires_ms,
            budgets=order.budgets or None,
        )
        topic.write([*((one.id, None) for one in forgotten), (key.id, key)])
    return Made(key, new.key)


def keys(settings: Settings) -> list[Key]:
    """Every key that the topic has, the newest last.

    Raises:
        TrackerError: as of `KeysTopic`.
    """
    with KeysTopic(settings) as topic:
        return sorted(topic.keys(topic.extent()).values(), key=lambda key: (key.made_ms, key.id))


def revoke(settings: Settings, names: list[str], *, absent: bool = False) -> list[tuple[Key, bool]]:
    """Revokes keys by their ids.

    Args:
        settings: `kafka` and `keys_topic`.
        names: ids, or whole keys.
        absent: also a key that the topic does not have: a gateway may have a copy of it.

    Returns:
        each as it is now, and whether it was open before.

    Raises:
        TrackerError: `unknown_key`, nothing was revoked; as of `KeysTopic`.
    """
    now_ms = _now_ms()
    with KeysTopic(settings) as topic:
        there = topic.keys(topic.extent())
        found = [_named(topic.name, there, name, absent=absent) for name in dict.fromkeys(map(_id, names))]
        done = [
            (key if key.revoked_ms is not None else replace(key, revoked_ms=now_ms), key.revoked_ms is None)
            for key in found
        ]
        topic.write([(key.id, key) for key, was_open in done if was_open])
    return done


def _id(name: str) -> str:
    found = form.id_of(name) or name
    if not form.is_id(found):
        raise TrackerError(
            "unknown_key",
            f"expected the id of a key, {form.ID_CHARS} characters as `tracker keys list` shows it, got "
            f"{len(name)} characters of another form",
        )
    return found


def _named(topic: str, there: Mapping[str, Key], name: str, *, absent: bool) -> Key:
    if (key := there.get(name)) is not None:
        return key
    if absent:
        return Key(name, None)
    raise TrackerError(
        "unknown_key",
        f"expected the id of a key in the topic {topic}, got {name}; nothing was revoked. `tracker keys list` shows "
        "the ids; --absent revokes a key that only the copy of a gateway has",
    )


def _check(order: Order, now_ms: int) -> None:
    for what, most in _NAME_BYTES_MAX.items():
        name: str = getattr(order, what)
        if len(name.encode(errors="replace")) > most or not name.isprintable() or name != name.strip():
            raise TrackerError(
                "bad_setting",
                f"--{what}: expected at most {most} bytes of printable text, no blanks around it, got {shown(name)}",
            )
    if not order.scopes:
        raise TrackerError("bad_setting", "--scope: expected one at least, got none")
    if order.expires_ms is not None and order.expires_ms <= now_ms:
        raise TrackerError("bad_setting", "--expires: expected a time to come, got one that has passed")


def _check_room(there: Mapping[str, Key], forgotten: int, order: Order, now_ms: int) -> None:
    if len(there) - forgotten >= KEYS_MAX:
        raise TrackerError(
            "too_many_keys",
            f"expected fewer than {KEYS_MAX:,} keys, got {len(there):,}; closed ones leave {KEY_CLOSED_DAYS_MAX} days "
            "after they were revoked or have expired",
        )
    holder = (order.site, order.device, order.account)
    beside = [key.id for key in there.values() if key.holder() == holder and key.state(now_ms) is State.VALID]
    if len(beside) >= KEYS_OPEN_MAX:
        raise TrackerError(
            "too_many_keys",
            f"expected at most {KEYS_OPEN_MAX} open keys of one site, device and account, got {', '.join(beside)} and "
            "this one; revoke one of them (`tracker keys revoke`), or name another --device or --account",
        )


def _closed_ms(key: Key) -> float:
    """When it was closed for good; never, as long as it opens or may open."""
    return min(time_ms for time_ms in (key.revoked_ms, key.expires_ms, float("inf")) if time_ms is not None)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
