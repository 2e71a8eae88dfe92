"""The phone that I am best reached at, which need not be the account's.

Source: S0-78.
"""

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Need, Option, Receipt, UnfitError
from dialogs.engine.kinds import phone
from domain.shared.idents import Masked, mask

__all__ = ["ContactPhone"]


async def _other_than_mine(typed: str, _answers: Answers, desk: Desk) -> str:
    if typed == (await desk.citizen()).signed_in().phone:
        raise UnfitError("这就是您的注册手机号，不用再填；请发另一个常用的，或回复“退出”。")
    return typed


class ContactPhone(Flow, id="contact_phone", version=1, title="常用联系人电话"):
    """One question."""

    requires = (Need.SIGNED_IN,)
    confirm = "保存"
    words = ("常用联系人电话", "联系人电话", "常用电话", "修改常用联系人电话")

    phone = Ask(
        phone,
        "请输入常用联系人电话。",
        title="常用联系人电话",
        aka=("电话", "联系电话"),
        why="注册手机号联系不上时，工作人员打这个电话。它不能用来登录。",
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        accept=_other_than_mine,
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Show the one of now."""
        kept = (await desk.profiles.of((await desk.citizen()).signed_in())).contact_phone
        return f"现在是：{mask(kept, Masked.PHONE)}" if kept else "还没有填写。"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep it."""
        account = (await desk.citizen()).signed_in()
        told = answers[self.phone]
        await desk.profiles.set_contact_phone(desk.openid, account, told)
        return Receipt(
            f"常用联系人电话已保存：{mask(told, Masked.PHONE)}。",
            (Option("我的"), Option("紧急联系人信息")),
        )
