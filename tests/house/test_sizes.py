"""Functions, files and flows stay short."""

import ast
from pathlib import Path
from statistics import median

from tests.support.house import (
    definitions,
    lines_without_docstring,
    modules,
    named,
    of_each,
    tree_of,
)

FUNCTION, FILE, FLOW = 60, 400, 250
POSITIONAL = 5

TOO_LONG: dict[str, int] = {}
"""File or `file::function` to its present length: only ever shortened."""


def functions(path: Path) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (name, node)
        for name, node in definitions(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def limit_of(path: Path) -> int:
    parts = Path(named(path)).parts
    is_flow = parts[0] == "dialogs" and len(parts) > 2 and parts[1] != "engine"
    return FLOW if is_flow else FILE


@of_each(modules())
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    length = len(path.read_text("utf-8").splitlines())
    assert length <= TOO_LONG.get(named(path), limit_of(path))


@of_each(modules())
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for name, node in functions(path):
        allowed = TOO_LONG.get(f"{named(path)}::{name}", FUNCTION)
        assert lines_without_docstring(node) <= allowed, name


@of_each(modules())
def test_a_function_takes_few_positional_arguments(path: Path) -> None:
    for name, node in functions(path):
        taken = [*node.args.posonlyargs, *node.args.args]
        own = [argument for argument in taken if argument.arg not in {"self", "cls"}]
        assert len(own) <= POSITIONAL, name


def test_most_functions_are_very_short() -> None:
    lengths = sorted(
        lines_without_docstring(node) for path in modules() for _, node in functions(path)
    )
    assert median(lengths) <= 7
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_no_exception_has_outlived_its_reason() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    for path in modules():
        for name, node in functions(path):
            lengths[f"{named(path)}::{name}"] = lines_without_docstring(node)
    assert {place: lengths.get(place) for place in TOO_LONG} == TOO_LONG


def test_there_is_code_to_measure() -> None:
    assert all(tree_of(path).body for path in modules())
    assert len(modules()) > 20
