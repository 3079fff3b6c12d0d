"""Redis Sentinel: which server is the primary."""

import contextlib
from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from redis.exceptions import RedisError

from tracker.config import Address
from tracker.errors import shown
from tracker.store import blocking, refusals
from tracker.store.failures import SentinelError
from tracker.store.server import Server

TIMEOUT_S: Final = 1.0
"""How long a Sentinel may be silent. They are asked one after another, and a machine that has died does not answer."""


class Said(NamedTuple):
    """What one Sentinel says.

    Attributes:
        primary: where the primary is, None if it knows none of that name.
        epoch: of its configuration. Each failover has a higher one than all before: who says more has heard of more.
    """

    primary: Address | None
    epoch: int = 0


def find_primary(server: Server) -> Address:
    """Asks every Sentinel for the primary, and believes the one that has heard of the latest failover.

    One that is cut off from the others together with an old primary still names that one, where what is written will be
    lost.

    Raises:
        SentinelError: none of them names one.
    """
    answers: list[Said] = []
    problems: list[str] = []
    for address in server.url.servers:
        try:
            answers.append(_ask(server, address))
        except (RedisError, OSError) as error:
            said = refusals.of(error, server, server.sentinel_login)
            problems.append(f"{address}: {'it is no Sentinel' if 'unknown command' in said else said}")
    if (primary := latest(answers)) is not None:
        return primary
    if answers:
        name = shown(server.url.primary)
        problems.insert(0, f"no primary is known as {name}: name it in TRACKER_REDIS as sentinel.conf does (monitor)")
    raise SentinelError(f"Sentinel does not say where the primary is: {'; '.join(problems)}")


def latest(answers: Iterable[Said]) -> Address | None:
    """Whom the answer of the highest epoch names; None if no answer names anybody."""
    return max((said for said in answers if said.primary), key=lambda said: said.epoch, default=Said(None)).primary


def _ask(server: Server, address: Address) -> Said:
    made = blocking.client(lambda: address, server.context, server.sentinel_login, timeout_s=TIMEOUT_S)
    ask: Any = partial(made.execute_command, "SENTINEL")
    with contextlib.closing(made):
        # During a failover MASTER still gives the old address, with the epoch of the new one.
        if (found := ask("GET-MASTER-ADDR-BY-NAME", server.url.primary)) is None:
            return Said(None)
        state: list[bytes] = ask("MASTER", server.url.primary)
    epoch = state[state.index(b"config-epoch") + 1]
    return Said(Address(found[0].decode(), int(found[1])), int(epoch))
