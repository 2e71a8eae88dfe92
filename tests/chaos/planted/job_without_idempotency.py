"""Whatever a dead worker has left behind is sent again, whether it had left or not."""

from dataclasses import replace
from typing import Any

from adapters.sql.pushes import SqlPushes
from domain.shared.pushes import PushClaim


def plant() -> None:
    claim, leave = SqlPushes.claim, SqlPushes.leave

    async def forgetful(self: SqlPushes, **given: Any) -> list[PushClaim]:
        return [replace(one, left=False) for one in await claim(self, **given)]

    async def any_time(self: SqlPushes, *given: Any, **more: Any) -> bool:
        await leave(self, *given, **more)
        return True

    SqlPushes.claim = forgetful  # type: ignore[method-assign] # planted on purpose
    SqlPushes.leave = any_time  # type: ignore[method-assign] # planted on purpose
