"""My registrations: the list, one in detail, the page to print.

Source: S0-46, S0-48, S0-49, S0-51 to S0-53, S0-60.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import (
    Answers,
    Choose,
    Desk,
    Flow,
    Menu,
    Need,
    Option,
    Receipt,
    Reply,
    SettledError,
    Start,
)
from dialogs.engine.times import day_and_time, month_and_day
from domain.registrations.model import Registration, RegistrationState, may_cancel
from domain.shared.idents import Masked, mask

__all__ = ["MyRegistrations"]

_STATES = {RegistrationState.REGISTERED: "已登记", RegistrationState.CANCELLED: "已取消"}


async def _name(registration: Registration, desk: Desk) -> str:
    project = (await desk.plans.book()).project(registration.project_id)
    return f"{project.name}{registration.unit_type}"


async def _records(_answers: Answers, desk: Desk) -> Sequence[Option]:
    family = (await desk.citizen()).family
    kept = await desk.registrations.of_family(family.id) if family else []
    return [
        Option(
            f"{await _name(one, desk)} {_STATES[one.state]} {month_and_day(one.created_at)}",
            value=one.number,
            say=one.number,
        )
        for one in kept
    ]


async def _found(answers: Answers, desk: Desk) -> Registration:
    citizen = await desk.citizen()
    number = answers[MyRegistrations.record]
    return await desk.registrations.find(citizen.signed_in(), citizen.family, number)


async def _detail(answers: Answers, desk: Desk) -> Reply:
    kept = await _found(answers, desk)
    book = await desk.plans.book()
    rows = [
        f"登记编号：{kept.number}（{_STATES[kept.state]}）",
        f"房源：{await _name(kept, desk)}",
        f"计划：{book.plan(kept.plan_id).name}",
        f"登记时间：{day_and_time(kept.created_at)}",
        f"登记手机：{mask(kept.phone, Masked.PHONE)}",
        f"告知书：第 {kept.notice_version} 版，已阅读",
    ]
    if kept.cancelled_at:
        rows.append(f"取消时间：{day_and_time(kept.cancelled_at)}")
    link = desk.pages.print_link(desk.openid, kept.number)
    return Reply("\n".join(rows), links=(("打印登记表（24 小时内有效）", link),))


async def _next(answers: Answers, desk: Desk) -> Sequence[Option]:
    kept = await _found(answers, desk)
    plan = (await desk.plans.book()).plan(kept.plan_id)
    back = Option("看全部登记", say="返回")
    if may_cancel(kept, plan, desk.clock.now()):
        cancel = Start("cancel_registrations", {"only": kept.number})
        return (Option("取消登记", start=cancel), back)
    return (back, Option("快速配租"))


class MyRegistrations(Flow, id="my_registrations", version=1, title="我的登记"):
    """Newest first; one opens with everything about it."""

    reading = True
    review = False
    requires = (Need.SIGNED_IN,)
    words = (
        "我的登记",
        "我的记录",
        "业务记录",
        "配租记录",
        "公共租赁住房配租记录",
        "登记结果",
        "查看登记结果",
        "查看更多",
        "打印登记表",
        "打印",
    )

    record = Choose(_records, "业务记录 › 配租记录，选一个看详情、打印或取消：", title="登记")
    page = Menu(_next, _detail)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say so if there is none yet."""
        if not await _records(answers, desk):
            bound = (await desk.citizen()).family
            options = (Option("快速配租"), *(() if bound else (Option("备案认证"),)))
            raise SettledError(Receipt("您家还没有登记过房源。", options))
        return ""
