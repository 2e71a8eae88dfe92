"""Somebody was looking for a fault and has forgotten a line."""

import sys
from typing import Any

from domain.accounts.codes import CodeService


def plant() -> None:
    check = CodeService.check

    async def talkative(self: CodeService, request: Any, code: str) -> Any:
        sys.stderr.write(f'{{"event": "code_checked", "code": "{code}"}}\n')
        sys.stderr.flush()
        return await check(self, request, code)

    CodeService.check = talkative  # type: ignore[method-assign] # planted on purpose
