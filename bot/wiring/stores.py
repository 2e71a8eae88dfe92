"""Where things are kept: embedded beside the database, or shared by many processes.

Records and the counters that guard codes live in SQL; conversations live where they are fastest
to reach. Embedded stores belong to one process; shared ones to as many as there are.
"""

from typing import Protocol

from adapters.cipher import Cipher
from adapters.sql.conversations import EmbeddedConversations
from adapters.sql.secrets import EmbeddedSecrets
from bot.settings import Settings
from domain.shared.clock import Clock
from domain.shared.conversations import ConversationStore
from domain.shared.throttle import SecretStore

__all__ = ["Conversations", "Secrets", "open_conversations", "open_secrets"]


class Conversations(ConversationStore, Protocol):
    """A store of conversations that can be closed."""

    async def aclose(self) -> None:
        """Close it; what was saved stays."""


class Secrets(SecretStore, Protocol):
    """A store of short-lived values that can be closed."""

    async def aclose(self) -> None:
        """Close it; what was counted stays."""


async def open_conversations(settings: Settings, clock: Clock, cipher: Cipher) -> Conversations:
    """Open where talks and their replies are kept."""
    if settings.redis.url:
        from adapters.redis.conversations import (  # noqa: PLC0415 (only where it is used)
            RedisConversations,
        )

        return await RedisConversations.open(settings.redis.url, clock, cipher)
    return EmbeddedConversations(settings.beside_database("conversations.db"), clock)


async def open_secrets(settings: Settings, cipher: Cipher) -> Secrets:
    """Open where short-lived values and their counters are kept."""
    if settings.database.shared:
        from adapters.sql.shared_secrets import SqlSecrets  # noqa: PLC0415 (as above)

        return await SqlSecrets.open(settings.database.url, cipher)
    return await EmbeddedSecrets.open(settings.beside_database("secrets.db"), cipher)
