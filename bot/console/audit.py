"""Who did what, and when: the acts in words, newest first, and as a file."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from bot.console.acts import FRONTS, SUBJECTS, TAGS, told
from bot.console.cells import BOM, csv_lines
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from domain.officers.audit import ActsWanted, NumberedAct
from domain.officers.model import Officer, Right
from domain.shared.clock import CHINA, china_time

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/audit"

router: Final = APIRouter()

_PAGE: Final = 50
_CHUNK: Final = 500
_HEAD: Final = ("编号", "时间", "谁", "做了什么", "对象", "从哪里", "备注", "代码")

_OPENID: Final = re.compile(r"o[A-Za-z0-9_-]{27}")
_LONG_NUMBER: Final = re.compile(r"(?<!\d)(\d{3})\d{4,}(\d{2}[\dXx]{2})")
"""What could be a phone or an ID number; no note should hold one."""

_Seat = Annotated[Seat, needs(Right.AUDIT)]
_Words = Annotated[str, Query(max_length=80)]


@dataclass(frozen=True, slots=True)
class _Line:
    """An act as it is read."""

    number: int
    at: datetime
    who: str
    what: str
    about: str
    front: str
    note: str
    tag: str

    @property
    def cells(self) -> tuple[object, ...]:
        """It as a row of the file."""
        at = f"{china_time(self.at):%Y-%m-%d %H:%M:%S}"
        words = (self.who, self.what, self.about, self.front, self.note, self.tag)
        return (self.number, at, *words)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which acts somebody asked for, as it was typed."""

    actor: _Words = ""
    tag: _Words = ""
    about: _Words = ""
    day: _Words = ""

    @property
    def query(self) -> str:
        """It as a page's address has it."""
        typed = {"actor": self.actor, "tag": self.tag, "about": self.about, "day": self.day}
        return urlencode({name: words for name, words in typed.items() if words})

    @property
    def wrong_day(self) -> bool:
        """Whether there is no such day."""
        return bool(self.day) and _day(self.day) is None

    def wanted(self, officers: Mapping[str, Officer]) -> ActsWanted:
        """Return which acts that is; an officer may be named by the login name."""
        actor = self.actor.strip()
        by_login: dict[str, str] = {one.login: one.id for one in officers.values()}
        wanted = ActsWanted(by_login.get(actor, actor), self.tag, self.about.strip())
        day = _day(self.day)
        if day is None:
            return wanted
        since = datetime.combine(day, time(), CHINA)
        return replace(wanted, since=since, until=since + timedelta(days=1))


_Filter = Annotated[_Asked, Depends()]


@router.get(PATH, response_class=HTMLResponse)
async def show_acts(seat: _Seat, asked: _Filter, before: int | None = None) -> Response:
    async with seat.open_work() as work:
        officers = {str(one.id): one for one in await work.officers.all()}
        found = await work.trail.newest(asked.wanted(officers), before=before, limit=_PAGE + 1)
    return show(
        seat,
        "audit.html",
        lines=[_line(one, officers) for one in found[:_PAGE]],
        older=found[_PAGE - 1].number if len(found) > _PAGE else None,
        newest=before is None,
        asked=asked,
        kinds=_kinds(),
        logins=sorted(one.login for one in officers.values()),
    )


@router.post(f"{PATH}/acts.csv", response_class=StreamingResponse)
async def export_acts(seat: _Seat, asked: _Filter) -> Response:
    async with seat.open_work() as work:
        officers = {str(one.id): one for one in await work.officers.all()}
        await seat.act(work, "officers:audit:export", seat.officer.id, asked.query)
        await work.commit()
    name = quote(f"操作记录-{china_time(seat.house.clock.now()):%Y%m%d-%H%M}.csv")
    return StreamingResponse(
        _file(seat, asked.wanted(officers), officers),
        media_type="text/csv; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _file(
    seat: Seat, wanted: ActsWanted, officers: Mapping[str, Officer]
) -> AsyncIterator[str]:
    """Yield the file a piece at a time: however many acts there are, few are in memory."""
    yield BOM + csv_lines([_HEAD])
    before: int | None = None
    while True:
        async with seat.open_work() as work:
            found = await work.trail.newest(wanted, before=before, limit=_CHUNK)
        if not found:
            return
        yield csv_lines(_line(one, officers).cells for one in found)
        before = found[-1].number


def _line(one: NumberedAct, officers: Mapping[str, Officer]) -> _Line:
    act = one.act
    return _Line(
        number=one.number,
        at=act.at,
        who=_who(act.actor, officers),
        what=told(act.tag),
        about=_who(act.object_id, officers),
        front=FRONTS.get(act.front, act.front),
        note=_LONG_NUMBER.sub(r"\1****\2", act.note),
        tag=act.tag,
    )


def _who(name: str, officers: Mapping[str, Officer]) -> str:
    """Return somebody, or something, as it may be shown: a citizen's mark is cut short."""
    if name in officers:
        return f"{officers[name].name}（{officers[name].login}）"
    if _OPENID.fullmatch(name):
        return f"微信 {name[:3]}…{name[-4:]}"
    return {"operator": "命令行", "nobody": "不明"}.get(name, _LONG_NUMBER.sub(_masked, name))


def _masked(found: re.Match[str]) -> str:
    """Mask what has the length of a phone or an ID number; a registration's number is longer."""
    looks_personal = len(found[0]) in {11, 18} and found.start() == 0
    return f"{found[1]}****{found[2]}" if looks_personal else found[0]


def _kinds() -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Return every act there is, by subject, for choosing."""
    return [
        (words, [(tag, what) for tag, what in TAGS.items() if tag.startswith(f"{subject}:")])
        for subject, words in SUBJECTS.items()
    ]


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
