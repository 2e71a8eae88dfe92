import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wechat.render import PAGE_BYTES, Bubble, Rendered, drop_unwritable, next_page, render
from bot.wechat.wire import Delivery, OfficialAccount, seal_envelope
from dialogs.engine.messages import Article, Option, Reply, Said, SaidKind
from domain.shared.records import OpenId
from tests.support.platform import FakePlatform, Link, ReplySeen, Tap

PLATFORM = FakePlatform("token", "", "wx1", "gh_1", secure=False)
ACCOUNT = OfficialAccount("token", "", "wx1", encryption="plain")
DELIVERY = Delivery("o_1:m:1", OpenId("o_1"), "gh_1", Said(SaidKind.TEXT), 1_700_000_000)

ATTACKS = [
    '<a href="https://evil.example/">领取补贴</a>',
    "</a><a href='weixin://bizmsgmenu?msgmenucontent=x&msgmenuid=y'>x</a>",
    "]]></Content><Content>x",
    "&lt;a href=&quot;https://evil.example&quot;&gt;",
    "\x00\x08\x1b\x7f\x85\ud800\udfff\ufffe\uffff\u202e\u2028",
    "'; DROP TABLE accounts; --",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\n\n\n\n",
    "安" * 700,
    "https://evil.example/ a b",
    "%22%3E#?=+",
]
words = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    st.lists(st.sampled_from(ATTACKS) | st.text(max_size=9), max_size=6).map("".join),
    st.lists(st.text("公租房 。\n", max_size=90), max_size=12).map("\n".join),
)
urls = words | st.sampled_from(
    [
        "https://anju.example/h5/a?b=1&c=2#d",
        "http://127.0.0.1:8000/h5/x",
        "javascript:alert(1)",
        "https://",
        "http://[",
        "//anju.example/x",
        "https://anju.example/" + "x" * 3000,
        'https://anju.example/"><script>',
        "data:text/html,x",
    ]
)
options = st.builds(Option, words, say=st.just("") | words)
replies = st.builds(
    Reply,
    text=words,
    options=st.lists(options, max_size=20).map(tuple),
    links=st.lists(st.tuples(words, urls), max_size=4).map(tuple),
    closing=words,
    mark=st.sampled_from(["", "k7", 'a"b<c>&d e', "x" * 300]),
)


def seen(bubble: Bubble) -> ReplySeen:
    """Look at a bubble with the platform's eyes, which refuse whatever WeChat would."""
    reply = PLATFORM.open_reply(seal_envelope(ACCOUNT, DELIVERY, bubble, 1_700_000_000))
    assert reply is not None
    return reply


def pages(rendered: Rendered) -> list[ReplySeen]:
    return [seen(rendered.bubble), *(seen(next_page(page)) for page in rendered.pages)]


def seen_without_next(page: ReplySeen) -> ReplySeen:
    """Return a page without its last line, where that offers the next page."""
    text = page.text.removesuffix("下一页").removesuffix("回复“下一页”看后面")
    return replace(page, text=text)


def bare(text: str) -> str:
    """Return words as they must still be readable, wherever lines and pages break."""
    text = drop_unwritable(text).replace("<", "＜").replace(">", "＞").replace("&", "＆")
    return re.sub(r"\s", "", text)


# --- for every reply ------------------------------------------------------------------------


@given(reply=replies, tap_links=st.booleans())
@example(reply=Reply(" "), tap_links=True)
@example(reply=Reply("安" * 5000), tap_links=True)
@example(reply=Reply("\x00"), tap_links=False)
def test_whatever_is_said_the_platform_accepts_every_page(reply: Reply, *, tap_links: bool) -> None:
    rendered = render(reply, tap_links=tap_links)
    assert rendered.bubble.silent is reply.silent
    if not reply.silent:
        for page in pages(rendered):
            assert len(page.text.encode()) <= PAGE_BYTES


@given(reply=replies, tap_links=st.booleans())
def test_options_are_whole_and_counted_on_across_pages(reply: Reply, *, tap_links: bool) -> None:
    if not reply.options:
        return
    only_options = replace(reply, text="", closing="", links=())
    rendered = render(only_options, tap_links=tap_links)
    counted = [
        [int(line.split(".")[0]) for line in page.text.split("\n") if line]
        for page in (seen_without_next(page) for page in pages(rendered))
    ]
    assert [number for page in counted for number in page] == [*range(1, len(reply.options) + 1)]
    assert all(1 <= len(page) <= 8 for page in counted)


