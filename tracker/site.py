"""How the barcodes of a site are read, by its settings: the same in the worker and where parcels are asked for."""

from tracker.config import Settings, variable
from tracker.domain.barcode import Recogniser, configure
from tracker.errors import TrackerError


def recogniser(settings: Settings) -> Recogniser:
    """The reader for a site.

    Args:
        settings: `barcode_first` and `barcodes_off`.

    Raises:
        TrackerError: `bad_setting`, with the variable that has a name that is none.
    """
    for name, argument in (("barcode_first", "preferred"), ("barcodes_off", "disabled")):
        try:
            configure(**{argument: getattr(settings, name)})
        except TrackerError as error:
            raise TrackerError(error.code, f"{variable(name)}: {error}") from None
    return configure(settings.barcode_first, settings.barcodes_off)
