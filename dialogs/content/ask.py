"""Frequent questions, listed and answered.

Source: S4-77.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option
from dialogs.engine.times import month_and_day

__all__ = ["AskQuestion"]


async def _topics(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [Option(topic.question, value=topic.id) for topic in await desk.content.topics()]


async def _answer(answers: Answers, desk: Desk) -> str:
    wanted = answers[AskQuestion.topic]
    for topic in await desk.content.topics():
        if topic.id == wanted:
            return f"{topic.question}\n\n{topic.answer}\n（{month_and_day(topic.updated_at)}更新）"
    return "这个问题的答案正在更新，请换一个问题看看。"


async def _next(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return (Option("看其他问题", say="返回"), Option("联系人工"), Option("菜单"))


class AskQuestion(Flow, id="ask", version=1, title="常见问题"):
    """Choose a question and read its answer; any question may also just be typed."""

    reading = True
    review = False
    words = ("常见问题", "问题", "faq", "我有问题")

    topic = Choose(
        _topics,
        "想了解哪个问题？回复序号，也可以直接打字问我：",
        title="问题",
        resets=("reading_on",),
    )
    reading_on = Menu(_next, _answer)
