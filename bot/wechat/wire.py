"""The platform's envelopes: signature, encryption and XML, both ways.

Whatever bytes arrive, `open_envelope` returns a `Delivery` or raises `RefusedEnvelopeError`.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

from bot.wechat.crypto import (
    OfficialAccount,
    RefusedEnvelopeError,
    check_freshness,
    check_signature,
    decrypt,
    encrypt,
    refuse,
    sign,
)
from bot.wechat.fields import read_fields, read_sealed
from bot.wechat.render import Bubble, drop_unwritable
from bot.wechat.reports import Report, report_of
from dialogs.engine.messages import Article, Said, SaidKind
from domain.shared.records import OpenId

__all__ = [
    "DESK_EVENTS",
    "MAX_BODY",
    "Delivery",
    "OfficialAccount",
    "RefusedEnvelopeError",
    "check_echo",
    "open_envelope",
    "read_fields",
    "seal_envelope",
]

MAX_BODY: Final = 64 * 1024
"""Bytes of the largest request body that is looked at."""

_SCENE_PREFIX = "qrscene_"

DESK_EVENTS: Final = frozenset({"kf_create_session", "kf_switch_session", "kf_close_session"})
"""What the platform's own desk tells of: somebody has a citizen, another has, nobody has."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,12}")

_MESSAGES: Final[Mapping[str, SaidKind]] = {
    "text": SaidKind.TEXT,
    "image": SaidKind.IMAGE,
    "voice": SaidKind.VOICE,
    "video": SaidKind.VIDEO,
    "shortvideo": SaidKind.VIDEO,
    "location": SaidKind.LOCATION,
    "link": SaidKind.LINK,
    "file": SaidKind.FILE,
    "miniprogrampage": SaidKind.LINK,
}

_EVENTS: Final[Mapping[str, SaidKind]] = {
    "subscribe": SaidKind.FOLLOW,
    "unsubscribe": SaidKind.UNFOLLOW,
    "scan": SaidKind.SCAN,
    "click": SaidKind.MENU,
    # The citizen's phone shows «receiving» until this one is answered.
    "scancode_waitmsg": SaidKind.MENU,
} | dict.fromkeys(
    (
        "location",
        "view",
        "view_miniprogram",
        "scancode_push",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
        "templatesendjobfinish",
        "masssendjobfinish",
        "publishjobfinish",
        "kf_create_session",
        "kf_close_session",
        "kf_switch_session",
        "subscribe_msg_popup_event",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
        "user_info_modified",
        "user_authorization_revoke",
        "user_authorization_cancellation",
        "qualification_verify_success",
        "qualification_verify_fail",
        "naming_verify_success",
        "naming_verify_fail",
        "annual_renew",
        "verify_expired",
    ),
    SaidKind.RECEIPT,
)


class Delivery(NamedTuple):
    """One thing the platform delivered, read and trusted.

    ``key`` is equal for every redelivery and begins with the openid. ``account`` is the
    ``ToUserName`` that a reply comes from; ``sent_at`` is in Unix seconds; ``aes_key_index`` names
    the key that opened it, which also seals the reply. ``known`` is false for a type of message
    or event that did not exist when this was written. ``report`` is what the platform reports of
    cards that were sent.
    """

    key: str
    openid: OpenId
    account: str
    said: Said
    sent_at: int
    aes_key_index: int = 0
    known: bool = True
    report: Report | None = None


def check_echo(account: OfficialAccount, query: Mapping[str, str]) -> str:
    """Return what the platform wants echoed when the callback's address is saved.

    Raises
    ------
    RefusedEnvelopeError
        403: the signature is wrong or something is missing.
    """
    check_signature(account, query, query.get("signature"))
    return query.get("echostr") or refuse(403, "empty")


def open_envelope(
    account: OfficialAccount, body: bytes, query: Mapping[str, str], now: float
) -> Delivery:
    """Verify, decrypt and read one request.

    Which mode applies is the account's setting, never the request's choice.

    Parameters
    ----------
    now
        Unix seconds.

    Raises
    ------
    RefusedEnvelopeError
        403: not signed by the platform, not for this account, too old, or markup that only an
        attacker sends. 413: too large. 200: authentic, but unreadable.
    """
    if not body:
        refuse(403, "empty")
    if len(body) > MAX_BODY:
        refuse(413, "oversized")
    if account.encryption == "plain":
        check_signature(account, query, query.get("signature"))
        check_freshness(account, query, now)
        return _delivery(account, body, _readable_fields(body), 0)
    outer = _outer_fields(body, query)
    encrypted = outer.get("Encrypt", "")
    check_signature(account, query, query["msg_signature"], encrypted)
    check_freshness(account, query, now)
    xml, aes_key_index = decrypt(account, encrypted)
    fields = _readable_fields(xml)
    if outer.get("ToUserName", fields.get("ToUserName")) != fields.get("ToUserName"):
        refuse(403, "account")
    return _delivery(account, xml, fields, aes_key_index)


def seal_envelope(
    account: OfficialAccount, delivery: Delivery, bubble: Bubble, now: float
) -> bytes:
    """Return the body that answers a delivery: reply XML, or ``success`` for silence.

    Well-formed for every bubble. Whether the text fits is the renderer's care.
    """
    if bubble.silent:
        return b"success"
    payload = _payload(bubble)
    xml = (
        f"<xml><ToUserName>{_cdata(delivery.openid)}</ToUserName>"
        f"<FromUserName>{_cdata(delivery.account)}</FromUserName>"
        f"<CreateTime>{int(now)}</CreateTime>{payload}</xml>"
    ).encode()
    if account.encryption == "plain":
        return xml
    encrypted = encrypt(account, xml, aes_key_index=delivery.aes_key_index)
    timestamp, nonce = str(int(now)), os.urandom(8).hex()
    signature = sign(account.token, timestamp, nonce, encrypted)
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
        f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp>"
        f"<Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    ).encode()


