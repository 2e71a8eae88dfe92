"""How the simulator's own pages look, and what they may load."""

from pathlib import Path
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

__all__ = ["FRESH", "page"]

FRESH: Final = {"Cache-Control": "no-cache"}

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
)


def page(template: str, **values: object) -> HTMLResponse:
    """Return a page of the simulator."""
    shown = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(shown, headers=FRESH | {"Content-Security-Policy": _POLICY})
