"""Topics: which are subscribed to, and what a topic says of who sent a scan.

A pattern is a topic filter (MQTT 5, section 4.7) in which a level may also be `{site}` or `{device}`: those say where
and by what a scan was read. `scans/{site}/{device}` is the filter `scans/+/+`.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from tracker.limits import DEVICE_BYTES_MAX, MQTT_TOPIC_BYTES_MAX, SITE_BYTES_MAX

SITE: Final = "{site}"
DEVICE: Final = "{device}"

_FORM: Final = (
    "a topic filter such as scans/{site}/{device}: a level is a text, +, {site} or {device}; the last may be #"
)


class Origin(NamedTuple):
    """What a topic says of a message; empty where it says nothing.

    Attributes:
        site: where its scans were read.
        device: by what.
    """

    site: str
    device: str


class Pattern:
    """A pattern of topics.

    Args:
        text: as it is configured.

    Attributes:
        text: as given.
        filter: what is subscribed to.

    Raises:
        ValueError: it is no such pattern; says what is expected.
    """

    def __init__(self, text: str) -> None:
        levels = text.split("/")
        if not text or not text.isprintable() or len(text.encode()) > MQTT_TOPIC_BYTES_MAX or text.startswith("$"):
            raise ValueError(_FORM)
        if levels.count(SITE) > 1 or levels.count(DEVICE) > 1:
            raise ValueError(f"{_FORM}; {SITE} and {DEVICE} once each")
        for number, level in enumerate(levels, 1):
            is_name = level in {SITE, DEVICE, "+"}
            if not is_name and re.search(r"[+#{}]", level) and not (level == "#" and number == len(levels)):
                raise ValueError(_FORM)
        self.text = text
        self.filter = "/".join("+" if level in {SITE, DEVICE} else level for level in levels)
        self._expression = re.compile(_expression(levels), re.DOTALL)

    def origin(self, topic: str) -> Origin | None:
        """What a topic says, None if it is not one of these."""
        found = self._expression.fullmatch(topic)
        if found is None:
            return None
        names = found.groupdict("")
        return Origin(names.get("site", ""), names.get("device", ""))


def _expression(levels: Sequence[str]) -> str:
    """A regular expression of the topics. A level that is a name is never empty: nothing is no site."""
    parts = {SITE: "(?P<site>[^/]+)", DEVICE: "(?P<device>[^/]+)", "+": "[^/]*"}
    written = [parts.get(level, re.escape(level)) for level in levels]
    if levels[-1] != "#":
        return "/".join(written)
    # `a/#` takes `a` as well.
    above = "/".join(written[:-1])
    return rf"{above}(?:/.*)?" if above else ".*"


def origin(patterns: Sequence[Pattern], topic: str) -> Origin | None:
    """What the first pattern that takes a topic says of it.

    None: no pattern takes it, or what it names is no site or device.
    """
    for pattern in patterns:
        if (found := pattern.origin(topic)) is not None:
            return found if _is_name(found.site, SITE_BYTES_MAX) and _is_name(found.device, DEVICE_BYTES_MAX) else None
    return None


def _is_name(text: str, bytes_max: int) -> bool:
    """Whether a scan may have it; `bad_name` if not."""
    return text.isprintable() and len(text.encode()) <= bytes_max