# --- XML ------------------------------------------------------------------------------------


def _outer_fields(body: bytes, query: Mapping[str, str]) -> dict[str, str]:
    """Read a body that nobody has vouched for yet: here every fault is a refusal."""
    if not query.get("msg_signature"):
        refuse(403, "signature")
    try:
        return read_sealed(body) or read_fields(body)
    except RefusedEnvelopeError as refusal:
        raise RefusedEnvelopeError(403, refusal.kind) from None


def _readable_fields(xml: bytes) -> dict[str, str]:
    """Read a signed body, once more without the characters that XML forbids but citizens send."""
    try:
        return read_fields(xml)
    except RefusedEnvelopeError as refusal:
        cleaned = drop_unwritable(xml.decode(errors="replace")).encode()
        if refusal.status != HTTPStatus.OK or cleaned == xml:
            raise
    return read_fields(cleaned)


def _cdata(words: str) -> str:
    return f"<![CDATA[{drop_unwritable(words).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _payload(bubble: Bubble) -> str:
    if bubble.transfer:
        # To whoever is free: naming an agent who is away would strand the citizen.
        return "<MsgType><![CDATA[transfer_customer_service]]></MsgType>"
    return _news(bubble.article) if bubble.article else _text(bubble.text)


def _text(words: str) -> str:
    return f"<MsgType><![CDATA[text]]></MsgType><Content>{_cdata(words)}</Content>"


def _news(article: Article) -> str:
    return (
        "<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item>"
        f"<Title>{_cdata(article.title)}</Title>"
        f"<Description>{_cdata(article.description)}</Description>"
        f"<PicUrl>{_cdata(article.picture)}</PicUrl>"
        f"<Url>{_cdata(article.url)}</Url></item></Articles>"
    )


# --- what it means --------------------------------------------------------------------------


def _delivery(
    account: OfficialAccount, xml: bytes, fields: dict[str, str], aes_key_index: int
) -> Delivery:
    recipient, sent_at = fields.get("ToUserName", ""), fields.get("CreateTime", "")
    if account.original_id and recipient != account.original_id:
        refuse(403, "account")
    # Of these events alone, the sender is a service of the platform, and the citizen stands here.
    openid = fields.get("OpenID") or fields.get("FromUserName", "")
    whole = recipient and fields.get("MsgType") and _SECONDS.fullmatch(sent_at)
    if not (whole and _NAME.fullmatch(openid)):
        refuse(200, "unreadable")
    said, known = _said(fields)
    return Delivery(
        _key(openid, said, fields, xml),
        OpenId(openid),
        recipient,
        said,
        int(sent_at),
        aes_key_index,
        known,
        report_of(fields, xml, OpenId(openid)) if said.kind is SaidKind.RECEIPT else None,
    )


def _said(fields: dict[str, str]) -> tuple[Said, bool]:
    type_ = fields.get("MsgType", "")[:64]
    if type_.lower() == "event":
        return _said_by_event(fields)
    kind = _MESSAGES.get(type_.lower(), SaidKind.OTHER)
    said = Said(
        kind,
        text=fields.get("Content", "") if kind is SaidKind.TEXT else "",
        tap=fields.get("bizmsgmenuid", "") if kind is SaidKind.TEXT else "",
        media_id=fields.get("MediaId", ""),
        type=type_,
    )
    return said, kind is not SaidKind.OTHER


def _said_by_event(fields: dict[str, str]) -> tuple[Said, bool]:
    name = fields.get("Event", "")[:64]
    # An event we do not know is not something a citizen said: it gets no answer.
    kind = _EVENTS.get(name.lower(), SaidKind.RECEIPT)
    key = fields.get("EventKey", "")
    if kind is SaidKind.FOLLOW:
        key = key.removeprefix(_SCENE_PREFIX) if key.startswith(_SCENE_PREFIX) else ""
    elif name.lower() in DESK_EVENTS:
        key = fields.get("ToKfAccount") or fields.get("KfAccount", "")
    elif kind not in {SaidKind.SCAN, SaidKind.MENU}:
        key = ""
    return Said(kind, text=key, type=name), name.lower() in _EVENTS


def _key(openid: str, said: Said, fields: dict[str, str], xml: bytes) -> str:
    """Return the delivery's key: by id for messages, by moment and content for events.

    Two receipts may come in one second under one name, so their whole content counts. An event
    that is answered is told apart by name and key alone: a redelivery must never differ.
    """
    msg_id = fields.get("MsgId", "")
    is_event = fields.get("MsgType", "").lower() == "event"
    if not is_event and _NAME.fullmatch(msg_id):
        return f"{openid}:m:{msg_id}"
    told = xml if not is_event or said.kind is SaidKind.RECEIPT else b""
    name = f"{fields.get('Event', '').lower()}\0{fields.get('EventKey', '')}\0"
    digest = hashlib.sha256(name.encode() + told).hexdigest()[:32]
    return f"{openid}:e:{fields['CreateTime']}:{digest}"
