"""The platform's side of the wire, written from its protocol and from nothing of ours.

A `FakePlatform` builds what WeChat would post, signed and encrypted, and reads the answers as
strictly as WeChat would: anything that would show the citizen a fault is an `AssertionError`.
"""

import base64
import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["Card", "FakePlatform", "Link", "Post", "ReplySeen", "Tap", "Value", "pushed_text"]

Value: TypeAlias = "str | int | float | Mapping[str, Value] | Sequence[Mapping[str, Value]]"
"""What an element holds: words, a number, elements, or the same element several times."""

TEXT_BYTES = 2000
BLOCK = 32

_ANCHOR = re.compile(r'<a href="([^"<>]*)">([^<>]*)</a>')
_TAP = re.compile(r"weixin://bizmsgmenu\?msgmenucontent=([^&\"<>\s]+)&msgmenuid=([^&\"<>\s]*)")


@dataclass(frozen=True, slots=True)
class Post:
    """One request of the platform, ready to send, or to send again.

    ``xml`` is the message itself, as it stands inside the encryption.
    """

    body: bytes
    query: dict[str, str]
    xml: str


@dataclass(frozen=True, slots=True)
class Tap:
    """An option that a citizen may tap: what is shown, what it says, and its id."""

    label: str
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page that a citizen may open."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """An article card."""

    title: str
    description: str
    picture: str
    url: str


@dataclass(frozen=True, slots=True)
class ReplySeen:
    """What the citizen sees. ``text`` is without markup; empty for a card."""

    to: str
    sender: str
    created: int
    xml: str
    text: str = ""
    taps: tuple[Tap, ...] = ()
    links: tuple[Link, ...] = ()
    card: Card | None = None

    def tap(self, label: str) -> Tap:
        """Return the option whose label holds these words."""
        found = [tap for tap in self.taps if label in tap.label]
        assert found, f"no option {label!r} among {[tap.label for tap in self.taps]}"
        return found[0]


@dataclass(slots=True)
class FakePlatform:
    """WeChat, as one official account sees it.

    ``now`` gives Unix seconds; set it to the clock of the test. ``entropy`` gives that many random
    bytes; set it where a run must be repeatable. Without ``secure`` everything
    travels in plain mode.
    """

    token: str
    aes_key: str
    app_id: str
    account_id: str
    secure: bool = True
    now: Callable[[], float] = time.time
    entropy: Callable[[int], bytes] = os.urandom
    msg_ids: "count[int]" = field(default_factory=lambda: count(23_000_000_000_000_001))

    # --- what a citizen sends -----------------------------------------------------------

    def text(
        self,
        openid: str,
        content: str,
        *,
        msg_id: int | None = None,
        tap: str | None = None,
        created: int | None = None,
    ) -> Post:
        """Words, typed or said by tapping the option with the id ``tap``."""
        fields: dict[str, Value] = {"Content": content}
        if tap is not None:
            fields["bizmsgmenuid"] = tap
        return self.message("text", openid, fields, msg_id=msg_id, created=created)

    def image(self, openid: str, media_id: str = "media-1", *, msg_id: int | None = None) -> Post:
        """A picture."""
        fields = {"PicUrl": f"http://mmbiz.qpic.cn/{media_id}/0", "MediaId": media_id}
        return self.message("image", openid, fields, msg_id=msg_id)

    def voice(self, openid: str, media_id: str = "voice-1", *, msg_id: int | None = None) -> Post:
        """A voice message; the platform does not recognise speech."""
        fields = {"MediaId": media_id, "Format": "amr", "MediaId16K": f"{media_id}-16k"}
        return self.message("voice", openid, fields, msg_id=msg_id)

    def video(self, openid: str, media_id: str = "video-1", *, msg_id: int | None = None) -> Post:
        """A film."""
        fields = {"MediaId": media_id, "ThumbMediaId": f"{media_id}-thumb"}
        return self.message("video", openid, fields, msg_id=msg_id)

    def location(self, openid: str, label: str = "东城区", *, msg_id: int | None = None) -> Post:
        """A place on the map."""
        fields: dict[str, Value] = {
            "Location_X": 39.9042,
            "Location_Y": 116.4074,
            "Scale": 15,
            "Label": label,
        }
        return self.message("location", openid, fields, msg_id=msg_id)

    def link(self, openid: str, url: str = "https://example.com/", **fields: str) -> Post:
        """A shared page."""
        return self.message("link", openid, {"Title": "", "Description": "", "Url": url} | fields)

    def file(self, openid: str, title: str = "材料.pdf", *, msg_id: int | None = None) -> Post:
        """A file, whose content no account can fetch."""
        fields: dict[str, Value] = {
            "Title": title,
            "Description": "12.5KB",
            "FileKey": "key",
            "FileMd5": "d41d8cd98f00b204e9800998ecf8427e",
            "FileTotalLen": 12800,
        }
        return self.message("file", openid, fields, msg_id=msg_id)

    def follow(self, openid: str, scene: str = "", *, created: int | None = None) -> Post:
        """Begin to follow, by a poster's code if there is a scene."""
        fields = {"EventKey": f"qrscene_{scene}", "Ticket": "ticket"} if scene else {"EventKey": ""}
        return self.event("subscribe", openid, created=created, **fields)

    def unfollow(self, openid: str, *, created: int | None = None) -> Post:
        """Stop following."""
        return self.event("unsubscribe", openid, created=created, EventKey="")

    def scan(self, openid: str, scene: str, *, created: int | None = None) -> Post:
        """Scan a poster as a follower."""
        return self.event("SCAN", openid, created=created, EventKey=scene, Ticket="ticket")

    def menu(self, openid: str, key: str, *, created: int | None = None) -> Post:
        """Tap a button of the account's menu."""
        return self.event("CLICK", openid, created=created, EventKey=key)

    def event(self, name: str, openid: str, *, created: int | None = None, **fields: Value) -> Post:
        """Any event, with its fields as the platform names them."""
        return self.seal(self.envelope("event", openid, {"Event": name} | fields, created))

    def message(
        self,
        type_: str,
        openid: str,
        fields: Mapping[str, Value],
        *,
        msg_id: int | None = None,
        created: int | None = None,
    ) -> Post:
        """Any message, with its fields as the platform names them."""
        id_ = next(self.msg_ids) if msg_id is None else msg_id
        return self.seal(self.envelope(type_, openid, dict(fields) | {"MsgId": id_}, created))

    # --- how it travels -----------------------------------------------------------------

    def envelope(
        self, type_: str, openid: str, fields: Mapping[str, Value], created: int | None = None
    ) -> str:
        """Return a message's XML."""
        head: dict[str, Value] = {
            "ToUserName": self.account_id,
            "FromUserName": openid,
            "CreateTime": int(self.now()) if created is None else created,
            "MsgType": type_,
        }
        return _element("xml", head | dict(fields))

    def seal(self, xml: str) -> Post:
        """Sign a message's XML, encrypted in secure mode, as of now."""
        return self.seal_bytes(xml.encode())

    def seal_bytes(self, message: bytes, *, salt: bytes | None = None) -> Post:
        """Sign any bytes as if they were a message."""
        timestamp = str(int(self.now()))
        nonce = f"{int.from_bytes(self.entropy(4), 'big'):010}"
        query = {
            "signature": self.sign(timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": "o_unsigned",
        }
        xml = message.decode(errors="replace")
        if not self.secure:
            return Post(message, query, xml)
        encrypted = self.encrypt(message, salt or self.entropy(16))
        signature = self.sign(timestamp, nonce, encrypted)
        query |= {"encrypt_type": "aes", "msg_signature": signature}
        body = _element("xml", {"ToUserName": self.account_id, "Encrypt": encrypted})
        return Post(body.encode(), query, xml)

    def echo(self, echostr: str = "4375120948345356249") -> dict[str, str]:
        """Return the query with which the platform checks a new address by GET."""
        timestamp, nonce = str(int(self.now())), "1514711492"
        signature = self.sign(timestamp, nonce)
        return {
            "signature": signature,
            "timestamp": timestamp,
            "nonce": nonce,
            "echostr": echostr,
        }

    def sign(self, *parts: str) -> str:
        """Return the signature over some parts and the token."""
        return hashlib.sha1("".join(sorted([self.token, *parts])).encode()).hexdigest()  # noqa: S324 (the platform's protocol)

    def encrypt(self, message: bytes, salt: bytes) -> str:
        """Return the base64 text of an encrypted message."""
        plain = salt + len(message).to_bytes(4, "big") + message + self.app_id.encode()
        padding = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message of an encrypted base64 text."""
        sealed = base64.b64decode(encrypted, validate=True)
        assert sealed, "nothing is encrypted"
        assert len(sealed) % BLOCK == 0, "the ciphertext is not whole"
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        padding = plain[-1]
        assert 1 <= padding <= BLOCK, "the padding is wrong"
        assert plain.endswith(bytes([padding]) * padding), "the padding is wrong"
        length = int.from_bytes(plain[16:20], "big")
        message, app_id = plain[20 : 20 + length], plain[20 + length : -padding]
        assert app_id == self.app_id.encode(), "encrypted for another account"
        return message

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    # --- what the citizen sees ----------------------------------------------------------

    def open_reply(self, body: bytes) -> ReplySeen | None:
        """Read an answer; ``None`` is silence.

        Raises
        ------
        AssertionError
            The platform would show its own fault instead, or our own limits are broken.
        """
        if body in {b"", b"success"}:
            return None
        xml = self._opened(body) if self.secure else body
        fields = _children(_root(xml))
        kind = fields["MsgType"].text
        assert kind in {"text", "news", _TRANSFER}, f"an unexpected reply: {kind}"
        if kind == _TRANSFER:
            assert set(fields) == _HEAD, f"unexpected parts: {sorted(fields)}"
            to, sender = fields["ToUserName"].text or "", fields["FromUserName"].text or ""
            return ReplySeen(to, sender, 0, xml.decode(), "(to the platform's desk)")
        payload = {"Content"} if kind == "text" else {"ArticleCount", "Articles"}
        assert set(fields) == _HEAD | payload, f"unexpected parts: {sorted(fields)}"
        to, sender = fields["ToUserName"].text or "", fields["FromUserName"].text or ""
        assert to, "the reply is addressed to nobody"
        assert sender == self.account_id, "the reply comes from another account"
        seen = ReplySeen(to, sender, int(fields["CreateTime"].text or ""), xml.decode())
        return _read_text(seen, fields) if kind == "text" else _read_card(seen, fields)

    def _opened(self, body: bytes) -> bytes:
        fields = _children(_root(body))
        assert set(fields) == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}, sorted(fields)
        words = {tag: element.text or "" for tag, element in fields.items()}
        assert words["TimeStamp"].isdecimal(), "the reply's time is no number"
        signature = self.sign(words["TimeStamp"], words["Nonce"], words["Encrypt"])
        assert words["MsgSignature"] == signature, "the reply's signature is wrong"
        return self.decrypt(words["Encrypt"])


_TRANSFER = "transfer_customer_service"
_HEAD = {"ToUserName", "FromUserName", "CreateTime", "MsgType"}


def pushed_text(openid: str, content: str) -> ReplySeen:
    """Return what a citizen sees of a text that was pushed."""
    seen = ReplySeen(openid, "", 0, "")
    element = ET.Element("Content")
    element.text = content
    return _read_text(seen, {"Content": element})


def _element(tag: str, value: Value) -> str:
    if isinstance(value, Mapping):
        return f"<{tag}>{''.join(_element(name, part) for name, part in value.items())}</{tag}>"
    if isinstance(value, str):
        cdata = value.replace("]]>", "]]]]><![CDATA[>")
        return f"<{tag}><![CDATA[{cdata}]]></{tag}>"
    if isinstance(value, Sequence):
        return "".join(_element(tag, part) for part in value)
    return f"<{tag}>{escape(str(value))}</{tag}>"


def _root(xml: bytes) -> ET.Element:
    try:
        root = ET.fromstring(xml)  # noqa: S314 (our own reply; its well-formedness is the question)
    except ET.ParseError as error:
        raise AssertionError(f"the reply is not well-formed: {error}") from error
    assert root.tag == "xml", f"the root is {root.tag}"
    return root


def _children(root: ET.Element) -> dict[str, ET.Element]:
    children = {child.tag: child for child in root}
    assert len(children) == len(root), "an element stands twice"
    assert not any((child.tail or "").strip() for child in root), "words beside the elements"
    return children


def _read_text(seen: ReplySeen, fields: Mapping[str, ET.Element]) -> ReplySeen:
    content = fields["Content"].text or ""
    assert content.strip(), "the text is empty"
    assert len(content.encode()) <= TEXT_BYTES, f"{len(content.encode())} bytes of text"
    taps: list[Tap] = []
    links: list[Link] = []
    for address, label in _ANCHOR.findall(content):
        tapped = _TAP.fullmatch(address)
        if tapped:
            taps.append(Tap(label, tapped[1], tapped[2]))
        else:
            assert urlsplit(address).scheme in {"http", "https"}, f"a strange link: {address}"
            assert urlsplit(address).hostname, f"a link to nowhere: {address}"
            links.append(Link(label, address))
    words = _ANCHOR.sub(r"\2", content)
    assert "<" not in words, "markup that WeChat shows as it is"
    assert ">" not in words, "markup that WeChat shows as it is"
    return ReplySeen(seen.to, seen.sender, seen.created, seen.xml, words, tuple(taps), tuple(links))


def _read_card(seen: ReplySeen, fields: Mapping[str, ET.Element]) -> ReplySeen:
    assert fields["ArticleCount"].text == "1", "WeChat shows one article in answer to a message"
    items = list(fields["Articles"])
    assert [item.tag for item in items] == ["item"], "the count and the articles differ"
    parts = {tag: element.text or "" for tag, element in _children(items[0]).items()}
    assert set(parts) == {"Title", "Description", "PicUrl", "Url"}, sorted(parts)
    assert parts["Title"].strip(), "the card has no title"
    for address in (parts["Url"], parts["PicUrl"]):
        assert not address or urlsplit(address).scheme in {"http", "https"}, address
    words = parts["Title"] + parts["Description"]
    assert "<" not in words, "markup on a card"
    assert len(words.encode()) <= TEXT_BYTES, "too many words on a card"
    card = Card(parts["Title"], parts["Description"], parts["PicUrl"], parts["Url"])
    return ReplySeen(seen.to, seen.sender, seen.created, seen.xml, card=card)
