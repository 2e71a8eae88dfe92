"""Give the account a new phone, while the citizen can still sign in.

Source: S0-71 to S0-75.
"""

from collections.abc import Mapping
from datetime import date

from dialogs.accounts.words import AccountPhone, others_signed_in
from dialogs.engine.dsl import (
    Answers,
    Code,
    Desk,
    Field,
    Flow,
    Need,
    Option,
    Receipt,
    Secure,
    UnfitError,
)
from dialogs.engine.kinds import phone, resident_id
from dialogs.engine.times import until
from domain.accounts.model import Purpose
from domain.accounts.service import PhoneTakenError
from domain.identity.model import KnownNumber
from domain.identity.recoveries import NumberNotProvenError
from domain.shared.conversations import Json
from domain.shared.idents import Masked, mask

__all__ = ["ChangePhone"]


async def _known(values: Mapping[str, str], desk: Desk) -> Json:
    account = (await desk.citizen()).signed_in()
    known = await desk.identity.recognize(desk.openid, account, values["id_number"])
    return known.to_json()


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[ChangePhone.phone]


async def _another(typed: str, _answers: Answers, desk: Desk) -> str:
    if typed == (await desk.citizen()).signed_in().phone:
        raise UnfitError("这就是您现在的注册手机号，请发送新的手机号；不改了请回复“退出”。")
    return typed


class ChangePhone(Flow, id="change_phone", version=1, title="修改手机号"):
    """Who is changing it, their ID number, the new phone, a code to that phone, save.

    Whoever only holds the chat, or a SIM, does not know the number on record; and should they, the
    old phone can take the account back for a day, while nothing weighty is done with it.
    """

    requires = (Need.SIGNED_IN, Need.REAL_NAME)
    confirm = "保存"
    words = ("修改手机号", "修改手机", "换手机号", "注册手机号", "更换手机号", "修改注册手机号")

    number = Secure(
        "先确认是您本人：请在网页里填写实名认证的身份证号。",
        title="本人身份证号",
        aka=("身份证号",),
        why="换了手机号就换了登录的人，拿着您手机的人不知道您的身份证号。只和实名信息比对。",
        hint="要和实名认证时的一样；记不清的，请回复“人工”。",
        # The day of birth is held against today's date where the numbers are compared.
        fields=(Field("id_number", "身份证号", resident_id(lambda: date.max), hint="18 位"),),
        accept=_known,
        spoilt=(NumberNotProvenError,),
    )
    phone = AccountPhone(
        phone,
        "请输入新手机号。",
        title="新手机号",
        aka=("手机号", "手机号码"),
        why="以后用新手机号登录，验证码和通知也发到它。",
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
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
            "您的登记和备案都还在。为了安全，24 小时内不能再改手机号、取消登记或注销账号。"
        )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Save it; a phone that is somebody else's leads to recovery. Source: S0-75."""
        account = (await desk.citizen()).signed_in()
        proof, others = answers[self.code], await others_signed_in(desk, account)
        shown = mask(proof.phone, Masked.PHONE)
        try:
            renewed = await desk.recovery.change_phone(
                openid=desk.openid,
                account=account,
                known=KnownNumber.from_json(_object(answers[self.number])),
                proof=proof,
            )
        except PhoneTakenError:
            return Receipt(
                f"没有修改：{shown} 已经是另一个账号的手机号。"
                "如果那个账号也是您的，可以用“找回账号”登录它；也可以换一个手机号再改。",
                (Option("找回账号"), Option("换一个手机号", say="修改手机号"), Option("我的")),
            )
        desk.left_behind.update(others)
        now = desk.clock.now()
        return Receipt(
            f"注册手机号已改为 {shown}，马上生效，下次请用它登录。\n"
            f"原来的 {mask(account.phone, Masked.PHONE)} 会收到一条短信通知，"
            f"{until(renewed.held_until or now, now)}之前可以用它撤销；"
            "在那以前，还不能再改手机号、取消登记或注销账号。",
            (Option("我的"), Option("快速配租")),
        )


def _object(stored: Json) -> dict[str, Json]:
    return stored if isinstance(stored, dict) else {}
