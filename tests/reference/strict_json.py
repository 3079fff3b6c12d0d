"""JSON as RFC 8259 has it, by the standard library's reader without its liberties."""

import json
from math import isinf
from typing import Any, NoReturn

import orjson


class NotJsonError(ValueError):
    """The bytes are not one JSON text in UTF-8."""


class DuplicateKeyError(ValueError):
    """A name stands twice in one object."""


class _Object(dict[str, Any]):
    """A JSON object that remembers whether one of its names stood twice."""

    repeats = False


def loads(value: bytes) -> Any:
    """Reads one JSON text.

    Numbers without fraction and exponent become int of any size, all others float. A number beyond the range of a
    double is not JSON here, however it is written: the product's reader can't hold it.

    Raises:
        NotJsonError: what stands there is no JSON, no UTF-8, begins with a byte order mark, has a lone surrogate.
    """
    try:
        read = json.loads(
            value.decode("utf-8"),
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from None
    _refuse_lone_surrogates(read)
    return read


def refuse_duplicate_keys(read: Any) -> None:
    """Looks through a value that `loads` gave.

    Raises:
        DuplicateKeyError: a name stands twice in one of its objects.
    """
    if isinstance(read, _Object):
        if read.repeats:
            raise DuplicateKeyError
        for value in read.values():
            refuse_duplicate_keys(value)
    elif isinstance(read, list):
        for value in read:
            refuse_duplicate_keys(value)


def compact(read: Any) -> bytes:
    """Writes a value without blanks, in the form that the product's writer (orjson) gives numbers and escapes."""
    return orjson.dumps(_within_64_bits(read))


def nesting(value: bytes) -> int:
    """The greatest depth of brackets outside of strings, in any bytes: JSON or not."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in value:
        if in_string:
            if escaped:
                escaped = False
            elif byte == ord("\\"):
                escaped = True
            elif byte == ord('"'):
                in_string = False
        elif byte == ord('"'):
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _whole(text: str) -> int:
    _fraction(text)
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if isinf(number):
        message = "number beyond the range of a double"
        raise NotJsonError(message)
    return number


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise NotJsonError(message)


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    read = _Object(pairs)
    read.repeats = len(read) < len(pairs)
    for name, value in pairs:
        # A name's first value is not in the object any more, but it has to be JSON all the same.
        _refuse_lone_surrogates([name, value])
    return read


def _refuse_lone_surrogates(read: Any) -> None:
    if isinstance(read, str):
        try:
            read.encode("utf-8")
        except UnicodeEncodeError:
            message = "lone surrogate"
            raise NotJsonError(message) from None
    elif isinstance(read, list):
        for value in read:
            _refuse_lone_surrogates(value)


def _within_64_bits(read: Any) -> Any:
    if isinstance(read, dict):
        return {name: _within_64_bits(value) for name, value in read.items()}
    if isinstance(read, list):
        return [_within_64_bits(value) for value in read]
    if isinstance(read, int) and not -(2**63) <= read < 2**64:
        return float(read)
    return read
