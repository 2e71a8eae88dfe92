"""The personal centre: who I am here, masked, and what I can do about it.

Source: S0-22, S0-64, S0-76, S0-77, S0-82.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import Answers, Desk, Flow, Menu, Need, Option
from domain.shared.idents import Masked, mask

__all__ = ["MyDetails"]


async def _shown(_answers: Answers, desk: Desk) -> str:
    citizen = await desk.citizen()
    person, family = citizen.person, citizen.family
    rows = ["个人中心 › 基本信息"]
    if person:
        rows.append(f"姓名：{mask(person.name, Masked.NAME)}")
        rows.append(f"证件号码：{mask(person.id_number, Masked.ID_NUMBER)}")
    else:
        rows.append("实名认证：还没有")
    rows.append(f"注册手机号：{mask(citizen.signed_in().phone, Masked.PHONE)}")
    rows.append(f"家庭备案号：{family.number if family else '还没有绑定'}")
    return "\n".join(rows)


async def _next(_answers: Answers, desk: Desk) -> Sequence[Option]:
    citizen = await desk.citizen()
    options = []
    if citizen.person is None:
        options.append(Option("去实名认证"))
    options.append(Option("备案信息") if citizen.family else Option("去公租房备案家庭信息认证"))
    return (*options, Option("我的登记"), Option("退出登录"), Option("菜单"))


class MyDetails(Flow, id="my_details", version=1, title="个人中心"):
    """One page with everything about me, masked."""

    reading = True
    review = False
    requires = (Need.SIGNED_IN,)
    words = ("我的", "个人中心", "个人信息", "基本信息", "我的信息")

    page = Menu(_next, _shown)
