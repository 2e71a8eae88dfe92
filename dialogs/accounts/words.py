"""Questions and words that several flows about accounts share."""

from collections.abc import Mapping

from dialogs.engine.dsl import Answers, Ask, Desk, Field, Option, Secure, Start
from dialogs.engine.kinds import secret
from dialogs.engine.outside import Carries
from dialogs.engine.steps import Condition
from domain.accounts.model import Account
from domain.accounts.service import PhoneLostError, PhoneTakenError
from domain.content.model import Document
from domain.shared.conversations import Json
from domain.shared.errors import DomainError
from domain.shared.records import OpenId

__all__ = [
    "NOT_HERE",
    "AccountPhone",
    "agreements",
    "kept_password",
    "my_phone",
    "new_password",
    "others_signed_in",
    "to_sign_up",
]

NOT_HERE = (
    "密码请不要发在聊天里。刚才那条没有保存，也没有当作密码用；"
    "如果那真是您的密码，请长按删除，并换一个新的。\n请点链接，在网页里填写。"
)
"""What is said to a password that was typed into the chat. Source: Q-31."""


class AccountPhone(Ask[str]):
    """The phone an account gets; asked once more when it turns out that it cannot be had."""

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether the phone is another account's, or may still take one back."""
        return isinstance(error, PhoneTakenError | PhoneLostError)


async def my_phone(_answers: Answers, desk: Desk) -> str:
    """Return the phone of the account that the citizen is signed in to."""
    return (await desk.citizen()).signed_in().phone


async def others_signed_in(desk: Desk, account: Account) -> set[OpenId]:
    """Return who else is signed in to an account: what they have begun was begun with it."""
    return {one.openid for one in await desk.sessions.of(account)} - {desk.openid}


async def agreements(desk: Desk) -> list[Document]:
    """Return the three agreements."""
    return await desk.content.agreements()


async def _choose(values: Mapping[str, str], desk: Desk) -> Json:
    return await desk.passwords.choose(values["password"], known=(values["phone"][-11:],))


def new_password(prompt: str, carries: Carries, *, when: Condition | None = None) -> Secure:
    """Make the page on which a password is chosen; what it brings is already unreadable.

    Parameters
    ----------
    prompt
        The question in the chat.
    carries
        The phone of the account, as ``phone``.
    when
        As in `Step`.

    Source: S0-08, S0-09, S0-18; Q-31.
    """
    return Secure(
        prompt,
        title="登录密码",
        fields=(
            Field(
                "password",
                "新密码",
                secret,
                hint="至少 8 位。几个不相干的词连起来，好记又难猜",
                hidden=True,
                autocomplete="new-password",
                metered=True,
            ),
            Field(
                "again",
                "再输一次新密码",
                secret,
                hidden=True,
                repeats="password",
                autocomplete="new-password",
            ),
        ),
        accept=_choose,
        carries=carries,
        warning=NOT_HERE,
        when=when,
        why="密码只在网页里填，我们只保存打乱后的样子，谁也看不到原文。",
    )


def kept_password(answers: Answers, page: Secure) -> str | None:
    """Return the password that a page brought, as it is kept; ``None`` where none was asked for."""
    brought = answers.get(page)
    return brought if isinstance(brought, str) else None


def to_sign_up(known: Mapping[str, Json]) -> tuple[Option, ...]:
    """Offer a phone without an account to be registered, with nothing asked again."""
    return (
        Option("现在注册", start=Start("sign_up", dict(known))),
        Option("换个手机号", say="登录"),
    )
