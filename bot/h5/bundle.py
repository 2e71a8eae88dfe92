"""All that is kept of a citizen, worded once: a page for people and JSON for programs, in a zip.

Source: S0-60, S0-76 to S0-82.
"""

import io
import json
import zipfile
from collections.abc import Sequence

from bot.h5.look import fill, moment
from dialogs.desk import Citizen, Desk
from dialogs.engine.catalog import Catalog
from domain.accounts.model import Account, Session
from domain.accounts.profiles import Profile
from domain.escalation.handovers import LineKind
from domain.identity.model import Recovery, RecoveryState
from domain.notices.model import Topic
from domain.plans.model import PlanBook
from domain.registrations.model import Registration
from domain.shared.idents import Masked, long_id, mask
from domain.shared.pages import OneTimePage
from domain.shared.papers import SheetSection
from domain.shared.pushes import PushKind

__all__ = ["bundle"]

_NAME = "我的信息"
_NOTHING = (("没有", ""),)
_UNNAMED = (
    ("对话和回复", "没办完的事和最近 24 小时的回复，加密存放，办完或到期删除；您在聊天里都看得到"),
    ("办事的回执", "办好时您看到的那段话，按办件号加密存放，不能按人查找"),
    ("尝试的次数", "为防止别人猜测而记的次数，不含姓名和号码，最多 30 天"),
)
"""What hangs on no account, so that it cannot be looked up for one."""


async def bundle(desk: Desk, flows: Catalog) -> bytes:
    """Return a zip of all that is kept of whoever is signed in: full, for nobody else's eyes.

    Only theirs: whoever shares the WeChat, or the family, has an account of their own.
    """
    parts = await _parts(desk, flows)
    made_at = moment(desk.clock.now())
    told = [{"title": part.title, "rows": [list(row) for row in part.rows]} for part in parts]
    kept = {"office": desk.office.operator, "made_at": made_at, "parts": told}
    page = fill("export.html", office=desk.office.operator, made_at=made_at, parts=parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_NAME + ".html", page)
        archive.writestr(_NAME + ".json", json.dumps(kept, ensure_ascii=False, indent=2))
    return packed.getvalue()


async def _parts(desk: Desk, flows: Catalog) -> Sequence[SheetSection]:
    citizen = await desk.citizen()
    account = citizen.signed_in()
    sessions = await desk.sessions.of(account)
    parts = (
        ("账号", _account(citizen)),
        ("实名信息", _person(citizen)),
        ("备案家庭", _family(citizen)),
        ("我填写的信息", _told(await desk.profiles.of(account))),
        ("登记记录", await _registrations(citizen, desk)),
        ("同意过的协议", await _consents(account, desk)),
        ("给工作人员的留言", await _messages(account, sessions, desk)),
        ("和工作人员的对话", await _talks(account, desk)),
        ("登录的微信", _sessions(sessions)),
        ("找回账号和换手机号", await _recoveries(account, desk)),
        ("在网页里填过的", await _pages(account, desk, flows)),
        ("通知设置", await _choices(account, desk)),
        ("还没发出的通知", await _notices(account, desk)),
        ("操作记录", await _acts(account, desk)),
        ("还有这些", _UNNAMED),
    )
    return [SheetSection(title, tuple(rows) or _NOTHING) for title, rows in parts]


Rows = Sequence[tuple[str, str]]


