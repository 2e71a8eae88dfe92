"""Pushes that wait in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.shared.pushes import Push, PushKind

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """An `Outbox` in a list; nothing ever leaves it."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []

    async def add(self, push: Push, *, at: datetime, until: datetime | None = None) -> None:
        """Write a push down, unless this citizen was told of this topic before."""
        await self.add_all([push], at=at, until=until)

    async def add_all(
        self, pushes: Sequence[Push], *, at: datetime, until: datetime | None = None
    ) -> int:
        """Write some down as `add` does; return how many were written."""
        before = len(self.pushes)
        for push in pushes:
            if push.topic is None or not any(_same(push, one) for one in self.pushes):
                self.pushes.append(push)
        return len(self.pushes) - before

    def to_phones(self, kind: PushKind | None = None) -> list[Push]:
        """Return what goes to phones, of one kind or of all, oldest first."""
        return [one for one in self.pushes if one.phone and kind in (None, one.kind)]


def _same(push: Push, other: Push) -> bool:
    """Tell whether a citizen, or an account, was told of this before."""
    if (push.kind, push.topic) != (other.kind, other.topic):
        return False
    by_openid = push.openid is not None and push.openid == other.openid
    return by_openid or (push.account is not None and push.account == other.account)
