"""The look of the console, and the headers that keep its pages to officers."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final, Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.ground import ground_at
from domain.officers.model import Officer, Right, Role, may
from domain.shared.clock import china_time

__all__ = [
    "HOME",
    "ROLE_WORDS",
    "STATIC_FOLDER",
    "STATIC_PATH",
    "Room",
    "Seated",
    "page",
    "rooms_of",
    "say",
    "show",
]

_HERE: Final = Path(__file__).parent

HOME: Final = "/console"
STATIC_FOLDER: Final = _HERE / "static"
STATIC_PATH: Final = f"{HOME}/static"

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # Within the console only: without it a browser would not say where a form was sent from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.AGENT: "客服",
    Role.OPERATOR: "运营",
    Role.REVIEWER: "审核",
    Role.AUDITOR: "审计",
    Role.ADMINISTRATOR: "管理员",
}


@dataclass(frozen=True, slots=True)
class Room:
    """A part of the console that officers with a right may enter."""

    path: str
    title: str
    right: Right
    group: str
    about: str = ""


def rooms_of(request: Request, officer: Officer) -> Sequence[Room]:
    """Return the rooms that an officer may enter, in the console's order."""
    rooms: Sequence[Room] = request.app.state.rooms
    return [room for room in rooms if may(officer, room.right)]


def page(
    request: Request,
    template: str,
    *,
    officer: Officer | None = None,
    status: int = 200,
    **context: object,
) -> HTMLResponse:
    """Return a page made from a template; never stored, and framed by nobody.

    Parameters
    ----------
    request
        Where it was asked for.
    template
        A file under ``templates/``.
    officer
        Who is signed in; nobody on the pages before that.
    status
        The HTTP status.
    context
        What the template names beside ``officer``, ``rooms`` and ``here``.
    """
    rooms = rooms_of(request, officer) if officer else ()
    words = _PAGES.get_template(template).render(
        officer=officer,
        rooms=[(name, [*among]) for name, among in groupby(rooms, lambda room: room.group)],
        here=request.url.path,
        **context,
    )
    return HTMLResponse(words, status_code=status, headers=_HEADERS)


class Seated(Protocol):
    """Whoever is signed in, and what they asked for: `bot.console.guard.Seat`."""

    @property
    def officer(self) -> Officer:
        """Who it is."""

    @property
    def request(self) -> Request:
        """What was asked for."""


def show(seat: Seated, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """Return a page of the console for whoever is signed in; see `page`."""
    return page(seat.request, template, officer=seat.officer, status=status, **context)


def say(
    request: Request, title: str, words: str, *, status: int, officer: Officer | None = None
) -> HTMLResponse:
    """Return a page that tells one thing."""
    return page(request, "say.html", officer=officer, status=status, title=title, words=words)


def _asset(name: str) -> str:
    digest = hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest()
    return f"{STATIC_PATH}/{name}?v={digest[:8]}"


def _moment(at: datetime) -> str:
    """Return a moment as it is read in China, to the minute."""
    return f"{china_time(at):%Y-%m-%d %H:%M}"


def _second(at: datetime) -> str:
    """Return a moment as it is read in China, to the second."""
    return f"{china_time(at):%Y-%m-%d %H:%M:%S}"


_PAGES: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["moment"] = _moment
_PAGES.filters["second"] = _second
_PAGES.filters["role"] = ROLE_WORDS.__getitem__
_PAGES.globals["ground"] = ground_at(STATIC_PATH)
_PAGES.globals["css"] = _asset("console.css")
_PAGES.globals["icon"] = _asset("house.svg")
_PAGES.globals["htmx"] = _asset("htmx.js")
_PAGES.globals["script"] = _asset("console.js")
