from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wechat.render import Bubble
from bot.wechat.wire import (
    OfficialAccount,
    read_fields,
    seal_envelope,
)
from dialogs.engine.messages import Article, Said, SaidKind
from tests.support.platform import FakePlatform
from tests.support.wire import (
    ACCOUNT,
    GH,
    NOW,
    OPENID,
    PLAIN_ACCOUNT,
    PLAIN_PLATFORM,
    PLATFORM,
    opened,
)

XML = Path(__file__).parent.parent / "data" / "xml"

# --- what arrives ---------------------------------------------------------------------------

MARKUP = '<!DOCTYPE html><a href="https://example.com/">点我</a> ]]> &amp; <?php'

MEANINGS = {
    "messages/text": Said(SaidKind.TEXT, "你好", type="text"),
    "messages/text_tapped": Said(SaidKind.TEXT, "快速配租", tap="k7.2", type="text"),
    "messages/text_empty": Said(SaidKind.TEXT, type="text"),
    "messages/text_from_article": Said(SaidKind.TEXT, "怎么登记", type="text"),
    "messages/text_like_markup": Said(SaidKind.TEXT, MARKUP, type="text"),
    "messages/image": Said(SaidKind.IMAGE, media_id="image-media-id", type="image"),
    "messages/voice": Said(SaidKind.VOICE, media_id="voice-media-id", type="voice"),
    "messages/video": Said(SaidKind.VIDEO, media_id="video-media-id", type="video"),
    "messages/shortvideo": Said(SaidKind.VIDEO, media_id="short-media-id", type="shortvideo"),
    "messages/location": Said(SaidKind.LOCATION, type="location"),
    "messages/link": Said(SaidKind.LINK, type="link"),
    "messages/file": Said(SaidKind.FILE, type="file"),
    "messages/miniprogrampage": Said(SaidKind.LINK, type="miniprogrampage"),
    "messages/unknown": Said(SaidKind.OTHER, type="hologram"),
    "events/subscribe": Said(SaidKind.FOLLOW, type="subscribe"),
    "events/subscribe_by_poster": Said(SaidKind.FOLLOW, "P1001", type="subscribe"),
    "events/subscribe_after_payment": Said(SaidKind.FOLLOW, type="subscribe"),
    "events/unsubscribe": Said(SaidKind.UNFOLLOW, type="unsubscribe"),
    "events/scan": Said(SaidKind.SCAN, "P1001", type="SCAN"),
    "events/click": Said(SaidKind.MENU, "快速配租", type="CLICK"),
    "events/scancode_waitmsg": Said(SaidKind.MENU, "scan_wait", type="scancode_waitmsg"),
    "events/location": Said(SaidKind.RECEIPT, type="LOCATION"),
    "events/view": Said(SaidKind.RECEIPT, type="VIEW"),
    "events/templatesendjobfinish": Said(SaidKind.RECEIPT, type="TEMPLATESENDJOBFINISH"),
    "events/masssendjobfinish": Said(SaidKind.RECEIPT, type="MASSSENDJOBFINISH"),
    "events/publishjobfinish": Said(SaidKind.RECEIPT, type="PUBLISHJOBFINISH"),
    "events/unknown": Said(SaidKind.RECEIPT, type="debug_demo"),
} | {
    f"events/{name}": Said(SaidKind.RECEIPT, type=name)
    for name in (
        "view_miniprogram",
        "scancode_push",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
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
    )
}
# Who has the citizen at the platform's own desk.
MEANINGS |= {
    f"events/{name}": Said(SaidKind.RECEIPT, text=agent, type=name)
    for name, agent in (
        ("kf_create_session", "a@gh"),
        ("kf_close_session", "a@gh"),
        ("kf_switch_session", "b@gh"),
    )
}


def test_every_sample_has_a_meaning() -> None:
    samples = {
        f"{path.parent.name}/{path.stem}"
        for folder in ("messages", "events")
        for path in (XML / folder).glob("*.xml")
    }
    assert samples == set(MEANINGS)


@pytest.mark.parametrize(
    ("platform", "account"), [(PLATFORM, ACCOUNT), (PLAIN_PLATFORM, PLAIN_ACCOUNT)]
)
@pytest.mark.parametrize("name", MEANINGS)
def test_a_sample_means_what_the_citizen_did(
    name: str, platform: FakePlatform, account: OfficialAccount
) -> None:
    delivery = opened(platform.seal_bytes((XML / f"{name}.xml").read_bytes()), account)
    assert delivery.said == MEANINGS[name]
    assert delivery.openid == OPENID  # also where the platform's own service is the sender
    assert (delivery.account, delivery.sent_at) == (GH, 1_700_000_000)
    assert delivery.known is not name.endswith("/unknown")
    assert delivery.key.startswith(f"{OPENID}:{name[0]}:")


def test_the_names_of_types_are_read_in_any_case() -> None:
    assert opened(PLATFORM.event("Subscribe", OPENID)).said.kind is SaidKind.FOLLOW
    assert opened(PLATFORM.message("TEXT", OPENID, {"Content": "hi"})).said.text == "hi"


def test_the_event_location_is_not_the_message_location() -> None:
    assert opened(PLATFORM.location(OPENID)).said.kind is SaidKind.LOCATION
    assert opened(PLATFORM.event("LOCATION", OPENID)).said.kind is SaidKind.RECEIPT


