"""Codes: what a scan gives as its event, and what posts and carriers mean by it in canonical events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from tracker.domain.machine import KIND, UNDO


@dataclass(frozen=True, slots=True)
class Code:
    """What a scan may give as its event: a canonical name, or a code of a vocabulary.

    Args:
        name: as a scan gives it, `ARRIVED` or `EMSEVT:EMD`.
        vocabulary: prefix of its vocabulary, None for a canonical name.
        event: one of `machine.KINDS`; what it means unless text or disposition say otherwise.
        means: its meaning in a few words.
        undoes: the full name of the code that it takes back (of UNDO; None if each scan says it by `target`).
        when_text_has: pairs (words, event): with these words in the scan's text it means that event.
        disposition_instead: disposition of an EPCIS event -> the event it means, whatever the code.
        seen: whether it is known from real histories only, and stands in no public list.
    """

    name: str
    vocabulary: str | None
    event: str
    means: str = ""
    undoes: str | None = None
    when_text_has: tuple[tuple[str, str], ...] = ()
    disposition_instead: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    seen: bool = False

    def resolve(self, text: str | None = None, disposition: str | None = None) -> str:
        """What one scan of this code means, one of `machine.KINDS`.

        A disposition that stands for an event wins, then the first words that stand in `text`, in the order of the
        vocabulary and with regard to case; else it is the code's own event. An UNDO stays an UNDO.

        Args:
            text: the scan's `data.text`.
            disposition: the scan's `data.disposition`, a bare CBV word.

        Source: docs/fold.md, section 1; dispositions: GS1 CBV 2.0.
        """
        if self.event == UNDO:
            return UNDO
        if disposition is not None and disposition in self.disposition_instead:
            return self.disposition_instead[disposition]
        if text is not None:
            for words, event in self.when_text_has:
                if words in text:
                    return event
        return self.event


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the codes of a vocabulary come from, and what is missing of them.

    Args:
        sources: documents and addresses, for people.
        as_of: the day on which they were read, `YYYY-MM-DD`.
        documented: how many codes they document, None where nobody publishes a list.
        lacks: what of it the vocabulary does not have, empty if nothing.
    """

    sources: tuple[str, ...] = ()
    as_of: str = ""
    documented: int | None = None
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The codes of one post, carrier or standard.

    Args:
        prefix: what stands before the colon of its codes' names.
        name: for people.
        zone: IANA name of the zone of its times without a zone, if it has one.
        codes: code, without prefix -> what it means.
        disposition_instead: disposition of an EPCIS event -> the event it means, whatever the code.
        origin: where its codes come from.
    """

    prefix: str
    name: str
    zone: str | None
    codes: Mapping[str, Code]
    disposition_instead: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = Origin()

    def updated(self, other: "Vocabulary") -> "Vocabulary":
        """The same vocabulary, with what `other` of the same prefix adds and overrides."""
        dispositions = {**self.disposition_instead, **other.disposition_instead}
        codes = {**self.codes, **other.codes}
        return Vocabulary(
            self.prefix,
            other.name or self.name,
            other.zone or self.zone,
            MappingProxyType({key: replace(code, disposition_instead=dispositions) for key, code in codes.items()}),
            MappingProxyType(dispositions),
            other.origin if other.origin.sources else self.origin,
        )


CANONICAL: Final[Mapping[str, Code]] = MappingProxyType(
    {name: Code(name, None, name, kind.means) for name, kind in KIND.items()}
)
"""Canonical name -> itself as a code."""
