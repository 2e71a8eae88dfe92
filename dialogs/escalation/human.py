"""Reach a person: wait for one where somebody can come, else leave a message that is called back.

Source: S1-57, S1-58, S4-78.
"""

from types import MappingProxyType

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Option, Receipt, SettledError
from dialogs.engine.kinds import phone, text
from dialogs.engine.times import until
from dialogs.escalation.words import LEAVE_WORD
from domain.escalation.model import Period
from domain.shared.idents import Masked, mask

__all__ = ["Human"]


_WAY, _WORD = "way", "word"


class Human(Flow, id="human", version=1, title="联系人工"):
    """Let the citizen wait where a person can come; else say when, and take a message."""

    review = False
    words = ("人工", "联系人工", "转人工", "客服", "人工客服", "电话", "投诉", "0")
    shortcuts = MappingProxyType({LEAVE_WORD: {_WAY: _WORD}})
    settings = MappingProxyType({_WAY: (_WORD,)})

    message = Ask(
        text(500),
        "请把问题写下来发给我，我转给工作人员，他们会打电话给您。",
        title="问题",
        hint="写清楚在办什么、卡在哪一步就可以。",
    )
    phone = Ask(
        phone,
        "请留一个方便接听的手机号。",
        title="回电号码",
        aka=("手机号", "电话"),
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        why="工作人员用这个号码给您回电。",
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say the hours honestly; take the account's phone where there is one."""
        now = desk.clock.now()
        hours = desk.escalation.hours(now, await _registering(desk))
        waits = answers.given(_WAY) != _WORD and answers.get(self.message) is None
        if waits and await desk.handovers.may_wait(in_hours=hours.open):
            # The edge makes them wait: it alone knows where in the talk they were.
            desk.asks_person = True
            raise SettledError(Receipt(""))
        account = (await desk.citizen()).account
        if account and answers.get(self.phone) is None:
            answers.assume(self.phone, account.phone)
        days = "登记期间每天" if hours.every_day else "工作日"
        times = f"{days} {hours.opens:%H:%M}–{hours.closes:%H:%M}"
        here = (
            "工作人员现在在班。"
            if hours.open
            else f"现在是下班时间，{until(hours.opens_next, now)}上班。"
        )
        return f"{here}\n电话：{desk.office.hotline}（{times}）"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep the message for the next officer."""
        account = (await desk.citizen()).account
        ticket = await desk.escalation.leave_word(
            openid=desk.openid,
            phone=answers[self.phone],
            text=answers[self.message],
            account_id=account.id if account else None,
        )
        now = desk.clock.now()
        hours = desk.escalation.hours(now, await _registering(desk))
        when = "今天" if hours.open else f"{until(hours.opens_next, now)}之后"
        return Receipt(
            f"已转给工作人员，问题单号 {ticket.number}。\n"
            f"{when}会打电话到 {mask(ticket.phone, Masked.PHONE)}。",
            (Option("常见问题"), Option("菜单")),
        )


async def _registering(desk: Desk) -> list[Period]:
    """Return when registrations are taken: then people answer on every day. Source: S1-58."""
    book = await desk.plans.book()
    return [(plan.opens_at, plan.closes_at) for plan in book.plans()]
