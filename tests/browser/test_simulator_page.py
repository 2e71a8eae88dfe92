"""The simulator in a real browser, before the real webhook and a bot that answers by table."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.simulator.sandbox import CITIZENS
from dialogs.engine.messages import SaidKind
from tests.support.chat_page import ChatPage
from tests.support.chromium import serve
from tests.support.clock import FakeClock
from tests.support.echo import EchoBot, echo_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Stage:
    """A served app and its bot."""

    url: str
    bot: EchoBot

    async def open(self, page: Page) -> ChatPage:
        chat = ChatPage(page)
        await chat.open(self.url)
        return chat


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    app, bot = echo_app(FakeClock())
    async with serve(app) as url:
        yield Stage(url, bot)


@pytest_asyncio.fixture(loop_scope="module")
async def chat(stage: Stage, phone: Page) -> ChatPage:
    """A phone whose citizen follows the account."""
    chat = await stage.open(phone)
    await chat.follow()
    return chat


async def test_a_citizen_follows_and_is_greeted(stage: Stage, phone: Page) -> None:
    chat = await stage.open(phone)
    assert "安居" in await chat.follow()
    assert stage.bot.deliveries[-1].said.kind is SaidKind.FOLLOW
    assert stage.bot.deliveries[-1].openid == CITIZENS[0].openid


async def test_what_is_typed_arrives_and_the_answer_shows(stage: Stage, chat: ChatPage) -> None:
    assert "您说的是：<b>你好</b>&" in (await chat.say("<b>你好</b>&")).translate(
        str.maketrans("＜＞＆", "<>&")
    )
    await expect(chat.from_citizen).to_have_count(1)
    assert stage.bot.deliveries[-1].said.text == "<b>你好</b>&"


async def test_enter_sends_and_shift_enter_breaks_the_line(stage: Stage, chat: ChatPage) -> None:
    words = chat.page.get_by_role("textbox", name="消息")
    await words.focus()
    await chat.page.keyboard.type("一")
    await chat.page.keyboard.press("Shift+Enter")
    await chat.page.keyboard.type("二")
    await chat.page.keyboard.press("Enter")
    await chat.settle()
    assert stage.bot.deliveries[-1].said.text == "一\n二"
    await expect(words).to_have_value("")


async def test_a_tapped_option_says_its_words_with_its_id(stage: Stage, chat: ChatPage) -> None:
    await chat.tap("1. 快速配租")
    said = stage.bot.deliveries[-1].said
    assert (said.text, said.tap) == ("快速配租", "home.1")


async def test_the_tester_can_switch_the_ids_of_taps_off(stage: Stage, desktop: Page) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    await desktop.get_by_role("switch").uncheck()
    await chat.tap("1. 快速配租")
    said = stage.bot.deliveries[-1].said
    assert (said.text, said.tap) == ("快速配租", "")


async def test_silence_shows_nothing_and_a_broken_answer_shows_the_platforms_words(
    chat: ChatPage,
) -> None:
    await chat.say("沉默")
    await expect(chat.from_account).to_have_count(1)
    await expect(chat.chat.locator(".note")).to_have_count(0)
    await chat.page.route("**/simulator/send", lambda route: route.fulfill(status=502))
    await chat.say("你好")
    await expect(chat.chat.locator(".note")).to_have_count(1)
    await expect(chat.from_account).to_have_count(1)


async def test_the_title_says_that_an_answer_is_being_written(chat: ChatPage) -> None:
    title = chat.page.locator("#title")
    await expect(title).to_have_text("安居（演示）")

    async def look_then_go_on(route) -> None:  # noqa: ANN001 (playwright's own route)
        await expect(title).to_have_text("对方正在输入…")
        await route.continue_()

    await chat.page.route("**/simulator/send", look_then_go_on)
    await chat.say("你好")
    await expect(title).to_have_text("安居（演示）")


async def test_the_menu_sends_its_key_and_shows_no_bubble(stage: Stage, chat: ChatPage) -> None:
    page = chat.page
    await page.get_by_role("button", name="切换到菜单").click()
    await page.get_by_role("button", name="我的", exact=True).click()
    await page.get_by_role("button", name="个人中心").click()
    await chat.settle()
    said = stage.bot.deliveries[-1].said
    assert (said.kind, said.text) == (SaidKind.MENU, "我的")
    await expect(chat.from_citizen).to_have_count(0)
    await page.get_by_role("button", name="切换到键盘").click()
    await expect(page.get_by_role("textbox", name="消息")).to_be_focused()


async def test_pictures_voice_video_place_and_link_can_be_sent(
    stage: Stage, chat: ChatPage
) -> None:
    page = chat.page
    picture = await page.screenshot()
    await page.set_input_files(
        "#album", {"name": "a.png", "mimeType": "image/png", "buffer": picture}
    )
    await expect(chat.chat.get_by_role("img", name="照片")).to_be_visible()
    for name in ("视频", "位置", "链接"):
        await page.get_by_role("button", name="更多").click()
        await page.get_by_role("button", name=name, exact=True).click()
        await chat.settle()
    await page.get_by_role("button", name="切换到语音").click()
    await page.get_by_role("button", name="按住 说话").focus()
    await page.keyboard.press("Enter")
    await expect(chat.from_citizen).to_have_count(5)
    await chat.settle()
    kinds = [delivery.said.kind for delivery in stage.bot.deliveries[1:]]
    assert kinds == ["image", "video", "location", "link", "voice"]


async def test_a_photo_arrives_as_it_was_taken_and_a_card_is_at_hand(
    stage: Stage, chat: ChatPage
) -> None:
    photo = await chat.page.screenshot()
    await chat.page.set_input_files(
        "#album", {"name": "a.png", "mimeType": "image/png", "buffer": photo}
    )
    await chat.settle()
    await chat.page.get_by_role("button", name="更多").click()
    await chat.page.get_by_role("button", name="身份证", exact=True).click()
    await expect(chat.chat.get_by_role("img", name="照片")).to_have_count(2)
    await chat.settle()
    sent = [delivery.said.media_id for delivery in stage.bot.deliveries if delivery.said.media_id]
    assert [stage.bot.pictures[media_id] for media_id in sent[:1]] == [photo]
    assert stage.bot.pictures[sent[1]].startswith(b"\x89PNG")


async def test_our_own_links_open_inside_the_chat_and_close_by_themselves(chat: ChatPage) -> None:
    await chat.say("网页")
    await chat.tap("填写身份信息")
    await expect(chat.page.get_by_role("heading", name="填写身份信息").first).to_be_visible()
    inside = chat.page.frame_locator("#webview-frame")
    await inside.get_by_role("button", name="回到聊天").click()
    await expect(chat.opened_page).to_be_hidden()
    await expect(chat.chat.get_by_role("link", name="填写身份信息")).to_be_focused()


async def test_a_card_opens_its_page_and_escape_returns(chat: ChatPage) -> None:
    await chat.say("卡片")
    await chat.tap("青禾家园")
    await expect(chat.opened_page).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.opened_page).to_be_hidden()


async def test_a_code_by_sms_fills_the_input(chat: ChatPage) -> None:
    await chat.say("验证码")
    await chat.page.get_by_role("button", name=re.compile("482913")).first.click()
    await expect(chat.page.get_by_role("textbox", name="消息")).to_have_value("482913")


async def test_what_a_citizen_would_type_fills_the_open_page(stage: Stage, desktop: Page) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    await chat.say("网页")
    await chat.tap("填写身份信息")
    field = desktop.frame_locator("#webview-frame").get_by_label("身份证号")
    await expect(field).to_be_visible()
    await chat.panel.get_by_role("button", name="把身份证号填进输入框").click()
    await expect(field).to_have_value("11010019860412001X")


async def test_a_redelivery_is_the_same_message_again(stage: Stage, desktop: Page) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    await chat.say("你好")
    await chat.panel.get_by_role("button", name="重发上一条").click()
    await expect(desktop.locator("#platform-note")).to_contain_text("相同")
    first, second = stage.bot.deliveries[-2:]
    assert first == second
    await expect(chat.from_account).to_have_count(2)


async def test_a_poster_brings_its_scene_before_and_after_following(
    stage: Stage, desktop: Page
) -> None:
    chat = await stage.open(desktop)
    await chat.panel.get_by_role("button", name=re.compile("扫一扫：青禾家园")).click()
    assert "qinghe" in await chat.heard()
    await chat.panel.get_by_role("button", name=re.compile("扫一扫：潞城里")).click()
    assert "lucheng" in await chat.heard()
    kinds = [delivery.said.kind for delivery in stage.bot.deliveries]
    assert kinds == [SaidKind.FOLLOW, SaidKind.SCAN]


async def test_a_real_camera_is_led_to_the_same_scene(stage: Stage, phone: Page) -> None:
    await phone.goto(f"{stage.url}/simulator?scan=qinghe")
    await phone.wait_for_selector("body[data-ready]")
    assert "qinghe" in await ChatPage(phone).heard()
    await phone.reload()
    await phone.wait_for_selector("body[data-ready]")
    assert len(stage.bot.deliveries) == 1


async def test_citizens_keep_their_own_chats_through_a_reload(stage: Stage, desktop: Page) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    await chat.say("我是第一位")
    await chat.panel.get_by_role("button", name=CITIZENS[1].name).click()
    await expect(chat.from_citizen).to_have_count(0)
    await chat.follow()
    assert stage.bot.deliveries[-1].openid == CITIZENS[1].openid
    await desktop.reload()
    await desktop.wait_for_selector("body[data-ready]")
    await expect(chat.from_account).to_have_count(1)
    await chat.panel.get_by_role("button", name=CITIZENS[0].name).click()
    await expect(chat.from_citizen.last).to_contain_text("我是第一位")


async def test_an_added_citizen_has_an_openid_of_the_platforms_shape(
    stage: Stage, desktop: Page
) -> None:
    chat = await stage.open(desktop)
    await chat.panel.get_by_role("textbox").fill("赵奶奶")
    await chat.panel.get_by_role("button", name="添加").click()
    await chat.follow()
    assert re.fullmatch(r"[A-Za-z0-9_-]{28}", stage.bot.deliveries[-1].openid)
    assert stage.bot.deliveries[-1].openid not in {citizen.openid for citizen in CITIZENS}


async def test_a_push_to_somebody_else_counts_as_unread(stage: Stage, desktop: Page) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    for openid in (CITIZENS[0].openid, CITIZENS[2].openid):
        stage.bot.pushed.insert(
            0,
            {
                "openid": openid,
                "kind": "text",
                "text": "结果出来了",
                "data": {},
                "state": "delivered",
            },
        )
    for _ in CITIZENS:  # each look also visits one other citizen, in turn
        await chat.say("看看")
    await expect(chat.from_account.filter(has_text="结果出来了")).to_have_count(1)
    await expect(chat.panel.get_by_role("button", name=CITIZENS[2].name)).to_contain_text("1")


@pytest.mark.parametrize(
    ("kind", "shown"), [("template", "模板消息"), ("subscription", "订阅通知")]
)
async def test_a_card_is_drawn_as_wechat_draws_it(
    stage: Stage, desktop: Page, kind: str, shown: str
) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    facts = {"房源": "青禾家园二居室", "登记编号": "DJ202603110000017"}
    stage.bot.pushed.insert(
        0,
        {
            "openid": CITIZENS[0].openid,
            "kind": kind,
            "text": "登记成功",
            "data": facts,
            "state": "delivered",
        },
    )
    await chat.say("看看")
    card = desktop.locator(".article")
    await expect(card).to_contain_text(shown)
    await expect(card.locator("b")).to_have_text("登记成功")
    await expect(card.locator("dt")).to_have_text([*facts])
    await expect(card.locator("dd")).to_have_text([*facts.values()])


async def test_what_the_platform_refused_is_on_no_phone_and_the_panel_says_why(
    stage: Stage, desktop: Page
) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    refused = {"kind": "text", "text": "来晚了", "data": {}, "state": "refused", "errcode": 45015}
    stage.bot.pushed.insert(0, {"openid": CITIZENS[0].openid, **refused})
    await chat.say("看看")
    await expect(desktop.locator("#pushed li")).to_contain_text("45015")
    await expect(chat.from_account.filter(has_text="来晚了")).to_have_count(0)


async def test_whoever_just_types_has_followed_by_it(stage: Stage, phone: Page) -> None:
    chat = await stage.open(phone)
    assert "您说的是：你好" in await chat.say("你好")
    kinds = [one.said.kind for one in stage.bot.deliveries[-2:]]
    assert kinds == [SaidKind.FOLLOW, SaidKind.TEXT]
    await expect(phone.get_by_role("button", name="关注公众号")).to_be_hidden()


async def test_unfollowing_closes_the_chat_and_hears_nothing(stage: Stage, chat: ChatPage) -> None:
    await chat.page.get_by_role("button", name="公众号资料").click()
    await chat.page.get_by_role("button", name="不再关注").click()
    await chat.settle()
    assert stage.bot.deliveries[-1].said.kind is SaidKind.UNFOLLOW
    await expect(chat.page.get_by_role("button", name="关注公众号")).to_be_visible()
    await expect(chat.from_account).to_have_count(1)


async def test_the_last_exchange_is_shown_in_clear_and_sealed(stage: Stage, desktop: Page) -> None:
    chat = await stage.open(desktop)
    await chat.follow()
    await chat.say("你好")
    await expect(desktop.locator("#raw-status")).to_have_text("HTTP 200")
    await expect(desktop.locator("#raw-sent_xml pre")).to_contain_text("你好")
    await expect(desktop.locator("#raw-reply_xml pre")).to_contain_text("您说的是")
    for sealed in ("#raw-sent_envelope pre", "#raw-reply_envelope pre"):
        await expect(desktop.locator(sealed)).to_contain_text("<Encrypt>")
        await expect(desktop.locator(sealed)).not_to_contain_text("您说的是")


async def test_the_drawer_opens_and_closes_on_a_phone(chat: ChatPage) -> None:
    await expect(chat.panel).to_be_hidden()
    await chat.page.get_by_role("button", name="市民和测试工具").click()
    await expect(chat.panel).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.panel).to_be_hidden()


@pytest.mark.parametrize("size", ["phone", "desktop"])
async def test_no_accessibility_rule_is_broken(
    size: str, stage: Stage, phone: Page, desktop: Page
) -> None:
    page = {"phone": phone, "desktop": desktop}[size]
    chat = await stage.open(page)
    assert await _violations(page) == []
    await chat.follow()
    for text in ("卡片", "网页", "验证码"):
        await chat.say(text)
    await page.get_by_role("button", name="更多").click()
    assert await _violations(page) == []
    await page.get_by_role("button", name="切换到菜单").click()
    await page.get_by_role("button", name="帮助", exact=True).click()
    if size == "phone":
        await page.get_by_role("button", name="市民和测试工具").click()
        await expect(chat.panel).to_be_visible()
    assert await _violations(page) == []


async def _violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{one['id']}: {[node['html'] for node in one['nodes']]}"
        for one in found.response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