def _account(citizen: Citizen) -> Rows:
    account = citizen.signed_in()
    return (
        ("注册手机号", account.phone),
        ("开通时间", moment(account.created_at)),
        *((("最近使用", moment(account.used_at)),) if account.used_at else ()),
        *((("换手机号后的保护期到", moment(account.held_until)),) if account.held_until else ()),
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
    family, person = citizen.family, citizen.person
    if family is None:
        return ()
    mine = long_id(person.id_number) if person else ""
    members = [
        (
            f"成员（{one.relation}）",
            # What the register says of the others is theirs: enough to know who is meant.
            f"{one.name} {one.id_number}"
            if long_id(one.id_number) == mine
            else f"{one.name} {mask(one.id_number, Masked.ID_NUMBER)}",
        )
        for one in family.members
    ]
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
    book, account = await desk.plans.book(), citizen.signed_in()
    return [(one.number, _registration(one, book, account)) for one in kept]


def _registration(one: Registration, book: PlanBook, account: Account) -> str:
    plan, project = book.plan(one.plan_id), book.project(one.project_id)
    mine = one.account_id == account.id
    cancelled = f"，取消于 {moment(one.cancelled_at)}" if one.cancelled_at else ""
    return (
        f"{plan.name} {project.name} {one.unit_type}，{'有效' if one.live else '已取消'}，"
        f"登记于 {moment(one.created_at)}{cancelled}，"
        f"{f'手机 {one.phone}' if mine else '由家人登记'}，告知书第 {one.notice_version} 版"
        + (f"，校验码 {one.check_code}" if mine and one.check_code else "")
    )


async def _consents(account: Account, desk: Desk) -> Rows:
    titles = await desk.content.titles()
    return [
        (
            f"{titles.get(one.document, '')}（{one.document}）第 {one.version} 版",
            f"同意于 {moment(one.at)}"
            + (f"，撤回于 {moment(one.withdrawn_at)}" if one.withdrawn_at else ""),
        )
        for one in await desk.leaving.consents(account)
    ]


async def _messages(account: Account, sessions: Sequence[Session], desk: Desk) -> Rows:
    openids = [one.openid for one in sessions]
    return [
        (f"{ticket.number} {moment(ticket.created_at)}", f"{ticket.text}（回电 {ticket.phone}）")
        for ticket in await desk.escalation.of_account(account.id, account.phone, openids)
    ]


_SPEAKERS = {LineKind.CITIZEN: "我", LineKind.AGENT: "工作人员"}


async def _talks(account: Account, desk: Desk) -> Rows:
    return [
        (f"{moment(line.at)} {_SPEAKERS[line.kind]}", line.text)
        for _, lines in await desk.handovers.told_to(account.id)
        for line in lines
    ]


def _sessions(sessions: Sequence[Session]) -> Rows:
    return [
        (one.openid, f"{moment(one.begun_at)} 登录，最近使用 {moment(one.used_at)}")
        for one in sessions
    ]


_STATES = {
    RecoveryState.OPEN: "核对了姓名和身份证号",
    RecoveryState.FACING: "正在做人脸识别",
    RecoveryState.PROVEN: "人脸识别通过",
    RecoveryState.FAILED: "人脸识别没有通过",
    RecoveryState.DONE: "换了手机号",
    RecoveryState.UNDONE: "换了手机号，又撤销了",
}


async def _recoveries(account: Account, desk: Desk) -> Rows:
    return [
        (moment(one.opened_at), _STATES[one.state] + _phones(one, account))
        for one in await desk.recovery.of(account)
    ]


def _phones(recovery: Recovery, account: Account) -> str:
    if recovery.account_id != account.id:
        return ""
    return f"：{recovery.old_phone} 换成 {recovery.new_phone}"


async def _pages(account: Account, desk: Desk, flows: Catalog) -> Rows:
    return [
        (f"{moment(page.issued_at)} {_titled(page, flows)}", _filled_in(page))
        for page in await desk.leaving.pages(account)
    ]


_NOTICES = {
    PushKind.PHONE_CHANGED: "账号的手机号改回了",
    PushKind.RECOVERED: "账号的手机号改为了",
    PushKind.RESTED: "多次试错，暂停尝试到",
    PushKind.LATE_ANSWER: "回复",
    PushKind.REGISTERED: "登记成功",
    PushKind.CANCELLED: "登记已取消",
    PushKind.PLAN_OPENS: "计划开始登记",
    PushKind.PLAN_CLOSES: "计划即将截止",
    PushKind.DRAFT_LEFT: "登记没有办完",
    PushKind.CASE: "办理进度",
    PushKind.FROM_DESK: "工作人员的回话",
    PushKind.ANSWERED: "问题单有答复",
    PushKind.COME_BACK: "请回公众号查看回话",
}


_TOPICS = {
    Topic.REGISTRATION: "登记和取消",
    Topic.PLANS: "可登记的计划",
    Topic.DRAFTS: "没办完的登记",
    Topic.CASES: "办理进度",
}


async def _choices(account: Account, desk: Desk) -> Rows:
    choices = await desk.notices.choices(account)
    told = [
        (
            _TOPICS[topic],
            f"微信{'开' if choice.wechat else '关'}，短信{'开' if choice.sms else '关'}",
        )
        for topic, choice in choices.items()
    ]
    agreed = [
        (f"微信 …{openid[-4:]} 同意接收的订阅通知 {template}", f"剩 {left} 条")
        for openid, template, left in await desk.leaving.cards(account)
    ]
    return (*told, *agreed)


async def _notices(account: Account, desk: Desk) -> Rows:
    # The word that takes a recovery back goes to nobody but that phone.
    return [
        (moment(at), " ".join((_NOTICES[push.kind], *push.values[:1])))
        for at, push in await desk.leaving.notices(account)
    ]


def _titled(page: OneTimePage, flows: Catalog) -> str:
    flow, step = flows.flows.get(page.flow.partition(".")[0]), flows.step(page.flow, page.step)
    return " ".join(one.title for one in (flow, step) if one and one.title) or page.flow


def _filled_in(page: OneTimePage) -> str:
    match page.answer:
        case None:
            return "没有提交"
        case {"name": str(name), "id_number": str(number)}:
            return f"{name} {number}"
        case _:
            return "已提交，填的内容没有保存，只存了核对的结果"


_ACTS = {
    "accounts:account:close": "注销账号",
    "accounts:account:create": "开通账号",
    "accounts:account:export": "导出信息",
    "accounts:code:wrong": "验证码输错",
    "accounts:codes:rest": "验证码多次输错，暂停发送",
    "accounts:collected:set": "填写采集信息",
    "accounts:consent:withdraw": "撤回同意",
    "accounts:contact:set": "填写常用联系人电话",
    "accounts:co_residents:set": "填写同住人",
    "accounts:emergency:set": "填写紧急联系人",
    "accounts:password:reset": "设置登录密码",
    "accounts:password:wrong": "密码输错",
    "accounts:passwords:rest": "密码多次输错，暂停登录",
    "accounts:phone:change": "更换手机号",
    "accounts:phone:restore": "手机号改回",
    "accounts:session:begin": "登录",
    "accounts:session:end": "退出登录",
    "escalation:handover:ask": "请求人工服务",
    "escalation:handover:end": "结束人工服务",
    "escalation:handover:rate": "评价人工服务",
    "escalation:ticket:create": "给工作人员留言",
    "filings:family:bind": "绑定备案家庭",
    "filings:family:refused": "查询的备案编号没有找到",
    "identity:account:recover": "找回账号",
    "identity:account:unrecover": "撤销找回",
    "identity:account:unrecover-refused": "撤销找回没有通过",
    "identity:face:begin": "开始人脸识别",
    "identity:face:fail": "人脸识别没有通过",
    "identity:face:pass": "人脸识别通过",
    "identity:person:verify": "实名认证",
    "identity:recovery:open": "申请找回账号",
    "identity:recovery:refused": "申请找回账号没有通过",
    "registrations:registration:cancel": "取消登记",
    "registrations:registration:create": "登记房源",
}


async def _acts(account: Account, desk: Desk) -> Rows:
    return [
        (moment(act.at), f"{_ACTS.get(act.tag, '其他操作')}（{act.tag}）")
        for act in await desk.leaving.acts(account)
    ]
