"""Who may come in: the seat of an officer who is signed in, and the right that a route needs.

Source: decision 019; ASVS 3.4, 3.5, 7, 8.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bot.console.look import HOME, say
from bot.wiring import Resources, SqlWork
from domain.officers.model import OFFICER_SESSION_LIFE, Officer, OfficerSession, Right, may
from domain.shared.records import Act

__all__ = [
    "COOKIE",
    "SIGN_IN_PATH",
    "Guard",
    "Seat",
    "TurnedAwayError",
    "give_token",
    "must_be_ours",
    "needs",
    "signed_in",
    "turn_away",
]

COOKIE: Final = "anju_officer"
SIGN_IN_PATH: Final = f"{HOME}/sign-in"

_CHANGES_NOTHING: Final = frozenset({"GET", "HEAD"})


class TurnedAwayError(Exception):
    """Somebody may not come in; ``answer`` is what they get instead."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Seat:
    """An officer at work: who it is, in which house, and what was asked for."""

    officer: Officer
    house: Resources
    request: Request
    session: OfficerSession

    def open_work(self) -> SqlWork:
        """Return a work; the route commits it."""
        return self.house.open_work()

    def may(self, right: Right) -> bool:
        """Tell whether the officer has a right beside the one that the route needs."""
        return may(self.officer, right)

    async def act(self, work: SqlWork, tag: str, object_id: str, note: str = "") -> None:
        """Keep that the officer did something; it lasts with the work's commit."""
        now = self.house.clock.now()
        await work.acts.add(Act(tag, self.officer.id, object_id, now, "console", note))


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands before a route; tests read which right it asks for.

    ``right`` is ``None`` where being signed in is enough. ``watching``: the page asks by itself,
    which does not keep a session alive.
    """

    right: Right | None
    watching: bool = False

    async def __call__(self, request: Request) -> Seat:
        """Return the seat, or turn away."""
        must_be_ours(request)
        seat = await self._seat(request)
        if seat is None:
            raise TurnedAwayError(_to_sign_in(request))
        if self.right is not None and not seat.may(self.right):
            raise TurnedAwayError(
                say(
                    request,
                    "这里您进不去",
                    "您的角色没有这项权限。需要的话，请联系管理员。",
                    status=403,
                    officer=seat.officer,
                )
            )
        return seat

    async def _seat(self, request: Request) -> Seat | None:
        house: Resources = request.app.state.house
        token = request.cookies.get(COOKIE, "")
        if not token:
            return None
        async with house.open_work() as work:
            found = await house.officer_sign_in(work).seated(token, watching=self.watching)
            if work.changed:
                await work.commit()
        return Seat(found[0], house, request, found[1]) if found else None


def needs(right: Right, *, watching: bool = False) -> Any:
    """Return the dependency of a route that only officers with a right may use."""
    return Depends(Guard(right, watching=watching))


def signed_in(*, watching: bool = False) -> Any:
    """Return the dependency of a route that every officer may use."""
    return Depends(Guard(None, watching=watching))


def must_be_ours(request: Request) -> None:
    """Go on only for what a page of ours has sent, where it may change something.

    Browsers say where a request comes from, and no page can make them lie. One that says nothing
    is too old to be trusted with officers' work.

    Raises
    ------
    TurnedAwayError
        It comes from elsewhere.
    """
    if request.method in _CHANGES_NOTHING:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    house: Resources = request.app.state.house
    ours = {request.headers.get("host"), urlsplit(house.public_url).netloc}
    if site not in {None, "same-origin"} or urlsplit(origin).netloc not in ours:
        raise TurnedAwayError(
            say(
                request,
                "没有提交",
                "这个操作不是从后台页面发出的。请从后台打开页面，再做一次。",
                status=403,
            )
        )


def give_token(request: Request, answer: Response, token: str) -> None:
    """Let a browser keep a session's token, or forget it where the token is empty."""
    house: Resources = request.app.state.house
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(OFFICER_SESSION_LIFE.total_seconds()) if token else 0,
        path=HOME,
        secure=house.public_url.startswith("https://"),
        httponly=True,
        # A link in a notice to officers leads here from elsewhere; nothing that changes does.
        samesite="lax",
    )


def turn_away(app: FastAPI) -> None:
    """Have whoever is turned away get their answer."""

    async def answer(_: Request, error: Exception) -> Response:
        if not isinstance(error, TurnedAwayError):
            raise error
        return error.answer

    app.add_exception_handler(TurnedAwayError, answer)


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request"):
        # A part of a page: the whole page must go.
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN_PATH})
    back = request.url.path if request.method in _CHANGES_NOTHING else HOME
    return RedirectResponse(f"{SIGN_IN_PATH}?to={quote(back)}", status_code=303)
