"""Reads settings from the environment, from files and from flags, and refuses by name what can't be."""

import json
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.config import checks, secrets
from tracker.config.running import SYSTEM, Running, find
from tracker.config.secrets import masked
from tracker.config.settings import FILE_SUFFIX, PREFIX, TABLE, Settings, file_variable, flag, text, variable
from tracker.errors import TrackerError

NOT_SETTINGS: Final = frozenset({"TRACKER_BUILD"})
"""Variables with our prefix that are read elsewhere: how setup.py builds the extensions."""

Source = Literal["default", "running tracker up", "environment", "file", "flag"]

_NONE: Final[Mapping[str, str]] = {}


def source(
    name: str,
    environment: Mapping[str, str],
    flags: Mapping[str, str | None],
    running: Mapping[str, str] = _NONE,
) -> Source:
    """Tells where the value of a setting comes from. An empty variable counts as unset."""
    given = _given(name, environment, flags, running)
    return "default" if given is None else given.source


class _Given(NamedTuple):
    """What was given for a setting: its text, or the path of the file that holds it."""

    source: Source
    text: str
    name: str
    place: str


def _given(
    name: str,
    environment: Mapping[str, str],
    flags: Mapping[str, str | None],
    running: Mapping[str, str] = _NONE,
) -> _Given | None:
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
        if name not in running:
            return None
        return _Given("running tracker up", running[name], variable(name), "the running `tracker up`")
    one = set_ones[0]
    return _Given("environment" if one == variable(name) else "file", texts[one], one, "the environment")


def load(
    environment: Mapping[str, str],
    flags: Mapping[str, str | None] | None = None,
    running: Mapping[str, str] = _NONE,
) -> Settings:
    """Reads every setting.

    Args:
        environment: such as `os.environ`.
        flags: name of a setting -> its text, None where the flag was not given; of a secret the file that holds it.
        running: what `Running.of` a running `tracker up` gives.

    Raises:
        TrackerError: `bad_setting`, with the name, what was expected, what came, and from where; never with a secret.
    """
    values: dict[str, Any] = {}
    for name in TABLE:
        if (given := _given(name, environment, flags or {}, running)) is not None:
            values[name] = _value(name, given)
    settings = Settings(**values)
    checks.check(settings)
    return settings


def beside(
    environment: Mapping[str, str], flags: Mapping[str, str | None], warn: Callable[[str], None]
) -> Running | None:
    """Gives the `tracker up` that runs in the data folder, None if these name another Kafka, Redis or topic than it.

    Its settings are taken together: half of them, beside a Kafka or a Redis from elsewhere, would be no system.

    Args:
        environment, flags: as of `load`.
        warn: as of `running.find`.

    Raises:
        TrackerError: `bad_setting`.
    """
    given = _given("data_dir", environment, flags)
    folder: Path = Settings().data_dir if given is None else _value("data_dir", given)
    running = find(folder, warn)
    for name in SYSTEM if running else ():
        given = _given(name, environment, flags)
        if running and given is not None and masked(_value(name, given)) != running.texts[name]:
            return None
    return running


def lacking(
    names: Iterable[str], environment: Mapping[str, str], flags: Mapping[str, str | None], running: Running
) -> None:
    """Refuses what a running `tracker up` could not leave, since it is secret, and what is not given here either.

    Raises:
        TrackerError: `bad_setting`, with the name of the first such setting.
    """
    for name in running.masked.intersection(names):
        if source(name, environment, flags) == "default":
            raise TrackerError(
                "bad_setting",
                f"{variable(name)}: expected it here too, or {file_variable(name)}, got none; the running `tracker up` "
                f"(process {running.pid}) has a secret in it, and leaves none in {running.path}",
            )


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
    """Gives each variable that looks like a setting and is not one, with the nearest setting."""
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
