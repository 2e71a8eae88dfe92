"""How many live registrations each unit has, kept while they are made: nobody counts a million.

One row a unit would be the row on which everybody waits who registers for it. So a unit has
several, each connection adds to its own, and what counts is their sum.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, ForeignKey, String, bindparam, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession
from adapters.sql.prepared import Prepared

__all__ = ["TallyRow", "add_live", "live_counts", "take_live"]

_SHARDS: Final = 32


class TallyRow(Base):
    """A part of a unit's live registrations; may be below zero, the sum of all parts never is."""

    __tablename__ = "tallies"
    # Half of each page is left free, so that a changed row stays beside its index entry.
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)

    unit_id: Mapped[str] = mapped_column(String(64), ForeignKey("units.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    live: Mapped[int]


def _upsert(insert: postgresql.Insert | sqlite.Insert) -> postgresql.Insert | sqlite.Insert:
    return insert.inline().on_conflict_do_update(
        index_elements=[TallyRow.unit_id, TallyRow.shard],
        set_={"live": TallyRow.live + insert.excluded.live},
    )


_OWN_SHARD: Final[Mapping[str, ColumnElement[int]]] = {
    "postgresql": func.pg_backend_pid() % literal_column(str(_SHARDS)),
    "sqlite": literal_column("0"),
}
"""Which row a connection adds to: two that write at the same time seldom share one."""


def _one_more(insert: postgresql.Insert | sqlite.Insert, dialect: str) -> Prepared:
    shard = _OWN_SHARD[dialect]
    return Prepared(_upsert(insert.values(unit_id=bindparam("unit_id"), shard=shard, live=1)))


_ONE_MORE: Final = {
    "postgresql": _one_more(postgresql.insert(TallyRow), "postgresql"),
    "sqlite": _one_more(sqlite.insert(TallyRow), "sqlite"),
}
_SUMS: Final = Prepared(
    select(TallyRow.unit_id, func.sum(TallyRow.live).label("live"))
    .group_by(TallyRow.unit_id)
    .having(func.sum(TallyRow.live) > 0)
)


async def add_live(session: SqlSession, unit_id: str) -> None:
    """Count one more live registration of a unit, with the commit."""
    await session.later(_ONE_MORE[session.dialect], unit_id=unit_id)


async def take_live(session: SqlSession, ended: Mapping[str, int]) -> None:
    """Count fewer live registrations of some units.

    Parameters
    ----------
    session
        Where the registrations were changed already: everybody locks them first, tallies second.
    ended
        How many fewer, by unit.
    """
    shard = _OWN_SHARD[session.dialect]
    # In one order for everybody: two who take of the same units do not wait for each other.
    rows = [
        {"unit_id": unit_id, "shard": shard, "live": -count}
        for unit_id, count in sorted(ended.items())
    ]
    await session.write(_upsert(session.insert(TallyRow).values(rows)))


async def live_counts(session: SqlSession) -> dict[str, int]:
    """Return how many live registrations each unit has; units without any are left out."""
    return {row["unit_id"]: int(row["live"]) for row in await session.rows(_SUMS)}
