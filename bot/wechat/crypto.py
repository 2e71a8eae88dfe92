"""One official account: its token and keys, its signature, its cipher."""

import base64
import hashlib
import hmac
import os
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Never

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

__all__ = [
    "EnvelopeCipher",
    "OfficialAccount",
    "RefusedEnvelopeError",
    "check_freshness",
    "check_signature",
    "decrypt",
    "encrypt",
    "refuse",
    "sign",
]

_BLOCK: Final = 32  # padding is PKCS#7 over 32 bytes, although the cipher's block has 16
_SALT: Final = 16
_PADDINGS: Final = tuple(bytes((size,)) * size for size in range(_BLOCK + 1))

# The platform makes keys of letters and digits; "+" and "/" come from keys made by other tools.
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class RefusedEnvelopeError(Exception):
    """The request gets no reply.

    Parameters
    ----------
    status
        The HTTP status to answer with. 200: the platform itself sent something unreadable, and
        anything but ``success`` would make it send the same again.
    kind
        One word for the log. It never tells which step of the decryption failed.
    """

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind


@dataclass(frozen=True, slots=True)
class OfficialAccount:
    """One account at the platform, and how its envelopes are opened.

    ``aes_key`` and ``previous_aes_key`` are EncodingAESKeys of 43 characters; the previous one is
    accepted while rotating. ``original_id`` (``gh_…``) is checked when set. ``freshness`` is how
    many seconds a request may be old or early, 0 for any age.

    Raises
    ------
    ValueError
        The token is empty (anybody could sign), or a key is no key.
    """

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    app_id: str
    original_id: str = ""
    previous_aes_key: str | None = field(default=None, repr=False)
    encryption: Literal["secure", "plain"] = "secure"
    freshness: int = 300
    ciphers: "tuple[EnvelopeCipher, ...]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.token.strip():
            raise ValueError("the token must not be empty")
        if self.encryption == "secure" and not self.aes_key:
            raise ValueError("secure mode needs an EncodingAESKey")
        if self.encryption == "secure" and not self.app_id:
            raise ValueError("secure mode needs the app id that every envelope ends with")
        keys = [key for key in (self.aes_key, self.previous_aes_key) if key]
        object.__setattr__(self, "ciphers", tuple(map(EnvelopeCipher, keys)))


class EnvelopeCipher:
    """AES-CBC under one EncodingAESKey, as the platform uses it.

    Making a context costs ten times what it then does for a message, so both live as long as the
    key. What comes before decides nothing: a reader hands the initial vector over as if it were a
    block of its own, and a writer begins with a block of random bytes that nobody looks at.
    """

    def __init__(self, aes_key: str) -> None:
        if not _AES_KEY.fullmatch(aes_key):
            raise ValueError("an EncodingAESKey has 43 letters and digits")
        key = base64.b64decode(f"{aes_key}=")
        self._first = key[:_SALT]
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(self._first))
        self._reader = self._cipher.decryptor()
        self._writer = self._cipher.encryptor()

    def read(self, sealed: bytes) -> bytes:
        """Return what some whole blocks hold."""
        return self._reader.update(self._first + sealed)[_SALT:]

    def write(self, framed: bytes) -> bytes:
        """Seal some whole blocks, the first of which is read as other bytes than these."""
        return self._writer.update(framed)

    def encryptor(self) -> CipherContext:
        """Return a new context, which seals the first block to the letter."""
        return self._cipher.encryptor()


def refuse(status: int, kind: str) -> Never:
    """Raise `RefusedEnvelopeError`."""
    raise RefusedEnvelopeError(status, kind)


def sign(*parts: str) -> str:
    """Return the platform's signature over some parts, the token among them, in any order."""
    joined = "".join(sorted(parts)).encode(errors="surrogatepass")
    return hashlib.sha1(joined).hexdigest()  # noqa: S324 (the platform's protocol)


def encrypt(
    account: OfficialAccount, xml: bytes, *, salt: bytes | None = None, aes_key_index: int = 0
) -> str:
    """Return the base64 text that goes into ``Encrypt``; ``salt`` is 16 bytes, random if absent."""
    app_id, cipher = account.app_id.encode(), account.ciphers[aes_key_index]
    padding = _BLOCK - (_SALT + 4 + len(xml) + len(app_id)) % _BLOCK
    framed = b"".join(
        (
            *(salt or os.urandom(_SALT), len(xml).to_bytes(4, "big"), xml, app_id),
            _PADDINGS[padding],
        )
    )
    sealed = cipher.encryptor().update(framed) if salt else cipher.write(framed)
    return b2a_base64(sealed, newline=False).decode()


def decrypt(account: OfficialAccount, encrypted: str) -> tuple[bytes, int]:
    """Return what ``Encrypt`` holds, and the index of the key that opened it.

    Raises
    ------
    RefusedEnvelopeError
        403 and the same kind for every fault: an attacker learns nothing from the difference.
    """
    try:
        sealed = a2b_base64(encrypted, strict_mode=True)
    except ValueError:
        sealed = b""
    if sealed and len(sealed) % _BLOCK == 0:
        for index, cipher in enumerate(account.ciphers):
            xml = _unframe(cipher.read(sealed), account.app_id)
            if xml is not None:
                return xml, index
    refuse(403, "ciphertext")


def check_signature(
    account: OfficialAccount, query: Mapping[str, str], given: str | None, *signed: str
) -> None:
    """Refuse a request that was not signed with the account's token.

    Parameters
    ----------
    given
        The signature that came with the request.
    signed
        What it covers besides token, timestamp and nonce.
    """
    timestamp, nonce = query.get("timestamp"), query.get("nonce")
    if not (given and timestamp and nonce):
        refuse(403, "signature")
    expected = sign(account.token, timestamp, nonce, *signed)
    if not hmac.compare_digest(expected.encode(), given.encode(errors="surrogatepass")):
        refuse(403, "signature")


def check_freshness(account: OfficialAccount, query: Mapping[str, str], now: float) -> None:
    """Refuse a request whose signed timestamp is further from now than the account allows."""
    if not account.freshness:
        return
    timestamp = query["timestamp"]
    if not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > account.freshness:
        refuse(403, "stale")


def _unframe(framed: bytes, app_id: str) -> bytes | None:
    padding = framed[-1]
    if not 0 < padding <= _BLOCK or not framed.endswith(_PADDINGS[padding]):
        return None
    begin = _SALT + 4
    end = begin + int.from_bytes(framed[_SALT:begin], "big")
    if not hmac.compare_digest(framed[end:-padding], app_id.encode()):
        return None
    return framed[begin:end]
