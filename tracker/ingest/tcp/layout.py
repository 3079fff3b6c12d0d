"""What stands where in a frame: its codes, its sequence number, weight and sizes. No input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, get_args

import orjson

from tracker.limits import TCP_CODES_MAX, TCP_SEQUENCE_CHARS_MAX

FIELDS: Final = {
    "barcodes": "what was read: one code, or several with `code_separator` between them",
    "symbology": "the AIM symbology identifier of the codes, such as `]C1` or `C1`",
    "epc": "an EPC as hexadecimal digits, from readers of RFID; an SSCC-96 is a parcel, other tags are passed over",
    "sequence": "the running number of the frame",
    "id": "an identifier that no other frame of this device ever has",
    "date": "the date, where it stands apart from the time",
    "time": "when it was read",
    "weight": "the weight, a number",
    "weight_unit": "its unit: g, kg, lb, oz",
    "length": "the length, a number; so `width` and `height`",
    "width": "the width",
    "height": "the height",
    "size_unit": "their unit: mm, cm, m, in",
}
"""Name -> what it is. A name such as `data.lane` goes into the scan's `data` as it is; an empty one is passed over."""

ContentReason = Literal["bad_encoding", "bad_fields", "bad_json", "bad_sequence"]
CONTENT_REASONS: Final[tuple[ContentReason, ...]] = get_args(ContentReason)
"""Why the content of a frame can't be read: it is not text in its encoding; it has other fields than it should; it is
not the JSON that it should be; its sequence number is too long."""


class BadContent(Exception):
    """The content of a frame can't be read.

    Attributes:
        reason: why not.
    """

    def __init__(self, reason: ContentReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Reading(NamedTuple):
    """What one frame says of one parcel, or of several.

    Attributes:
        codes: what was read.
        texts: the other fields by name.
    """

    codes: list[str]
    texts: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What stands where in a frame.

    Attributes:
        encoding: of the content.
        separator: between fields; empty: the whole content is one field, or `columns` say where fields stand.
        columns: first and behind the last character of each field.
        fields: their names, in order. If the last one is `barcodes`, all that follows is codes.
        fields_min: a frame with fewer is bad.
        code_separator: between codes of the field `barcodes`.
        paths: of a JSON frame: name -> keys with dots between them; a list on the way stands for each of its values.
    """

    encoding: str = "latin-1"
    separator: str = ""
    columns: Sequence[tuple[int, int]] = ()
    fields: Sequence[str] = ("barcodes",)
    fields_min: int = 1
    code_separator: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)

    def read(self, content: bytes) -> list[Reading]:
        """Reads the content of a frame.

        Returns:
            One reading; of a JSON array one for each object.

        Raises:
            BadContent: it can't be read.
        """
        if self.paths:
            return self._read_json(content)
        try:
            text = content.decode(self.encoding)
        except UnicodeDecodeError:
            raise BadContent("bad_encoding") from None
        return [self._read_fields(text)]

    def _read_fields(self, text: str) -> Reading:
        if self.columns:
            parts = [text[begin:end].strip(" ") for begin, end in self.columns]
        elif self.separator:
            parts = text.split(self.separator)
        else:
            return Reading(self._codes([text]), {})
        fields = self.fields
        if len(parts) < self.fields_min or (fields[-1] != "barcodes" and any(parts[len(fields) :])):
            raise BadContent("bad_fields")
        texts = {}
        codes: list[str] = []
        for name, part in zip(fields, parts, strict=False):
            if name == "barcodes":
                codes += self._codes([part])
            elif name:
                texts[name] = part
        codes += self._codes(parts[len(fields) :])
        return _checked(Reading(codes, texts))

    def _codes(self, parts: Sequence[str]) -> list[str]:
        if self.code_separator:
            parts = [code for part in parts for code in part.split(self.code_separator)]
        return [code for code in parts if code]

    def _read_json(self, content: bytes) -> list[Reading]:
        try:
            value = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise BadContent("bad_json") from None
        objects = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in objects) or len(objects) > TCP_CODES_MAX:
            raise BadContent("bad_json")
        return [self._read_object(one) for one in objects]

    def _read_object(self, value: dict[str, Any]) -> Reading:
        found = {name: _at(value, path.split(".")) for name, path in self.paths.items()}
        codes = self._codes(found.pop("barcodes", []))
        texts = {name: values[0] for name, values in found.items() if values and name != "epc"}
        if len(found.get("epc", ())) > TCP_CODES_MAX:
            raise BadContent("bad_fields")
        texts |= {"epc": ",".join(found["epc"])} if found.get("epc") else {}
        return _checked(Reading(codes, texts))


def _checked(reading: Reading) -> Reading:
    if len(reading.codes) > TCP_CODES_MAX:
        raise BadContent("bad_fields")
    if len(reading.texts.get("sequence", "")) > TCP_SEQUENCE_CHARS_MAX:
        raise BadContent("bad_sequence")
    return reading


def _at(value: object, path: Sequence[str]) -> list[str]:
    """The values at a path, as text."""
    if isinstance(value, list):
        return [text for one in value for text in _at(one, path)]
    if path:
        return _at(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
    if value is None or isinstance(value, dict):
        return []
    return [value if isinstance(value, str) else orjson.dumps(value).decode()]
