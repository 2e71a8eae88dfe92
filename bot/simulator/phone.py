"""A citizen's phone with WeChat behind it: what the platform would build, send and read.

The bytes go to the account's own webhook, signed and encrypted with the account's own settings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from itertools import count
from typing import Any
from xml.parsers.expat import ExpatError

import httpx
import xmltodict
from starlette.types import ASGIApp

from bot.wechat.crypto import OfficialAccount, RefusedEnvelopeError, decrypt, encrypt, sign
from bot.wechat.render import drop_unwritable
from dialogs.engine.messages import Article
from domain.shared.clock import Clock

__all__ = ["Exchange", "Gesture", "GestureKind", "Heard", "HeardKind", "Phone", "Raw"]

_ACCOUNT_ID = "gh_0123456789ab"
_SILENT = {b"", b"success"}
_REPLY_TAGS = {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}


class GestureKind(StrEnum):
    """What a citizen can do in a chat."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    SCAN = "scan"
    MENU = "menu"


@dataclass(frozen=True, slots=True)
class Gesture:
    """One thing a citizen does.

    ``text`` is what is typed, the key of a menu button, the name of a place or a shared address;
    ``tap`` the id of a tapped option; ``scene`` what the scanned poster carries; ``picture`` the
    bytes of a photo, which may be empty.
    """

    openid: str
    kind: GestureKind
    text: str = ""
    tap: str = ""
    scene: str = ""
    picture: bytes = field(default=b"", repr=False)


