"""Sign in by code or by password to an account made elsewhere.

Source: S0-07, S0-10 to S0-14, S0-16; Q-31.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dialogs.accounts.words import NOT_HERE, AccountPhone, agreements, to_sign_up
from dialogs.engine.dsl import (
    Agree,
    Answers,
    Code,
    Desk,
    Field,
    Flow,
    Need,
    Option,
    Receipt,
    Secure,
    SettledError,
    Start,
)
from dialogs.engine.kinds import phone, secret
from domain.accounts.model import KnownPassword, Purpose
from domain.accounts.passwords import PasswordNotProvenError
from domain.shared.conversations import Json
from domain.shared.idents import Masked, mask

__all__ = ["SignIn"]

_TO_PASSWORD, _TO_CODE = "切换为密码登录", "切换为验证码登录"
_CODE, _PASSWORD = {"way": "code"}, {"way": "password"}


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[SignIn.phone]


async def _for_phone(answers: Answers, _desk: Desk) -> Mapping[str, str]:
    return {"phone": answers[SignIn.phone]}


async def _known(values: Mapping[str, str], desk: Desk) -> Json:
    known = await desk.passwords.check(desk.openid, values["phone"], values["password"])
    return known.to_json()


def _with_password(answers: Answers) -> bool:
    return answers.way == "password"


def _with_code(answers: Answers) -> bool:
    return answers.way != "password"


def _forgotten(answers: Answers) -> Option:
    """Offer a new password for the phone that was typed, if one was."""
    typed = answers.stored(SignIn.phone)
    known: dict[str, Json] = {} if typed is None else {"phone": typed}
    return Option("忘记密码", start=Start("reset_password", known))


def _other_ways(answers: Answers) -> Sequence[Option]:
    if _with_password(answers):
        return (Option(_TO_CODE, say=_TO_CODE), _forgotten(answers))
    return (Option(_TO_PASSWORD, say=_TO_PASSWORD),)


def _at_the_phone(answers: Answers) -> Sequence[Option]:
    return (*_other_ways(answers), Option("找回账号", say="找回账号"))


class SignIn(Flow, id="sign_in", version=1, title="登录"):
    """Phone, then code or password; a phone without an account is offered one after its code."""

    review = False
    until = Need.SIGNED_IN
    settings = MappingProxyType({"way": ("code", "password")})
    words = ("登录", "登陆", "立即登录", "登录账号")
    shortcuts = MappingProxyType(
        {
            _TO_PASSWORD: _PASSWORD,
            "密码登录": _PASSWORD,
            "用密码登录": _PASSWORD,
            _TO_CODE: _CODE,
            "验证码登录": _CODE,
            "短信登录": _CODE,
        }
    )

    phone = AccountPhone(
        phone,
        "欢迎来到北京保障房，请登录。\n请输入您的手机号码。",
        title="手机号",
        aka=("手机号码", "电话"),
        why="您注册时用的手机号，就是登录账号。",
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        resets=("code", "password"),
        also=_at_the_phone,
    )
    code = Code(Purpose.SIGN_IN, _typed_phone, change="手机号", when=_with_code, also=_other_ways)
    password = Secure(
        "请在网页里输入密码，不要发在聊天里。",
        title="密码",
        fields=(Field("password", "密码", secret, hidden=True, autocomplete="current-password"),),
        accept=_known,
        carries=_for_phone,
        warning=NOT_HERE,
        button="登录账号",
        spoilt=(PasswordNotProvenError,),
        why="聊天记录会留在手机里，密码填在网页里别人看不到。",
        when=_with_password,
        also=_other_ways,
    )
    agree = Agree(agreements, "登录前请阅读并同意三份协议：", tick="同意并继续", title="协议")

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
        """Sign in; offer to register a proven phone that is new."""
        if answers.get(self.password) is None:
            return await self._by_code(answers, desk)
        known = KnownPassword.from_json(_object(answers[self.password]))
        account = await desk.passwords.account_of(desk.openid, known)
        await desk.accounts.admit(
            openid=desk.openid, account=account, agreed=answers[self.agree], note="password"
        )
        return _signed_in(account.phone)

    async def _by_code(self, answers: Answers, desk: Desk) -> Receipt:
        proof = answers[self.code]
        if await desk.accounts.by_phone(proof.phone) is None:
            await desk.accounts.may_open(proof.phone)
            known = {step.id: answers.stored(step) for step in (self.phone, self.code, self.agree)}
            shown = mask(proof.phone, Masked.PHONE)
            return Receipt(f"{shown} 还没有账号，要用它注册吗？", to_sign_up(known))
        await desk.accounts.enter(openid=desk.openid, proof=proof, agreed=answers[self.agree])
        return _signed_in(proof.phone)


def _object(stored: Json) -> dict[str, Json]:
    return stored if isinstance(stored, dict) else {}


def _signed_in(signed_in: str) -> Receipt:
    return Receipt(
        f"已登录，账号是 {mask(signed_in, Masked.PHONE)}。",
        (Option("快速配租"), Option("我的登记"), Option("我的")),
    )
