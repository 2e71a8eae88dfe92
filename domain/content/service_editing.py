"""Writing, publishing and returning to texts: what officers do with content.

Source: S0-17, S0-41, S2-12 to S2-14, S3-68.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from domain.content.editions import (
    EditedMeanwhileError,
    Edition,
    EditionNotFoundError,
    Entry,
    KindError,
    Manuscript,
    PublishTimeError,
    Wording,
    WordingKeptError,
    WordingSameError,
    is_new_kind,
    may_withdraw,
    required,
)
from domain.content.model import Category
from domain.content.questions import QuestionStore, SynonymTakenError, synonym
from domain.shared.clock import Clock
from domain.shared.records import Act
from domain.shared.work import Work

__all__ = ["EditingService", "EditingWork", "EditionStore"]


class EditionStore(Protocol):
    """Every edition of every text, and the manuscripts."""

    async def entries(self, category: Category) -> list[Entry]:
        """Return the texts of a category in the order in which citizens see them."""

    async def editions(self, kind: str) -> list[Edition]:
        """Return what was ever published of a text, newest first."""

    async def manuscript(self, kind: str) -> Manuscript | None:
        """Return a text's manuscript; ``None`` if nobody is writing one."""

    async def write(self, manuscript: Manuscript) -> bool:
        """Keep a manuscript over the one that was edited once less; ``False`` if that is gone."""

    async def drop(self, kind: str, edits: int) -> bool:
        """Drop a manuscript as it was seen; ``False`` if it is not that any more."""

    async def publish(self, edition: Edition) -> bool:
        """Add an edition, and tell every process; ``False`` if there is one of its version."""

    async def due(self, now: datetime) -> list[Manuscript]:
        """Return the manuscripts whose moment has come, the longest due first."""

    async def agreed(self, kind: str) -> Mapping[int, int]:
        """Return how many consents to each version of a text are on record."""


class EditingWork(Work, Protocol):
    """What editing may touch."""

    @property
    def editions(self) -> EditionStore:
        """Editions and manuscripts."""

    @property
    def questions(self) -> QuestionStore:
        """Synonyms, and questions without an answer."""


