"""What the house tests read: the source tree, its modules and their definitions."""

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

__all__ = [
    "ROOT",
    "STOREYS",
    "definitions",
    "lines_without_docstring",
    "modules",
    "named",
    "of_each",
    "tree_of",
]

ROOT = Path(__file__).parents[2]
STOREYS = ("adapters", "bot", "dialogs", "domain")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def modules(*places: str) -> list[Path]:
    """Return the Python modules under some folders or globs of the project, sorted."""
    found: set[Path] = set()
    for place in places or STOREYS:
        found.update(ROOT.glob(place if place.endswith(".py") else f"{place}/**/*.py"))
    return sorted(found)


def named(path: Path) -> str:
    """Return a module's path as it is written in messages."""
    return path.relative_to(ROOT).as_posix()


def of_each(paths: Sequence[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Have a test hold of every module: one test for all, which names all that break its rule."""

    def holding(test: Callable[[Path], None]) -> Callable[[], None]:
        def of_all() -> None:
            assert paths, "there is nothing that it could hold of"
            broken = [
                f"{named(path)}: {said}" for path in paths if (said := _complaint(test, path))
            ]
            if broken:
                pytest.fail("\n".join(broken), pytrace=False)

        return of_all

    return holding


def _complaint(test: Callable[[Path], None], path: Path) -> str:
    try:
        test(path)
    except AssertionError as error:
        return str(error) or "broken"
    return ""


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def definitions(path: Path) -> Iterator[tuple[str, Definition]]:
    """Yield every class and function of a module with its dotted name, inner ones too."""
    yield from _inside(tree_of(path), "")


def _inside(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield prefix + child.name, child
            yield from _inside(child, f"{prefix}{child.name}.")
        else:
            yield from _inside(child, prefix)


def lines_without_docstring(node: Definition) -> int:
    """Return how many lines a definition has, its decorators and docstring left out."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total
