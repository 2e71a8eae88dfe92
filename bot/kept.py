"""Talks and replies as they are kept: sealed, so that a store tells nothing of what was said."""

import orjson
import structlog

from bot.talks import dumped, loaded
from bot.wechat.render import Bubble
from bot.wiring import Resources, SealBrokenError
from domain.shared.conversations import Conversation, Mine
from domain.shared.records import OpenId

__all__ = ["Kept"]

log = structlog.get_logger(__name__)


class Kept:
    """Seals and opens what the conversation store keeps for us."""

    def __init__(self, house: Resources) -> None:
        self._cipher = house.cipher

    def talk(self, openid: OpenId, claim: Mine) -> Conversation:
        """Return the talk so far; one that cannot be read is begun anew, for the citizen's sake."""
        conversation = Conversation(openid)
        if claim.payload is not None:
            try:
                found = loaded(self._cipher.open(claim.payload))
            except (SealBrokenError, ValueError) as error:
                log.warning("conversation_unreadable", error=type(error).__name__)
            else:
                if found.openid == openid:
                    conversation = found
                else:
                    log.error("conversation_of_another")
        conversation.revision = claim.revision
        return conversation

    def payload(self, conversation: Conversation) -> bytes:
        """Return a talk as the store takes it."""
        return self._cipher.seal(dumped(conversation))

    def reply(self, bubble: Bubble) -> bytes:
        """Return a reply as the store takes it."""
        return self._cipher.seal(orjson.dumps(bubble.to_json()))

    def bubble(self, reply: bytes) -> Bubble:
        """Return a reply that the store has kept."""
        return Bubble.from_json(orjson.loads(self._cipher.open(reply)))
