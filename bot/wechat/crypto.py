"""One official account: its token and keys, its signature, its cipher."""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Never

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = [
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
    ciphers: tuple[Cipher[modes.CBC], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.token.strip():
            raise ValueError("the token must not be empty")
        if self.encryption == "secure" and not self.aes_key:
            raise ValueError("secure mode needs an EncodingAESKey")
        if self.encryption == "secure" and not self.app_id:
            raise ValueError("secure mode needs the app id that every envelope ends with")
        keys = [key for key in (self.aes_key, self.previous_aes_key) if key]
        object.__setattr__(self, "ciphers", tuple(map(_cipher, keys)))


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
    framed = b"".join(
        (salt or os.urandom(_SALT), len(xml).to_bytes(4, "big"), xml, account.app_id.encode())
    )
    padding = _BLOCK - len(framed) % _BLOCK
    encryptor = account.ciphers[aes_key_index].encryptor()
    sealed = encryptor.update(framed + bytes((padding,)) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(account: OfficialAccount, encrypted: str) -> tuple[bytes, int]:
    """Return what ``Encrypt`` holds, and the index of the key that opened it.

    Raises
    ------
    RefusedEnvelopeError
        403 and the same kind for every fault: an attacker learns nothing from the difference.
    """
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except ValueError:
        sealed = b""
    if sealed and len(sealed) % _BLOCK == 0:
        for index, cipher in enumerate(account.ciphers):
            decryptor = cipher.decryptor()
            xml = _unframe(decryptor.update(sealed) + decryptor.finalize(), account.app_id)
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
    if not 0 < padding <= _BLOCK or framed[-padding:] != framed[-1:] * padding:
        return None
    begin = _SALT + 4
    end = begin + int.from_bytes(framed[_SALT:begin], "big")
    if not hmac.compare_digest(framed[end:-padding], app_id.encode()):
        return None
    return framed[begin:end]


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    if not _AES_KEY.fullmatch(aes_key):
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    key = base64.b64decode(f"{aes_key}=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
