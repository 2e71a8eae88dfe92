"""Reach a person: the hours, the phone, and a message that is called back.

Source: S1-57, S1-58, S4-78.
"""

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Option, Receipt
from dialogs.engine.kinds import phone, text
from dialogs.engine.times import until
from domain.shared.idents import Masked, mask

__all__ = ["Human"]


class Human(Flow, id="human", version=1, title="联系人工"):
    """Say when people are there, and take a message."""

    review = False
    words = ("人工", "联系人工", "转人工", "客服", "人工客服", "电话", "投诉", "0")

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
        why="工作人员用这个号码给您回电。",
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say the hours honestly; take the account's phone where there is one."""
        account = (await desk.citizen()).account
        if account and answers.get(self.phone) is None:
            answers.assume(self.phone, account.phone)
        now = desk.clock.now()
        hours = desk.escalation.hours(now)
        times = f"{hours.opens:%H:%M}–{hours.closes:%H:%M}"
        here = (
            "工作人员现在在班。"
            if hours.open
            else f"现在是下班时间，{until(hours.opens_next, now)}上班。"
        )
        return f"{here}\n电话：{desk.office.hotline}（工作日 {times}）"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep the message for the next officer."""
        ticket = await desk.escalation.leave_word(
            openid=desk.openid, phone=answers[self.phone], text=answers[self.message]
        )
        now = desk.clock.now()
        hours = desk.escalation.hours(now)
        when = "今天" if hours.open else f"{until(hours.opens_next, now)}之后"
        return Receipt(
            f"已转给工作人员，问题单号 {ticket.number}。\n"
            f"{when}会打电话到 {mask(ticket.phone, Masked.PHONE)}。",
            (Option("常见问题"), Option("菜单")),
        )
