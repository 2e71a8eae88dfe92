"""Looking at a talk from outside of a turn."""

from adapters.cipher import Cipher
from bot.talks import loaded
from domain.shared.conversations import ConversationStore
from domain.shared.records import OpenId
from domain.shared.windows import Window, windows_of

__all__ = ["windows"]


async def windows(
    conversations: ConversationStore, cipher: Cipher, openid: OpenId
) -> tuple[Window, ...]:
    """Return the windows that a citizen opened last, by what the talk remembers.

    Raises
    ------
    UnavailableError
        The conversations are silent.
    """
    kept = await conversations.peek(openid)
    if kept is None:
        return ()
    return windows_of(loaded(cipher.open(kept)))
