"""Bind a family on the public rental register to the account.

Source: S0-25 to S0-30.
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
    SettledError,
)
from dialogs.engine.kinds import filing_number
from dialogs.engine.steps import Heard
from domain.accounts.model import Purpose
from domain.filings.service import FamilyLongFoundError
from domain.shared.conversations import Json
from domain.shared.errors import DomainError

__all__ = ["BindFamily"]


async def _look_up(number: str, _answers: Answers, desk: Desk) -> str:
    citizen = await desk.citizen()
    account, person = citizen.signed_in(), citizen.verified()
    await desk.let_go()
    family = await desk.filings.look_up(
        openid=desk.openid, account=account, person=person, number=number
    )
    return family.number


class _FilingNumber(Ask[str]):
    """A number whose family was found; asked once more when that was too long ago."""

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether the register must be asked again."""
        return isinstance(error, FamilyLongFoundError)


class _CodeForFamily(Code):
    """A code, before which the register is asked again where it was asked long ago."""

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Look at the family, then at the code: the effect itself asks nobody outside."""
        await _look_up(answers[BindFamily.number], answers, desk)
        return await super().hear(heard, answers, desk)


async def _account_phone(_answers: Answers, desk: Desk) -> str:
    return (await desk.citizen()).signed_in().phone


class BindFamily(Flow, id="bind_family", version=1, title="公租房备案家庭信息认证"):
    """Ask for the filing number and a code, then bind."""

    review = False
    requires = (Need.SIGNED_IN, Need.REAL_NAME)
    provides = Need.FAMILY
    words = (
        "备案认证",
        "公租房备案家庭信息认证",
        "去公租房备案家庭信息认证",
        "家庭备案号认证",
        "绑定备案家庭",
    )

    number = _FilingNumber(
        filing_number,
        "请发送公租房备案编号，在备案通知单上可以找到。",
        accept=_look_up,
        title="备案编号",
        aka=("备案号", "家庭备案号"),
        why="用来找到您家的备案信息，确认可以登记哪些套型。只有家庭成员本人能绑定。",
        hint="备案编号一般是 16 位数字，例如 1101052008000000。",
        resets=("code",),
    )
    code = _CodeForFamily(Purpose.BIND_FAMILY, _account_phone)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say so if a family is bound already."""
        family = (await desk.citizen()).family
        if family:
            raise SettledError(
                Receipt(
                    f"您已绑定备案家庭 {family.number}，备案套型：{'、'.join(family.unit_types)}。",
                    (Option("只看我能登记的"), Option("备案信息"), Option("我的")),
                )
            )
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Bind once."""
        citizen = await desk.citizen()
        family = await desk.filings.bind(
            openid=desk.openid,
            account=citizen.signed_in(),
            person=citizen.verified(),
            number=answers[self.number],
            proof=answers[self.code],
        )
        return Receipt(
            f"已绑定备案家庭 {family.number}，备案套型：{'、'.join(family.unit_types)}。",
            (Option("只看我能登记的"), Option("快速配租"), Option("备案信息")),
        )
