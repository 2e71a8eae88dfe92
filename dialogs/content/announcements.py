"""What the operator announces, to be read at any time.

Source: S1-06.
"""

from collections.abc import Sequence

from dialogs.content.published import NEXT_TEXT, dated_text
from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option
from dialogs.engine.times import month_and_day
from domain.content.model import Category

__all__ = ["Announcements"]


async def _documents(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [
        Option(f"{one.title}（{month_and_day(one.published_at)}）", value=one.kind, say=one.title)
        for one in await desk.content.of_category(Category.ANNOUNCEMENT)
    ]


async def _question(_answers: Answers, desk: Desk) -> str:
    found = await desk.content.of_category(Category.ANNOUNCEMENT)
    return "请选择要看的公告：" if found else "现在没有公告。回复“菜单”看看其他服务。"


async def _text(answers: Answers, desk: Desk) -> str:
    return dated_text(await desk.content.document(answers[Announcements.document]))


async def _next(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return NEXT_TEXT


class Announcements(Flow, id="announcements", version=1, title="公告"):
    """Choose an announcement and read it."""

    reading = True
    review = False
    words = ("公告", "公示公告", "通知公告", "最新公告")

    document = Choose(_documents, _question, title="公告", resets=("text",))
    text = Menu(_next, _text)
