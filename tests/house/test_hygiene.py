"""Nothing in the tree depends on, or speaks of, what is outside it."""

import re
from pathlib import Path

from tests.support.house import ROOT, of_each

ELSEWHERE = re.compile(
    r"/work/|/root/|/home/|/tmp/"
    r"|\b(house|contract|conversation|reliability|wechat-platform|domain-facts|models)\.md\b"
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplemented\b(?!Error)")
FOLDERS = ("adapters", "bot", "dialogs", "docs", "domain", "tests", ".ci")
KINDS = {".chat", ".css", ".html", ".js", ".md", ".mmd", ".py", ".toml", ".xml", ""}


def texts() -> list[Path]:
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    beside = [path for path in ROOT.iterdir() if path.name not in {".git", ".venv", "var"}]
    kept = [path for path in [*inside, *beside] if path.is_file() and path.suffix in KINDS]
    return sorted(path for path in kept if path.name not in {"test_hygiene.py", "LICENSE"})


@of_each(texts())
def test_a_file_neither_points_elsewhere_nor_promises_later(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert not [line for line in lines if ELSEWHERE.search(line) or UNFINISHED.search(line)]
