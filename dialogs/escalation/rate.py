"""Rate the last talk with a person: one tap, kept once.

Source: S4-78.
"""

from types import MappingProxyType

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Option, Receipt
from dialogs.engine.kinds import one_of
from dialogs.escalation.words import STARS

__all__ = ["Rate"]


class Rate(Flow, id="rate", version=1, title="评价人工服务"):
    """One to five stars."""

    review = False
    words = ("评价", "评价人工", "评价人工服务")
    shortcuts = MappingProxyType({label: {"stars": label} for label in STARS})

    stars = Ask(one_of(*STARS), "这次人工服务怎么样？", title="评价")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep the stars."""
        stars = 1 + STARS.index(answers[self.stars])
        left = (await desk.handovers.rate(desk.openid, stars)).card.left
        going_on = (Option(f"继续：{left}", say="继续"),) if left else ()
        return Receipt("谢谢您的评价，我们会看到。", (*going_on, Option("菜单")))
