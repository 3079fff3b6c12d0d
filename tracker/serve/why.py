"""A parcel explained: each event, the state before it, the cell it took, where its scans stand in the log. Pure."""

from dataclasses import dataclass
from typing import Any

from tracker.domain.vocabulary import Vocabularies
from tracker.log.located import Located
from tracker.serve.explain import ExplainedEvent, explain
from tracker.store.reading.decode import Stored


@dataclass(frozen=True, slots=True)
class Explanation:
    """A parcel, explained.

    Attributes:
        stored: as the store has it.
        lives: the events of each life, explained; in the order of `Parcel.lives`.
        located: where its scans stand in the log.
    """

    stored: Stored
    lives: tuple[tuple[ExplainedEvent, ...], ...]
    located: Located

    def to_dict(self) -> dict[str, Any]:
        """What a program gets: the parcel, each event with its reasons, its meaning and its offsets."""
        whole = self.stored.to_dict()
        for explained, life in zip(self.lives, [*whole["previous"], whole], strict=True):
            for one, event in zip(explained, life["events"], strict=True):
                event.update(one.to_dict())
                event["offsets"] = list(self.located.offsets.get(one.event.id, ()))
        whole["scans"] = self.stored.parcel.scans
        whole["partition"] = self.located.partition
        whole["offsets_remark"] = self.located.remark
        return whole


def why(stored: Stored, vocabularies: Vocabularies, located: Located) -> Explanation:
    """Explains a parcel.

    Args:
        stored: the parcel.
        vocabularies: for the meaning of codes.
        located: what a search of the log found, by `tracker.log.search` or by whoever else has looked.
    """
    return Explanation(stored, tuple(explain(life, vocabularies) for life in stored.parcel.lives), located)
