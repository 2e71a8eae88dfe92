"""A citizen's phone with WeChat behind it: what the platform would build, send and read.

The bytes go to the account's own webhook, signed and encrypted with the account's own settings.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
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

from bot.simulator.network import NoNetwork, PhoneNetwork
from bot.wechat.crypto import OfficialAccount, RefusedEnvelopeError, decrypt, encrypt, sign
from bot.wechat.render import drop_unwritable
from dialogs.engine.messages import Article
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError

__all__ = ["Exchange", "Gesture", "GestureKind", "Heard", "HeardKind", "Phone", "Raw"]

_ACCOUNT_ID = "gh_0123456789ab"
_SILENT = {b"", b"success"}
_TRANSFER = "transfer_customer_service"
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
    AGREE = "agree"
    REFUSE = "refuse"


_DID = {
    GestureKind.FOLLOW: "follows",
    GestureKind.UNFOLLOW: "leaves",
    GestureKind.SCAN: "taps",
    GestureKind.MENU: "taps",
}
"""What the platform takes a gesture for; all others are messages."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """One thing a citizen does.

    ``text`` is what is typed, the key of a menu button, the name of a place, a shared address, or
    the template of a notice that is agreed to or refused;
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
    TRANSFER = "transfer"
    """Nothing is said: the talk goes to the platform's own desk."""
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
    network
        The platform, which is told what is done before the account is.
    """

    def __init__(
        self,
        account: OfficialAccount,
        clock: Clock,
        app: Callable[[], ASGIApp],
        network: PhoneNetwork | None = None,
    ) -> None:
        self._account = account
        self._clock = clock
        self._app = app
        self._network = network or NoNetwork()
        self._numbers = count(1)
        self._last: dict[str, _Posted] = {}

    async def send(self, gesture: Gesture) -> Exchange:
        """Deliver a new message or event."""
        now, number = self._clock.now(), next(self._numbers)
        recipient = self._account.original_id or _ACCOUNT_ID
        if gesture.picture:
            self._network.keep_picture(_media_id(number), gesture.picture)
        # Where the platform's own books are silent, the message arrives all the same.
        with suppress(UnavailableError):
            await self._act(gesture)
        xml = _written(gesture.openid, _fields(gesture, number), recipient, (now, number))
        posted = _posted(self._account, gesture.openid, recipient, xml, (now, number))
        self._last[gesture.openid] = posted
        return await self._post(posted)

    async def report(self, openid: str) -> int:
        """Deliver what the platform has to report of a citizen's cards; return how many reports."""
        due = await self._network.due(openid)
        recipient = self._account.original_id or _ACCOUNT_ID
        for fields in due:
            stamp = (self._clock.now(), next(self._numbers))
            xml = _written(openid, {"MsgType": "event", **fields}, recipient, stamp)
            await self._post(_posted(self._account, openid, recipient, xml, stamp))
        return len(due)

    async def _act(self, gesture: Gesture) -> None:
        if gesture.kind in {GestureKind.AGREE, GestureKind.REFUSE}:
            agrees = gesture.kind is GestureKind.AGREE
            await self._network.answers(gesture.openid, [gesture.text], agrees=agrees)
            return
        # What a tap in the chat opens is not written anywhere: the narrower window is played.
        did = "taps" if gesture.tap else _DID.get(gesture.kind, "writes")
        await self._network.acts(gesture.openid, did, gesture.scene)

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


def _written(
    openid: str, fields: Mapping[str, Any], recipient: str, stamp: tuple[datetime, int]
) -> str:
    now, number = stamp
    fields = dict(fields)
    if fields["MsgType"] != "event":
        # Unique in this process by the number, over restarts by the moment.
        fields["MsgId"] = str((int(now.timestamp() * 1000) << 20) | (number & 0xFFFFF))
    head = {
        "ToUserName": recipient,
        "FromUserName": openid,
        "CreateTime": str(int(now.timestamp())),
    }
    return f"<xml>{''.join(_element(*field) for field in (head | fields).items())}</xml>"


def _fields(gesture: Gesture, number: int) -> dict[str, Any]:
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


def _event(gesture: Gesture) -> dict[str, Any]:
    ticket = {"Ticket": f"gQSandbox-{gesture.scene}"}
    if gesture.kind is GestureKind.FOLLOW and gesture.scene:
        return {"Event": "subscribe", "EventKey": f"qrscene_{gesture.scene}"} | ticket
    if gesture.kind is GestureKind.SCAN:
        return {"Event": "SCAN", "EventKey": gesture.scene} | ticket
    if gesture.kind is GestureKind.MENU:
        return {"Event": "CLICK", "EventKey": gesture.text}
    if gesture.kind in {GestureKind.AGREE, GestureKind.REFUSE}:
        status = "accept" if gesture.kind is GestureKind.AGREE else "reject"
        entry = {"TemplateId": gesture.text, "SubscribeStatusString": status, "PopupScene": "2"}
        return {
            "Event": "subscribe_msg_popup_event",
            "SubscribeMsgPopupEvent": {"List": entry},
        }
    name = "subscribe" if gesture.kind is GestureKind.FOLLOW else "unsubscribe"
    return {"Event": name, "EventKey": ""}


def _element(tag: str, held: object) -> str:
    if isinstance(held, Mapping):
        return f"<{tag}>{''.join(_element(*one) for one in held.items())}</{tag}>"
    words = str(held)
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
    if reply["MsgType"] == _TRANSFER:
        return Heard(HeardKind.TRANSFER)
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