class HeardKind(StrEnum):
    """What a citizen gets to see of an answer."""

    TEXT = "text"
    NEWS = "news"
    NONE = "none"
    FAULT = "fault"
    """Nothing usable came back: the platform shows its own «service unavailable»."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as the platform shows it."""

    kind: HeardKind
    text: str = ""
    article: Article | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """The bytes of one exchange, as text: before and after encryption, both ways."""

    sent_xml: str
    sent_envelope: str
    reply_envelope: str
    reply_xml: str
    status: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message and what came back."""

    reply: Heard
    raw: Raw


@dataclass(frozen=True, slots=True)
class _Posted:
    """What went to the webhook; a redelivery is the same once more."""

    openid: str
    xml: str
    query: Mapping[str, str]
    body: bytes


class Phone:
    """Send what citizens do to the webhook of an app, and read its answers.

    Parameters
    ----------
    account
        The account whose token and key sign and encrypt.
    clock
        Stamps messages, as the platform's own clock would.
    app
        Gives the application whose ``/wechat`` is called, within this process.
    keep_picture
        Takes a photo in, under the name by which the account may fetch it.
    """

    def __init__(
        self,
        account: OfficialAccount,
        clock: Clock,
        app: Callable[[], ASGIApp],
        keep_picture: Callable[[str, bytes], None] = lambda _media_id, _picture: None,
    ) -> None:
        self._account = account
        self._clock = clock
        self._app = app
        self._keep_picture = keep_picture
        self._numbers = count(1)
        self._last: dict[str, _Posted] = {}

    async def send(self, gesture: Gesture) -> Exchange:
        """Deliver a new message or event."""
        now, number = self._clock.now(), next(self._numbers)
        recipient = self._account.original_id or _ACCOUNT_ID
        if gesture.picture:
            self._keep_picture(_media_id(number), gesture.picture)
        xml = _written(gesture, recipient, now, number)
        posted = _posted(self._account, gesture.openid, recipient, xml, (now, number))
        self._last[gesture.openid] = posted
        return await self._post(posted)

    async def again(self, openid: str) -> Exchange | None:
        """Deliver the identical bytes of a citizen's last message; None if there was none."""
        posted = self._last.get(openid)
        return await self._post(posted) if posted else None

    async def _post(self, posted: _Posted) -> Exchange:
        transport = httpx.ASGITransport(self._app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.post(
                "/wechat",
                params=dict(posted.query),
                content=posted.body,
                headers={"Content-Type": "text/xml"},
            )
        reply, reply_xml = _heard(self._account, posted.openid, answer)
        raw = Raw(
            sent_xml=posted.xml,
            sent_envelope=posted.body.decode(),
            reply_envelope=answer.text,
            reply_xml=reply_xml,
            status=answer.status_code,
        )
        return Exchange(reply, raw)


# --- what the platform writes ---------------------------------------------------------------


def _written(gesture: Gesture, recipient: str, now: datetime, number: int) -> str:
    fields = _fields(gesture, number)
    if fields["MsgType"] != "event":
        # Unique in this process by the number, over restarts by the moment.
        fields["MsgId"] = str((int(now.timestamp() * 1000) << 20) | (number & 0xFFFFF))
    head = {
        "ToUserName": recipient,
        "FromUserName": gesture.openid,
        "CreateTime": str(int(now.timestamp())),
    }
    return f"<xml>{''.join(_element(*field) for field in (head | fields).items())}</xml>"


def _fields(gesture: Gesture, number: int) -> dict[str, str]:
    media = {"MediaId": _media_id(number)}
    tap = {"bizmsgmenuid": gesture.tap} if gesture.tap else {}
    point = {"Location_X": "39.734700", "Location_Y": "116.176900", "Scale": "16"}
    messages = {
        GestureKind.TEXT: {"Content": gesture.text} | tap,
        GestureKind.IMAGE: {"PicUrl": f"http://mmbiz.qpic.cn/sandbox/{number}/0"} | media,
        GestureKind.VOICE: {"Format": "amr", "MediaId16K": f"sandbox-wide-{number}"} | media,
        GestureKind.VIDEO: {"ThumbMediaId": f"sandbox-thumb-{number}"} | media,
        GestureKind.LOCATION: {"Label": gesture.text} | point,
        GestureKind.LINK: {"Title": "分享的网页", "Description": "", "Url": gesture.text},
    }
    if gesture.kind in messages:
        return {"MsgType": gesture.kind.value} | messages[gesture.kind]
    return {"MsgType": "event"} | _event(gesture)


def _media_id(number: int) -> str:
    return f"sandbox-media-{number}"


def _event(gesture: Gesture) -> dict[str, str]:
    ticket = {"Ticket": f"gQSandbox-{gesture.scene}"}
    if gesture.kind is GestureKind.FOLLOW and gesture.scene:
        return {"Event": "subscribe", "EventKey": f"qrscene_{gesture.scene}"} | ticket
    if gesture.kind is GestureKind.SCAN:
        return {"Event": "SCAN", "EventKey": gesture.scene} | ticket
    if gesture.kind is GestureKind.MENU:
        return {"Event": "CLICK", "EventKey": gesture.text}
    name = "subscribe" if gesture.kind is GestureKind.FOLLOW else "unsubscribe"
    return {"Event": name, "EventKey": ""}


def _element(tag: str, words: str) -> str:
    if tag in {"CreateTime", "MsgId", "Scale"}:
        return f"<{tag}>{words}</{tag}>"
    safe = drop_unwritable(words).replace("]]>", "]]]]><![CDATA[>")
    return f"<{tag}><![CDATA[{safe}]]></{tag}>"


def _posted(
    account: OfficialAccount, openid: str, recipient: str, xml: str, stamp: tuple[datetime, int]
) -> _Posted:
    moment, number = stamp
    timestamp, nonce = str(int(moment.timestamp())), f"{number:010d}"
    query = {
        "signature": sign(account.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    if account.encryption == "plain":
        return _Posted(openid, xml, query, xml.encode())
    encrypted = encrypt(account, xml.encode())
    query |= {
        "encrypt_type": "aes",
        "msg_signature": sign(account.token, timestamp, nonce, encrypted),
    }
    body = f"<xml>{_element('ToUserName', recipient)}{_element('Encrypt', encrypted)}</xml>"
    return _Posted(openid, xml, query, body.encode())


# --- what the platform reads ----------------------------------------------------------------


def _heard(account: OfficialAccount, openid: str, answer: httpx.Response) -> tuple[Heard, str]:
    """Return what the citizen sees, and the reply in clear."""
    if answer.status_code != HTTPStatus.OK:
        return Heard(HeardKind.FAULT), ""
    if answer.content.strip() in _SILENT:
        return Heard(HeardKind.NONE), answer.text
    try:
        xml = _opened(account, answer.content)
        return _shown(xmltodict.parse(xml)["xml"], openid), xml.decode()
    except (ExpatError, KeyError, TypeError, ValueError, RefusedEnvelopeError):
        return Heard(HeardKind.FAULT), ""


def _opened(account: OfficialAccount, body: bytes) -> bytes:
    if account.encryption == "plain":
        return body
    envelope = xmltodict.parse(body)["xml"]
    if set(envelope) != _REPLY_TAGS:
        raise ValueError("not the four tags of a sealed reply")
    covered = (envelope["TimeStamp"], envelope["Nonce"], envelope["Encrypt"])
    if sign(account.token, *covered) != envelope["MsgSignature"]:
        raise ValueError("the reply is not signed by the account")
    return decrypt(account, envelope["Encrypt"])[0]


def _shown(reply: Mapping[str, Any], openid: str) -> Heard:
    if reply["ToUserName"] != openid:
        raise ValueError("the reply is for somebody else")
    if reply["MsgType"] == "text":
        return Heard(HeardKind.TEXT, reply["Content"])
    if reply["MsgType"] != "news":
        raise ValueError("a reply that this phone cannot show")
    item = reply["Articles"]["item"]
    article = Article(
        title=item["Title"] or "",
        description=item["Description"] or "",
        url=item["Url"] or "",
        picture=item["PicUrl"] or "",
    )
    return Heard(HeardKind.NEWS, article=article)
