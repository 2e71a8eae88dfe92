"""What citizens asked in vain, what they said of answers, and what they mean by other words."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Index, LargeBinary, RowMapping, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.revisions import Kept, bump
from domain.content.questions import Synonym, Votes
from domain.content.unanswered import UnansweredQuestion
from domain.shared.records import OpenId

__all__ = ["AnswerVoteRow", "SqlQuestions", "SynonymRow", "UnansweredRow"]


class SynonymRow(Base):
    """A word that citizens use, and the published word it stands for."""

    __tablename__ = "synonyms"

    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    means: Mapped[str] = mapped_column(String(40))
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UnansweredRow(Base):
    """A masked question without an answer, sealed; its id is a blind index of its words."""

    __tablename__ = "unanswered"
    __table_args__ = (Index("ix_unanswered_times", "times"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    words: Mapped[bytes] = mapped_column(LargeBinary)
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AnswerVoteRow(Base):
    """Whether one version of an answer helped; ``voter`` is a blind index of the citizen."""

    __tablename__ = "answer_votes"

    voter: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    helpful: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlQuestions:
    """The `QuestionStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def miss(self, words: str, at: datetime) -> None:
        """Keep words that found no answer, or count them once more."""
        cipher = self._session.cipher
        insert = self._session.insert(UnansweredRow).values(
            id=cipher.index("unanswered", words),
            words=cipher.seal_text(words),
            times=1,
            first_at=at,
            last_at=at,
        )
        await self._session.write(
            insert.on_conflict_do_update(
                index_elements=[UnansweredRow.id],
                set_={"times": UnansweredRow.times + 1, "last_at": at},
            )
        )

    async def unanswered(self, limit: int) -> list[UnansweredQuestion]:
        """Return what found no answer, most often asked first."""
        chosen = (
            select(UnansweredRow.__table__)
            .order_by(UnansweredRow.times.desc(), UnansweredRow.last_at.desc(), UnansweredRow.id)
            .limit(limit)
        )
        return [self._question(row) for row in (await self._session.read(chosen)).mappings()]

    async def find(self, question_id: str) -> UnansweredQuestion | None:
        """Return one of them."""
        chosen = select(UnansweredRow.__table__).where(UnansweredRow.id == question_id)
        row = (await self._session.read(chosen)).mappings().one_or_none()
        return None if row is None else self._question(row)

    async def settle(self, question_id: str) -> bool:
        """Drop a question that has been seen to."""
        gone = await self._session.write(
            delete(UnansweredRow).where(UnansweredRow.id == question_id)
        )
        return gone.rowcount == 1

    async def forget(self, *, before: datetime) -> int:
        """Drop what was last asked before a moment; return how many."""
        gone = await self._session.write(
            delete(UnansweredRow).where(UnansweredRow.last_at < before)
        )
        return gone.rowcount

    async def vote(
        self, openid: OpenId, kind: str, version: int, *, helpful: bool, at: datetime
    ) -> bool:
        """Keep a citizen's vote on a version of an answer; ``False`` if there is one."""
        voter = self._session.cipher.index("answer-vote", openid)
        return await self._session.insert_new(
            AnswerVoteRow, voter=voter, kind=kind, version=version, helpful=helpful, at=at
        )

    async def votes(self) -> Mapping[tuple[str, int], Votes]:
        """Return the votes on each version of each answer that has any."""
        by = (AnswerVoteRow.kind, AnswerVoteRow.version, AnswerVoteRow.helpful)
        counted = select(*by, func.count().label("count")).group_by(*by)
        found: dict[tuple[str, int], list[int]] = {}
        for row in (await self._session.read(counted)).mappings():
            votes = found.setdefault((row["kind"], row["version"]), [0, 0])
            votes[0 if row["helpful"] else 1] = row["count"]
        return {about: Votes(helped, failed) for about, (helped, failed) in found.items()}

    async def synonyms(self) -> list[Synonym]:
        """Return all synonyms, by their words."""
        chosen = select(SynonymRow.__table__).order_by(SynonymRow.word)
        return [
            Synonym(row.word, row.means, row.added_by, row.added_at)
            for row in await self._session.read(chosen)
        ]

    async def add_synonym(self, synonym: Synonym) -> bool:
        """Add one, and tell every process; ``False`` if its word has one."""
        await bump(self._session, Kept.CONTENT)
        return await self._session.insert_new(
            SynonymRow,
            word=synonym.word,
            means=synonym.means,
            added_by=synonym.added_by,
            added_at=synonym.added_at,
        )

    async def drop_synonym(self, word: str) -> bool:
        """Drop one, and tell every process; ``False`` if there is none."""
        await bump(self._session, Kept.CONTENT)
        gone = await self._session.write(delete(SynonymRow).where(SynonymRow.word == word))
        return gone.rowcount == 1

    def _question(self, row: RowMapping) -> UnansweredQuestion:
        return UnansweredQuestion(
            row["id"],
            self._session.cipher.open_text(row["words"]),
            row["times"],
            row["first_at"],
            row["last_at"],
        )
