"""The look of every page a citizen opens, and the headers that keep such a page to the citizen.

An application serves `STATIC_FOLDER` under `STATIC_PATH`; everything else is in the templates.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.ground import ground_at
from domain.shared.clock import china_time

__all__ = ["STATIC_FOLDER", "STATIC_PATH", "attached", "fill", "moment", "pdf", "say", "show"]

_HERE: Final = Path(__file__).parent

STATIC_FOLDER: Final = _HERE / "static"
STATIC_PATH: Final = "/h5/static"

_DISCREET: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_HEADERS: Final = {
    **_DISCREET,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
}


def _asset(name: str) -> str:
    """Return the address of a file; it changes with the file, so that no phone shows an old one."""
    digest = hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest()
    return f"{STATIC_PATH}/{name}?v={digest[:8]}"


def moment(at: datetime) -> str:
    """Return a moment as it is read in China, to the minute."""
    local = china_time(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


_PAGES: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["moment"] = moment
_PAGES.globals["ground"] = ground_at(STATIC_PATH)
_PAGES.globals["css"] = _asset("page.css")
_PAGES.globals["script"] = _asset("page.js")
_PAGES.globals["strength_script"] = _asset("strength.js")


def show(template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """Return a page made from a template; never stored, and telling nobody where it was.

    Parameters
    ----------
    template
        A file under ``templates/``, most likely one that extends ``page.html``.
    status
        The HTTP status.
    context
        What the template names; it names nothing else.
    """
    page = fill(template, **context)
    return HTMLResponse(page, status_code=status, headers=_HEADERS)


def fill(template: str, **context: object) -> str:
    """Return the text that a template makes."""
    return _PAGES.get_template(template).render(context)


def say(title: str, words: str, *, status: int, steps: tuple[str, ...] = ()) -> HTMLResponse:
    """Return a page that tells a citizen one thing, and what to do next.

    Parameters
    ----------
    title
        What is so, in a few words.
    words
        Why, in a sentence or two.
    status
        The HTTP status.
    steps
        What to do next, one step each.
    """
    return show("message.html", status=status, title=title, words=words, steps=steps)


def pdf(content: bytes, *, name: str) -> Response:
    """Return a PDF that opens in the browser and is saved under a name; never stored by others."""
    headers = {
        **_DISCREET,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        # Nothing but this: a stricter policy would keep browsers from showing it at all.
        "Content-Security-Policy": "frame-ancestors 'self'",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def attached(content: bytes, *, media_type: str, name: str) -> Response:
    """Return a file that is saved under a name; never stored by others."""
    headers = {
        **_DISCREET,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    return Response(content, media_type=media_type, headers=headers)
