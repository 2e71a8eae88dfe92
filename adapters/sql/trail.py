"""The acts as whoever audits reads them, in SQL."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, select

from adapters.sql.base import SqlSession
from adapters.sql.records import ActRow
from domain.officers.audit import ActsWanted, NumberedAct
from domain.shared.records import Act

__all__ = ["SqlActTrail"]


class SqlActTrail:
    """The `ActTrail`: by number, so that a page costs the same wherever it lies."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def newest(
        self, wanted: ActsWanted, *, before: int | None, limit: int
    ) -> Sequence[NumberedAct]:
        """Return the newest acts, or the newest before a number; so many at most."""
        chosen = select(ActRow.__table__).where(*_conditions(wanted))
        if before is not None:
            chosen = chosen.where(ActRow.serial < before)
        found = await self._session.read(chosen.order_by(ActRow.serial.desc()).limit(limit))
        return [
            NumberedAct(
                row.serial, Act(row.tag, row.actor, row.object_id, row.at, row.front, row.note)
            )
            for row in found
        ]


def _conditions(wanted: ActsWanted) -> Iterator[ColumnElement[bool]]:
    if wanted.actor:
        yield ActRow.actor == wanted.actor
    if wanted.tag:
        yield ActRow.tag == wanted.tag
    if wanted.object_id:
        yield ActRow.object_id == wanted.object_id
    if wanted.since is not None:
        yield ActRow.at >= wanted.since
    if wanted.until is not None:
        yield ActRow.at < wanted.until
