"""Frequent questions, listed and answered.

Source: S2-14, S4-77.
"""

from collections.abc import Sequence

from dialogs.engine.asides import told
from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Menu, Option, Start
from domain.content.model import Faq

__all__ = ["AskQuestion", "answer_words", "votes"]

_NEXT_SHOWN = 2


def answer_words(faq: Faq) -> str:
    """Return a question with its answer, as a citizen reads it."""
    return f"{faq.question}\n\n{told(faq)}"


def votes(faq: Faq) -> tuple[Option, ...]:
    """Return the two taps that say whether an answer helped. Source: S4-77."""
    about = {"topic": faq.id, "version": str(faq.version)}
    return (
        Option("有帮助", start=Start("rate_answer", {**about, "verdict": "helped"})),
        Option("没帮助", start=Start("rate_answer", {**about, "verdict": "failed"})),
    )


async def _topics(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [Option(topic.question, value=topic.id) for topic in await desk.content.topics()]


async def _chosen(answers: Answers, desk: Desk) -> Faq | None:
    wanted = answers[AskQuestion.topic]
    return next((one for one in await desk.content.topics() if one.id == wanted), None)


async def _answer(answers: Answers, desk: Desk) -> str:
    faq = await _chosen(answers, desk)
    if faq is None:
        return "这个问题的答案正在更新，请换一个问题看看。"
    return answer_words(faq)


async def _next(answers: Answers, desk: Desk) -> Sequence[Option]:
    faq = await _chosen(answers, desk)
    ways = (Option("看其他问题", say="返回"), Option("联系人工"), Option("菜单"))
    if faq is None:
        return ways
    near = [one for one in (await desk.content.ask(faq.question)).near if one.id != faq.id]
    others = (Option(one.question, start=Start("ask", {"topic": one.id})) for one in near)
    return (*votes(faq), *tuple(others)[:_NEXT_SHOWN], *ways)


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
