"""Notices that wait in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.shared.notices import Notice, NoticeKind, retry_at

__all__ = ["MemoryNotices"]


class MemoryNotices:
    """A `NoticeStore` in a dict: each notice with when it is due."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[Notice, datetime]] = {}
        self._count = 0

    async def add(
        self, *, phone: str, kind: NoticeKind, values: Sequence[str], at: datetime
    ) -> None:
        """Write a notice down."""
        self._count += 1
        self.rows[self._count] = (Notice(self._count, phone, kind, tuple(values), at, 0), at)

    async def claim(self, *, now: datetime) -> Notice | None:
        """Take the notice that is due longest."""
        due = [(at, notice.id) for notice, at in self.rows.values() if at <= now]
        if not due:
            return None
        one, _ = self.rows[min(due)[1]]
        taken = Notice(one.id, one.phone, one.kind, one.values, one.at, one.attempts + 1)
        self.rows[one.id] = (taken, retry_at(taken.attempts, now))
        return taken

    async def sent(self, notice_id: int) -> None:
        """Forget a notice."""
        self.rows.pop(notice_id, None)

    async def forget(self, *, before: datetime) -> int:
        """Give up old notices."""
        old = [notice.id for notice, _ in self.rows.values() if notice.at < before]
        for notice_id in old:
            del self.rows[notice_id]
        return len(old)
