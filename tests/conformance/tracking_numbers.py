"""The numbers of jkeen/tracking_number_data, put to tracker.domain.barcode."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from tests.conformance import VECTORS
from tracker.domain import barcode

PATH = VECTORS / "tracking_number_data"


class Number(NamedTuple):
    """A number, and what the set says of it."""

    courier: str
    format: str
    text: str
    valid: bool


def vectors(*, valid: bool) -> Iterator[Number]:
    """Every valid, or every invalid, number."""
    for path in sorted(PATH.glob("*.json")):
        courier = json.loads(path.read_text("utf-8"))
        for each in courier["tracking_numbers"]:
            for text in each["test_numbers"]["valid" if valid else "invalid"]:
                yield Number(courier["courier_code"], each["name"], text, valid)


def passes(number: Number) -> bool:
    """Whether its carrier is among the candidates if it is valid, and is not if it is invalid."""
    carriers = {candidate.carrier for candidate in barcode.recognise(number.text).candidates}
    return (number.courier in carriers) == number.valid
