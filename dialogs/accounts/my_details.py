"""The personal centre: who I am here, masked, and what I can do about it.

Source: S0-22, S0-64, S0-76 to S0-82.
"""

from collections.abc import Sequence

from dialogs.desk import Citizen
from dialogs.engine.dsl import Answers, Desk, Flow, Menu, Need, Option
from domain.accounts.profiles import Profile
from domain.shared.idents import Masked, mask

__all__ = ["MyDetails"]

_NOT_TOLD = "还没有填写"


async def _shown(_answers: Answers, desk: Desk) -> str:
    citizen = await desk.citizen()
    profile = await desk.profiles.of(citizen.signed_in())
    return "\n".join(("个人中心 › 基本信息", *_about_me(citizen), *_told(profile)))


def _about_me(citizen: Citizen) -> Sequence[str]:
    person, family = citizen.person, citizen.family
    name = (
        (
            f"姓名：{mask(person.name, Masked.NAME)}",
            f"证件号码：{mask(person.id_number, Masked.ID_NUMBER)}",
        )
        if person
        else ("实名认证：还没有",)
    )
    return (
        *name,
        f"注册手机号：{mask(citizen.signed_in().phone, Masked.PHONE)}",
        f"家庭备案号：{family.number if family else '还没有绑定'}",
    )


def _told(profile: Profile) -> Sequence[str]:
    contact, emergency = profile.contact_phone, profile.emergency
    called = (
        f"{mask(emergency.name, Masked.NAME)}（{emergency.relation}）"
        f"{mask(emergency.phone, Masked.PHONE)}"
        if emergency
        else _NOT_TOLD
    )
    residents = len(profile.co_residents)
    return (
        f"常用联系人电话：{mask(contact, Masked.PHONE) if contact else _NOT_TOLD}",
        f"采集信息：{'已填写' if profile.collected else _NOT_TOLD}",
        f"同住人信息：{f'{residents} 位' if residents else _NOT_TOLD}",
        f"紧急联系人：{called}",
    )


async def _next(_answers: Answers, desk: Desk) -> Sequence[Option]:
    citizen = await desk.citizen()
    real_name = () if citizen.person else (Option("去实名认证"),)
    family = Option("备案信息") if citizen.family else Option("去公租房备案家庭信息认证")
    return (
        *real_name,
        family,
        Option("我的登记"),
        Option("常用联系人电话"),
        Option("采集信息"),
        Option("同住人信息"),
        Option("紧急联系人信息"),
        Option("修改手机号"),
        Option("登录管理"),
        Option("通知设置"),
        Option("我的数据"),
        Option("退出登录"),
        Option("菜单"),
    )


class MyDetails(Flow, id="my_details", version=1, title="个人中心"):
    """One page with everything about me, masked."""

    reading = True
    review = False
    requires = (Need.SIGNED_IN,)
    words = ("我的", "个人中心", "个人信息", "基本信息", "我的信息")

    page = Menu(_next, _shown)
