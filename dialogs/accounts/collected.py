"""What forms ask again and again, told once.

Source: S0-79.
"""

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Need, Option, Receipt
from dialogs.engine.kinds import money, one_of, text, whole_number
from domain.accounts.profiles import CollectedFacts, Housing, Marriage

__all__ = ["Collected"]

_LARGEST_HOUSEHOLD = 20


class Collected(Flow, id="collected", version=1, title="采集信息"):
    """Five questions; what was told before is shown to be changed."""

    requires = (Need.SIGNED_IN,)
    confirm = "保存"
    words = ("采集信息", "我的采集信息", "修改采集信息")

    marriage = Ask(
        one_of(*(one.value for one in Marriage)),
        "您的婚姻状况？",
        title="婚姻状况",
        aka=("婚姻",),
        why="以后填申请表时，这几项会替您先填好，您再核对。不填也可以办登记。",
    )
    household = Ask(
        whole_number(1, _LARGEST_HOUSEHOLD),
        "家里一共几口人（含您自己）？",
        title="家庭人口",
        aka=("人口", "人数"),
    )
    employer = Ask(
        text(40),
        "您在哪里工作？没有工作请回复“无工作”。",
        title="工作单位",
        aka=("单位", "工作"),
        hint="单位全称，例如 青禾物业有限公司。",
    )
    income = Ask(
        money,
        "去年全家收入大约多少元？",
        title="家庭年收入",
        aka=("收入", "年收入"),
        hint="发数字，例如 60000 或 6万；没有收入回复 0。",
    )
    housing = Ask(
        one_of(*(one.value for one in Housing)),
        "您家现在住哪里？",
        title="现在的住房",
        aka=("住房", "住处"),
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Take up what was told before."""
        told = (await desk.profiles.of((await desk.citizen()).signed_in())).collected
        if told is None or answers.draft.answers:
            return ""
        answers.keep(self.marriage, told.marriage.value)
        answers.keep(self.household, told.household)
        answers.keep(self.employer, told.employer)
        answers.keep(self.income, str(told.yearly_income))
        answers.keep(self.housing, told.housing.value)
        return "这是您之前填的，不用改就回复“退出”。"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep it."""
        facts = CollectedFacts(
            marriage=Marriage(answers[self.marriage]),
            household=answers[self.household],
            employer=answers[self.employer],
            yearly_income=answers[self.income],
            housing=Housing(answers[self.housing]),
        )
        account = (await desk.citizen()).signed_in()
        await desk.profiles.set_collected(desk.openid, account, facts)
        return Receipt(
            "采集信息已保存，以后填表时会替您先填好。", (Option("我的"), Option("同住人信息"))
        )
