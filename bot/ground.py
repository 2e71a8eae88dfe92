"""The style sheet that all pages begin with, citizens' and officers' alike.

Served by each front from its own path, so that whoever may open one sees it whole.
"""

import hashlib
from pathlib import Path
from typing import Final

from starlette.staticfiles import StaticFiles

__all__ = ["ground_at", "sheets"]

_SHEET: Final = Path(__file__).parent / "static" / "ground.css"


def ground_at(path: str) -> str:
    """Return its address under a front's path; it changes with the file."""
    digest = hashlib.sha256(_SHEET.read_bytes()).hexdigest()
    return f"{path}/{_SHEET.name}?v={digest[:8]}"


def sheets(folder: Path) -> StaticFiles:
    """Return what serves a front's own files, and that sheet beside them."""
    return StaticFiles(directory=folder, packages=[("bot", _SHEET.parent.name)])
