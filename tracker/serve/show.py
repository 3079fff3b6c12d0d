"""A parcel as it is shown: the number on its label, what its flags mean, its lives explained. Pure."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from tracker.domain.barcode import format_for_humans, recognise
from tracker.domain.parcel import Parcel
from tracker.domain.vocabulary import Vocabularies
from tracker.serve.explain import FLAGS, OF_THE_RECORD, ExplainedEvent, explain
from tracker.store.reading.decode import Stored


class Flag(NamedTuple):
    """A flag of a parcel: its name, and what it means, a sentence."""

    name: str
    means: str


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel with all that a terminal or a page shows of it.

    Attributes:
        stored: as the store has it.
        printed: its number as labels have it printed, where a format reads it; else its id.
        flags: of the current life, those that say what is wrong with the parcel.
        record_flags: of the current life, those that only say something of the scans that came.
        lives: the events of each life, explained; in the order of `Parcel.lives`.
    """

    stored: Stored
    printed: str
    flags: tuple[Flag, ...]
    record_flags: tuple[Flag, ...]
    lives: tuple[tuple[ExplainedEvent, ...], ...]

    @property
    def parcel(self) -> Parcel:
        """The parcel."""
        return self.stored.parcel

    def to_dict(self) -> dict[str, Any]:
        """What a program gets: the parcel with the data of its events, and no words."""
        return self.stored.to_dict()


def show(stored: Stored, vocabularies: Vocabularies) -> ParcelView:
    """A parcel with the words for it.

    Args:
        stored: the parcel.
        vocabularies: for the meaning of codes.
    """
    parcel = stored.parcel
    flags = [Flag(name, FLAGS[name]) for name in parcel.current.flags]
    return ParcelView(
        stored=stored,
        printed=printed(parcel.id),
        flags=tuple(flag for flag in flags if flag.name not in OF_THE_RECORD),
        record_flags=tuple(flag for flag in flags if flag.name in OF_THE_RECORD),
        lives=tuple(explain(life, vocabularies) for life in parcel.lives),
    )


def printed(parcel: str) -> str:
    """A parcel's id as labels have it printed, where a format reads it; else as it is.

    >>> printed("RR123456785KZ")
    'RR 123 456 785 KZ'
    >>> printed("ORDER-7")
    'ORDER-7'
    """
    found = recognise(parcel)
    return format_for_humans(str(found.scheme), parcel) if found.key == parcel else parcel
