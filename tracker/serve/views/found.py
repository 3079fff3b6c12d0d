"""Under which label a parcel was found, for a person."""

from collections.abc import Iterator

from rich.text import Text

from tracker.serve.find import Found
from tracker.serve.plain import words_of


def lines(found: Found) -> Iterator[Text]:
    """What was found, line by line. Nothing for most parcels: their keys are not read on other parcels."""
    if found.stored is None:
        yield Text.assemble((found.asked, "bold"), f" is a label of {len(found.label_of)} parcels:")
    for labelled in found.label_of:
        parcel = labelled.stored.parcel
        if found.stored is None:
            yield Text(f"{parcel.id}  {words_of(parcel.current.state)}, last read on {labelled.date}")
        elif parcel.id == found.stored.parcel.id:
            yield Text(f"{found.asked} is another label of this parcel, last read on {labelled.date}", "dim")
        else:
            yield Text(f"{found.asked} is another label of {parcel.id} too, last read on {labelled.date}", "dim")
