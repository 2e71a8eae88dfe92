"""How things are done, step by step, to be read at any time.

Source: S2-13.
"""

from collections.abc import Sequence

from dialogs.content.published import NEXT_TEXT, dated_text
from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option
from domain.content.model import Category

__all__ = ["Guides"]


async def _documents(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [
        Option(one.title, value=one.kind) for one in await desk.content.of_category(Category.GUIDE)
    ]


async def _question(_answers: Answers, desk: Desk) -> str:
    found = await desk.content.of_category(Category.GUIDE)
    return "请选择要看的指南：" if found else "现在没有指南。回复“菜单”看看其他服务。"


async def _text(answers: Answers, desk: Desk) -> str:
    return dated_text(await desk.content.document(answers[Guides.document]))


async def _next(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return NEXT_TEXT


class Guides(Flow, id="guides", version=1, title="办事指南"):
    """Choose a guide and read it."""

    reading = True
    review = False
    words = ("办事指南", "指南", "办理指南")

    document = Choose(_documents, _question, title="办事指南", resets=("text",))
    text = Menu(_next, _text)
