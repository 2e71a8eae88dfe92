"""Tokens in links: what they hold is sealed, so that they can be neither made nor read outside."""

import base64

from adapters.cipher import Cipher, SealBrokenError

__all__ = ["SealedLinks"]


class SealedLinks:
    """The `LinkSigner` that keeps everything in the token itself.

    An address ends up in browser histories and proxy logs; sealed words tell them nothing.
    """

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def sign(self, words: str) -> str:
        """Return a token of URL characters."""
        return base64.urlsafe_b64encode(self._cipher.seal_text(words)).rstrip(b"=").decode()

    def read(self, token: str) -> str | None:
        """Return the words of a token we made; ``None`` for any other."""
        padded = token + "=" * (-len(token) % 4)
        try:
            return self._cipher.open_text(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, SealBrokenError):
            return None
