"""The whole way in a real browser, through the simulator, at the size of a phone and of a desk.

Every stage leaves a picture in the test's own folder; ``--basetemp=var/shots`` puts them where
they are easily looked at.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.easy import is_easy
from tests.support.journey import Stage, Walker, number_in, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path / "records") as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module", params=["phone", "desktop"])
async def page(request: pytest.FixtureRequest, phone: Page, desktop: Page) -> Page:
    """An empty page of either size."""
    return {"phone": phone, "desktop": desktop}[request.param]


@dataclass(slots=True)
class Album:
    """Pictures of the stages of a test, in their order."""

    folder: Path
    taken: list[str] = field(default_factory=list)

    async def take(self, page: Page, name: str) -> None:
        """Keep what is seen now."""
        self.taken.append(name)
        self.folder.mkdir(exist_ok=True)
        await page.screenshot(path=self.folder / f"{len(self.taken):02}-{name}.png")


async def test_a_new_follower_goes_from_a_poster_to_a_registration_and_cancels_it(
    stage: Stage, page: Page, tmp_path: Path
) -> None:
    album = Album(tmp_path / "shots")
    walker = await stage.walker(page)
    await walker.come_to_a_unit()
    await album.take(page, "agreements")
    await walker.open_an_account()
    await album.take(page, "account")
    await walker.prove_the_name()
    await album.take(page, "name")
    await walker.bind_the_family()
    await album.take(page, "notice")
    number = await walker.register()
    await album.take(page, "success")
    assert await stage.registrations() == {number: "registered"}
    await _has_three_next_steps(walker)
    await _prints(walker, number, album)
    await _cancels(walker, number, album)
    assert await stage.registrations() == {number: "cancelled"}


async def _has_three_next_steps(walker: Walker) -> None:
    steps = walker.chat.from_account.last.get_by_role("link")
    await expect(steps).to_have_text(["1. 打印登记表", "2. 查看登记结果", "3. 继续选房登记"])


async def _prints(walker: Walker, number: str, album: Album) -> None:
    await walker.chat.tap("1. 打印登记表")
    await walker.open_link("打印登记表（24")
    await expect(walker.inside.get_by_role("article")).to_contain_text(number)
    await expect(walker.inside.get_by_role("article")).not_to_contain_text("11010019860412001X")
    await album.take(walker.page, "paper")
    await walker.back_to_chat()


async def _cancels(walker: Walker, number: str, album: Album) -> None:
    assert "已登记" in await walker.chat.say("我的登记")
    await walker.chat.tap("已登记")
    await walker.chat.tap("取消登记")
    await walker.give_code()
    await album.take(walker.page, "cancel")
    assert number_in(await walker.chat.tap("确定取消")) == number
    assert "已取消" in await walker.chat.say("我的登记")
    await album.take(walker.page, "cancelled")


async def test_a_wrong_answer_at_any_step_is_mended_where_it_was_given(
    stage: Stage, page: Page
) -> None:
    walker = await stage.walker(page)
    await walker.come_to_a_unit()
    await walker.chat.tap("同意")
    await _mends_the_phone(walker)
    await _mends_the_code(walker)
    await _mends_the_name(walker)
    await _mends_the_filing_number(walker)
    number = await walker.register()
    assert await stage.registrations() == {number: "registered"}


async def _mends_the_phone(walker: Walker) -> None:
    refused = await walker.chat.say("1990000100")
    assert "手机号" in refused
    assert await walker.stage.codes() == []
    await walker.give("手机号")
    assert len(await walker.stage.codes()) == 1


async def _mends_the_code(walker: Walker) -> None:
    right = (await walker.stage.codes())[0]
    wrong = f"{(int(right) + 1) % 10**6:06}"
    refused = await walker.chat.say(wrong)
    assert "账号已建好" not in refused
    await walker.give_code()


async def _mends_the_name(walker: Walker) -> None:
    """Three things at once: an empty page, a wrong number, somebody else's number."""
    await walker.open_link("点这里填写")
    await walker.inside.get_by_role("button", name="提交").click()
    await expect(walker.inside.get_by_role("alert")).to_be_visible()
    name, number = walker.inside.get_by_label("姓名"), walker.inside.get_by_label("身份证号")
    await name.fill("周安然")
    await number.fill("110100198604120011")
    await walker.inside.get_by_role("button", name="提交").click()
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(name).not_to_have_attribute("aria-invalid", "true")
    await expect(name).to_have_value("周安然")
    await number.fill("110100195801150046")
    await walker.send_off("没有对上")
    await number.fill("11010019860412001X")
    await walker.send_off("填好了")
    await walker.back_to_chat()
    assert "周某某" in await walker.chat.say("继续")


