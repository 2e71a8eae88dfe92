"""All that is kept of a citizen, worded once: a page for people and JSON for programs, in a zip.

Source: S0-60, S0-76 to S0-82.
"""

import io
import json
import zipfile
from collections.abc import Sequence

from bot.h5.look import fill, moment
from dialogs.desk import Citizen, Desk
from domain.accounts.model import Account
from domain.accounts.profiles import Profile
from domain.plans.model import PlanBook
from domain.registrations.model import Registration
from domain.shared.papers import SheetSection

__all__ = ["bundle"]

_NAME = "我的信息"
_NOTHING = (("没有", ""),)


async def bundle(desk: Desk) -> bytes:
    """Return a zip of all that is kept of whoever is signed in: full, for nobody else's eyes."""
    parts = await _parts(desk)
    made_at = moment(desk.clock.now())
    told = [{"title": part.title, "rows": [list(row) for row in part.rows]} for part in parts]
    kept = {"office": desk.office.operator, "made_at": made_at, "parts": told}
    page = fill("export.html", office=desk.office.operator, made_at=made_at, parts=parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_NAME + ".html", page)
        archive.writestr(_NAME + ".json", json.dumps(kept, ensure_ascii=False, indent=2))
    return packed.getvalue()


async def _parts(desk: Desk) -> Sequence[SheetSection]:
    citizen = await desk.citizen()
    account = citizen.signed_in()
    parts = (
        ("账号", _account(citizen)),
        ("实名信息", _person(citizen)),
        ("备案家庭", _family(citizen)),
        ("我填写的信息", _told(await desk.profiles.of(account))),
        ("登记记录", await _registrations(citizen, desk)),
        ("同意过的协议", await _consents(account, desk)),
        ("给工作人员的留言", await _messages(account, desk)),
        ("登录的微信", await _sessions(account, desk)),
        ("操作记录", await _acts(account, desk)),
    )
    return [SheetSection(title, tuple(rows) or _NOTHING) for title, rows in parts]


Rows = Sequence[tuple[str, str]]


def _account(citizen: Citizen) -> Rows:
    account = citizen.signed_in()
    return (
        ("注册手机号", account.phone),
        ("开通时间", moment(account.created_at)),
        ("登录密码", "已设置（只存打乱后的样子）" if account.has_password else "没有"),
    )


def _person(citizen: Citizen) -> Rows:
    person = citizen.person
    if person is None:
        return ()
    return (
        ("姓名", person.name),
        ("身份证号", person.id_number),
        ("核对时间", moment(person.verified_at)),
        ("核对方", person.source),
    )


def _family(citizen: Citizen) -> Rows:
    family = citizen.family
    if family is None:
        return ()
    members = [(f"成员（{one.relation}）", f"{one.name} {one.id_number}") for one in family.members]
    return (
        ("备案编号", family.number),
        ("区", family.district),
        ("备案套型", "、".join(family.unit_types)),
        ("轮候分组", family.group),
        *members,
    )


def _told(profile: Profile) -> Rows:
    facts, emergency = profile.collected, profile.emergency
    collected = (
        (
            ("婚姻状况", facts.marriage),
            ("家庭人口", str(facts.household)),
            ("工作单位", facts.employer),
            ("家庭年收入（元）", str(facts.yearly_income)),
            ("现在的住房", facts.housing),
        )
        if facts
        else ()
    )
    called = (
        (("紧急联系人", f"{emergency.name}（{emergency.relation}）{emergency.phone}"),)
        if emergency
        else ()
    )
    return (
        *((("常用联系人电话", profile.contact_phone),) if profile.contact_phone else ()),
        *collected,
        *(
            (f"同住人（{one.relation}）", f"{one.name} {one.id_number}")
            for one in profile.co_residents
        ),
        *called,
    )


async def _registrations(citizen: Citizen, desk: Desk) -> Rows:
    family = citizen.family
    kept = await desk.registrations.of_family(family.id) if family else []
    book = await desk.plans.book()
    return [(one.number, _registration(one, book)) for one in kept]


def _registration(one: Registration, book: PlanBook) -> str:
    plan, project = book.plan(one.plan_id), book.project(one.project_id)
    return (
        f"{plan.name} {project.name} {one.unit_type}，{'有效' if one.live else '已取消'}，"
        f"登记于 {moment(one.created_at)}，手机 {one.phone}，告知书第 {one.notice_version} 版"
    )


async def _consents(account: Account, desk: Desk) -> Rows:
    return [
        (
            f"{one.document} 第 {one.version} 版",
            f"同意于 {moment(one.at)}"
            + (f"，撤回于 {moment(one.withdrawn_at)}" if one.withdrawn_at else ""),
        )
        for one in await desk.leaving.consents(account)
    ]


async def _messages(account: Account, desk: Desk) -> Rows:
    return [
        (f"{ticket.number} {moment(ticket.created_at)}", f"{ticket.text}（回电 {ticket.phone}）")
        for session in await desk.sessions.of(account)
        for ticket in await desk.escalation.of(session.openid)
    ]


async def _sessions(account: Account, desk: Desk) -> Rows:
    return [
        (one.openid, f"{moment(one.begun_at)} 登录，最近使用 {moment(one.used_at)}")
        for one in await desk.sessions.of(account)
    ]


async def _acts(account: Account, desk: Desk) -> Rows:
    return [(moment(act.at), act.tag) for act in await desk.leaving.acts(account)]
