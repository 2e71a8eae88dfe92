"""What an agent's page shows: the queue, a talk, whom it is with, and what became of each line."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.wiring import Resources, SqlWork
from dialogs.desk import Citizen
from domain.escalation.handovers import (
    AWAY_AFTER,
    DeskKind,
    Handover,
    HandoverState,
    Line,
    LineKind,
    Presence,
    line_topic,
)
from domain.shared.clock import china_time
from domain.shared.conversations import Json
from domain.shared.idents import Masked, mask
from domain.shared.pushes import PushKind, PushState

__all__ = ["queue_view", "talk_view"]

_REASONS: Final = {"word": "打字找人工", "menu": "点菜单", "poster": "扫海报", "miss": "三次没听懂"}
_LAST_CASES: Final = 3

_PICTURES: Final[Mapping[bool | None, tuple[str, str]]] = {
    None: ("", "正在取图片…"),
    False: ("bad", "图片打不开或已过期，请市民再发一次。"),
    True: ("", ""),
}

_FATES: Final[Mapping[PushState, tuple[str, str]]] = {
    PushState.SENT: ("good", "已送达"),
    PushState.DELIVERED: ("good", "已送达"),
    PushState.UNSURE: ("warn", "可能没送到：微信没有回话。请问问市民，需要时再发一次。"),
    PushState.FAILED: ("bad", "送不到：市民取消了关注或拉黑了公众号。"),
    PushState.EXPIRED: ("bad", "没送到：48 小时里市民没有再来。"),
    PushState.PARKED: ("bad", "没送到：系统出了意外，请告诉运维。"),
}
_WAITS: Final = {
    "closed": "还没送到：市民 48 小时没说过话，微信不让先发。他再说一句，这条会随回复送到；"
    "也可以发短信请他回来。",
    "full": "还没送到：市民没回话时，微信最多让连发 5 条。他回一句，这条会随回复送到；"
    "也可以发短信请他回来。",
}
_WAITS_LONGER: Final = "还没送到：微信暂时没有回应，会自动再发，不用重发。"

_Status = tuple[str, str]


async def queue_view(house: Resources, work: SqlWork, me: str) -> dict[str, Json]:
    """Return who waits, in the order in which citizens are told their places, and who talks."""
    now = house.clock.now()
    live = [one for one in await work.handovers.live() if one.desk is DeskKind.CONSOLE]
    here = await work.handovers.here(since=now - AWAY_AFTER)
    waiting = [one for one in live if one.state is HandoverState.WAITING]
    taken = [one for one in live if one.state is HandoverState.TAKEN]
    return {
        "waiting": [
            {**_row(one, here, me, now), "position": number}
            for number, one in enumerate(waiting, start=1)
        ],
        "mine": [_row(one, here, me, now) for one in taken if one.agent == me],
        "others": [_row(one, here, me, now) for one in taken if one.agent != me],
        "here": [{"agent": one.agent, "name": one.name} for one in here],
    }


async def talk_view(
    house: Resources, work: SqlWork, handover: Handover, lines: Sequence[Line], me: str
) -> dict[str, Json]:
    """Return a talk as an agent may see it: everything about the citizen is masked."""
    now = house.clock.now()
    here = await work.handovers.here(since=now - AWAY_AFTER)
    states = await work.pushes.states(handover.openid, PushKind.FROM_DESK)
    pictures = await work.talk_pictures.known(handover.id)
    names = {one.agent: one.name for one in here}
    return {
        **_row(handover, here, me, now),
        "state": handover.state.value,
        "mine": handover.agent == me,
        "card": await _card(house, work, handover),
        "lines": _lines(lines, states, names, me, pictures),
        "comeBack": bool(await _phone(house, work, handover)) and _may_text(house),
    }


def _may_text(house: Resources) -> bool:
    return house.settings.sandboxed or bool(house.settings.tencent.sms_come_back_template)


async def _phone(house: Resources, work: SqlWork, handover: Handover) -> str:
    account = (await house.desk(work, handover.openid).citizen()).account
    return account.phone if account else ""


def _row(handover: Handover, here: Sequence[Presence], me: str, now: datetime) -> dict[str, Json]:
    looking = [one for one in here if one.looking_at == handover.id and one.agent != me]
    card = handover.card
    return {
        "id": handover.id,
        "stamp": handover.stamp,
        "about": card.title or card.left or "没有在办的事",
        "asked": card.asked,
        "reason": _REASONS[card.reason],
        "since": int((now - handover.asked_at).total_seconds()),
        "agent": handover.agent,
        "looking": [one.name for one in looking],
        "typing": [one.name for one in looking if one.types(now)],
    }


async def _card(house: Resources, work: SqlWork, handover: Handover) -> dict[str, Json]:
    desk = house.desk(work, handover.openid)
    citizen = await desk.citizen()
    tickets = await work.tickets.of(handover.openid)
    before = await work.handovers.of(handover.openid, most=_LAST_CASES + 1)
    return {
        "name": mask(citizen.person.name, Masked.NAME) if citizen.person else "未实名",
        "phone": mask(citizen.account.phone, Masked.PHONE) if citizen.account else "未登录",
        "family": mask(citizen.family.number, Masked.FILING_NUMBER) if citizen.family else "未绑定",
        "answers": [[name, shown] for name, shown in handover.card.answers],
        "registrations": await _registrations(work, citizen),
        "tickets": [f"{one.number} {one.state.value}" for one in tickets[:_LAST_CASES]],
        "before": [
            f"{china_time(one.asked_at):%m-%d %H:%M} {one.card.title or '咨询'}"
            + (f"，评价 {one.rating} 星" if one.rating else "")
            for one in before
            if one.id != handover.id
        ],
    }


async def _registrations(work: SqlWork, citizen: Citizen) -> list[Json]:
    if citizen.family is None:
        return []
    book = await work.plans.book()
    names = {one.id: one.name for plan in book.plans() for one in book.projects(plan.id)}
    kept = await work.registrations.of_family(citizen.family.id)
    return [
        f"{names.get(one.project_id, '')} {one.unit_type}（{'有效' if one.live else '已取消'}）"
        for one in kept[:_LAST_CASES]
    ]


def _lines(
    lines: Sequence[Line],
    states: Mapping[str, tuple[PushState, str]],
    names: Mapping[str, str],
    me: str,
    pictures: Mapping[int, bool],
) -> list[Json]:
    shown: list[Json] = []
    stuck = ""
    for line in lines:
        fate: _Status = ("", "")
        if line.kind is LineKind.AGENT:
            fate, stuck = _fate(states.get(line_topic(line)), stuck)
        elif line.media_id:
            fate = _PICTURES[pictures.get(line.id)]
        shown.append(
            {
                "id": line.id,
                "kind": line.kind.value,
                "who": "我" if line.author == me else names.get(line.author, ""),
                "text": line.text,
                "picture": pictures.get(line.id, False),
                "at": f"{china_time(line.at):%H:%M:%S}",
                "tone": fate[0],
                "fate": fate[1],
            }
        )
    return shown


def _fate(state: tuple[PushState, str] | None, stuck: str) -> tuple[_Status, str]:
    """Say what became of a line; one that waits behind another waits for the same reason."""
    if state is None:
        return ("", ""), stuck
    became, reason = state
    if became is not PushState.WAITING:
        if reason == "reply":
            return ("good", "已随回复送达"), ""
        return _FATES[became], ""
    reason = reason or stuck
    if not reason:
        return ("", "发送中…"), ""
    return ("warn", _WAITS.get(reason, _WAITS_LONGER)), reason
