"""A `QuestionStore` and an `EditionStore` in memory, with the same promises as those in SQL."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.content.editions import Edition, Entry, Manuscript
from domain.content.model import Category, category_of
from domain.content.questions import Synonym, Votes
from domain.content.unanswered import UnansweredQuestion
from domain.shared.records import OpenId

__all__ = ["MemoryEditions", "MemoryQuestions"]


class MemoryQuestions:
    """A `QuestionStore` in dicts."""

    def __init__(self) -> None:
        self.missed: dict[str, UnansweredQuestion] = {}
        self.kept: dict[tuple[str, str, int], bool] = {}
        self.words: dict[str, Synonym] = {}

    async def miss(self, words: str, at: datetime) -> None:
        """Keep words, or count them once more."""
        known = self.missed.get(words)
        self.missed[words] = (
            replace(known, times=known.times + 1, last_at=at)
            if known
            else UnansweredQuestion(words, words, 1, at, at)
        )

    async def unanswered(self, limit: int) -> list[UnansweredQuestion]:
        """Return what found no answer."""
        ranked = sorted(
            self.missed.values(), key=lambda one: (one.times, one.last_at), reverse=True
        )
        return ranked[:limit]

    async def find(self, question_id: str) -> UnansweredQuestion | None:
        """Return one of them."""
        return self.missed.get(question_id)

    async def settle(self, question_id: str) -> bool:
        """Drop one."""
        return self.missed.pop(question_id, None) is not None

    async def forget(self, *, before: datetime) -> int:
        """Drop the old ones."""
        old = [key for key, one in self.missed.items() if one.last_at < before]
        for key in old:
            del self.missed[key]
        return len(old)

    async def vote(
        self, openid: OpenId, kind: str, version: int, *, helpful: bool, at: datetime
    ) -> bool:
        """Keep a vote."""
        key = (str(openid), kind, version)
        if key in self.kept:
            return False
        self.kept[key] = helpful
        return True

    async def votes(self) -> Mapping[tuple[str, int], Votes]:
        """Return all votes."""
        yes: Counter[tuple[str, int]] = Counter()
        no: Counter[tuple[str, int]] = Counter()
        for (_, kind, version), helpful in self.kept.items():
            (yes if helpful else no)[kind, version] += 1
        return {key: Votes(yes[key], no[key]) for key in {**yes, **no}}

    async def synonyms(self) -> list[Synonym]:
        """Return all synonyms."""
        return [self.words[word] for word in sorted(self.words)]

    async def add_synonym(self, synonym: Synonym) -> bool:
        """Add one."""
        if synonym.word in self.words:
            return False
        self.words[synonym.word] = synonym
        return True

    async def drop_synonym(self, word: str) -> bool:
        """Drop one."""
        return self.words.pop(word, None) is not None


class MemoryEditions:
    """An `EditionStore` in lists."""

    def __init__(self) -> None:
        self.published: dict[str, list[Edition]] = {}
        self.written: dict[str, Manuscript] = {}
        self.consents: Counter[tuple[str, int]] = Counter()

    async def entries(self, category: Category) -> list[Entry]:
        """Return the texts of a category."""
        kinds = dict.fromkeys((*self.published, *self.written))
        return [
            Entry(kind, (await self.editions(kind) or [None])[0], self.written.get(kind))
            for kind in kinds
            if category_of(kind) is category
        ]

    async def editions(self, kind: str) -> list[Edition]:
        """Return what was ever published of a text, newest first."""
        return self.published.get(kind, [])[::-1]

    async def manuscript(self, kind: str) -> Manuscript | None:
        """Return a text's manuscript."""
        return self.written.get(kind)

    async def write(self, manuscript: Manuscript) -> bool:
        """Keep a manuscript over the one that was edited once less."""
        before = self.written.get(manuscript.kind)
        if (before.edits if before else 0) != manuscript.edits - 1:
            return False
        self.written[manuscript.kind] = manuscript
        return True

    async def drop(self, kind: str, edits: int) -> bool:
        """Drop a manuscript as it was seen."""
        if kind not in self.written or self.written[kind].edits != edits:
            return False
        del self.written[kind]
        return True

    async def publish(self, edition: Edition) -> bool:
        """Add an edition."""
        known = self.published.setdefault(edition.kind, [])
        if any(one.version == edition.version for one in known):
            return False
        known.append(edition)
        return True

    async def due(self, now: datetime) -> list[Manuscript]:
        """Return the manuscripts whose moment has come."""
        timed = [(one.publish_at, one) for one in self.written.values() if one.publish_at]
        return [one for at, one in sorted(timed, key=lambda pair: pair[0]) if at <= now]

    async def agreed(self, kind: str) -> Mapping[int, int]:
        """Return the consents to each version."""
        return {version: count for (of, version), count in self.consents.items() if of == kind}
