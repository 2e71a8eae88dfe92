"""Object to a recovery or a change of phone: the old phone takes the account back, for a day.

Source: S0-71, S0-72.
"""

from dialogs.accounts.words import others_signed_in
from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Option, Receipt
from dialogs.engine.kinds import phone, text
from domain.escalation.model import TicketCategory
from domain.shared.idents import Masked, mask

__all__ = ["UndoRecovery"]


async def _belongs(word: str, answers: Answers, desk: Desk) -> str:
    found = await desk.recovery.undoable(desk.openid, answers[UndoRecovery.phone], word)
    # The word has done its work, and is not kept.
    return found.id


class UndoRecovery(Flow, id="undo_recovery", version=1, title="撤销找回"):
    """The old phone and the word it was sent; it gets the account back, and a person looks at it.

    A stolen old phone objects just as well: so the account stays held for another day, and a word
    is left for an officer to find out whose it is.
    """

    review = False
    words = ("撤销找回", "不是我找回的", "不是本人找回", "不是我改的", "不是本人改的")

    phone = Ask(
        phone,
        "撤销找回：请输入收到通知短信的手机号。",
        title="原来的手机号",
        aka=("手机号",),
        hint="就是账号原来的手机号，11 位。",
        resets=("word",),
    )
    word = Ask(
        text(32),
        "请发送短信里的撤销码，8 位数字。",
        accept=_belongs,
        title="撤销码",
        why="撤销码只发到了账号原来的手机号上，别人没有。",
        hint="撤销码在那条通知短信里；没有短信请回复“人工”。",
    )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Take it back, and leave a word for an officer."""
        disputed = await desk.recovery.disputed(answers[self.word])
        others = await others_signed_in(desk, disputed)
        account = await desk.recovery.undo(desk.openid, answers[self.word])
        desk.left_behind.update(others)
        ticket = await desk.escalation.leave_word(
            openid=desk.openid,
            phone=account.phone,
            text=f"账号 {account.id} 换了手机号，被原手机号撤销。请在 24 小时内核实账号是谁的。",
            category=TicketCategory.ACCOUNT,
            account_id=account.id,
        )
        shown = mask(account.phone, Masked.PHONE)
        return Receipt(
            f"已撤销，账号的手机号改回 {shown}，别的登录都已退出。请用 {shown} 登录，"
            "密码需要重新设置。24 小时内还不能修改手机号、取消登记或注销账号。\n"
            f"有人可能在冒用您的身份，已替您留言给工作人员（{ticket.number}），"
            "他们会打这个手机号核实；着急请回复“人工”。",
            (Option("登录"), Option("人工")),
        )
