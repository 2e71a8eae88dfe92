"""Sign in by code to an account made elsewhere.

Source: S0-07, S0-10, S0-11, S0-14, S0-16.
"""

from dialogs.engine.dsl import (
    Agree,
    Answers,
    Ask,
    Code,
    Desk,
    Flow,
    Option,
    Receipt,
    SettledError,
    Start,
)
from dialogs.engine.kinds import phone
from domain.accounts.model import Purpose
from domain.content.model import Document
from domain.shared.idents import Masked, mask

__all__ = ["SignIn"]


async def _agreements(desk: Desk) -> list[Document]:
    return await desk.content.agreements()


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[SignIn.phone]


class SignIn(Flow, id="sign_in", version=1, title="登录"):
    """Phone and code; a phone without an account is offered one, with nothing asked again."""

    review = False
    words = ("登录", "登陆", "立即登录", "登录账号")

    phone = Ask(
        phone,
        "欢迎来到北京保障房，请登录。\n请输入您的手机号码。",
        title="手机号",
        aka=("手机号码", "电话"),
        why="您注册时用的手机号，就是登录账号。",
        hint="11 位手机号，例如 13812345678。",
        resets=("code",),
    )
    code = Code(Purpose.SIGN_IN, _typed_phone, change="手机号")
    agree = Agree(_agreements, "登录前请阅读并同意三份协议：", tick="同意并继续", title="协议")

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say so if the citizen is signed in already."""
        account = (await desk.citizen()).account
        if account:
            raise SettledError(
                Receipt(
                    f"您已经登录，账号是 {mask(account.phone, Masked.PHONE)}。",
                    (Option("快速配租"), Option("我的"), Option("退出登录")),
                )
            )
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Sign in; offer to register a phone that is new."""
        proof = answers[self.code]
        shown = mask(proof.phone, Masked.PHONE)
        if await desk.accounts.by_phone(proof.phone) is None:
            known = {step.id: answers.stored(step) for step in (self.phone, self.code, self.agree)}
            return Receipt(
                f"{shown} 还没有账号，要用它注册吗？",
                (
                    Option("现在注册", start=Start("sign_up", known)),
                    Option("换个手机号", say="登录"),
                ),
            )
        await desk.accounts.enter(openid=desk.openid, proof=proof, agreed=answers[self.agree])
        return Receipt(
            f"已登录，账号是 {shown}。", (Option("快速配租"), Option("我的登记"), Option("我的"))
        )
