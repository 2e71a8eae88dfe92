"""What citizens ask for and say of the answers, and what they mean by other words.

Source: S2-14, S4-77.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.content.unanswered import UnansweredQuestion
from domain.shared.errors import ConflictError, InvalidError
from domain.shared.records import OpenId

__all__ = [
    "QuestionStore",
    "Synonym",
    "SynonymError",
    "SynonymTakenError",
    "Votes",
    "synonym",
]

_SHORTEST: Final = 2
_LONGEST: Final = 20


class SynonymError(InvalidError):
    """Two such words cannot stand for each other."""

    code = "synonym"


class SynonymTakenError(ConflictError):
    """The word stands for another one already."""

    code = "synonym-taken"


@dataclass(frozen=True, slots=True)
class Synonym:
    """A word that citizens use, and the word that the published texts have for it."""

    word: str
    means: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Votes:
    """How many citizens an answer has helped, and how many not."""

    helped: int = 0
    failed: int = 0


class QuestionStore(Protocol):
    """Questions without an answer, votes on answers, synonyms."""

    async def miss(self, words: str, at: datetime) -> None:
        """Keep words that found no answer, or count them once more."""

    async def unanswered(self, limit: int) -> list[UnansweredQuestion]:
        """Return what found no answer, most often asked first."""

    async def find(self, question_id: str) -> UnansweredQuestion | None:
        """Return one of them; ``None`` if it is gone."""

    async def settle(self, question_id: str) -> bool:
        """Drop a question that has been seen to; ``False`` if it is gone."""

    async def forget(self, *, before: datetime) -> int:
        """Drop what was last asked before a moment; return how many."""

    async def vote(
        self, openid: OpenId, kind: str, version: int, *, helpful: bool, at: datetime
    ) -> bool:
        """Keep a citizen's vote on a version of an answer; ``False`` if there is one."""

    async def votes(self) -> Mapping[tuple[str, int], Votes]:
        """Return the votes on each version of each answer that has any."""

    async def synonyms(self) -> list[Synonym]:
        """Return all synonyms, by their words."""

    async def add_synonym(self, synonym: Synonym) -> bool:
        """Add one; ``False`` if its word has one."""

    async def drop_synonym(self, word: str) -> bool:
        """Drop one; ``False`` if there is none."""


def synonym(word: str, means: str, *, by: str, at: datetime) -> Synonym:
    """Return a synonym as it is kept.

    Parameters
    ----------
    word, means
        What citizens say and what they mean by it, 2 to 20 letters each.
    by, at
        Who adds it, and when.

    Raises
    ------
    SynonymError
        One of them is too short, too long, or the other one.

    Source
    ------
    S2-14.
    """
    said, meant = ("".join(one.split()).lower() for one in (word, means))
    fit = all(_SHORTEST <= len(one) <= _LONGEST for one in (said, meant))
    # A meaning that holds the word would be replaced again and again.
    if not fit or said in meant:
        raise SynonymError
    return Synonym(said, meant, by, at)
