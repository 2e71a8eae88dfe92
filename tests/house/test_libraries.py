"""Every dependency was decided on, with its licence."""

import re
import tomllib

from tests.support.house import ROOT

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DECISION = (ROOT / "docs" / "decisions" / "006-libraries.md").read_text("utf-8")


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9-]", requirement)[0] for requirement in requirements}


def test_every_library_we_run_on_stands_in_the_decision_and_no_other() -> None:
    table = {
        name
        for row in re.findall(r"^\| ([a-z][^|]*) \|", DECISION, re.MULTILINE)
        for name in row.split(", ")
    }
    assert table == names(DECLARED["project"]["dependencies"])


def test_every_library_we_develop_with_is_mentioned() -> None:
    groups = DECLARED["dependency-groups"]
    missing = {
        name
        for name in names([*groups["dev"], *groups["build"]])
        if not name.startswith("types-") and name not in DECISION
    }
    assert not missing
