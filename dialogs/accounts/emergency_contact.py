"""Whom to call when I cannot be reached.

Source: S0-81.
"""

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Need, Option, Receipt, UnfitError
from dialogs.engine.kinds import one_of, person, phone
from domain.accounts.profiles import EmergencyContact, Relation
from domain.shared.idents import Masked, mask

__all__ = ["EmergencyPerson"]


async def _other_than_mine(typed: str, _answers: Answers, desk: Desk) -> str:
    if typed == (await desk.citizen()).signed_in().phone:
        raise UnfitError("这是您自己的注册手机号，请发紧急联系人的手机号。")
    return typed


class EmergencyPerson(Flow, id="emergency_contact", version=1, title="紧急联系人信息"):
    """Name, relation, phone; what was told before is shown to be changed."""

    requires = (Need.SIGNED_IN,)
    confirm = "保存"
    words = ("紧急联系人信息", "紧急联系人", "修改紧急联系人")

    name = Ask(
        person,
        "请输入紧急联系人的姓名。",
        title="紧急联系人姓名",
        aka=("姓名", "联系人"),
        why="急事找不到您时，我们联系这个人。请先征得对方同意。",
    )
    relation = Ask(
        one_of(*(one.value for one in Relation)),
        "{name}是您的什么人？",
        title="和您的关系",
        aka=("关系",),
    )
    phone = Ask(
        phone,
        "请输入{name}的手机号。",
        title="紧急联系人手机号",
        aka=("手机号", "电话"),
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        accept=_other_than_mine,
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Take up what was told before."""
        told = (await desk.profiles.of((await desk.citizen()).signed_in())).emergency
        if told is None or answers.draft.answers:
            return ""
        answers.keep(self.name, told.name)
        answers.keep(self.relation, told.relation.value)
        answers.keep(self.phone, told.phone)
        return "这是您之前填的，不用改就回复“退出”。"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep it."""
        contact = EmergencyContact(
            answers[self.name], Relation(answers[self.relation]), answers[self.phone]
        )
        account = (await desk.citizen()).signed_in()
        await desk.profiles.set_emergency(desk.openid, account, contact)
        shown = f"{mask(contact.name, Masked.NAME)}（{contact.relation}）"
        return Receipt(
            f"紧急联系人已保存：{shown}，{mask(contact.phone, Masked.PHONE)}。",
            (Option("我的"), Option("同住人信息")),
        )
