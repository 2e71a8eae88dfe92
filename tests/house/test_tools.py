"""What one types at the shell is documented where one looks for it."""

import os
import re
import subprocess

import pytest
from typer.main import get_command

from bot.cli import app
from tests.support.house import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMMANDS = get_command(app).commands  # type: ignore[attr-defined] # several commands: a group


def test_every_make_target_has_a_help_line() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    explained = re.findall(r"^([a-z]+):.*?## [A-Z].+$", MAKEFILE, re.MULTILINE)
    assert sorted(phony.split()) == sorted(explained)
    defined = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)
    assert sorted(defined) == sorted(explained)


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607 (make is what the machine calls it)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert [line.split()[1] for line in shown.splitlines()] == phony.split()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_of_itself(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert re.match(rf"Example: (\S+=\S+ )?anju {name}\b", command.epilog or "")


def test_the_commands_stand_in_the_operators_guide() -> None:
    guide = (ROOT / "docs" / "operator-guide.zh.md").read_text("utf-8")
    assert not [name for name in COMMANDS if f"anju {name}" not in guide]


def test_the_image_runs_as_nobody_special_and_is_watched() -> None:
    lines = DOCKERFILE.splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 3
    assert "USER anju" in lines
    assert lines.index("USER anju") < lines.index('CMD ["anju", "serve"]')
    assert "/healthz" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_what_the_image_is_made_of_exists_and_is_sent_to_the_builder() -> None:
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name
            assert f"!{name}" in sent, name


def test_the_continuous_check_can_be_started() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-fonts.lock"]
)
def test_every_dependency_is_locked_by_hash_and_no_index_is_named(name: str) -> None:
    lock = (ROOT / name).read_text("utf-8")
    pinned = re.findall(r"^[a-z0-9][^\s=]*==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE))
    assert "://" not in lock


def test_the_readme_leads_to_pages_that_exist() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
