"""Our wire against wechatpy's, on generated messages: where it is right, we agree."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.replies import ArticlesReply, TextReply

from bot.wechat.crypto import decrypt, encrypt
from bot.wechat.render import Bubble
from bot.wechat.wire import (
    Delivery,
    OfficialAccount,
    RefusedEnvelopeError,
    open_envelope,
    read_fields,
    seal_envelope,
)
from dialogs.engine.messages import Article, SaidKind
from tests.support.platform import FakePlatform, Post, Value

NOW = 1_700_000_000.0
TOKEN = "weixintoken"  # noqa: S105 (a test's)
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wx0123456789abcdef"
GH = "gh_97417a04a28d"

ACCOUNT = OfficialAccount(TOKEN, AES_KEY, APP_ID, original_id=GH)
PLATFORM = FakePlatform(TOKEN, AES_KEY, APP_ID, GH, now=lambda: NOW)
THEIRS = WeChatCrypto(TOKEN, AES_KEY, APP_ID)

openids = st.from_regex(r"[A-Za-z0-9_-]{1,28}", fullmatch=True)
words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=200
)
seconds = st.integers(0, 2**33)

Theirs = Mapping[str, Callable[[Any], object]]

MESSAGES: dict[str, dict[str, st.SearchStrategy[Value]]] = {
    "text": {"Content": words},
    "image": {"PicUrl": words, "MediaId": words},
    "voice": {"MediaId": words, "Format": st.just("amr"), "Recognition": words},
    "video": {"MediaId": words, "ThumbMediaId": words},
    "shortvideo": {"MediaId": words, "ThumbMediaId": words},
    "location": {"Location_X": st.floats(-90, 90), "Location_Y": st.floats(-180, 180)},
    "link": {"Title": words, "Description": words, "Url": words},
}
MESSAGE_KINDS = {
    "text": SaidKind.TEXT,
    "image": SaidKind.IMAGE,
    "voice": SaidKind.VOICE,
    "video": SaidKind.VIDEO,
    "shortvideo": SaidKind.VIDEO,
    "location": SaidKind.LOCATION,
    "link": SaidKind.LINK,
}
EVENT_KINDS = {
    "subscribe": SaidKind.FOLLOW,
    "subscribe_scan": SaidKind.FOLLOW,
    "unsubscribe": SaidKind.UNFOLLOW,
    "scan": SaidKind.SCAN,
    "click": SaidKind.MENU,
    "view": SaidKind.RECEIPT,
    "templatesendjobfinish": SaidKind.RECEIPT,
}


@st.composite
def messages(draw: st.DrawFn) -> Post:
    type_ = draw(st.sampled_from(sorted(MESSAGES)))
    fields = draw(st.fixed_dictionaries(MESSAGES[type_]))
    msg_id, created = draw(st.integers(1, 2**64)), draw(seconds)
    return PLATFORM.message(type_, draw(openids), fields, msg_id=msg_id, created=created)


@st.composite
def events(draw: st.DrawFn) -> Post:
    name = draw(
        st.sampled_from(
            ["subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "TEMPLATESENDJOBFINISH"]
        )
    )
    keys = words | words.map("qrscene_{}".format) if name == "subscribe" else words
    return PLATFORM.event(name, draw(openids), created=draw(seconds), EventKey=draw(keys))


def ours(post: Post) -> Delivery:
    return open_envelope(ACCOUNT, post.body, post.query, NOW)


def theirs(post: Post) -> Any:
    query = post.query
    xml = THEIRS.decrypt_message(
        post.body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return parse_message(xml)


@given(post=messages())
def test_we_read_the_same_message(post: Post) -> None:
    delivery, message = ours(post), theirs(post)
    assert delivery.said.kind is MESSAGE_KINDS[message.type]
    assert (delivery.openid, delivery.account) == (message.source, message.target)
    assert delivery.sent_at == message.time
    assert delivery.key == f"{message.source}:m:{message.id}"
    assert delivery.said.text == (getattr(message, "content", None) or "")
    assert delivery.said.media_id == (getattr(message, "media_id", None) or "")


@given(post=events())
def test_we_read_the_same_event(post: Post) -> None:
    delivery, event = ours(post), theirs(post)
    assert delivery.said.kind is EVENT_KINDS[event.event]
    assert (delivery.openid, delivery.sent_at) == (event.source, event.time)
    match event.event:
        case "subscribe_scan":
            assert delivery.said.text == event.scene_id.strip()
        case "scan" | "click":
            assert delivery.said.text == (event._data["EventKey"] or "")  # noqa: SLF001 (not all of its events name it)
        case _:
            assert delivery.said.text == ""


@given(plain=st.binary(max_size=400), salt=st.binary(min_size=16, max_size=16))
def test_each_decrypts_what_the_other_encrypted(plain: bytes, salt: bytes) -> None:
    text = plain.hex()
    envelope = THEIRS.encrypt_message(text, "nonce", "1700000000")
    assert decrypt(ACCOUNT, read_fields(envelope.encode())["Encrypt"]) == (text.encode(), 0)
    sealed = encrypt(ACCOUNT, text.encode(), salt=salt)
    signature = PLATFORM.sign("1700000000", "nonce", sealed)
    assert THEIRS.decrypt_message({"Encrypt": sealed}, signature, "1700000000", "nonce") == text


@given(text=words.filter(str.strip))
@example(text="登记成功 👍")
def test_wechatpy_opens_the_text_we_seal(text: str) -> None:
    delivery = ours(PLATFORM.text("o_1", "1"))
    reply = opened_by_wechatpy(seal_envelope(ACCOUNT, delivery, Bubble(text=text), NOW))
    expected = TextReply(source=GH, target="o_1", content=text, time=int(NOW)).render()
    assert reply == read_fields(joined(expected))


@given(title=words, description=words)
def test_wechatpy_opens_the_card_we_seal(title: str, description: str) -> None:
    delivery = ours(PLATFORM.text("o_1", "1"))
    article = Article(title, description, "https://example.com/?a=1&b=2", "https://example.com/p")
    sealed = seal_envelope(ACCOUNT, delivery, Bubble(article=article), NOW)
    theirs_ = ArticlesReply(source=GH, target="o_1", time=int(NOW))
    theirs_.add_article(
        {
            "title": title,
            "description": description,
            "image": article.picture,
            "url": article.url,
        }
    )
    reply, expected = opened_by_wechatpy(sealed), read_fields(joined(theirs_.render()))
    assert reply == expected


def opened_by_wechatpy(sealed: bytes) -> dict[str, str]:
    envelope = read_fields(sealed)
    xml = THEIRS.decrypt_message(
        sealed, envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"]
    )
    return read_fields(xml.encode())


def joined(rendered: str) -> bytes:
    """Mend wechatpy's one fault: ``]]>`` in words ends its element."""
    inner = re.sub(r"\]\]>(?!</|\n)", "]]]]><![CDATA[>", rendered)
    return inner.encode()


@given(post=messages() | events(), data=st.data())
def test_what_wechatpy_refuses_we_refuse(post: Post, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["msg_signature", "timestamp", "nonce"]))
    at = data.draw(st.integers(0, len(post.query[name]) - 1))
    digit = data.draw(st.sampled_from("0123456789abcdef"))
    value = post.query[name]
    query = post.query | {name: value[:at] + digit + value[at + 1 :]}
    changed = Post(post.body, query, post.xml)
    assert refuses(ours, changed) == refuses(theirs, changed)
    foreign = FakePlatform(TOKEN, AES_KEY, APP_ID[:-1], GH, now=lambda: NOW).seal(post.xml)
    assert refuses(ours, foreign)
    assert refuses(theirs, foreign)


def refuses(reader: Callable[[Post], object], post: Post) -> bool:
    try:
        reader(post)
    except (RefusedEnvelopeError, InvalidSignatureException, InvalidAppIdException):
        return True
    return False