async def _mends_the_filing_number(walker: Walker) -> None:
    """Somebody else's number gets the same answer as a number that nobody has."""
    theirs = await walker.chat.say("1101062016000045")
    nobodys = await walker.chat.say("1101062016999999")
    assert theirs.replace("1101062016000045", "") == nobodys.replace("1101062016999999", "")
    await walker.bind_the_family()


async def test_another_citizen_in_between_takes_nothing_and_gets_nothing(
    stage: Stage, desktop: Page
) -> None:
    walker = await stage.walker(desktop)
    await walker.come_to_a_unit()
    await walker.chat.tap("同意")
    await walker.become("许静文")
    await walker.come_to_a_unit()
    await walker.open_an_account()
    assert "周" not in await walker.chat.chat.inner_text()
    await walker.become("周安然")
    await walker.give("手机号")
    await walker.give_code()
    await walker.prove_the_name()
    await walker.bind_the_family()
    first = await walker.register()
    await walker.become("许静文")
    await walker.prove_the_name()
    await walker.bind_the_family()
    second = await walker.register()
    assert await stage.registrations() == {first: "registered", second: "registered"}


async def test_a_reloaded_chat_goes_on_where_it_was(stage: Stage, phone: Page) -> None:
    walker = await stage.walker(phone)
    await walker.come_to_a_unit()
    await walker.open_an_account()
    lines = await walker.chat.from_account.count()
    await walker.reload()
    await expect(walker.chat.from_account).to_have_count(lines)
    await walker.prove_the_name()
    await walker.chat.say("1101052019000123")
    await walker.reload()
    await walker.chat.say((await stage.codes())[0])
    await walker.chat.tap("我已阅读并同意")
    await walker.reload()
    number = number_in(await walker.chat.tap("确定"))
    assert await stage.registrations() == {number: "registered"}


async def test_a_redelivery_shows_the_same_bubble_and_does_nothing_again(
    stage: Stage, phone: Page
) -> None:
    walker = await stage.walker(phone)
    await walker.come_to_a_unit()
    await walker.chat.tap("同意")
    await walker.give("手机号")
    for leg in (walker.give_code, walker.prove_the_name, walker.bind_the_family, walker.register):
        await leg()
        shown = await walker.chat.from_account.count()
        assert "相同" in await walker.redeliver()
        await expect(walker.chat.from_account).to_have_count(shown)
    assert list((await stage.registrations()).values()) == ["registered"]
    assert len(await stage.codes()) == 2


async def test_the_pages_are_for_old_eyes_and_thumbs(stage: Stage, page: Page) -> None:
    walker = await stage.walker(page)
    await walker.come_to_a_unit()
    await walker.open_an_account()
    form = await _address_of(walker, "点这里填写")
    await page.goto(form)
    await is_easy(page.main_frame)
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await is_easy(page.main_frame)
    await page.get_by_label("姓名").fill("周安然")
    await page.get_by_label("身份证号").fill("11010019860412001X")
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("heading", name="填好了")).to_be_visible()
    await is_easy(page.main_frame)
    await page.goto(form)
    await is_easy(page.main_frame)  # the page is used up, and says so
    await walker.chat.open(stage.url)
    await walker.chat.say("继续")
    await walker.bind_the_family()
    await walker.register()
    await walker.chat.tap("打印登记表")
    await page.goto(await _address_of(walker, "打印登记表（24"))
    await is_easy(page.main_frame)


async def _address_of(walker: Walker, label: str) -> str:
    """Return the address behind a link, on the server that is really there."""
    link = walker.chat.chat.get_by_role("link", name=label).last
    address = await link.get_attribute("href")
    assert address
    return walker.stage.url + address[address.index("/h5/") :]
