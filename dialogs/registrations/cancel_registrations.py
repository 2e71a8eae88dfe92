"""Cancel one or several registrations, with a code.

Source: S0-54 to S0-57, S0-59; Q-03, Q-06.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import (
    Answers,
    ChooseMany,
    Code,
    Desk,
    Flow,
    Need,
    Option,
    Receipt,
    SettledError,
)
from domain.accounts.model import Purpose
from domain.registrations.model import Registration, may_cancel
from domain.shared.conversations import Json
from domain.shared.idents import Masked, mask

__all__ = ["CancelRegistrations"]


async def _cancellable(desk: Desk) -> list[Registration]:
    book, now = await desk.plans.book(), desk.clock.now()
    family = (await desk.citizen()).filed()
    return [
        one
        for one in await desk.registrations.of_family(family.id)
        if may_cancel(one, book.plan(one.plan_id), now)
    ]


async def _offers(_answers: Answers, desk: Desk) -> Sequence[Option]:
    book = await desk.plans.book()
    return [
        Option(
            f"{book.project(one.project_id).name}{one.unit_type} {one.number}",
            value=one.number,
            say=one.number,
        )
        for one in await _cancellable(desk)
    ]


async def _account_phone(_answers: Answers, desk: Desk) -> str:
    return (await desk.citizen()).signed_in().phone


class CancelRegistrations(Flow, id="cancel_registrations", version=1, title="取消登记"):
    """Tick, prove the phone, confirm; all of them or none."""

    requires = (Need.SIGNED_IN, Need.REAL_NAME, Need.FAMILY)
    confirm = "确定取消"
    words = ("取消登记", "我要取消登记", "撤销登记")

    numbers = ChooseMany(_offers, "要取消哪些登记？", title="要取消的登记")
    code = Code(Purpose.CANCEL, _account_phone)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Take over the one it was begun for; say so if nothing can be cancelled."""
        offers = await _offers(answers, desk)
        if not offers:
            settled = Receipt(
                "现在没有可以取消的登记。计划截止后需要取消，请回复“人工”。",
                (Option("我的登记"), Option("快速配租")),
            )
            raise SettledError(settled)
        only = [one for one in offers if one.value == answers.given("only")]
        if only and answers.get(self.numbers) is None:
            kept: Json = {"values": [only[0].value], "labels": [only[0].label]}
            answers.keep(self.numbers, kept)
        return ""

    async def summary(self, answers: Answers, desk: Desk) -> str:
        """Show the phone the code went to. Source: S0-56."""
        phone = (await desk.citizen()).signed_in().phone
        return (
            f"您登记的手机号：{mask(phone, Masked.PHONE)}（已验证）\n"
            "取消后名额立即放出，截止前可以重新登记。"
        )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Cancel all that were ticked."""
        citizen = await desk.citizen()
        cancelled = await desk.registrations.cancel(
            openid=desk.openid,
            account=citizen.signed_in(),
            family=citizen.filed(),
            numbers=answers[self.numbers],
            proof=answers[self.code],
        )
        numbers = "\n".join(one.number for one in cancelled)
        return Receipt(
            f"已取消 {len(cancelled)} 个登记：\n{numbers}",
            (Option("我的登记"), Option("快速配租")),
        )
