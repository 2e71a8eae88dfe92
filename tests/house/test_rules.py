"""Every rule says where it comes from."""

import ast
import re
from pathlib import Path

from tests.support.house import definitions, modules, named, of_each

RULE_BOOKS = modules("domain/*/model.py", "domain/shared/idents.py")

OURS: dict[str, str] = {}
"""Public functions without a source, and why there is none."""


def rules(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the public functions that stand at a module's top."""
    return {
        f"{named(path)}::{name}": node
        for name, node in definitions(path)
        if isinstance(node, ast.FunctionDef) and "." not in name and not name.startswith("_")
    }


@of_each(RULE_BOOKS)
def test_a_rule_names_its_source(path: Path) -> None:
    for name, node in rules(path).items():
        names_one = re.search(r"Source(:|\n\s*-{6})\s*\S", ast.get_docstring(node) or "")
        assert bool(names_one) != (name in OURS), name


@of_each(modules("domain"))
def test_everything_public_in_the_domain_is_explained(path: Path) -> None:
    for name, node in definitions(path):
        if not any(part.startswith("_") for part in name.split(".")):
            assert ast.get_docstring(node), name


@of_each(modules())
def test_every_module_and_every_public_class_is_explained(path: Path) -> None:
    if "migrations" not in path.parts:
        bare = [
            name
            for name, node in definitions(path)
            if isinstance(node, ast.ClassDef)
            and not name.rpartition(".")[2].startswith("_")
            and not ast.get_docstring(node)
        ]
        assert not bare
        assert path.read_text("utf-8").startswith('"""')


def test_no_exception_has_outlived_its_reason() -> None:
    known = {name for path in RULE_BOOKS for name in rules(path)}
    assert set(OURS) <= known
