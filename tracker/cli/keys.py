"""`tracker keys`: who may send to the gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from tracker.cli.options import command
from tracker.cli.printing import print_json, print_lines
from tracker.cli.times import Time
from tracker.ingest.ports import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.text import Text

    from tracker.config import Settings
    from tracker.ingest.keys.key import Key

_SETTINGS: Final = ("kafka", "keys_topic")
_BUDGET: Final[dict[str, Any]] = {"type": click.IntRange(0, 1_000_000_000), "metavar": "NUMBER"}
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="one JSON object")


@click.group()
def keys() -> None:
    """Makes, lists and revokes the device keys with which scanners send to the gateways."""


@command(*_SETTINGS, running="said")
@click.option("--site", metavar="NAME", help="the only site that it sends for")
@click.option("--any-site", is_flag=True, help="it sends for every site, and each scan names its own")
@click.option("--device", metavar="NAME", default="", help="put into scans that name none")
@click.option("--account", metavar="NAME", default="", help="whose it is")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([str(one) for one in Scope]),
    multiple=True,
    default=(str(Scope.SCANS),),
    show_default=True,
    help="what its holder may do; may be given several times",
)
@click.option("--expires", type=Time("future"), metavar="TIME", help="until when it opens: 90d from now, or a time")
@click.option("--budget-scans", **_BUDGET, help="scans a second, in place of TRACKER_BUDGET_SCANS; 0: any number")
@click.option("--budget-rejects", **_BUDGET, help="rejected scans a second, in place of TRACKER_BUDGET_REJECTS")
@click.option("--budget-parcels", **_BUDGET, help="different parcels an hour, in place of TRACKER_BUDGET_PARCELS")
@_JSON
def add_command(
    settings: Settings,
    *,
    site: str | None,
    any_site: bool,
    device: str,
    account: str,
    scopes: tuple[str, ...],
    expires: int | None,
    budget_scans: int | None,
    budget_rejects: int | None,
    budget_parcels: int | None,
    as_json: bool,
) -> None:
    """Makes a key, and shows it once: nobody can show it again.

    It is printed when Kafka has it on all in-sync replicas; every gateway knows it within a second. To rotate a key,
    add another one for the same site, device and account, put it into the device, and revoke the first.
    """
    from tracker.ingest.keys import desk
    from tracker.ingest.keys.key import Budget

    if (site is None or not site) != any_site:
        raise click.UsageError("One of --site and --any-site is needed.")
    budgets = (budget_scans, budget_rejects, budget_parcels)
    order = desk.Order(
        site=site or "",
        device=device,
        account=account,
        scopes=frozenset(map(Scope, scopes)),
        expires_ms=expires,
        budgets={budget: rate for budget, rate in zip(Budget, budgets, strict=True) if rate is not None},
    )
    made = desk.add(settings, order)
    if as_json:
        print_json({"key": made.text.value, **_to_dict(made.key)})
        return
    click.echo(made.text.value)
    for line in (
        f"this is key {made.key.id}, {_about(made.key)}; it is shown this once",
        "put it into the device, which sends it with each request in the header: Authorization: Bearer ptk_...",
        f"to take it back: tracker keys revoke {made.key.id}",
    ):
        click.echo(f"tracker: {line}", err=True)


@command(*_SETTINGS)
@_JSON
def list_command(settings: Settings, *, as_json: bool) -> None:
    """Lists the keys, the newest last, without their secrets."""
    from tracker.ingest.keys import desk

    found = desk.keys(settings)
    if as_json:
        print_json({"keys": [_to_dict(key) for key in found]})
        return
    if found:
        print_lines(_lines(found))
        click.echo()
    opens = sum(_state(key) == "valid" for key in found)
    click.echo(f"{len(found):,} key{'s' * (len(found) != 1)} in {settings.keys_topic}, {opens:,} of them valid")


@command(*_SETTINGS, running="said")
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@click.option("--absent", is_flag=True, help="also one that the topic does not have, and a gateway's copy may")
@_JSON
def revoke_command(settings: Settings, *, names: tuple[str, ...], absent: bool, as_json: bool) -> None:
    """Revokes keys: within a second they open nothing at any gateway that reaches Kafka.

    ID is the first column of `tracker keys list`.
    """
    from tracker.ingest.keys import desk

    done = desk.revoke(settings, list(names), absent=absent)
    if as_json:
        print_json({"revoked": [_to_dict(key) for key, _ in done]})
        return
    for key, was_open in done:
        click.echo(f"key {key.id}, {_about(key)}: {'is revoked' if was_open else 'was revoked before'}")


def _lines(found: Iterable[Key]) -> Iterator[Text]:
    """Keys, a line each, with titles above."""
    from rich.text import Text

    from tracker.domain.times import moment
    from tracker.serve.plain import visible

    titles = ("id", "site", "device", "account", "scopes", "made (UTC)", "state")
    rows = [
        (
            key.id,
            visible(key.site) or "any",
            visible(key.device) or "-",
            visible(key.account) or "-",
            ",".join(sorted(key.scopes)),
            moment(key.made_ms),
            _state_text(key),
        )
        for key in found
    ]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for style, row in (("dim", titles), *(("", row) for row in rows)):
        yield Text("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip(), style)


def _to_dict(key: Key) -> Mapping[str, Any]:
    """A key for a program."""
    from tracker.domain.times import rfc3339

    times = {"made": key.made_ms, "expires": key.expires_ms, "revoked": key.revoked_ms}
    return {
        "id": key.id,
        "site": key.site,
        "device": key.device,
        "account": key.account,
        "scopes": sorted(key.scopes),
        **{name: None if time_ms is None else rfc3339(time_ms) for name, time_ms in times.items()},
        "budgets": {str(budget): rate for budget, rate in (key.budgets or {}).items()},
        "state": _state(key),
    }


def _about(key: Key) -> str:
    """A key for a person, in a phrase."""
    from tracker.domain.times import moment
    from tracker.serve.plain import visible

    if key.sha256 is None:
        return "of which nothing else is known"
    parts = [f"of site {visible(key.site)}" if key.site else "of every site"]
    parts += [f"device {visible(key.device)}"] * bool(key.device)
    parts += [f"account {visible(key.account)}"] * bool(key.account)
    parts.append(f"for {' and '.join(sorted(key.scopes)) or 'nothing'}")
    parts += [f"until {moment(key.expires_ms)} UTC"] if key.expires_ms is not None else []
    return ", ".join(parts)


def _state(key: Key) -> str:
    import time

    return str(key.state(time.time_ns() // 1_000_000))


def _state_text(key: Key) -> str:
    """Whether a key opens, and until or since when."""
    from tracker.domain.times import moment

    state = _state(key)
    if key.revoked_ms is not None:
        return f"{state} {moment(key.revoked_ms)}"
    if key.expires_ms is None:
        return state
    return f"{state} {'until' if state == 'valid' else 'since'} {moment(key.expires_ms)}"


keys.add_command(add_command, "add")
keys.add_command(list_command, "list")
keys.add_command(revoke_command, "revoke")

COMMANDS = (keys,)
