"""The look of every page a citizen opens, and the headers that keep such a page to the citizen.

An application serves `STATIC_FOLDER` under `STATIC_PATH`; everything else is in the templates.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.shared.clock import china_time

__all__ = ["STATIC_FOLDER", "STATIC_PATH", "say", "show"]

_HERE: Final = Path(__file__).parent

STATIC_FOLDER: Final = _HERE / "static"
STATIC_PATH: Final = "/h5/static"

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
}


def _asset(name: str) -> str:
    """Return the address of a file; it changes with the file, so that no phone shows an old one."""
    digest = hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest()
    return f"{STATIC_PATH}/{name}?v={digest[:8]}"


def _moment(moment: datetime) -> str:
    """Return a moment as it is read in China, to the minute."""
    local = china_time(moment)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


_PAGES: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["moment"] = _moment
_PAGES.globals["css"] = _asset("page.css")
_PAGES.globals["script"] = _asset("page.js")


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
    page = _PAGES.get_template(template).render(context)
    return HTMLResponse(page, status_code=status, headers=_HEADERS)


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
