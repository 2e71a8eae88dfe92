"""Every port has somebody behind it, and a test that holds whoever it is to the contract."""

import ast
import importlib
import inspect
import re
from functools import cache

import pytest

from tests.support.house import ROOT, definitions, modules

SCREENS = ("domain/*/*.py",)

HELD_ELSEWHERE: dict[str, str] = {}
"""Ports whose contract is held by a test of another name than their own."""


@cache
def ports() -> dict[str, set[str]]:
    """Return every port with the names of its verbs and properties."""
    found = {}
    for path in modules(*SCREENS):
        for name, node in definitions(path):
            if isinstance(node, ast.ClassDef) and is_port(node):
                found[name] = {
                    verb.name
                    for verb in node.body
                    if isinstance(verb, ast.FunctionDef | ast.AsyncFunctionDef)
                }
    return found


def is_port(node: ast.ClassDef) -> bool:
    """Tell a port from a class, from a view of the work, and from the mere shape of a record."""
    parents = {ast.unparse(base) for base in node.bases}
    verbs = [
        verb
        for verb in node.body
        if isinstance(verb, ast.FunctionDef | ast.AsyncFunctionDef) and not verb.decorator_list
    ]
    return "Protocol" in parents and bool(verbs) and not node.name.endswith("Work")


@cache
def adapters() -> dict[str, set[str]]:
    """Return every class of the adapters with the names of what it can do."""
    found = {}
    for path in modules("adapters"):
        if "migrations" not in path.parts and path.name != "__init__.py":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass):
                if kind.__module__ == name:
                    found[kind.__name__] = set(dir(kind))
    return found


def behind(port: str) -> list[str]:
    """Return the adapters that can do all that a port asks for."""
    return [name for name, verbs in adapters().items() if ports()[port] <= verbs]


def contract_of(port: str) -> str:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", port).lower()
    return HELD_ELSEWHERE.get(port, f"tests/adapters/contract/test_{snake}.py")


@pytest.mark.parametrize("port", ports())
def test_a_port_has_an_adapter(port: str) -> None:
    assert behind(port)


@pytest.mark.parametrize("port", ports())
def test_a_port_has_a_contract_test_that_tries_an_adapter(port: str) -> None:
    suite = ROOT / contract_of(port)
    assert suite.exists(), contract_of(port)
    text = suite.read_text("utf-8")
    names = [port, *behind(port)]
    assert any(re.search(rf"\b{name}\b", text) for name in names), names


def test_no_exception_has_outlived_its_reason() -> None:
    assert set(HELD_ELSEWHERE) <= set(ports())