@given(reply=replies)
def test_every_tap_names_the_question_and_the_option(reply: Reply) -> None:
    if reply.silent:
        return
    mark = re.sub(r"[^A-Za-z0-9._:-]", "", reply.mark)[:64]
    for page in pages(render(reply, tap_links=True)):
        for tap in page.taps:
            number = tap.label.split(".")[0]
            assert tap.id == f"{mark}.{'next' if number == '下一页' else number}"


@given(reply=replies, tap_links=st.booleans())
def test_every_page_but_the_last_offers_the_next(reply: Reply, *, tap_links: bool) -> None:
    if reply.silent:
        return
    *earlier, last = pages(render(reply, tap_links=tap_links))
    for page in earlier:
        assert "下一页" in page.text.split("\n")[-1]
        assert [tap.text for tap in page.taps[-1:]] == ["下一页"] * tap_links
    assert "下一页" not in [tap.text for tap in last.taps[-1:]] or "下一页" in repr(reply)


@given(text=words, closing=words, tap_links=st.booleans())
def test_no_word_is_lost(text: str, closing: str, *, tap_links: bool) -> None:
    reply = Reply(text or "x", options=(Option("继续"),), closing=closing, mark="k")
    shown = [page.text for page in pages(render(reply, tap_links=tap_links))]
    kept = [page.rsplit("\n", 1)[0] for page in shown[:-1]] + shown[-1:]
    assert bare("".join(kept)) == bare((text or "x") + "1.继续" + closing)


@given(reply=replies)
def test_the_only_links_are_those_the_reply_names(reply: Reply) -> None:
    if reply.silent:
        return
    allowed = {url for _, url in reply.links}
    for page in pages(render(reply, tap_links=True)):
        assert {link.url for link in page.links} <= allowed
        assert not any(link.url.startswith("weixin:") for link in page.links)


@given(reply=replies)
def test_without_tap_links_options_are_numbers_only(reply: Reply) -> None:
    if not reply.silent:
        assert not any(page.taps for page in pages(render(reply, tap_links=False)))


@given(
    title=words,
    description=words,
    url=urls,
    picture=urls,
    reply=replies,
)
def test_a_card_is_one_card_whatever_it_says(
    title: str, description: str, url: str, picture: str, reply: Reply
) -> None:
    article = Article(title, description, url, picture)
    rendered = render(replace(reply, article=article), tap_links=True)
    assert rendered.pages == ()
    card = seen(rendered.bubble).card
    assert card is not None
    assert card.url in {url, ""}
    assert card.picture in {picture, ""}


@given(reply=replies, article=st.none() | st.builds(Article, words, words, urls, urls))
def test_a_bubble_survives_storage(reply: Reply, article: Article | None) -> None:
    bubble = render(replace(reply, article=article), tap_links=True).bubble
    assert Bubble.from_json(json.loads(json.dumps(bubble.to_json()))) == bubble


# --- looks ----------------------------------------------------------------------------------


def test_a_question_reads_like_a_question() -> None:
    reply = Reply(
        "请选择户型",
        options=(Option("一居室"), Option("二居室 A&B", say="二居")),
        closing="没有合适的？回复“人工”",
        links=(("项目介绍", "https://anju.example/p?a=1&b=2"),),
        mark="k7",
    )
    assert render(reply, tap_links=True).bubble.text == (
        "请选择户型\n\n"
        '<a href="https://anju.example/p?a=1&b=2">项目介绍</a>\n\n'
        '<a href="weixin://bizmsgmenu?msgmenucontent=一居室&msgmenuid=k7.1">1. 一居室</a>\n'
        '<a href="weixin://bizmsgmenu?msgmenucontent=二居&msgmenuid=k7.2">2. 二居室 A＆B</a>\n\n'
        "没有合适的？回复“人工”"
    )
    assert "\n\n1. 一居室\n2. 二居室 A＆B\n\n" in render(reply, tap_links=False).bubble.text