class EditingService:
    """What an officer may do with texts.

    Parameters
    ----------
    work, clock
        The records and the time.
    officer
        Who does it.
    front
        Through which front.
    """

    def __init__(
        self, work: EditingWork, clock: Clock, officer: str, *, front: str = "console"
    ) -> None:
        self._work = work
        self._clock = clock
        self._officer = officer
        self._front = front

    # Looking

    async def entries(self, category: Category) -> list[Entry]:
        """Return the texts of a category. Source: S2-12 to S2-14."""
        return await self._work.editions.entries(category)

    async def entry(self, kind: str) -> Entry:
        """Return one text.

        Raises
        ------
        EditionNotFoundError
            There is none.
        """
        editions = await self._work.editions.editions(kind)
        manuscript = await self._work.editions.manuscript(kind)
        if not editions and manuscript is None:
            raise EditionNotFoundError(kind)
        return Entry(kind, editions[0] if editions else None, manuscript)

    async def editions(self, kind: str) -> Sequence[Edition]:
        """Return what was ever published of a text, newest first. Source: S0-17."""
        return await self._work.editions.editions(kind)

    async def edition(self, kind: str, version: int) -> Edition:
        """Return one version of a text, however old. Source: S0-43.

        Raises
        ------
        EditionNotFoundError
            There is none.
        """
        for one in await self._work.editions.editions(kind):
            if one.version == version:
                return one
        raise EditionNotFoundError(f"{kind} {version}")

    async def agreed(self, kind: str) -> Mapping[int, int]:
        """Return how many consents to each version are on record. Source: S0-16, S0-43."""
        return await self._work.editions.agreed(kind)

    # Writing

    async def create(self, kind: str, wording: Wording) -> Manuscript:
        """Begin a new text.

        Raises
        ------
        KindError
            It cannot be called so, or another text is.
        UnfitWordingError
            It cannot be shown.
        """
        if not is_new_kind(kind) or await self._work.editions.editions(kind):
            raise KindError(kind)
        manuscript = self._manuscript(kind, wording, 1)
        if not await self._work.editions.write(manuscript):
            raise KindError(kind)
        await self._act("manuscript:write", kind)
        return manuscript

    async def write(self, kind: str, wording: Wording, *, seen: int) -> Manuscript:
        """Write a text's manuscript; what was published stays as it is.

        Parameters
        ----------
        seen
            How often the manuscript had been edited when the officer opened it; 0 for none.

        Raises
        ------
        EditedMeanwhileError
            Somebody else has written it since.
        EditionNotFoundError
            There is no such text.
        UnfitWordingError
            It cannot be shown.

        Source
        ------
        S3-68.
        """
        entry = await self.entry(kind)
        if (entry.manuscript.edits if entry.manuscript else 0) != seen:
            raise EditedMeanwhileError(kind)
        manuscript = self._manuscript(kind, wording, seen + 1)
        # What was to be published at a time must be agreed to again, with its new words.
        if not await self._work.editions.write(manuscript):
            raise EditedMeanwhileError(kind)
        await self._act("manuscript:write", kind)
        return manuscript

    async def drop(self, kind: str, *, seen: int) -> None:
        """Throw a manuscript away.

        Raises
        ------
        EditedMeanwhileError
            It is not what the officer saw.
        """
        if not await self._work.editions.drop(kind, seen):
            raise EditedMeanwhileError(kind)
        await self._act("manuscript:drop", kind)

    # Publishing

    async def publish(self, kind: str, *, seen: int) -> Edition:
        """Publish a manuscript now, as the text's next edition.

        Raises
        ------
        EditedMeanwhileError
            It is not what the officer saw.
        WordingSameError
            It says just what is published.

        Source
        ------
        S0-17, S3-68.
        """
        manuscript = await self._seen(kind, seen)
        edition = await self._publish(manuscript, by=self._officer)
        await self._act("edition:publish", kind, f"v{edition.version}")
        return edition

    async def schedule(self, kind: str, *, seen: int, at: datetime) -> Manuscript:
        """Have a manuscript published at a moment.

        Raises
        ------
        EditedMeanwhileError
            It is not what the officer saw.
        PublishTimeError
            The moment has passed.

        Source
        ------
        S3-68.
        """
        if at <= self._clock.now():
            raise PublishTimeError
        return await self._appoint(kind, seen, at)

    async def unschedule(self, kind: str, *, seen: int) -> Manuscript:
        """Have a manuscript wait again; see `schedule`."""
        return await self._appoint(kind, seen, None)

    async def restore(self, kind: str, version: int) -> Edition:
        """Publish the words of an earlier version again, as the newest.

        Raises
        ------
        EditionNotFoundError
            There is no such version.
        WordingSameError
            It is what is published now.
        EditedMeanwhileError
            Another edition was published in the same moment.

        Source
        ------
        S0-17, S3-68.
        """
        wanted = await self.edition(kind, version)
        edition = await self._add(kind, wanted.wording, by=self._officer, restored=version)
        await self._act("edition:restore", kind, f"v{edition.version} = v{version}")
        return edition

    async def withdraw(self, kind: str) -> Edition:
        """Show a text no longer; its editions stay on record.

        Raises
        ------
        WordingKeptError
            Citizens agree to it.
        EditionNotFoundError
            It was never published.

        Source
        ------
        S2-12 to S2-14.
        """
        if not may_withdraw(kind):
            raise WordingKeptError(kind)
        entry = await self.entry(kind)
        if entry.edition is None:
            raise EditionNotFoundError(kind)
        edition = await self._add(kind, entry.edition.wording, by=self._officer, withdrawn=True)
        await self._act("edition:withdraw", kind, f"v{edition.version}")
        return edition

    async def publish_due(self) -> int:
        """Publish every manuscript whose moment has come; return how many.

        Each in the name of whoever said so. One that says what is published already is dropped.

        Source: S3-68.
        """
        published = 0
        for manuscript in await self._work.editions.due(self._clock.now()):
            try:
                edition = await self._publish(manuscript, by=manuscript.edited_by)
            except WordingSameError:
                await self._work.editions.drop(manuscript.kind, manuscript.edits)
                continue
            except EditedMeanwhileError:
                continue
            await self._act(
                "edition:publish",
                manuscript.kind,
                f"v{edition.version} on time",
                by=edition.published_by,
            )
            published += 1
        return published

    # Synonyms and questions

    async def add_synonym(self, word: str, means: str) -> None:
        """Have a citizen's word stand for one of ours.

        Raises
        ------
        SynonymError
            The two cannot stand for each other.
        SynonymTakenError
            The word stands for another one already.

        Source
        ------
        S2-14.
        """
        added = synonym(word, means, by=self._officer, at=self._clock.now())
        if not await self._work.questions.add_synonym(added):
            raise SynonymTakenError(word)
        await self._act("synonym:add", added.word, added.means)

    async def drop_synonym(self, word: str) -> None:
        """Have a word stand for itself again. Source: S2-14."""
        if await self._work.questions.drop_synonym(word):
            await self._act("synonym:drop", word)

    async def settle(self, question_id: str) -> None:
        """Take a question off the list of those without an answer. Source: S2-14."""
        if await self._work.questions.settle(question_id):
            await self._act("question:settle", question_id)

    # Inside

    async def _seen(self, kind: str, seen: int) -> Manuscript:
        manuscript = await self._work.editions.manuscript(kind)
        if manuscript is None or manuscript.edits != seen:
            raise EditedMeanwhileError(kind)
        return manuscript

    async def _appoint(self, kind: str, seen: int, at: datetime | None) -> Manuscript:
        before = await self._seen(kind, seen)
        after = replace(
            before,
            edits=seen + 1,
            edited_by=self._officer,
            edited_at=self._clock.now(),
            publish_at=at,
        )
        if not await self._work.editions.write(after):
            raise EditedMeanwhileError(kind)
        await self._act("manuscript:schedule", kind, at.isoformat() if at else "")
        return after

    async def _publish(self, manuscript: Manuscript, *, by: str) -> Edition:
        edition = await self._add(manuscript.kind, manuscript.wording, by=by)
        if not await self._work.editions.drop(manuscript.kind, manuscript.edits):
            raise EditedMeanwhileError(manuscript.kind)
        return edition

    async def _add(
        self,
        kind: str,
        wording: Wording,
        *,
        by: str,
        restored: int = 0,
        withdrawn: bool = False,
    ) -> Edition:
        newest = next(iter(await self._work.editions.editions(kind)), None)
        if newest and (newest.wording, newest.withdrawn) == (wording, withdrawn):
            raise WordingSameError(kind)
        version = newest.version + 1 if newest else 1
        edition = Edition(kind, version, wording, self._clock.now(), by, restored, withdrawn)
        if not await self._work.editions.publish(edition):
            raise EditedMeanwhileError(kind)
        return edition

    def _manuscript(self, kind: str, wording: Wording, edits: int) -> Manuscript:
        tidy = required(kind, wording)
        return Manuscript(kind, tidy, edits, self._officer, self._clock.now())

    async def _act(self, tag: str, object_id: str, note: str = "", *, by: str = "") -> None:
        act = Act(
            f"content:{tag}", by or self._officer, object_id, self._clock.now(), self._front, note
        )
        await self._work.acts.add(act)
