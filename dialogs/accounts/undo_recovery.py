"""Object to a recovery: whoever an account was taken from takes it back, for a day.

Source: S0-71, S0-72.
"""

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Option, Receipt
from dialogs.engine.kinds import phone, text
from domain.shared.idents import Masked, mask

__all__ = ["UndoRecovery"]


async def _belongs(word: str, answers: Answers, desk: Desk) -> str:
    found = await desk.recovery.undoable(desk.openid, answers[UndoRecovery.phone], word)
    # The word has done its work, and is not kept.
    return found.id


class UndoRecovery(Flow, id="undo_recovery", version=1, title="撤销找回"):
    """The old phone and the word it was sent; the account gets the old phone back."""

    review = False
    words = ("撤销找回", "不是我找回的", "不是本人找回")

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
        """Take the recovery back."""
        await desk.recovery.undo(desk.openid, answers[self.word])
        shown = mask(answers[self.phone], Masked.PHONE)
        return Receipt(
            f"已撤销，账号的手机号改回 {shown}，别的登录都已退出。请用 {shown} 登录，"
            "密码需要重新设置。24 小时内还不能修改手机号、取消登记或注销账号。\n"
            "有人可能在冒用您的身份，建议回复“人工”告诉工作人员。",
            (Option("登录"), Option("人工")),
        )
