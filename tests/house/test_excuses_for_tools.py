"""A tool is overruled only by name and with a reason."""

import io
import re
import tokenize
from pathlib import Path

from tests.support.house import ROOT, modules, of_each

NOQA = re.compile(r"# noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)* \([^)]+\)")
IGNORE = re.compile(r"# type: ignore\[[a-z-]+(, ?[a-z-]+)*\] # \S.*")
PRAGMA = re.compile(r"# pragma: no cover \([^)]+\)")
OVERRULING = re.compile(r"noqa|type: ?ignore|pragma: no|fmt: (off|skip)|ruff: |mypy: ")


def overruling_comments(path: Path) -> list[str]:
    with io.BytesIO(path.read_bytes()) as source:
        return [
            token.string
            for token in tokenize.tokenize(source.readline)
            if token.type == tokenize.COMMENT and OVERRULING.search(token.string)
        ]


@of_each(modules("adapters", "bot", "dialogs", "domain", "tests"))
def test_every_exception_names_its_rule_and_its_reason(path: Path) -> None:
    bare = [
        comment
        for comment in overruling_comments(path)
        if not any(form.search(comment) for form in (NOQA, IGNORE, PRAGMA))
    ]
    assert not bare


def test_every_rule_left_out_by_the_linter_has_its_reason_beside_it() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    start = settings.index("[tool.ruff.lint]\n")
    left_out = [
        line
        for line in settings[start:].splitlines()
        if re.match(r'\s*"[A-Z]+[0-9]*"', line) or re.match(r'"[^"]+" = \["', line)
    ]
    assert len(left_out) > 10
    assert not [line for line in left_out if not re.search(r"# \S", line)]
