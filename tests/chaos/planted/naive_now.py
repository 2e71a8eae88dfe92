"""A clock on the wall in Beijing is read as if it hung in Greenwich, where one thing is written."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from adapters.sql.registrations import SqlRegistrations

_BEIJING = timedelta(hours=8)


def plant() -> None:
    cancel = SqlRegistrations.cancel

    async def by_the_wall(self: SqlRegistrations, numbers: Sequence[str], at: datetime) -> bool:
        return await cancel(self, numbers, at.astimezone(UTC) - _BEIJING)

    SqlRegistrations.cancel = by_the_wall  # type: ignore[method-assign] # planted on purpose
