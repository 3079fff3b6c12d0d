"""Every setting, once: its name, default, form and meaning. Values come from the environment and from flags.

The setting `partitions` is `TRACKER_PARTITIONS` in the environment and `--partitions` as a flag; a flag goes first.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.errors import TrackerError
from tracker.limits import INFLATED_BYTES_MAX, OFFLINE_DAYS_MAX, PARTITIONS_MAX

PREFIX: Final = "TRACKER_"
NOT_SETTINGS: Final = frozenset({"TRACKER_BUILD"})
"""Variables with our prefix that are read elsewhere: how setup.py builds the extensions."""

Source = Literal["default", "environment", "flag"]


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address(text: str) -> Address:
    form = "host:port with a port from 1 to 65535"
    if not (match := re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/,@]+)):([0-9]{1,5})", text)):
        raise ValueError(form)
    if not 1 <= int(match[3]) <= 65_535:
        raise ValueError(form)
    return Address(match[1] or match[2], int(match[3]))


def _addresses(text: str) -> str:
    try:
        return ",".join(str(_address(part.strip())) for part in text.split(","))
    except ValueError:
        raise ValueError("host:port, several with commas between them") from None


def _address_or_off(text: str) -> Address | None:
    return None if text == "off" else _address(text)


def _redis_url(text: str) -> str:
    form = "redis://host:port/number, rediss://host:port/number or unix:///path"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(form) from None
    tcp = url.scheme in {"redis", "rediss"} and url.hostname and port != 0 and re.fullmatch(r"/?[0-9]*", url.path)
    if not tcp and not (url.scheme == "unix" and len(url.path) > 1):
        raise ValueError(form)
    return text


def _topic(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", text, re.ASCII) or text in {".", ".."}:
        raise ValueError("1 to 249 of A-Z a-z 0-9 . _ -")
    return text


def _folder(text: str) -> Path:
    return Path(text).expanduser()


def _existing_folder(text: str) -> Path | None:
    if text and not _folder(text).is_dir():
        raise ValueError("a folder that exists")
    return _folder(text) if text else None


def _existing_file(text: str) -> Path | None:
    if text and not _folder(text).is_file():
        raise ValueError("a file that exists")
    return _folder(text) if text else None


def _names(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")] if text else []
    if not all(re.fullmatch(r"[a-z0-9_]+", name, re.ASCII) for name in names):
        raise ValueError("names of carriers or formats as docs/barcodes.md has them, several with commas between them")
    return tuple(names)


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Gives a parser of whole numbers from low to high."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _setting(default: str, parse: Callable[[str], Any], meaning: str, unit: str = "") -> Any:  # noqa: ANN401
    """A line of the table: the default in the form of the environment, its parser, what it means and in what unit."""
    value = parse(default)
    return field(default=value, metadata={"default": default, "parse": parse, "meaning": meaning, "unit": unit})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run. Made by `load`; a test may make its own."""

    kafka: str = _setting("127.0.0.1:9092", _addresses, "Kafka's brokers", "host:port,...")
    redis: str = _setting("redis://127.0.0.1:6379/0", _redis_url, "the Redis that holds the parcels", "URL")
    topic: str = _setting("scans", _topic, "the topic that scans are read from")
    rejected_topic: str = _setting("scans.rejected", _topic, "the topic that refused scans go to")
    partitions: int = _setting("64", _whole(1, PARTITIONS_MAX), "partitions of the topic of scans, chosen once")
    replication: int = _setting("1", _whole(1, 32), "copies of each partition that `tracker init` asks for")
    group: str = _setting("tracker", _topic, "the consumer group of the workers")
    vocabularies: Path | None = _setting("", _existing_folder, "vocabularies beside or over the shipped ones", "folder")
    site_zones: Path | None = _setting("", _existing_file, "the time zone of each site, for times without one", "file")
    barcode_first: tuple[str, ...] = _setting(
        "", _names, "carriers whose barcodes are the own ones and name the parcel", "name,..."
    )
    barcodes_off: tuple[str, ...] = _setting(
        "", _names, "formats, or carriers, whose barcodes are not read", "name,..."
    )
    retention_hours: int = _setting("168", _whole(1, 87_600), "how long Kafka keeps a scan", "hours")
    final_ttl_days: int = _setting(
        "400",
        _whole(1, 3_650),
        "how long Redis keeps a parcel after its final state, and another label after it was read",
        "days",
    )
    cache_parcels: int = _setting("200000", _whole(0, 100_000_000), "records that a worker keeps in memory in all")
    fetch_bytes: int = _setting(
        "1048576", _whole(1_024, 1 << 30), "the most that is fetched of a partition at once", "bytes"
    )
    fetch_wait_ms: int = _setting(
        "500", _whole(1, 60_000), "how long a broker may hold an answer that has no scan in it", "milliseconds"
    )
    inflate_bytes: int = _setting(
        str(INFLATED_BYTES_MAX),
        _whole(1_048_576, 1 << 30),
        "the most that the records of one compressed batch may take",
        "bytes",
    )
    session_timeout_s: int = _setting("10", _whole(6, 1_800), "silence after which a worker counts as dead", "seconds")
    start_timeout_s: int = _setting(
        "60", _whole(0, 86_400), "how long a worker waits at its start for Kafka and Redis", "seconds"
    )
    monitor: Address | None = _setting(
        "127.0.0.1:9464",
        _address_or_off,
        "where a worker serves /metrics, /healthz, /livez and /readyz",
        "host:port|off",
    )
    data_dir: Path = _setting(".tracker", _folder, "where `tracker up` keeps its data", "folder")


