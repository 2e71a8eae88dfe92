"""A new password by a code to the account's phone; also the first one, or another one.

Source: S0-18; Q-28, Q-31.
"""

from collections.abc import Mapping, Sequence

from dialogs.accounts.words import (
    agreements,
    kept_password,
    new_password,
    others_signed_in,
)
from dialogs.engine.dsl import Agree, Answers, Ask, Code, Desk, Flow, Option, Receipt
from dialogs.engine.kinds import phone
from domain.accounts.model import Purpose
from domain.shared.idents import Masked, mask

__all__ = ["ResetPassword"]


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[ResetPassword.phone]


async def _account_phone(answers: Answers, desk: Desk) -> Mapping[str, str]:
    """Hand out a page only for a phone that has an account; asked after the code."""
    proven = answers[ResetPassword.code].phone
    await desk.passwords.must_have_account(proven)
    return {"phone": proven}


def _elsewhere(answers: Answers) -> bool:
    """Tell whether the citizen is not signed in to the account of this phone."""
    return answers.phone is None or answers.signed_in != answers.phone


def _phone_lost(_answers: Answers) -> Sequence[Option]:
    return (Option("手机号不用了，找回账号", say="找回账号"),)


class ResetPassword(Flow, id="reset_password", version=1, title="设置登录密码"):
    """Phone, code, new password; everybody else is signed out, and this citizen signed in."""

    review = False
    words = (
        "忘记密码",
        "忘了密码",
        "找回密码",
        "重置密码",
        "修改密码",
        "设置密码",
        "设置登录密码",
    )

    phone = Ask(
        phone,
        "给您换一个新密码。请输入账号的手机号码。",
        title="手机号",
        aka=("手机号码", "电话"),
        why="验证码发到账号的手机号，确认是您本人才能改密码。",
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        resets=("code", "password"),
        also=_phone_lost,
    )
    code = Code(Purpose.RESET_PASSWORD, _typed_phone, change="手机号")
    password = new_password("请在网页里设置新密码，不要发在聊天里。", _account_phone)
    agree = Agree(
        agreements,
        "密码设好就为您登录。登录前请阅读并同意三份协议：",
        tick="同意并继续",
        title="协议",
        when=_elsewhere,
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Take the phone of whoever is signed in."""
        account = (await desk.citizen()).account
        answers.draft.answers["signed_in"] = account.phone if account else ""
        if account and answers.get(self.phone) is None:
            answers.keep(self.phone, account.phone)
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Replace the password, and sign in whoever was not and has agreed."""
        proof, agreed = answers[self.code], answers.get(self.agree)
        kept = kept_password(answers, self.password) or ""
        named = await desk.accounts.by_phone(proof.phone)
        others = await others_signed_in(desk, named) if named else set()
        account = await desk.passwords.reset(openid=desk.openid, proof=proof, kept=kept)
        desk.left_behind.update(others)
        if agreed is not None:
            await desk.accounts.enter(
                openid=desk.openid, proof=proof, agreed=agreed, purpose=Purpose.RESET_PASSWORD
            )
        shown = mask(proof.phone, Masked.PHONE)
        signed_in = await desk.accounts.of(desk.openid)
        if signed_in is None or signed_in.id != account.id:
            # Signed out elsewhere since this was begun, so nothing was agreed to here.
            return Receipt(
                f"{shown} 的新密码设好了，旧密码不能再用。请用它登录。", (Option("登录"),)
            )
        return Receipt(
            f"{shown} 的新密码设好了，您在这个微信上已登录。\n"
            "为了安全，其他微信上的登录都已退出，旧密码不能再用。",
            (Option("快速配租"), Option("登录管理"), Option("我的")),
        )
