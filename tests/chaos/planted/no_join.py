"""Every copy of a message is a message: nobody looks whether it is being answered already."""

from itertools import count
from typing import Any

from adapters.redis.conversations import RedisConversations
from domain.shared.conversations import Claim


def plant() -> None:
    claim, serials = RedisConversations.claim, count()

    async def alone(self: RedisConversations, key: str, openid: Any, *, wait: float) -> Claim:
        return await claim(self, f"{key}#{next(serials)}.{id(self)}", openid, wait=wait)

    RedisConversations.claim = alone  # type: ignore[method-assign] # planted on purpose
