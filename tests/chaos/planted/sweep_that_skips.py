"""The sweep passes over whatever somebody has begun before, for ever."""

from typing import Any

from adapters.sql.pushes import SqlPushes
from domain.shared.pushes import PushClaim


def plant() -> None:
    claim = SqlPushes.claim

    async def fresh_only(self: SqlPushes, **given: Any) -> list[PushClaim]:
        fresh: list[PushClaim] = []
        while not fresh and (claimed := await claim(self, **given)):
            fresh = [one for one in claimed if one.attempts == 1]
        return fresh

    SqlPushes.claim = fresh_only  # type: ignore[method-assign] # planted on purpose
