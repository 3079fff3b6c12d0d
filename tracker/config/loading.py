"""Reads settings from the environment, from files and from flags, and refuses by name what can't be."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.config import checks, secrets
from tracker.config.secrets import masked
from tracker.config.settings import FILE_SUFFIX, PREFIX, TABLE, Settings, file_variable, flag, text, variable
from tracker.errors import TrackerError

NOT_SETTINGS: Final = frozenset({"TRACKER_BUILD"})
"""Variables with our prefix that are read elsewhere: how setup.py builds the extensions."""

Source = Literal["default", "environment", "file", "flag"]


def source(name: str, environment: Mapping[str, str], flags: Mapping[str, str | None]) -> Source:
    """Tells where the value of a setting comes from. An empty variable counts as unset."""
    given = _given(name, environment, flags)
    return "default" if given is None else given.source


class _Given(NamedTuple):
    """What was given for a setting: its text, or the path of the file that holds it."""

    source: Source
    text: str
    name: str
    place: str


def _given(name: str, environment: Mapping[str, str], flags: Mapping[str, str | None]) -> _Given | None:
    if (flag_text := flags.get(name)) is not None:
        place = f"the flag {flag(name)}"
        if TABLE[name].metadata["secret"]:
            return _Given("file", flag_text, variable(name) + FILE_SUFFIX, place)
        return _Given("flag", flag_text, variable(name), place)
    texts = {one: environment.get(one, "") for one in (variable(name), file_variable(name)) if one}
    set_ones = [one for one, text in texts.items() if text]
    if len(set_ones) > 1:
        raise TrackerError("bad_setting", f"{set_ones[0]}: expected either it or {set_ones[1]}, got both")
    if not set_ones:
        return None
    one = set_ones[0]
    return _Given("environment" if one == variable(name) else "file", texts[one], one, "the environment")


def load(environment: Mapping[str, str], flags: Mapping[str, str | None] | None = None) -> Settings:
    """Reads every setting.

    Args:
        environment: such as `os.environ`.
        flags: name of a setting -> its text, None where the flag was not given; of a secret the file that holds it.

    Raises:
        TrackerError: `bad_setting`, with the name, what was expected, what came, and from where; never with a secret.
    """
    values: dict[str, Any] = {}
    for name in TABLE:
        if (given := _given(name, environment, flags or {})) is not None:
            values[name] = _value(name, given)
    settings = Settings(**values)
    checks.check(settings)
    return settings


def _value(name: str, given: _Given) -> Any:  # noqa: ANN401
    metadata = TABLE[name].metadata
    text = given.text
    if given.source == "file":
        try:
            text = secrets.read(Path(text).expanduser())
        except ValueError as reason:
            message = f"{given.name}: expected a file that holds {variable(name)} in one line, got {given.text!r}, but "
            raise TrackerError("bad_setting", f"{message}{reason} (from {given.place})") from None
    got = secrets.MASK if metadata["secret"] else repr(masked(text))
    if given.source == "flag" and metadata["in_file"] and masked(text) != text:
        raise TrackerError(
            "bad_setting",
            f"{given.name}: expected no password in a flag, which every user of this machine can read, got {got} "
            f"(from {given.place}); set {variable(name)}, or {file_variable(name)} to a file that holds it",
        )
    try:
        return metadata["parse"](text)
    except ValueError as expected:
        message = f"{given.name}: expected {expected}, got {got} (from {given.place})"
        raise TrackerError("bad_setting", message) from None


def unknown(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Gives each variable that looks like a setting but is none, with the nearest one that is."""
    files = (file_variable(name) for name in TABLE)
    known = NOT_SETTINGS | {variable(name) for name in TABLE} | {name for name in files if name}
    nearest: dict[str, str | None] = {}
    for stranger in sorted(name for name in environment if name.startswith(PREFIX) and name not in known):
        # Compared without the prefix, which makes any two names look alike.
        names = get_close_matches(stranger.removeprefix(PREFIX).lower(), TABLE, n=1)
        nearest[stranger] = variable(names[0]) if names else None
    return nearest


def environment(settings: Settings) -> dict[str, str]:
    """Gives the variables with which another process loads the same settings."""
    return {variable(name): text(settings, name) for name in TABLE}


def site_zones(settings: Settings) -> dict[str, str]:
    """Gives the time zone of each site, from the file that the settings name.

    Raises:
        TrackerError: `bad_setting`, the file is not a JSON object {site: IANA zone}.
    """
    if settings.site_zones is None:
        return {}
    try:
        zones = dict(json.loads(settings.site_zones.read_bytes()))
        for zone in zones.values():
            ZoneInfo(zone)
    except (OSError, ValueError, TypeError, ZoneInfoNotFoundError) as error:
        expected = f"TRACKER_SITE_ZONES: expected a JSON object of site to IANA zone in {settings.site_zones}"
        raise TrackerError("bad_setting", f"{expected}, got {error}") from None
    return zones
