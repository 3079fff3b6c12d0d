"""Vocabularies: the codes of posts and carriers, found by the name that a scan gives.

A scan's event is a canonical name (`ARRIVED`) or a code of a vocabulary (`EMSEVT:EMD`). The project ships its
vocabularies in shipped/; an operator adds a carrier by a file of the form of `tracker.domain.vocabulary.file`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tracker.domain.vocabulary.code import CANONICAL, Code, Vocabulary
from tracker.domain.vocabulary.file import read_folder
from tracker.domain.vocabulary.nearest import Nearest
from tracker.errors import TrackerError, shown

__all__ = ["SHIPPED", "Code", "Vocabularies", "Vocabulary", "load"]

SHIPPED: Final = Path(__file__).with_name("shipped")
"""The folder of the vocabularies that the project ships."""


class Vocabularies(Mapping[str, Vocabulary]):
    """Every vocabulary that is loaded, by prefix; of the same prefix later ones add and override."""

    def __init__(self, vocabularies: Iterable[Vocabulary] = ()) -> None:
        self._by_prefix: dict[str, Vocabulary] = {}
        for new in vocabularies:
            old = self._by_prefix.get(new.prefix)
            self._by_prefix[new.prefix] = old.updated(new) if old else new
        self._by_name = dict(CANONICAL)
        for vocabulary in self._by_prefix.values():
            self._by_name.update((code.name, code) for code in vocabulary.codes.values())
        self._nearest: dict[str, Nearest] = {}

    def __getitem__(self, prefix: str) -> Vocabulary:
        return self._by_prefix[prefix]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_prefix)

    def __len__(self) -> int:
        return len(self._by_prefix)

    def codes(self) -> Collection[Code]:
        """Every code that a scan may name: the canonical ones, then each vocabulary's."""
        return self._by_name.values()

    def known(self, name: str) -> Code | None:
        """The code that a name stands for, as of `find`; None if there is none."""
        return self._by_name.get(name)

    def find(self, name: str) -> Code:
        """The code that a scan's `event` names.

        Args:
            name: a canonical name, UNDO and CORRECT among them, or VOCABULARY:CODE, divided at its first colon.

        Raises:
            TrackerError: `unknown_vocabulary`, `unknown_event`; the message names those that are most alike.
        """
        code = self._by_name.get(name)
        if code is not None:
            return code
        prefix, colon, rest = name.partition(":")
        if not colon:
            reason, expected = "unknown_event", "a canonical event (ARRIVED, DELIVERED, ...) or VOCABULARY:CODE"
            alike = self._alike("", CANONICAL, name)
        elif prefix in self._by_prefix:
            reason, expected = "unknown_event", f"one of the {len(self[prefix].codes)} codes of {prefix}"
            alike = [f"{prefix}:{one}" for one in self._alike(prefix, self[prefix].codes, rest)]
        else:
            reason, expected = "unknown_vocabulary", f"one of the vocabularies {', '.join(sorted(self))}"
            alike = self._alike(":", self, prefix)
        nearest = f"; most alike: {', '.join(map(shown, alike))}" if alike else ""
        raise TrackerError(reason, f"expected {expected}, got {shown(name)}{nearest}")

    def _alike(self, of: str, names: Iterable[str], name: str) -> list[str]:
        """Those of some names that are most alike; their index is made when it is needed first."""
        nearest = self._nearest.get(of)
        if nearest is None:
            nearest = self._nearest[of] = Nearest(names)
        return nearest(name)


def load(folder: Path | None = None) -> Vocabularies:
    """The shipped vocabularies, and those of an operator's folder over them.

    Args:
        folder: its `*.json` files are read in the order of their names; with the same prefix as another vocabulary a
            file adds codes to it and overrides codes, name and zone.

    Raises:
        TrackerError: `bad_vocabulary`; the message names the file, the code and what is wrong.
    """
    return Vocabularies([*read_folder(SHIPPED), *(read_folder(folder) if folder is not None else ())])