TABLE: Final[dict[str, Field[Any]]] = {setting.name: setting for setting in fields(Settings)}
"""Name -> its line, in the order in which they are listed."""


def variable(name: str) -> str:
    """Gives the environment variable of a setting: `TRACKER_PARTITIONS`."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """Gives the flag of a setting: `--partitions`."""
    return "--" + name.replace("_", "-")


def source(name: str, environment: Mapping[str, str], flags: Mapping[str, str | None]) -> Source:
    """Tells where the value of a setting comes from. An empty variable counts as unset."""
    if flags.get(name) is not None:
        return "flag"
    return "environment" if environment.get(variable(name)) else "default"


def load(environment: Mapping[str, str], flags: Mapping[str, str | None] | None = None) -> Settings:
    """Reads every setting.

    Args:
        environment: such as `os.environ`.
        flags: name of a setting -> its text, None where the flag was not given.

    Raises:
        TrackerError: `bad_setting`, with the name, what was expected, what came, and from where.
    """
    flags = flags or {}
    values: dict[str, Any] = {}
    for name, setting in TABLE.items():
        origin = source(name, environment, flags)
        if origin == "default":
            continue
        text = (flags[name] if origin == "flag" else environment[variable(name)]) or ""
        try:
            values[name] = setting.metadata["parse"](text)
        except ValueError as expected:
            place = f"the flag {flag(name)}" if origin == "flag" else "the environment"
            message = f"{variable(name)}: expected {expected}, got {masked(text)!r} (from {place})"
            raise TrackerError("bad_setting", message) from None
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """Checks what no setting shows alone: a record that expires too early would be made anew by a late scan."""
    days_min = settings.retention_hours / 24 + OFFLINE_DAYS_MAX
    if settings.final_ttl_days <= days_min:
        raise TrackerError(
            "bad_setting",
            f"TRACKER_FINAL_TTL_DAYS: expected more than {days_min:g} days (TRACKER_RETENTION_HOURS and "
            f"{OFFLINE_DAYS_MAX} days of a scanner without network), got {settings.final_ttl_days}",
        )
    if settings.topic == settings.rejected_topic:
        raise TrackerError(
            "bad_setting",
            f"TRACKER_REJECTED_TOPIC: expected another topic than TRACKER_TOPIC, got {settings.topic!r} twice",
        )


def unknown(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Gives each variable that looks like a setting but is none, with the nearest one that is."""
    known = NOT_SETTINGS | {variable(name) for name in TABLE}
    nearest: dict[str, str | None] = {}
    for stranger in sorted(name for name in environment if name.startswith(PREFIX) and name not in known):
        # Compared without the prefix, which makes any two names look alike.
        names = get_close_matches(stranger.removeprefix(PREFIX).lower(), TABLE, n=1)
        nearest[stranger] = variable(names[0]) if names else None
    return nearest


def masked(text: str) -> str:
    """Gives a value as it may be shown: with the password of a URL replaced by ***."""
    # Up to the last @, since a password may hold what should have been escaped.
    text = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:***@", text)
    return re.sub(r"(?<=[?&])(password=)[^&]*", r"\1***", text)


def text(settings: Settings, name: str) -> str:
    """Gives the value of a setting in the form that the environment takes."""
    value = getattr(settings, name)
    if value is None:
        return "off" if name == "monitor" else ""
    if isinstance(value, tuple) and not isinstance(value, Address):
        return ",".join(value)
    return str(value)


def shown(settings: Settings, name: str) -> str:
    """Gives the value of a setting in the form that the environment takes, without passwords."""
    return masked(text(settings, name))


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
