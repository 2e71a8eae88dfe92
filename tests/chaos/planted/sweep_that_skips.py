"""The sweep passes over whatever somebody has begun before, for ever."""

from typing import Any

from adapters.sql.pushes import SqlPushes
from domain.shared.pushes import PushClaim


def plant() -> None:
    claim = SqlPushes.claim

    async def fresh_only(self: SqlPushes, **given: Any) -> PushClaim | None:
        while (claimed := await claim(self, **given)) and claimed.attempts > 1:
            continue
        return claimed

    SqlPushes.claim = fresh_only  # type: ignore[method-assign] # planted on purpose
