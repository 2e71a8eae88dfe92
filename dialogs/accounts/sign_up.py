"""Open an account: agree, prove the phone, and optionally set a password.

Source: S0-06 to S0-10, S0-15, S0-16, S0-17, S0-21; Q-31.
"""

from collections.abc import Mapping

from dialogs.accounts.words import AccountPhone, agreements, kept_password, new_password
from dialogs.engine.dsl import (
    Agree,
    Answers,
    Ask,
    Code,
    Desk,
    Flow,
    Need,
    Option,
    Receipt,
    SettledError,
    Start,
)
from dialogs.engine.kinds import one_of, phone
from domain.accounts.model import Purpose
from domain.posters.model import Counted
from domain.shared.idents import Masked, mask

__all__ = ["SignUp"]

_LATER, _NAME_NOW, _PASSWORD = "以后再说", "现在实名认证", "设置登录密码"


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[SignUp.phone]


async def _for_phone(answers: Answers, _desk: Desk) -> Mapping[str, str]:
    return {"phone": answers[SignUp.phone]}


class SignUp(Flow, id="sign_up", version=1, title="注册账号"):
    """Three messages when something else waits for it; standing alone it offers the extras too."""

    review = False
    provides = Need.SIGNED_IN
    words = ("注册", "注册账号", "我要注册")

    agree = Agree(
        agreements,
        "先给您建一个账号，很快。办理前请阅读并同意三份协议：",
        tick="同意并继续",
        title="协议",
    )
    phone = AccountPhone(
        phone,
        "请输入您的手机号码。",
        title="手机号",
        aka=("手机号码", "电话"),
        why="用来接收验证码，也是您的登录账号；登记和结果都会通知到它。",
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        resets=("code", "password"),
    )
    code = Code(Purpose.SIGN_IN, _typed_phone, change="手机号")
    extras = Ask(
        one_of(_LATER, _NAME_NOW, _PASSWORD),
        "手机号验证好了。下面两件可以现在办，也可以以后再办：",
        title="接着办",
        when=lambda answers: not answers.pushed,
        why="登记房源前需要实名；密码可以不设，用短信验证码就能登录。",
    )
    password = new_password(
        "请在网页里设置登录密码，不要发在聊天里。",
        _for_phone,
        when=lambda answers: answers.extras == _PASSWORD,
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say so if the citizen has an account already."""
        account = (await desk.citizen()).account
        if account:
            raise SettledError(
                Receipt(
                    f"您已经登录，账号是 {mask(account.phone, Masked.PHONE)}。",
                    (Option("快速配租"), Option("我的")),
                )
            )
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Open the account, or sign in to the one this phone already has."""
        entered = await desk.accounts.enter(
            openid=desk.openid,
            proof=answers[self.code],
            agreed=answers[self.agree],
            kept=kept_password(answers, self.password),
        )
        if entered.created:
            await desk.scans.credit(desk.openid, Counted.SIGN_UP)
        shown = mask(entered.account.phone, Masked.PHONE)
        told = (
            f"账号已建好，{shown} 就是您的账号。"
            if entered.created
            else f"{shown} 已有账号，已为您登录。"
        )
        if not entered.created and answers.get(self.password) is not None:
            told += "原来的密码没有改动；要换密码，请回复“修改密码”。"
        wants_name = answers.get(self.extras) == _NAME_NOW
        options = (Option("快速配租"), Option("实名认证"), Option("我的"))
        return Receipt(told, options, Start("real_name") if wants_name else None)