@given(content=st.text(max_size=2000))
@example(content="\x00\x08a\x1bb\ufffe")
@example(content="]]>]]]]>")
@example(content="👩‍👩‍👧 &lt; \x7f\x85")
def test_any_words_arrive_but_for_what_xml_cannot_carry(content: str) -> None:
    said = opened(PLATFORM.text(OPENID, content)).said
    readable = "".join(
        c for c in content if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")
    )
    assert said.text == readable.replace("\r\n", "\n").replace("\r", "\n").strip()


def test_ten_thousand_characters_arrive_whole() -> None:
    assert opened(PLATFORM.text(OPENID, "安" * 10_000)).said.text == "安" * 10_000


# --- the key of a delivery ------------------------------------------------------------------


def test_a_message_sent_again_has_the_same_key_and_another_message_another() -> None:
    first, again = PLATFORM.text(OPENID, "1", msg_id=7), PLATFORM.text(OPENID, "1", msg_id=7)
    assert opened(first).key == opened(again).key
    assert opened(PLATFORM.text(OPENID, "1", msg_id=8)).key != opened(first).key
    assert opened(PLATFORM.text("oOther", "1", msg_id=7)).key != opened(first).key


def test_an_event_sent_again_has_the_same_key() -> None:
    again = [PLATFORM.scan(OPENID, "P1", created=5) for _ in range(2)]
    assert len({opened(post).key for post in again}) == 1


def test_events_are_told_apart_by_sender_second_name_and_key() -> None:
    posts = [
        PLATFORM.menu(OPENID, "a", created=5),
        PLATFORM.menu(OPENID, "A", created=5),
        PLATFORM.menu(OPENID, "b", created=5),
        PLATFORM.menu(OPENID, "a", created=6),
        PLATFORM.menu("oOther", "a", created=5),
        PLATFORM.scan(OPENID, "a", created=5),
        PLATFORM.follow(OPENID, "a", created=5),
    ]
    assert len({opened(post).key for post in posts}) == len(posts)


def test_two_receipts_of_one_second_are_two() -> None:
    keys = {
        opened(PLATFORM.event("TEMPLATESENDJOBFINISH", OPENID, created=5, MsgID=id_)).key
        for id_ in (1, 2)
    }
    assert len(keys) == 2


def test_a_message_without_an_id_is_known_again_by_its_content() -> None:
    def key(content: str) -> str:
        return opened(PLATFORM.seal(PLATFORM.envelope("text", OPENID, {"Content": content}, 5))).key

    assert key("a") == key("a") != key("b")


# --- what is answered -----------------------------------------------------------------------

WORDS = st.text(st.characters(codec=None), min_size=1, max_size=300)  # surrogates among them


def legible(words: str) -> str:
    kept = "".join(
        c
        for c in words
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
    return kept.replace("\r\n", "\n").replace("\r", "\n")


@given(words=WORDS)
@example(words="a]]></Content><MsgType>image</MsgType><Content>")
@example(words="]]]]>>\x00\ud800")
def test_any_text_comes_through_the_xml_as_it_is(words: str) -> None:
    delivery = opened(PLATFORM.text(OPENID, "1"))
    plain = seal_envelope(PLAIN_ACCOUNT, delivery, Bubble(text=words), NOW)
    assert plain_fields(plain) == {
        "ToUserName": OPENID,
        "FromUserName": GH,
        "CreateTime": "1700000000",
        "MsgType": "text",
        "Content": legible(words),
    }
    sealed = seal_envelope(ACCOUNT, delivery, Bubble(text=words), NOW)
    encrypted = read_fields(sealed)["Encrypt"]
    assert PLATFORM.decrypt(encrypted) == plain


def plain_fields(xml: bytes) -> dict[str, str]:
    root = ET.fromstring(xml)  # noqa: S314 (our own reply)
    return {element.tag: element.text or "" for element in root}


def test_a_text_reply_is_what_the_platform_accepts() -> None:
    delivery = opened(PLATFORM.text(OPENID, "1"))
    for platform, account in ((PLATFORM, ACCOUNT), (PLAIN_PLATFORM, PLAIN_ACCOUNT)):
        seen = platform.open_reply(seal_envelope(account, delivery, Bubble(text="您好"), NOW))
        assert seen is not None
        assert (seen.to, seen.sender, seen.created) == (OPENID, GH, int(NOW))
        assert seen.text == "您好"


def test_a_card_is_what_the_platform_accepts() -> None:
    delivery = opened(PLATFORM.text(OPENID, "1"))
    article = Article(
        "实名认证 ]]>",
        "请在 10 分钟内打开",
        "https://example.com/h5?a=1&b=2",
        "https://a.example/p",
    )
    seen = PLATFORM.open_reply(seal_envelope(ACCOUNT, delivery, Bubble(article=article), NOW))
    assert seen is not None
    assert seen.card is not None
    assert (seen.card.title, seen.card.description) == (article.title, article.description)
    assert (seen.card.url, seen.card.picture) == (article.url, article.picture)


def test_silence_is_success_in_both_modes() -> None:
    delivery = opened(PLATFORM.unfollow(OPENID))
    for account in (ACCOUNT, PLAIN_ACCOUNT):
        assert seal_envelope(account, delivery, Bubble(), NOW) == b"success"


def test_two_replies_never_look_alike() -> None:
    delivery = opened(PLATFORM.text(OPENID, "1"))
    sealed = {seal_envelope(ACCOUNT, delivery, Bubble(text="您好"), NOW) for _ in range(20)}
    assert len(sealed) == 20
