"""Refused scans for a person and for a program: a list of them, and one of them."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from tracker.domain.times import moment, rfc3339
from tracker.errors import REASONS, REMEDIES
from tracker.log.rejected import DeadLetter, Source, position_text
from tracker.serve.plain import visible

_VALUE_CHARS_LISTED: Final = 60
_VALUE_CHARS_SHOWN: Final = 8_192
_UNKNOWN: Final = "a reason that this version does not know"

Sent = Mapping[tuple[int, int], Source | None]
"""Of each dead letter that was sent again: position -> where it stands, None where the broker did not say."""


def reasons_lines(reasons: Mapping[str, int]) -> Iterator[Text]:
    """How many were rejected for each reason, the most frequent first."""
    width = max((len(f"{count:,}") for count in reasons.values()), default=0)
    for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        yield Text.assemble(f"  {count:>{width},}  ", (visible(reason), "bold"), f": {REASONS.get(reason, _UNKNOWN)}")


def list_lines(letters: Sequence[DeadLetter], sent: Sent) -> Iterator[Text]:
    """Dead letters, a line each, with titles above."""
    rows = [
        (
            position_text(letter.position),
            _when(letter),
            visible(letter.reason) + " (sent again)" * (letter.position in sent),
            visible(str(letter.source)),
            visible(_text(letter.value), _VALUE_CHARS_LISTED),
        )
        for letter in letters
    ]
    titles = ("at", "rejected (UTC)", "reason", "scan", "value")
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for style, row in (("dim", titles), *(("", row) for row in rows)):
        yield Text("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip(), style)


def letter_lines(letter: DeadLetter, earlier: Sequence[DeadLetter], sent: Sequence[Source | None]) -> Iterator[Text]:
    """One dead letter: why it was rejected, what mends that, what became of it, and its bytes."""
    yield Text.assemble((visible(letter.reason), "bold"), f": {REASONS.get(letter.reason, _UNKNOWN)}")
    if letter.detail:
        yield Text(visible(letter.detail, 1_000))
    yield Text(f"to mend: {REMEDIES.get(letter.reason, 'look into the notes of a newer version')}", "yellow")
    yield Text()
    yield Text(f"rejected  {_when(letter)} UTC, at {position_text(letter.position)}")
    yield Text(f"scan      {visible(str(letter.source))}")
    if letter.received_ms is not None:
        yield Text(f"received  {moment(letter.received_ms)} UTC, by a gateway, which did not take it")
    yield Text(f"key       {'none' if letter.key is None else visible(_text(letter.key))}")
    for one in earlier:
        yield Text(
            f"before    {visible(one.reason)} at {position_text(one.position)}, {_when(one)} UTC, scan {one.source}"
        )
    for position in sent:
        yield Text(f"again     sent again{'' if position is None else f', as {position}'}")
    yield Text(f"value     {'none' if letter.value is None else f'{len(letter.value):,} bytes'}")
    if letter.value:
        yield Text()
        yield Text(visible(_text(letter.value), _VALUE_CHARS_SHOWN))


def to_dict(letter: DeadLetter, *, sent: Sequence[Source | None]) -> dict[str, Any]:
    """A dead letter for a program, without its bytes."""
    return {
        "at": position_text(letter.position),
        "time": None if letter.time_ms is None else rfc3339(letter.time_ms),
        "reason": letter.reason,
        "received": None if letter.received_ms is None else rfc3339(letter.received_ms),
        "detail": letter.detail,
        "source": str(letter.source),
        "key": None if letter.key is None else _text(letter.key),
        "sent_again": [None if position is None else str(position) for position in sent],
    }


def whole_dict(letter: DeadLetter, earlier: Sequence[DeadLetter], sent: Sequence[Source | None]) -> dict[str, Any]:
    """A dead letter for a program, with its bytes: as a text where they are one, and in Base64."""
    value = letter.value
    try:
        text = None if value is None else value.decode()
    except UnicodeDecodeError:
        text = None
    return {
        **to_dict(letter, sent=sent),
        "means": REASONS.get(letter.reason),
        "remedy": REMEDIES.get(letter.reason),
        "earlier": [to_dict(one, sent=[]) for one in earlier],
        "value": text,
        "value_base64": None if value is None else base64.b64encode(value).decode(),
    }


def _when(letter: DeadLetter) -> str:
    return "-" if letter.time_ms is None else moment(letter.time_ms)


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode(errors="backslashreplace")
