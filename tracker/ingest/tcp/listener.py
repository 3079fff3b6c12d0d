"""A listener for readers over TCP: its table `[[tcp]]`, what its preset adds, and what can't be together."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

from tracker.domain.vocabulary import Vocabularies
from tracker.errors import TrackerError
from tracker.ingest.tables import read, refuse
from tracker.ingest.tcp.keys import Listener

_ENDS: Final = ("end", "end_pause_ms", "length", "json")
"""How a frame may end. Who names one of them takes none from his preset."""

ABOUT: Final = ("about", "source")
"""Keys of a preset that are for people."""


@cache
def presets() -> dict[str, dict[str, Any]]:
    """Gives the presets: name -> keys of a listener, and those of ABOUT."""
    return tomllib.loads(files("tracker.ingest.tcp").joinpath("presets.toml").read_text("utf-8"))


def listener(table: Mapping[str, Any], where: str) -> Listener:
    """Reads a table `[[tcp]]`.

    Raises:
        TrackerError: `bad_setting`, with the name of the key.
    """
    made = read(Listener, {**_preset(table, where), **table}, where)
    _check_ways(made, where)
    _check_frames(made, where)
    _check_tls(made, where)
    return made


def check_events(listeners: Iterable[Listener], vocabularies: Vocabularies) -> None:
    """Refuses a listener whose every scan would be rejected, since no vocabulary has its event.

    Raises:
        TrackerError: `bad_setting`.
    """
    for one in listeners:
        try:
            vocabularies.find(one.event)
        except TrackerError as unknown:
            refuse(f"[[tcp]] {one.name!r}", f"event: {unknown}")


def _preset(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    name = table.get("preset", "")
    if name == "":
        return {}
    if not isinstance(name, str) or name not in presets():
        refuse(where, f"preset: expected one of {', '.join(presets())}, got {name!r}")
    left_out = {*ABOUT, *(_ENDS if any(one in table for one in _ENDS) else ())}
    return {one: value for one, value in presets()[name].items() if one not in left_out}


def _check_ways(made: Listener, where: str) -> None:
    if (made.listen is None) == (made.connect is None):
        got = "neither" if made.listen is None else "both"
        refuse(where, f"listen: expected either listen or connect, got {got}")
    if made.connect and made.allow:
        refuse(where, "allow: expected it with listen only, got it with connect")
    if made.hello and made.listen:
        refuse(where, "hello: expected it with connect only, got it with listen")
    if made.rejected_answer == "nak" and made.nak == (b"",):
        refuse(where, "rejected_answer: expected ack where nak is empty, got 'nak'")


def _check_frames(made: Listener, where: str) -> None:
    ways = {
        "end": bool(made.end),
        "end_pause_ms": made.end_pause_ms > 0,
        "length": bool(made.length),
        "json": made.json,
    }
    chosen = [name for name, is_chosen in ways.items() if is_chosen]
    if chosen not in (["end"], ["end_pause_ms"], ["length"], ["json"], ["end", "length"]):
        refuse(
            where, f"end: expected one of end, end_pause_ms, length, json, or end and length, got {chosen or 'none'}"
        )
    if made.start and made.start[0] in made.ignore:
        refuse(where, f"ignore: expected bytes that no frame starts with, got {made.ignore!r}")
    if made.json != bool(made.paths):
        refuse(where, f"paths: expected it with json and only then, got {dict(made.paths) or 'none'}")
    if made.json and not {"barcodes", "epc"} & set(dict(made.paths)):
        refuse(where, f"paths: expected barcodes or epc among them, got {', '.join(dict(made.paths))}")
    if made.json and (made.start or made.checksum):
        refuse(where, "json: expected neither start nor checksum with it")
    if made.columns and made.separator:
        refuse(where, "columns: expected either columns or separator, got both")
    if made.columns and len(made.columns) != len(made.fields):
        refuse(where, f"columns: expected as many as fields, {len(made.fields)}, got {len(made.columns)}")
    if not made.columns and not made.separator and made.fields != ("barcodes",):
        refuse(where, f"separator: expected one, or columns, for fields {', '.join(made.fields)}, got none")
    if made.fields_min > len(made.fields):
        refuse(where, f"fields_min: expected at most {len(made.fields)}, as many as fields, got {made.fields_min}")
    if made.checksum_after_end and not made.end:
        refuse(where, "checksum_after_end: expected end bytes before it, got none")


def _check_tls(made: Listener, where: str) -> None:
    given = [name for name in ("certificate", "key", "key_password_file", "ca") if getattr(made, name)]
    if given and not made.tls:
        refuse(where, f"tls: expected true with {given[0]}, got false")
    if (made.certificate is None) != (made.key is None):
        refuse(where, "key: expected certificate and key, or neither")
    if made.tls and made.listen and not made.certificate:
        refuse(where, "certificate: expected one where readers connect over TLS, got none")


KEYS: Final = {one.name: one.metadata for one in fields(Listener)}
"""Name -> what is said of it: `form`, `default`, `meaning`."""
