"""The agreements, to be read at any time.

Source: S0-17.
"""

from collections.abc import Sequence

from dialogs.content.published import NEXT_AGREEMENT
from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option
from dialogs.engine.texts import whole_text

__all__ = ["ReadAgreements"]


async def _documents(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [
        Option(f"{one.title} 第{one.version}版", value=one.kind, say=one.title)
        for one in await desk.content.agreements()
    ]


async def _text(answers: Answers, desk: Desk) -> str:
    return whole_text(await desk.content.document(answers[ReadAgreements.document]))


async def _next(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return NEXT_AGREEMENT


class ReadAgreements(Flow, id="agreements", version=1, title="协议与隐私"):
    """Choose an agreement and read it."""

    reading = True
    review = False
    words = ("协议与隐私", "协议", "用户协议", "隐私", "隐私权政策", "隐私政策")

    document = Choose(_documents, "请选择要看的协议：", title="协议", resets=("text",))
    text = Menu(_next, _text)
