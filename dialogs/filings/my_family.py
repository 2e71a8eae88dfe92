"""The bound family, as it is filed.

Source: S0-29, S0-82.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import Answers, Desk, Flow, Menu, Need, Option
from domain.shared.idents import Masked, mask

__all__ = ["MyFamily"]


async def _shown(_answers: Answers, desk: Desk) -> str:
    family = (await desk.citizen()).filed()
    members = "\n".join(
        f"　{mask(member.name, Masked.NAME)}（{member.relation}）" for member in family.members
    )
    filed_on = f"\n备案日期：{family.filed_at:%Y-%m-%d}" if family.filed_at else ""
    return (
        "个人中心 › 公租房备案家庭信息\n"
        f"备案编号：{family.number}\n区：{family.district}\n"
        f"备案套型：{'、'.join(family.unit_types)}\n轮候分组：{family.group}{filed_on}\n"
        f"家庭成员：\n{members}"
    )


async def _next(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return (Option("只看我能登记的"), Option("我的登记"), Option("菜单"))


class MyFamily(Flow, id="my_family", version=1, title="备案家庭"):
    """One page about the family."""

    reading = True
    review = False
    requires = (Need.SIGNED_IN, Need.REAL_NAME, Need.FAMILY)
    words = ("备案家庭", "备案信息", "公租房备案家庭信息", "我的家庭", "家庭备案号")

    page = Menu(_next, _shown)
