"""Whose browser is this? A page that belongs to a citizen is shown to that citizen's alone.

A browser that we do not know is sent to the platform, which tells whose it is. So a link that was
passed on, or read over a shoulder, opens nothing.

Source: S0-60; Q-31.
"""

from typing import Final, Protocol
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.h5.look import say
from domain.shared.errors import UnavailableError
from domain.shared.openers import (
    OPENED_PATH,
    OPENING_LIFE,
    PASS_LIFE,
    OpenerService,
    Opening,
    Stranger,
)
from domain.shared.records import OpenId

__all__ = ["NAMED_COOKIE", "House", "UnrecognisedError", "must_be_of", "router"]

router: Final = APIRouter()

NAMED_COOKIE: Final = "anju_simulated_as"
"""By which the simulator's browser says who holds it; in sandbox only it is asked."""

_KNOWN_COOKIE: Final = "anju_opener"
_OPENING_COOKIE: Final = "anju_opening"
_LONGEST: Final = 512


class House(Protocol):
    """What recognising needs of the application: ``app.state.house``."""

    @property
    def openers(self) -> OpenerService:
        """Who knows browsers."""

    @property
    def asks_everybody(self) -> bool:
        """Whether every browser is asked."""

    @property
    def public_url(self) -> str:
        """What links sent to citizens begin with."""


class UnrecognisedError(Exception):
    """It is not certain that this is the citizen's browser; ``answer`` is what it gets instead."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


def must_be_of(request: Request, owner: OpenId) -> None:
    """Go on only for the browser of a page's owner.

    Raises
    ------
    UnrecognisedError
        It is another's, or not known yet: its answer sends it to be recognised.
    """
    house: House = request.app.state.house
    if not house.asks_everybody and NAMED_COOKIE not in request.cookies:
        return
    if house.openers.admitted(request.cookies.get(_KNOWN_COOKIE, "")) == owner:
        return
    if request.method != "GET":
        # What was typed would be lost on the way; it was not taken.
        raise UnrecognisedError(_reopen())
    raise UnrecognisedError(_sent_off(house, owner, request.url.path))


@router.get(OPENED_PATH)
async def came_back(request: Request, code: str = "", state: str = "") -> Response:
    house: House = request.app.state.house
    kept = request.cookies.get(_OPENING_COOKIE, "")
    opening = house.openers.opening(kept, state[:_LONGEST])
    if opening is None or not code:
        return _reopen()
    try:
        who = await house.openers.who(code[:_LONGEST])
    except UnavailableError:
        return say(
            "现在打不开",
            "暂时没法确认是您本人在打开，您填过的都还在。",
            status=503,
            steps=("请过几分钟，回到聊天再点一次链接",),
        )
    return _judged(house, opening, who)


def _judged(house: House, opening: Opening, who: OpenId | Stranger) -> Response:
    if who is Stranger.LATE:
        again = _sent_off(house, opening.owner, opening.back, again=True)
        return _reopen() if opening.again else again
    if who is Stranger.PREVIEW:
        return say(
            "还差一步",
            "您看到的是预览，为了安全，预览里不能办理。",
            status=403,
            steps=("点页面下方的“使用完整服务”", "还不行的话，回到聊天再点一次链接"),
        )
    if who != opening.owner:
        return say(
            "这个页面是给别人的",
            "页面里有对方的个人信息，只能由收到链接的那个微信打开。您的信息不受影响。",
            status=403,
            steps=("要办自己的事，请关注公众号，发送“菜单”", "如果链接是家人发来的，请让本人打开"),
        )
    answer = RedirectResponse(_below(house, opening.back), status_code=303)
    life = int(PASS_LIFE.total_seconds())
    _give(house, answer, _KNOWN_COOKIE, house.openers.admit(opening.owner), life)
    _give(house, answer, _OPENING_COOKIE, "", 0)
    return answer


def _sent_off(house: House, owner: OpenId, back: str, *, again: bool = False) -> Response:
    address, kept = house.openers.begin(owner, back, again=again)
    answer = RedirectResponse(address, status_code=303)
    _give(house, answer, _OPENING_COOKIE, kept, int(OPENING_LIFE.total_seconds()))
    return answer


def _give(house: House, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=_below(house, "/h5"),
        secure=house.public_url.startswith("https://"),
        httponly=True,
        # The platform leads back here by a link of its own: a stricter rule would keep it away.
        samesite="lax",
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"


def _below(house: House, path: str) -> str:
    """Return a path as browsers see it: below the public address, under whatever name."""
    return f"{urlsplit(house.public_url).path.rstrip('/')}{path}"


def _reopen() -> HTMLResponse:
    return say(
        "请从聊天里重新打开",
        "没法确认是您本人在打开这个页面。刚才填的没有提交，之前填过的都还在。",
        status=403,
        steps=("在微信里回到聊天", "再点一次链接，或者回复“继续”"),
    )
