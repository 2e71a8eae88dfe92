"""Who lives with me: list, add, change, remove.

Source: S0-80.
"""

from collections.abc import Mapping
from datetime import date

from dialogs.engine.dsl import (
    Answers,
    Ask,
    Desk,
    Field,
    Flow,
    Need,
    Option,
    Receipt,
    Repeat,
    Secure,
    UnfitError,
)
from dialogs.engine.kinds import one_of, person, resident_id
from domain.accounts.profiles import MOST_CO_RESIDENTS, CoResident, Relation
from domain.shared import idents
from domain.shared.clock import china_time
from domain.shared.conversations import Json
from domain.shared.idents import Masked, mask

__all__ = ["CoResidents", "ResidentPart"]


async def _real(values: Mapping[str, str], desk: Desk) -> Json:
    """Take a name and a number that can be one, of somebody else than the citizen."""
    number = idents.resident_id(values["id_number"], china_time(desk.clock.now()).date())
    me = (await desk.citizen()).person
    if me and idents.long_id(me.id_number) == number:
        raise UnfitError("这是您自己的身份证号，同住人里不用填自己，请填另一位的。")
    return {"name": values["name"], "id_number": number}


class _Who(Secure):
    """A name and an ID number, shown masked."""

    def show(self, stored: Json) -> str:
        """Return the surname and the ends of the number."""
        name, number = _told(stored)
        return f"{mask(name, Masked.NAME)}，{mask(number, Masked.ID_NUMBER)}"


def _told(stored: Json) -> tuple[str, str]:
    kept = stored if isinstance(stored, dict) else {}
    return str(kept.get("name", "")), str(kept.get("id_number", ""))


class ResidentPart(Flow):
    """What is asked of each."""

    relation = Ask(
        one_of(*(one.value for one in Relation)), "是您的什么人？", title="关系", aka=("称呼",)
    )
    who = _Who(
        "请在网页里填写这位同住人的姓名和身份证号。",
        title="同住人的姓名和身份证号",
        why="身份证号要在网页里填，加密保存，聊天里只显示头尾几位。请先征得对方同意。",
        fields=(
            Field("name", "姓名", person, hint="和身份证上一样"),
            # The day of birth is held against today's date where it is accepted.
            Field(
                "id_number",
                "身份证号",
                resident_id(lambda: date.max),
                hint="18 位，最后一位可能是 X",
            ),
        ),
        accept=_real,
    )


class CoResidents(Flow, id="co_residents", version=1, title="同住人信息"):
    """A list to add to, to change and to take from; saved as a whole."""

    requires = (Need.SIGNED_IN,)
    confirm = "保存"
    words = ("同住人信息", "同住人", "修改同住人", "共同居住人")

    residents = Repeat(ResidentPart, "同住人", label="{who}（{relation}）", most=MOST_CO_RESIDENTS)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Take up the list of before."""
        told = (await desk.profiles.of((await desk.citizen()).signed_in())).co_residents
        if answers.draft.answers:
            return ""
        items: list[dict[str, Json]] = [
            {
                "relation": one.relation.value,
                "who": {"name": one.name, "id_number": one.id_number},
            }
            for one in told
        ]
        answers.keep(self.residents, Repeat.listing(items))
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Keep the list."""
        citizen = await desk.citizen()
        residents = []
        for one in answers[self.residents]:
            name, number = _told(one[ResidentPart.who])
            residents.append(CoResident(name, number, Relation(one[ResidentPart.relation])))
        await desk.profiles.set_co_residents(
            openid=desk.openid,
            account=citizen.signed_in(),
            residents=residents,
            own=citizen.person.id_number if citizen.person else "",
        )
        return Receipt(
            f"同住人信息已保存，共 {len(residents)} 位。",
            (Option("我的"), Option("紧急联系人信息")),
        )
