"""Calling officers to the desk: their company's chat or mail, through Apprise."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog

__all__ = ["AppriseStaff"]

_SECONDS: Final = 10.0
_TITLE: Final = "安居：有市民在等人工"

log = structlog.get_logger(__name__)


class AppriseStaff:
    """The `StaffCaller` by whatever Apprise addresses name; which ones, the settings have judged.

    The addresses hold secrets: nothing of them is ever logged.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._lines = [_line(address) for address in addresses]

    @property
    def targets(self) -> int:
        """How many can be called."""
        return len(self._lines)

    async def call(self, target: int, words: str) -> bool:
        """Call one of them, counted from 0; ``False`` if that certainly failed."""
        if not 0 <= target < len(self._lines):
            return False
        notify = self._lines[target].notify
        try:
            async with asyncio.timeout(_SECONDS):
                # Apprise waits for its servers in a thread of its own.
                told = bool(await asyncio.to_thread(notify, body=words, title=_TITLE))
        except TimeoutError:
            told = False
        if not told:
            log.warning("staff_call_failed", target=target)
        return told


def _line(address: str) -> Any:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 (19 MB, where nobody may be called)

    # Without a storage of its own, and without the library's advertisement.
    line = Apprise(asset=AppriseAsset(app_id="Anju", app_desc="安居", async_mode=False))
    if not line.add(address):
        message = "an Apprise address cannot be used"
        raise ValueError(message)
    return line