def test_what_a_tap_says_has_no_character_that_ends_the_link() -> None:
    reply = Reply(options=(Option('A & "B" <C> 甲 乙\t#1 5%'), Option("<>")), mark="m")
    assert seen(render(reply, tap_links=True).bubble).taps == (
        Tap('1. A ＆ "B" ＜C＞ 甲 乙 #1 5%', "ABC甲乙15", "m.1"),
        Tap("2. ＜＞", "2", "m.2"),
    )


def test_words_too_long_to_be_said_by_a_tap_are_chosen_by_number() -> None:
    reply = Reply(options=(Option("长", say="很" * 200), Option("短")), mark="m")
    bubble = seen(render(reply, tap_links=True).bubble)
    assert [tap.label for tap in bubble.taps] == ["2. 短"]
    assert "1. 长" in bubble.text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "weixin://dl/business",
        "/h5/x",
        "//anju.example/x",
        "https://",
        "https:///x",
        "http://[",
        "ftp://anju.example/",
        'https://anju.example/"onclick="x',
        "https://anju.example/ x",
        "https://anju.example/\nx",
        "https://安居.example/",
        "https://anju.example\\@evil.example/",
        "",
    ],
)
def test_an_address_that_is_no_plain_web_address_stays_a_label(url: str) -> None:
    bubble = seen(render(Reply("看这里", links=(("打开", url),)), tap_links=True).bubble)
    assert bubble.links == ()
    assert bubble.text.endswith("打开")


def test_a_web_address_is_a_link() -> None:
    url = "HTTPS://anju.example:8443/h5/a-b_c~d?x=%E5%AE%89&y=[1]#top".replace("HTTPS", "https")
    bubble = seen(render(Reply("看这里", links=(("打开 <b>", url),)), tap_links=False).bubble)
    assert bubble.links == (Link("打开 ＜b＞", url),)


def test_eight_options_fit_one_page_and_nine_need_two() -> None:
    def sizes(count: int) -> list[int]:
        reply = Reply("选", options=tuple(Option(f"房源{n}") for n in range(count)), mark="m")
        taps = (page.taps for page in pages(render(reply, tap_links=True)))
        return [sum(tap.text != "下一页" for tap in page) for page in taps]

    assert (sizes(8), sizes(9), sizes(17)) == ([8], [8, 1], [8, 8, 1])


def test_pages_break_between_lines_where_they_can() -> None:
    lines = [f"第{number}条 " + "安" * 60 for number in range(40)]
    shown = pages(render(Reply("\n".join(lines)), tap_links=False))
    assert len(shown) > 2
    kept = [line for page in shown for line in page.text.split("\n") if line.startswith("第")]
    assert kept == lines


def test_exactly_a_pageful_is_one_page() -> None:
    assert render(Reply("a" * PAGE_BYTES), tap_links=True).pages == ()
    assert len(render(Reply("a" * (PAGE_BYTES + 1)), tap_links=True).pages) == 1


def test_a_long_line_is_cut_between_characters() -> None:
    shown = pages(render(Reply("👍" * 1200), tap_links=False))
    assert "".join(page.text for page in shown).count("👍") == 1200
    assert "�" not in "".join(page.text for page in shown)


def test_the_text_of_a_card_and_its_options_stand_in_its_description() -> None:
    article = Article("实名认证", "10 分钟内有效", "https://anju.example/h5/1")
    reply = Reply(
        "请打开填写" + "。" * 900, (Option("稍后再说"),), article=article, closing="也可直接发"
    )
    card = seen(render(reply, tap_links=True).bubble).card
    assert card is not None
    assert card.description.startswith("10 分钟内有效\n请打开填写")
    assert card.description.endswith("…\n1. 稍后再说\n也可直接发")
    assert len(card.description.encode()) < 1000


def test_a_card_without_a_safe_address_has_none() -> None:
    reply = Reply(article=Article("标题", "说明", "javascript:alert(1)", "file:///etc/passwd"))
    card = seen(render(reply, tap_links=True).bubble).card
    assert card is not None
    assert (card.url, card.picture) == ("", "")


def test_silence_stays_silent() -> None:
    assert render(Reply(), tap_links=True) == Rendered(Bubble())
    assert Bubble().silent
