"""Whoever asks again gets another code at once, and the one that is on its way is void."""

from typing import Any

from domain.accounts.codes import CodeService
from domain.accounts.model import Issued


def plant() -> None:
    async def uncounted(self: CodeService, *_: Any) -> None:
        """Let everybody have as many as they like."""

    async def anew(self: CodeService, _attempt: Any, request: Any, now: Any) -> Issued:
        issued = Issued(self._rng.token(), now + self._limits.life, sent=True, older=())
        await self._keep(request, issued)
        return issued

    CodeService._count_phone = uncounted  # type: ignore[method-assign] # planted on purpose
    CodeService._issue = anew  # type: ignore[method-assign] # planted on purpose
