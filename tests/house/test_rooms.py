"""Models never wait, services never commit, and only the edge ends a transaction."""

import ast
from pathlib import Path

import pytest

from tests.support.house import modules, named, of_each, tree_of

ENDS_ITS_OWN = {
    "adapters/sql/base.py": "carries the verb",
    "adapters/sql/shared_secrets.py": "each verb is a transaction of its own",
    "adapters/sql/work.py": "gives the verb to the edge",
    "domain/shared/work.py": "names the verb for the edge",
}
"""Modules below the edge where the word may stand, and why."""


def committing(path: Path) -> list[int]:
    """Return the lines on which a module defines, calls or names a commit."""
    return [
        node.lineno
        for node in ast.walk(tree_of(path))
        if "commit"
        in {getattr(node, "attr", ""), getattr(node, "id", ""), getattr(node, "name", "")}
    ]


@of_each(modules("domain/*/model.py"))
def test_a_model_never_waits_and_never_looks_at_a_clock(path: Path) -> None:
    waiting = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
        or (isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"})
    ]
    assert not waiting


@of_each(modules("domain", "dialogs", "adapters"))
def test_only_the_edge_ends_a_transaction(path: Path) -> None:
    if named(path) not in ENDS_ITS_OWN:
        assert not committing(path)


@pytest.mark.parametrize("place", sorted(ENDS_ITS_OWN))
def test_the_exceptions_are_still_needed(place: str) -> None:
    assert [committing(path) for path in modules(place)] != [[]]


@of_each(modules("domain/*/service*.py"))
def test_a_service_does_not_even_speak_of_committing(path: Path) -> None:
    assert "commit" not in path.read_text("utf-8")
