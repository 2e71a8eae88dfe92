"""Sealing at rest: AES-256-GCM for what is read back, HMAC-SHA-256 for what is looked up."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Cipher", "SealBrokenError"]

_VERSION = b"\x01"
_NONCE_BYTES = 12


class SealBrokenError(Exception):
    """The bytes were not sealed by this key, or were changed since."""


class Cipher:
    """Seals and opens bytes, and makes blind indexes, all from one 32-byte key.

    A sealed value is a version byte, a 12-byte nonce, then ciphertext and tag: 29 bytes longer
    than what it holds.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:  # noqa: PLR2004 (AES-256)
            message = "the data key must be 32 bytes"
            raise ValueError(message)
        self._aead = AESGCM(hmac.digest(key, b"anju seal", hashlib.sha256))
        self._index_key = hmac.digest(key, b"anju index", hashlib.sha256)

    def seal(self, plain: bytes) -> bytes:
        """Return the bytes sealed under a fresh nonce."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, plain, _VERSION)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed; `SealBrokenError` if that is not possible."""
        if sealed[:1] != _VERSION:
            raise SealBrokenError
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, rest, _VERSION)
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError from error

    def seal_text(self, plain: str) -> bytes:
        """Seal words as UTF-8."""
        return self.seal(plain.encode())

    def open_text(self, sealed: bytes) -> str:
        """Open words sealed by `seal_text`."""
        return self.open(sealed).decode()

    def index(self, purpose: str, plain: str) -> str:
        """Return a blind index: equal for equal words of one purpose, useless without the key.

        Returns
        -------
        str
            64 hex characters.
        """
        message = f"{purpose}\x00{plain}".encode()
        return hmac.digest(self._index_key, message, hashlib.sha256).hex()
