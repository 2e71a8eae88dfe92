"""Which revision of plans and texts stands in the records, so that every process notices a change.

Whoever changes them bumps their number in the same transaction. Processes look at the numbers, not
at the plans: twice a second, a query of two rows.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from sqlalchemy import BigInteger, String, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession
from adapters.sql.engine import engine_for, translated

__all__ = ["Kept", "RevisionRow", "Revisions", "bump"]


class Kept(StrEnum):
    """What processes read once and keep."""

    PLANS = "plans"
    """Plans, projects and units."""
    CONTENT = "content"
    """Documents and frequent questions."""
    POSTERS = "posters"
    """Where scans lead."""


class RevisionRow(Base):
    """How often something kept was changed."""

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


async def bump(session: SqlSession, *changed: Kept) -> None:
    """Say that something was changed, in the transaction that changes it; commits nothing.

    The row stays locked until then, so that of two changes at once none goes unseen.
    """
    for name in sorted(changed):
        await session.insert_new(RevisionRow, name=name, number=0)
        row = update(RevisionRow).where(RevisionRow.name == name)
        await session.write(row.values(number=RevisionRow.number + 1))


class Revisions:
    """What this process has seen of the numbers. Made by `open`, ended by `aclose`.

    It has one connection of its own: neither does it wait for citizens nor they for it.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._seen: Mapping[str, int] | None = None

    @classmethod
    def open(cls, url: str) -> Self:
        """Prepare to look; nothing is connected yet."""
        return cls(engine_for(url, connections=1))

    async def aclose(self) -> None:
        """Hang up."""
        await self.engine.dispose()

    async def moved(self) -> frozenset[Kept]:
        """Return what was changed since the last look, at the first look everything.

        Raises
        ------
        UnavailableError
            The records are silent; what was changed is told at a later look.
        """
        with translated():
            # A transaction would be two more round trips for nothing.
            async with self.engine.execution_options(
                isolation_level="AUTOCOMMIT"
            ).connect() as connection:
                rows = await connection.execute(select(RevisionRow.name, RevisionRow.number))
                now: dict[str, int] = {row.name: row.number for row in rows}
        before, self._seen = self._seen, now
        if before is None:
            return frozenset(Kept)
        return frozenset(kept for kept in Kept if now.get(kept) != before.get(kept))
