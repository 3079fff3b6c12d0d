"""Dead letters, against the records that are rejected."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from tests.chaos.consumer import Record
from tests.chaos.report import Report


def compare(
    report: Report,
    letters: Sequence[Record],
    rejected: Iterable[tuple[Record, str]],
    ahead: AbstractSet[str] = frozenset(),
) -> None:
    """Each rejected record stands among the dead letters, at least once and as it came, and nothing else does.

    Args:
        report: takes what is amiss.
        letters: all that there are.
        rejected: records before the mark, with their reasons.
        ahead: sources of rejected records behind the mark: their letters are sent before it moves.
    """
    there = {(letter.headers["source"], letter.headers["reason"], letter.key, letter.value) for letter in letters}
    known = set(ahead)
    for record, reason in rejected:
        known.add(record.source)
        if (record.source.encode(), reason.encode(), record.key, record.value) not in there:
            report.lost.append(f"{record.source}, rejected with {reason}, is not among the dead letters")
    report.unexpected.extend(
        f"a dead letter is of {source}, which is no rejected record"
        for source in {letter.headers["source"].decode() for letter in letters} - known
    )
