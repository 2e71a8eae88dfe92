"""Which WeChats are signed in to my account, and ending those that should not be.

Source: S0-20; ASVS 7.5.2.
"""

from collections.abc import Sequence
from datetime import datetime

from dialogs.engine.dsl import (
    Answers,
    ChooseMany,
    Desk,
    Flow,
    Need,
    Option,
    Receipt,
    SettledError,
)
from domain.accounts.model import Session
from domain.shared.clock import china_time
from domain.shared.records import OpenId

__all__ = ["MySessions"]


def _day(moment: datetime) -> str:
    local = china_time(moment)
    return f"{local.month}月{local.day}日"


def _told(session: Session, use: str) -> str:
    """Return a session in words; of the openid, which is nobody's name, only its end."""
    return f"…{session.openid[-4:]}（{_day(session.begun_at)}登录，{use}）"


async def _sessions(desk: Desk) -> list[Session]:
    return await desk.sessions.of((await desk.citizen()).signed_in())


async def _others(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [
        Option(f"结束微信 {_told(one, f'最近使用 {_day(one.used_at)}')}", value=one.openid)
        for one in await _sessions(desk)
        if one.openid != desk.openid
    ]


class MySessions(Flow, id="my_sessions", version=1, title="登录管理"):
    """A list, and whom to sign out."""

    requires = (Need.SIGNED_IN,)
    confirm = "结束登录"
    words = ("登录管理", "登录记录", "我的登录", "登录设备", "绑定的微信", "已登录的微信")

    which = ChooseMany(_others, "要结束哪些登录？", title="要结束的登录", aka=("登录",))

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """List them; with no other there is nothing to end."""
        sessions = await _sessions(desk)
        mine = [_told(one, "正在使用") for one in sessions if one.openid == desk.openid]
        if not await _others(answers, desk):
            settled = Receipt(
                f"本微信：{mine[0]}\n没有别的微信登录您的账号。",
                (Option("退出登录"), Option("修改密码"), Option("我的")),
            )
            raise SettledError(settled)
        return f"本微信：{mine[0]}\n另有 {len(sessions) - 1} 个微信登录着您的账号，不认识的请结束。"

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Sign them out."""
        account = (await desk.citizen()).signed_in()
        others = [OpenId(openid) for openid in answers[self.which]]
        ended = await desk.sessions.end(openid=desk.openid, account=account, others=others)
        return Receipt(
            f"已结束 {ended} 个登录，它们要重新登录才能看到您的信息。\n"
            "如果有不认识的，建议也换一个密码。",
            (Option("修改密码"), Option("登录管理"), Option("我的")),
        )
