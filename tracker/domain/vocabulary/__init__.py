"""Vocabularies: what the codes of posts and carriers mean. Those that the project ships stand in shipped/."""

from tracker.domain.vocabulary.code import Code, Origin, Vocabulary
from tracker.domain.vocabulary.loading import SHIPPED, Vocabularies, load

__all__ = [
    "SHIPPED",
    "Code",
    "Origin",
    "Vocabularies",
    "Vocabulary",
    "load",
]
