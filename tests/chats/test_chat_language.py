"""A talk that does not go as written fails, and says where with everything that was said."""

import pytest

from tests.support.chat import ChatFailedError, Player
from tests.support.town import Town

GIVEN = "given citizen 周安然 signed-up verified bound"


async def perform(town: Town, *lines: str) -> Player:
    player = Player(town)
    for number, line in enumerate((GIVEN, *lines), start=1):
        await player.perform(number, line)
    return player


@pytest.mark.parametrize(
    "lines",
    [
        ("> 菜单", "< 快速配租*我的登记*快速配租"),
        ("> 菜单", "< 我的登记", "< 快速配租"),
        ("> 菜单", "<! 我的登记"),
        ("> 菜单", "< (nothing)"),
        ("! unfollow", "< 再见"),
        ("= registrations 1",),
        ("= account no",),
        ("= acts accounts:account:create 2",),
        ("= sms 1",),
        ("> {sms}",),
        ("> 菜单", "! tap 9"),
        ("! tap 1",),
        ("! dance",),
        ("! page name=x",),
        ("> 实名", "! page expecting 200"),
        ("given citizen 张三丰",),
        ("given plan 第九批 open",),
        ("given nothing",),
        ("~ 菜单",),
    ],
    ids=" / ".join,
)
async def test_what_is_not_so_or_cannot_be_fails(town: Town, lines: tuple[str, ...]) -> None:
    with pytest.raises(ChatFailedError):
        await perform(town, *lines)


async def test_a_failure_shows_the_whole_transcript_and_the_line(town: Town) -> None:
    with pytest.raises(ChatFailedError, match="✗ line 3") as failed:
        await perform(town, "> 菜单", "< 没有这句话")
    told = str(failed.value).splitlines()
    assert told[:2] == [GIVEN, "> 菜单"]
    assert any("快速配租" in line for line in told)


async def test_a_message_that_must_be_answered_may_not_be_met_with_silence(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(_: object) -> None:
        return None

    monkeypatch.setattr(town, "deliver", deaf)
    with pytest.raises(ChatFailedError, match="was not answered"):
        await perform(town, "> 菜单", "> 菜单")


async def test_fragments_are_found_in_their_order_and_stars_are_anything(town: Town) -> None:
    await perform(town, "> 菜单", "< 快速*我的登记", "< 联系", "<! 再见", "= registrations 0")
