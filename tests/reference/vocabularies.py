"""Carriers' event codes, read from files as they stand in `tables/vocabularies`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .machine import UNDO


@dataclass(frozen=True)
class Code:
    """What one code of one vocabulary means.

    `event` is the kind unless words or a disposition tell otherwise, `undoes` the whole code that it takes back,
    `zone` the time zone of the vocabulary's times that have none.
    """

    event: str
    undoes: str | None
    zone: str | None
    when_text_has: tuple[tuple[str, str], ...]
    disposition_instead: Mapping[str, str]

    def resolve(self, text: str | None, disposition: str | None) -> str:
        """The kind of a scan with this code, this `data.text` and this `data.disposition`."""
        if self.event != UNDO and disposition in self.disposition_instead:
            return self.disposition_instead[disposition]
        for words, event in self.when_text_has:
            if text is not None and words in text:
                return event
        return self.event


class Vocabularies:
    """All vocabularies by prefix, each as its file's JSON object."""

    def __init__(self, files: Iterable[Mapping[str, Any]]) -> None:
        self._files = {file["prefix"]: file for file in files}

    @classmethod
    def from_folder(cls, folder: Path) -> "Vocabularies":
        """Reads every `*.json` of a folder."""
        return cls(json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))

    def has(self, prefix: str) -> bool:
        """Whether there is a vocabulary of that prefix."""
        return prefix in self._files

    def find(self, text: str) -> Code | None:
        """The code that `PREFIX:CODE` stands for, None where prefix or code is not known."""
        prefix, _, code = text.partition(":")
        file = self._files.get(prefix, {"codes": {}})
        entry = file["codes"].get(code)
        if entry is None:
            return None
        return Code(
            event=entry["event"],
            undoes=f"{prefix}:{entry['of']}" if "of" in entry else None,
            zone=file.get("zone"),
            when_text_has=tuple((words, event) for words, event in entry.get("when_text_has", ())),
            disposition_instead=file.get("disposition_instead", {}),
        )
