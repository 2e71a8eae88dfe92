"""Who stops following is signed out once, however often the platform says so. Source: S0-20."""

import pytest

from tests.support.platform import Post
from tests.support.town import Resident, Town


@pytest.fixture
async def who(town: Town) -> Resident:
    who = town.residents["周安然"]
    await town.bring(who, ["signed-up"])
    return who


async def signed_in(town: Town, who: Resident) -> bool:
    async with town.house.open_work() as work:
        return (await town.desk(work, who).citizen()).account is not None


async def parted(town: Town, who: Resident) -> Post:
    post = town.platform.unfollow(who.openid)
    assert await town.deliver(post) is None
    assert not await signed_in(town, who)
    return post


async def test_an_unfollow_that_comes_again_does_not_sign_out_who_is_back(
    town: Town, who: Resident
) -> None:
    post = await parted(town, who)
    town.clock.forward(5)
    await town.deliver(town.platform.follow(who.openid))
    await town.sign_up(who)
    await town.deliver(town.platform.text(who.openid, "紧急联系人"))
    talk = await town.house.conversations.peek(who.openid)
    assert await town.deliver(post) is None
    assert await signed_in(town, who)
    assert await town.house.conversations.peek(who.openid) == talk


async def test_an_unfollow_that_comes_again_after_a_restart_does_nothing_either(
    town: Town, who: Resident
) -> None:
    post = await parted(town, who)
    await town.sign_up(who)
    await town.restart()
    await town.deliver(post)
    assert await signed_in(town, who)


async def test_whoever_stops_following_once_more_is_signed_out_once_more(
    town: Town, who: Resident
) -> None:
    await parted(town, who)
    town.clock.forward(60)
    await town.sign_up(who)
    await parted(town, who)


async def test_the_talk_of_who_stops_following_is_forgotten(town: Town, who: Resident) -> None:
    await town.deliver(town.platform.text(who.openid, "紧急联系人"))
    assert await town.house.conversations.peek(who.openid) is not None
    await parted(town, who)
    assert await town.house.conversations.peek(who.openid) is None


async def test_an_unfollow_that_failed_half_way_is_taken_again(
    town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = town.platform.unfollow(who.openid)

    async def broken(_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(town.house.conversations, "erase", broken)
        await town.client.post("/wechat", params=post.query, content=post.body)
    assert await signed_in(town, who)
    await town.deliver(post)
    assert not await signed_in(town, who)
