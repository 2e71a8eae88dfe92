"""Names say what a thing is, and every module says which of them are its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.house import STOREYS, definitions, modules, named, of_each, tree_of

VAGUE_CLASS = re.compile(r"Manager|Helper|Util|^Base.+|^Abstract|Impl$")
VAGUE_NAME = re.compile(
    r"^(data|info|util|utils|helper|helpers|process|handle)$|^(process|handle)_"
)

GIVEN_BY_OTHERS = {
    "adapters/platform/sandbox.py": {"handle_async_request"},
    "adapters/sql/base.py": {"process_bind_param", "process_result_value"},
    "bot/sections.py": {"data"},
    "bot/serving.py": {"handle_exit"},
    "bot/words.py": {"handle_data", "handle_starttag", "data"},
}
"""Names that a library, or the contract with those who run the bot, has given."""


def names_given(path: Path) -> Iterator[str]:
    """Yield every name that a module gives to a function, an argument or a variable."""
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def defined(path: Path) -> set[str]:
    """Return the public classes and functions; commands and routes are called by nobody."""
    return {
        node.name
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not any(is_registration(mark) for mark in node.decorator_list)
    }


def assigned(path: Path) -> set[str]:
    """Return the constants and aliases at a module's top."""
    found: set[str] = set()
    for node in tree_of(path).body:
        match node:
            case ast.Assign(targets=targets):
                found.update(name for target in targets for name in names_in(target))
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def imported(path: Path) -> set[tuple[str, str]]:
    """Return the module and the name of everything taken from another module."""
    return {
        (node.module or "", name.name)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def names_in(target: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def is_registration(mark: ast.expr) -> bool:
    """Tell decorators such as ``@app.command()`` and ``@router.get("/x")``."""
    return (
        isinstance(mark, ast.Call)
        and isinstance(mark.func, ast.Attribute)
        and mark.func.attr in {"callback", "command", "get", "post", "put", "delete"}
    )


def declared(path: Path) -> list[str] | None:
    for node in tree_of(path).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return [str(name) for name in ast.literal_eval(value)]
    return None


SPEAKING = [
    path
    for path in modules()
    if path.name not in {"__init__.py", "__main__.py"} and "migrations" not in path.parts
]


@of_each(SPEAKING)
def test_a_module_exports_what_it_defines_and_nothing_unknown(path: Path) -> None:
    exported = declared(path)
    assert exported is not None, "declare __all__"
    assert len(exported) == len(set(exported))
    assert defined(path) <= set(exported)
    passed_on = {name for _, name in imported(path)}
    assert set(exported) <= defined(path) | assigned(path) | passed_on


def test_nobody_takes_from_a_module_what_it_does_not_export() -> None:
    exports = {named(path)[:-3].replace("/", "."): declared(path) or [] for path in SPEAKING}
    trespasses = [
        (named(path), module, name)
        for path in modules(*STOREYS, "tests")
        for module, name in imported(path)
        if module in exports and name not in exports[module]
    ]
    assert not trespasses


@of_each(modules())
def test_no_class_has_a_vague_name(path: Path) -> None:
    classes = [name for name, node in definitions(path) if isinstance(node, ast.ClassDef)]
    assert not [name for name in classes if VAGUE_CLASS.search(name.rpartition(".")[2])]


@of_each(modules())
def test_no_function_argument_or_variable_has_a_vague_name(path: Path) -> None:
    vague = {name for name in names_given(path) if VAGUE_NAME.search(name)}
    assert not vague - GIVEN_BY_OTHERS.get(named(path), set())


@of_each(modules())
def test_module_names_are_plain_words(path: Path) -> None:
    if "migrations" not in path.parts:
        assert re.fullmatch(r"[a-z][a-z0-9_]*|__init__", path.stem)
        assert not VAGUE_NAME.search(path.stem)
