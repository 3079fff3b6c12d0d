"""docs/vocabularies.md, made from the shipped vocabularies.

Run `python -m tracker.domain.vocabulary.docs > docs/vocabularies.md`.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from tracker.domain.machine import UNDO
from tracker.domain.vocabulary.code import Code, Vocabulary
from tracker.domain.vocabulary.loading import Vocabularies, load

HEAD: Final = """\
# Vocabularies
<!-- Made from the shipped vocabularies by `python -m tracker.domain.vocabulary.docs > docs/vocabularies.md`. -->

The codes of posts, carriers and platforms that scans may give as their `event`, as `VOCABULARY:CODE`, and what each
means in canonical events ([machine.md](machine.md)). A code is taken as it stands here, in its own case, with its zeros
and blanks: any other is refused as `unknown_event`, and the detail names the codes that are most alike. A code that
says nothing of the parcel itself is an INFO, a note.

A vocabulary of your own, or codes that one here lacks, are a JSON file in the folder `TRACKER_VOCABULARIES`; its form
stands in `tracker/domain/vocabulary/file.py`.

## What there is
**Had** are the codes of the sources that stand here, **documented** is how many the sources have: `?` where there is no
list of which that could be said. **Seen** are codes besides that only real histories show. A time without a zone is
taken in the **zone** of its vocabulary, if its site has none by configuration."""

WORDS: Final = """
## Words instead of codes
Some carriers send words and no code. Their code is `T` with the first eight hexadecimal digits of the SHA-256 of the
words in lower case, as UTF-8, with an asterisk for the name of a place. So `Delivered` is `T373e0712`, and
`Departed Facility in ALMATY` counts as `departed facility in *`."""


class Row(NamedTuple):
    """How whole a vocabulary is.

    Attributes:
        prefix: of the vocabulary.
        had: codes of its sources that it has.
        documented: codes that its sources document, None where nobody can say.
        seen: codes that only real histories show.
    """

    prefix: str
    had: int
    documented: int | None
    seen: int

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Row":
        """Counts its codes."""
        seen = sum(code.seen for code in vocabulary.codes.values())
        return cls(vocabulary.prefix, len(vocabulary.codes) - seen, vocabulary.origin.documented, seen)

    @property
    def claim(self) -> str:
        """How many of how many, `57 / 57` or `14 / ?`."""
        return f"{self.had} / {'?' if self.documented is None else self.documented}"


def page() -> str:
    """The text of docs/vocabularies.md."""
    return "\n".join(_page(load())) + "\n"


def _page(vocabularies: Vocabularies) -> Iterator[str]:
    yield HEAD
    by_prefix = [vocabularies[prefix] for prefix in sorted(vocabularies)]
    yield from _table(
        ("vocabulary", "of", "had / documented", "seen", "zone", "read on", "lacks"), map(_row, by_prefix)
    )
    yield WORDS
    for vocabulary in by_prefix:
        yield f"\n## {vocabulary.prefix}\n{vocabulary.name}. Sources: {'; '.join(vocabulary.origin.sources)}."
        codes = sorted(vocabulary.codes.items())
        yield from _table(("code", "event", "means", ""), [_of_code(key, code) for key, code in codes])
        if vocabulary.disposition_instead:
            words = sorted(vocabulary.disposition_instead.items())
            yield "\nWith one of these dispositions (`data.disposition`) it means another event, whatever the code:"
            yield from _table(("disposition", "event"), [(f"`{word}`", event) for word, event in words])


def _row(vocabulary: Vocabulary) -> Sequence[str]:
    row, origin = Row.of(vocabulary), vocabulary.origin
    link = f"[{row.prefix}](#{row.prefix.lower()})"
    return link, vocabulary.name, row.claim, str(row.seen), vocabulary.zone or "", origin.as_of, origin.lacks


def _of_code(key: str, code: Code) -> Sequence[str]:
    event = code.event if code.undoes is None else f"{UNDO} of `{code.undoes.partition(':')[2]}`"
    in_text = [f"{other} where `data.text` has `{words}`" for words, other in code.when_text_has]
    return f"`{key}`", event, code.means, "; ".join([*in_text, *(["seen"] if code.seen else [])])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, with the blank line that some readers want before it."""
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        escaped = (cell.replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(escaped)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
