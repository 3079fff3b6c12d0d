"""Carriers' event codes, read from files as they stand in `tables/vocabularies`.

`scan.read` takes these or `tracker.domain.vocabulary.Vocabularies`: both answer `find` and `[prefix].zone`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.errors import TrackerError

from .machine import UNDO, machine


@dataclass(frozen=True)
class Vocabulary:
    """One carrier's codes as their file has them, and the zone of its times that have none."""

    zone: str | None
    file: Mapping[str, Any]


@dataclass(frozen=True)
class Code:
    """What a canonical name or one code of one vocabulary means.

    `vocabulary` is the prefix (None: a canonical name), `event` the kind unless words or a disposition tell otherwise,
    `undoes` the whole code that it takes back.
    """

    vocabulary: str | None
    event: str
    undoes: str | None = None
    when_text_has: tuple[tuple[str, str], ...] = ()
    disposition_instead: tuple[tuple[str, str], ...] = ()

    def resolve(self, text: str | None, disposition: str | None) -> str:
        """The kind of a scan with this code, this `data.text` and this `data.disposition`."""
        if self.event == UNDO:
            return UNDO
        for word, event in self.disposition_instead:
            if word == disposition:
                return event
        for words, event in self.when_text_has:
            if text is not None and words in text:
                return event
        return self.event


class Vocabularies:
    """All vocabularies by prefix."""

    def __init__(self, files: Iterable[Mapping[str, Any]]) -> None:
        self._by_prefix = {file["prefix"]: Vocabulary(file.get("zone"), file) for file in files}

    @classmethod
    def from_folder(cls, folder: Path) -> "Vocabularies":
        """Reads every `*.json` of a folder."""
        return cls(json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))

    def __getitem__(self, prefix: str) -> Vocabulary:
        return self._by_prefix[prefix]

    def find(self, text: str) -> Code:
        """What an event's text names.

        Raises:
            TrackerError: `unknown_vocabulary`, `unknown_event`.
        """
        prefix, colon, code = text.partition(":")
        if not colon:
            if text not in machine().ranks:
                raise TrackerError("unknown_event", f"no canonical event: {text!r}")
            return Code(None, text)
        if prefix not in self._by_prefix:
            raise TrackerError("unknown_vocabulary", f"no vocabulary: {text!r}")
        file = self._by_prefix[prefix].file
        if code not in file["codes"]:
            raise TrackerError("unknown_event", f"no code of its vocabulary: {text!r}")
        entry = file["codes"][code]
        return Code(
            vocabulary=prefix,
            event=entry["event"],
            undoes=f"{prefix}:{entry['of']}" if "of" in entry else None,
            when_text_has=tuple((words, event) for words, event in entry.get("when_text_has", ())),
            disposition_instead=tuple(file.get("disposition_instead", {}).items()),
        )
