"""Give the account a new phone, while the citizen can still sign in.

Source: S0-71 to S0-75.
"""

from dialogs.engine.dsl import (
    Answers,
    Ask,
    Code,
    Desk,
    Flow,
    Need,
    Option,
    Receipt,
    UnfitError,
)
from dialogs.engine.kinds import phone
from domain.accounts.model import Purpose
from domain.accounts.service import PhoneTakenError
from domain.shared.idents import Masked, mask

__all__ = ["ChangePhone"]


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[ChangePhone.phone]


async def _another(typed: str, _answers: Answers, desk: Desk) -> str:
    if typed == (await desk.citizen()).signed_in().phone:
        raise UnfitError("这就是您现在的注册手机号，请发送新的手机号；不改了请回复“退出”。")
    return typed


class ChangePhone(Flow, id="change_phone", version=1, title="修改手机号"):
    """Who is changing it, the new phone, a code to that phone, save.

    Whoever only holds the chat is not enough: the name must be real, so that the account can be
    got back by its person if the phone is changed against their will.
    """

    requires = (Need.SIGNED_IN, Need.REAL_NAME)
    confirm = "保存"
    words = ("修改手机号", "修改手机", "换手机号", "注册手机号", "更换手机号", "修改注册手机号")

    phone = Ask(
        phone,
        "请输入新手机号。",
        title="新手机号",
        aka=("手机号", "手机号码"),
        why="以后用新手机号登录，验证码和通知也发到它。",
        hint="11 位手机号，例如 13812345678。",
        accept=_another,
        resets=("code",),
    )
    code = Code(Purpose.CHANGE_PHONE, _typed_phone, change="新手机号")

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Show whose account it is, masked. Source: S0-74."""
        citizen = await desk.citizen()
        account, person = citizen.signed_in(), citizen.verified()
        account.must_be_free(desk.clock.now())
        return (
            f"修改手机\n当前用户绑定账号为：{mask(person.id_number, Masked.ID_NUMBER)}"
            f"（{mask(person.name, Masked.NAME)}）\n"
            f"现在的注册手机号：{mask(account.phone, Masked.PHONE)}"
        )

    async def summary(self, answers: Answers, desk: Desk) -> str:
        """Say what saving does."""
        now = (await desk.citizen()).signed_in().phone
        return (
            f"保存后，{mask(now, Masked.PHONE)} 不能再登录，其他微信上的登录会退出；"
            "您的登记和备案都还在。"
        )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Save it; a phone that is somebody else's leads to recovery. Source: S0-75."""
        account = (await desk.citizen()).signed_in()
        proof = answers[self.code]
        shown = mask(proof.phone, Masked.PHONE)
        try:
            await desk.accounts.change_phone(openid=desk.openid, account=account, proof=proof)
        except PhoneTakenError:
            return Receipt(
                f"没有修改：{shown} 已经是另一个账号的手机号。"
                "如果那个账号也是您的，可以用“找回账号”登录它；也可以换一个手机号再改。",
                (Option("找回账号"), Option("换一个手机号", say="修改手机号"), Option("我的")),
            )
        return Receipt(
            f"注册手机号已改为 {shown}，马上生效，下次请用它登录。\n"
            f"原来的 {mask(account.phone, Masked.PHONE)} 会收到一条短信通知。",
            (Option("我的"), Option("快速配租")),
        )
