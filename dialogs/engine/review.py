"""The check-answers page: made from the flow, never written by hand."""

from dialogs.desk import Desk
from dialogs.engine.choosing import plain
from dialogs.engine.flow import Flow
from dialogs.engine.messages import Option, Reply
from dialogs.engine.steps import Answers, Step
from dialogs.engine.walk import Position

__all__ = ["confirms", "lines", "page", "sections"]

_YES = ("确定", "确认", "提交", "是", "是的", "好", "好的", "对", "没问题", "ok")


def confirms(flow: type[Flow], text: str) -> bool:
    """Tell whether words confirm the page."""
    said = plain(text)
    return said == plain(flow.confirm) or said in _YES


def lines(flow: Flow, answers: Answers, position: Position) -> list[tuple[Step[object], str]]:
    """Return the steps worth a line and their shown answers, in order; their numbers start at 1."""
    shown = []
    for name in position.trail:
        step = flow.steps[name]
        stored = answers.stored(step)
        if step.title and step.answered(stored) and step.show(stored):
            shown.append((step, step.show(stored)))
    return shown


async def page(flow: Flow, answers: Answers, position: Position, desk: Desk) -> Reply:
    """Show the answers for checking: numbered, by section, with warnings that do not forbid."""
    parts = ["请核对："]
    summary = await flow.summary(answers, desk)
    if summary:
        parts.append(summary)
    section = None
    for number, (step, shown) in enumerate(lines(flow, answers, position), start=1):
        if step.section is not section:
            section = step.section
            parts.append(f"【{section.title}】" if section is not None else "")
        parts.append(f"（{number}）{step.title}：{shown}")
    for one in flow.checks:
        warning = await one.warn(flow, answers, desk)
        if warning:
            names = "、".join(f"“改{flow.steps[name].title}”" for name in one.steps)
            parts.append(f"⚠ {warning}（要改请回复{names}）")
    return Reply(
        "\n".join(filter(None, parts)),
        (Option(flow.confirm), Option("退出")),
        closing="要改哪一项，回复“改”加序号，例如“改1”。",
    )


def sections(flow: Flow, answers: Answers, position: Position) -> str:
    """Return the task list of a long form: each section done, under way or to come."""
    rows = []
    for section in flow.sections:
        steps = [step for step in flow.steps.values() if step.section is section]
        if not section.needed(answers):
            continue
        asked = [step for step in steps if step.id in position.trail and step.id != position.at]
        if position.at in {step.id for step in steps}:
            rows.append(f"● {section.title}：进行中")
        else:
            rows.append(
                f"{'✓' if asked else '○'} {section.title}：{'已完成' if asked else '未开始'}"
            )
    return "\n".join(rows)
