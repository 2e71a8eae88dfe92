"""WeChat's side of the wire for load: requests built before they are sent, replies read after.

Written from the platform's protocol, not from the bot's code, and lean: a message costs about
30 µs to build and a reply about 40 µs to check, both outside the timed part.
"""

import base64
import hashlib
import os
import re
import time
from dataclasses import dataclass
from itertools import count
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["ACCOUNT", "APP_ID", "ENCODING_AES_KEY", "TOKEN", "Answer", "Platform", "openid_of"]

TOKEN: Final = "benchmark-token-of-24-letters"  # noqa: S105 (of no account)
ENCODING_AES_KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID: Final = "wx0123456789abcdef"
ACCOUNT: Final = "gh_benchmark001"

_BLOCK = 32
_FIELD = re.compile(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)
_ANCHOR = re.compile(r'<a href="[^"<>]*">([^<>]*)</a>')
_SERIALS = count(24_000_000_000_000_001)


def openid_of(number: int, kind: str = "c") -> str:
    """Return the openid of a citizen by number; 28 characters."""
    return f"oBench{kind}{number:021}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a citizen sees: to whom it went, and the text without markup."""

    to: str
    text: str


class Platform:
    """Builds whole HTTP requests and reads the bodies that answer them."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        key = base64.b64decode(f"{ENCODING_AES_KEY}=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._host = host

    def text(self, openid: str, words: str) -> bytes:
        """Return the request that delivers words."""
        serial = next(_SERIALS)
        return self._request(
            self._xml(openid, "text", f"<Content><![CDATA[{words}]]></Content>")
            + f"<MsgId>{serial}</MsgId></xml>"
        )

    def scan(self, openid: str, scene: str) -> bytes:
        """Return the request that delivers a follower's scan of a poster."""
        event = f"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[{scene}]]></EventKey>"
        return self._request(self._xml(openid, "event", f"{event}<Ticket>t</Ticket></xml>"))

    def read(self, body: bytes) -> Answer:
        """Read a reply strictly.

        Raises
        ------
        ValueError
            The platform would show its own fault instead.
        """
        outer = _fields(body.decode())
        signed = (outer["TimeStamp"], outer["Nonce"], outer["Encrypt"])
        if outer["MsgSignature"] != _signature(*signed):
            raise ValueError("the reply's signature is wrong")
        xml = self._opened(outer["Encrypt"])
        fields = _fields(xml)
        if fields["FromUserName"] != ACCOUNT:
            raise ValueError("the reply comes from another account")
        return Answer(fields["ToUserName"], _ANCHOR.sub(r"\1", fields.get("Content", "")))

    def _xml(self, openid: str, kind: str, rest: str) -> str:
        return (
            f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
            f"<FromUserName><![CDATA[{openid}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{rest}"
        )

    def _request(self, xml: str) -> bytes:
        encrypted = self._sealed(xml.encode())
        timestamp, nonce = str(int(time.time())), str(int.from_bytes(os.urandom(4), "big"))
        query = (
            f"signature={_signature(timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}"
            f"&openid=o&encrypt_type=aes&msg_signature={_signature(timestamp, nonce, encrypted)}"
        )
        body = (
            f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        return (
            f"POST /wechat?{query} HTTP/1.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
            f"Host: {self._host}\r\nPragma: no-cache\r\nConnection: Keep-Alive\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _sealed(self, message: bytes) -> str:
        plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + APP_ID.encode()
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        return base64.b64encode(
            encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        ).decode()

    def _opened(self, encrypted: str) -> str:
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
        end = 20 + int.from_bytes(plain[16:20], "big")
        if plain[end : -plain[-1]] != APP_ID.encode():
            raise ValueError("the reply is encrypted for another account")
        return plain[20:end].decode()


def _fields(xml: str) -> dict[str, str]:
    return {tag: words or plain for tag, words, plain in _FIELD.findall(xml)}


def _signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted((TOKEN, *parts))).encode()).hexdigest()  # noqa: S324 (the platform's protocol)
