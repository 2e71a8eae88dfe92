"""Register the family for a unit.

Source: S0-03, S0-06, S0-37 to S0-39, S0-41 to S0-47, S0-50; Q-01, Q-02.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import (
    Answers,
    Choose,
    Desk,
    Flow,
    Need,
    Option,
    Read,
    Receipt,
    Start,
)
from dialogs.engine.times import day_and_time
from domain.content.model import Document
from domain.plans.model import Plan, PlanState, Project, Unit
from domain.posters.model import Counted
from domain.registrations.model import PlanClosedError, PlanNotOpenError
from domain.shared.idents import Masked, mask

__all__ = ["Register"]


async def _of_the_family(answers: Answers, desk: Desk) -> Sequence[Option]:
    """Offer the project's units that are of a filed type."""
    book, family = await desk.plans.book(), (await desk.citizen()).filed()
    begun_for = answers.get(Register.unit)
    project = book.project(
        book.unit(begun_for).project_id if begun_for else answers.given("project")
    )
    return [
        Option(
            f"{unit.unit_type}（{await desk.plans.registered(unit.id)} 户已登记）",
            value=unit.id,
            say=f"{project.name}{unit.unit_type}",
        )
        for unit in book.units(project.id)
        if unit.unit_type in family.unit_types
    ]


async def _still_allowed(unit_id: str, _answers: Answers, desk: Desk) -> str:
    citizen = await desk.citizen()
    await desk.registrations.may_register(citizen.signed_in(), citizen.filed(), unit_id)
    return unit_id


async def _chosen(answers: Answers, desk: Desk) -> tuple[Unit, Project, Plan]:
    book = await desk.plans.book()
    unit = book.unit(answers[Register.unit])
    project = book.project(unit.project_id)
    return unit, project, book.plan(project.plan_id)


async def _notice(answers: Answers, desk: Desk) -> Document:
    _, _, plan = await _chosen(answers, desk)
    return await desk.content.document(plan.notice)


class Register(Flow, id="register", version=1, title="登记房源"):
    """The unit, the notice to its last page, a look at everything, then it counts."""

    requires = (Need.SIGNED_IN, Need.REAL_NAME, Need.FAMILY)
    confirm = "确定"

    unit = Choose(
        _of_the_family,
        "请选择要登记的备案套型：",
        accept=_still_allowed,
        title="房源",
        resets=("notice",),
    )
    notice = Read(
        _notice,
        tick="我已阅读并同意",
        title="登记告知书",
        why="告知书写明了登记后的权利和责任，要看完才能登记。",
    )

    async def admit(self, answers: Answers, desk: Desk) -> None:
        """Tell of a closed window before anything else is asked for."""
        book, now = await desk.plans.book(), desk.clock.now()
        unit_id = answers.get(self.unit)
        project_id = book.unit(unit_id).project_id if unit_id else answers.given("project")
        plan = book.plan(book.project(project_id).plan_id)
        if plan.state_at(now) is PlanState.COMING:
            raise PlanNotOpenError(plan.opens_at)
        if plan.state_at(now) is PlanState.CLOSED:
            raise PlanClosedError(plan.closes_at)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Take the only filed type by itself; refuse what could never be registered."""
        if answers.get(self.unit) is None:
            options = await _of_the_family(answers, desk)
            if len(options) == 1:
                answers.keep(self.unit, {"value": options[0].value, "label": options[0].say})
        unit_id = answers.get(self.unit)
        if unit_id:
            await _still_allowed(unit_id, answers, desk)
        await self._watch(answers, desk)
        return ""

    async def _watch(self, answers: Answers, desk: Desk) -> None:
        """Have the citizen reminded, should this stay unfinished until the plan closes."""
        book, unit_id = await desk.plans.book(), answers.get(self.unit)
        project_id = book.unit(unit_id).project_id if unit_id else answers.given("project")
        plan = book.plan(book.project(project_id).plan_id)
        account = (await desk.citizen()).signed_in()
        await desk.notices.watch(desk.openid, account, plan, answers.draft.id)

    async def summary(self, answers: Answers, desk: Desk) -> str:
        """Say what is registered, and for whom."""
        unit, project, plan = await _chosen(answers, desk)
        citizen = await desk.citizen()
        family, phone = citizen.filed(), citizen.signed_in().phone
        return (
            f"登记房源：{project.name}{unit.unit_type}\n所属计划：{plan.name}\n"
            f"备案家庭：{family.number}\n联系手机：{mask(phone, Masked.PHONE)}"
        )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Register once."""
        _, project, plan = await _chosen(answers, desk)
        citizen, notice = await desk.citizen(), answers[self.notice]
        account = citizen.signed_in()
        made = await desk.registrations.register(
            account=account,
            family=citizen.filed(),
            unit_id=answers[self.unit],
            notice_version=notice.version,
            notice_hash=notice.text_hash,
            phone=account.phone,
        )
        await desk.scans.credit(desk.openid, Counted.REGISTRATION)
        return Receipt(
            f"登记成功！\n编号：{made.number}\n房源：{project.name}{made.unit_type}\n"
            f"时间：{day_and_time(made.created_at)}\n登记截止前可以随时取消。",
            (
                Option("打印登记表", start=Start("my_registrations", {"record": made.number})),
                Option("查看登记结果", start=Start("my_registrations")),
                Option("继续选房登记", start=Start("browse", {"plan": plan.id})),
            ),
        )
