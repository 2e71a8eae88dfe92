"""A talk as bytes, before it is sealed and after it was opened."""

import zlib
from typing import Final

import orjson

from domain.shared.conversations import Conversation

__all__ = ["dumped", "loaded"]

_LARGE_BYTES: Final = 2000
"""Above which a talk is pressed: where it holds pages of text not shown yet, one in a hundred."""


def dumped(conversation: Conversation) -> bytes:
    """Return a talk as JSON, pressed if it is large."""
    text = orjson.dumps(conversation.to_json())
    return zlib.compress(text, level=1) if len(text) > _LARGE_BYTES else text


def loaded(stored: bytes) -> Conversation:
    """Return the talk that `dumped` made these bytes of.

    Raises
    ------
    ValueError
        It did not.
    """
    try:
        text = stored if stored.startswith(b"{") else zlib.decompress(stored)
        return Conversation.from_json(orjson.loads(text))
    except (zlib.error, TypeError, AttributeError, AssertionError, KeyError) as error:
        raise ValueError from error
