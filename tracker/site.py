"""How the barcodes of a site are read, by its settings: the same in the worker and where parcels are asked for."""

from typing import Final

from tracker.config import Settings, variable
from tracker.domain.barcode import Recogniser, configure
from tracker.errors import TrackerError

_ARGUMENTS: Final = {"barcode_first": "preferred", "barcodes_off": "disabled", "barcode_separators": "separators"}
"""Setting -> argument of `configure`."""


def recogniser(settings: Settings) -> Recogniser:
    """The reader for a site.

    Args:
        settings: `barcode_first`, `barcodes_off` and `barcode_separators`.

    Raises:
        TrackerError: `bad_setting`, with the variable that has an unknown name, or a separator that can't be one.
    """
    given = {argument: getattr(settings, name) for name, argument in _ARGUMENTS.items()}
    for name, argument in _ARGUMENTS.items():
        try:
            configure(**{argument: given[argument]})
        except TrackerError as error:
            raise TrackerError(error.code, f"{variable(name)}: {error}") from None
    return configure(**given)
