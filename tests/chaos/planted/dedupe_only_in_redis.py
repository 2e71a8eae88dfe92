"""What was told is remembered in Redis alone; the records keep no answer."""

from typing import Any

from adapters.sql.records import SqlDeliveries


def plant() -> None:
    async def never(self: SqlDeliveries, key: str) -> None:
        return None

    async def always(self: SqlDeliveries, delivered: Any) -> bool:
        return True

    SqlDeliveries.find = never  # type: ignore[method-assign, assignment] # planted on purpose
    SqlDeliveries.add = always  # type: ignore[method-assign] # planted on purpose
