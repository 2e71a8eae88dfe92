"""Every sentence the bot can say, gathered from the code for whoever reviews the wording.

What is worded in Chinese in the fronts, the dialogs and the adapters is said to citizens; the
command line and the simulator speak to others. Agreements, notices and answers to frequent
questions are content, not code, and are reviewed where they are edited.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from bot.sources import ROOT

__all__ = ["in_page", "in_program", "report"]

_PLACES = ("adapters", "bot", "dialogs")
_TO_OTHERS = (
    "adapters/demo_officers.py",
    "adapters/one_time_codes.py",
    "adapters/redis/client.py",
    "adapters/sheet_press.py",
    "adapters/sheets.py",
    "adapters/sql/safety.py",
    "bot/cli",
    "bot/connecting.py",
    "bot/console",
    "bot/jobs/aside.py",
    "bot/jobs/export_rows.py",
    "bot/jobs/worker.py",
    "bot/poster_command.py",
    "bot/sections.py",
    "bot/serving.py",
    "bot/settings.py",
    "bot/simulator",
    "bot/staff.py",
    "bot/wiring",
    "bot/words.py",
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_JINJA = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
_SPOKEN_ATTRIBUTES = frozenset({"alt", "aria-label", "placeholder", "title"})

_HEAD = """# Every sentence the bot can say

Drawn from the code by `make words`; do not edit. `⏎` is a line break, `{…}` is filled in.
"""


def report(root: Path = ROOT) -> str:
    """Return all sentences as Markdown: files in order, each sentence once per file."""
    parts = [_HEAD]
    for path in _speaking_files(root):
        text = path.read_text("utf-8")
        said = in_page(text) if path.suffix == ".html" else in_program(text)
        if lines := [f"- {sentence}" for sentence in dict.fromkeys(said)]:
            parts.append("\n".join([f"## {path.relative_to(root)}", "", *lines, ""]))
    return "\n".join(parts)


def _speaking_files(root: Path) -> Iterator[Path]:
    for place in _PLACES:
        for path in sorted((root / place).rglob("*")):
            name = str(path.relative_to(root))
            if path.suffix in {".html", ".py"} and not name.startswith(_TO_OTHERS):
                yield path


def in_program(text: str) -> Iterator[str]:
    """Yield the Chinese string literals of a Python module, without its docstrings."""
    yield from _spoken(ast.parse(text))


def _spoken(node: ast.AST) -> Iterator[str]:
    if _is_silent(node):
        return
    if _CHINESE.search(words := _words_of(node)):
        yield _on_one_line(words)
    for part in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(part, ast.Constant)):
            yield from _spoken(part)


def _is_silent(node: ast.AST) -> bool:
    """Tell docstrings and patterns, which nobody hears."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"))):
            return True
        case _:
            return False


def _words_of(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(words)):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(_words_of(part) or "{…}" for part in parts)
        case _:
            return ""


def _on_one_line(words: str) -> str:
    return words.strip().replace("\n", "⏎")


def in_page(text: str) -> Iterator[str]:
    """Yield the Chinese texts and spoken attributes of an HTML template."""
    reader = _PageReader()
    reader.feed(_JINJA.sub("", text))
    reader.close()
    yield from reader.said


class _PageReader(HTMLParser):
    """Collects what a reader of the page sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        if _CHINESE.search(data):
            self.said.append(re.sub(r"\s+", " ", data).strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in _SPOKEN_ATTRIBUTES and value and _CHINESE.search(value):
                self.said.append(value)
