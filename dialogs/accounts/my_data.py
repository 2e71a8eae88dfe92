"""My data: what is kept of me, and what I can do about it.

Source: S0-76 to S0-82.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import Answers, Desk, Flow, Menu, Need, Option
from domain.shared.idents import Masked, mask

__all__ = ["MyData"]

_OPTIONS = (
    Option("导出我的信息"),
    Option("撤回同意"),
    Option("注销账号"),
    Option("我的"),
)


async def _kept(_answers: Answers, desk: Desk) -> str:
    citizen = await desk.citizen()
    account = citizen.signed_in()
    profile = await desk.profiles.of(account)
    family = citizen.family
    registered = len(await desk.registrations.of_family(family.id)) if family else 0
    told = [
        word
        for word, there in (
            ("常用联系人电话", profile.contact_phone),
            ("采集信息", profile.collected),
            (f"同住人 {len(profile.co_residents)} 位", profile.co_residents),
            ("紧急联系人", profile.emergency),
        )
        if there
    ]
    return (
        "我的数据：我们保存的、关于您的信息\n"
        f"账号：{mask(account.phone, Masked.PHONE)}，"
        f"{'有' if account.has_password else '没有'}登录密码\n"
        f"实名：{'姓名和身份证号（加密）' if citizen.person else '没有'}\n"
        f"备案家庭：{family.number if family else '没有'}\n"
        f"您填写的：{'、'.join(told) or '没有'}\n"
        f"登记记录：{registered} 条\n"
        "还有您同意协议的记录、办事的操作记录。只用来办理配租登记，不给别人。"
    )


async def _my_data(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return _OPTIONS


class MyData(Flow, id="my_data", version=1, title="我的数据"):
    """One page: what is kept, and what can be done about it."""

    reading = True
    review = False
    requires = (Need.SIGNED_IN,)
    words = ("我的数据", "数据", "我的个人数据", "查看我的数据")

    page = Menu(_my_data, _kept)
