"""The shipped settings file shows every setting, its default and its meaning, and no secret."""

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import Settings
from tests.support.house import ROOT, tree_of

TEXT = (ROOT / "settings.toml").read_text("utf-8")
KEPT = tomllib.loads(TEXT)


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def settings() -> list[tuple[str, str, FieldInfo]]:
    """Return every setting that stands in a section."""
    return [
        (section, name, field)
        for section, model in sections()
        for name, field in model.model_fields.items()
        if section != "menu"
    ]


def block_of(section: str) -> str:
    """Return the lines of the file under a section's head."""
    found = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def identity(case: tuple[str, str, FieldInfo]) -> str:
    return f"{case[0]}.{case[1]}"


@pytest.mark.parametrize("case", settings(), ids=identity)
def test_a_setting_is_shown_in_the_file_with_a_comment(case: tuple[str, str, FieldInfo]) -> None:
    section, name, _ = case
    before, found, _ = block_of(section).partition(f"\n{name} = ")
    if found:
        # Neighbours may share a comment: "the address and port".
        above = [line for line in before.splitlines() if not re.match(r"[a-z_]+ = ", line)]
        assert above[-1].startswith("#")
    else:
        assert re.search(rf"^#.*\b{name}\b", block_of(section), re.MULTILINE)


@pytest.mark.parametrize("case", settings(), ids=identity)
def test_the_file_shows_the_default_and_never_a_secret(case: tuple[str, str, FieldInfo]) -> None:
    section, name, field = case
    shown = KEPT.get(section, {}).get(name)
    if field.annotation is SecretStr:
        assert shown is None
        assert re.search(rf"^# Secret: {name}\b", block_of(section), re.MULTILINE)
    elif shown is not None:
        assert shown == field.default


def test_every_setting_explains_itself_where_it_is_declared() -> None:
    declared_in = (ROOT / "bot" / "settings.py", ROOT / "bot" / "sections.py")
    for node in (node for path in declared_in for node in tree_of(path).body):
        if isinstance(node, ast.ClassDef) and node.name in {
            model.__name__ for _, model in sections()
        }:
            for declared, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(declared, ast.AnnAssign):
                    assert isinstance(after, ast.Expr), ast.unparse(declared)


def test_the_file_is_what_the_program_reads_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANJU_SETTINGS", str(ROOT / "settings.toml"))
    read = Settings().model_dump(mode="json")
    for section, name, _ in settings():
        if (shown := KEPT.get(section, {}).get(name)) is not None:
            assert str(read[section][name]) == str(shown)
