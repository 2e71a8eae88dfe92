"""One tap that says whether an answer helped.

Source: S4-77.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Option, Receipt

__all__ = ["RateAnswer"]

_HELPED, _FAILED = "helped", "failed"


async def _verdicts(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return (Option("有帮助", value=_HELPED), Option("没帮助", value=_FAILED))


class RateAnswer(Flow, id="rate_answer", version=1, title="评价答案"):
    """Keep the verdict; begun with it by the two options below an answer."""

    review = False

    verdict = Choose(_verdicts, "这个回答有帮助吗？", title="评价")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep it, once for each citizen and version."""
        helped = answers[self.verdict] == _HELPED
        await desk.content.rate(
            desk.openid, answers.given("topic"), int(answers.given("version")), helpful=helped
        )
        if helped:
            return Receipt("谢谢，很高兴帮到您。", (Option("常见问题"), Option("菜单")))
        return Receipt(
            "谢谢您告诉我们，这个答案会再改进。您可以换个说法再问一次，或者请人工帮您。",
            (Option("联系人工", say="人工"), Option("常见问题"), Option("菜单")),
        )
