"""The tags of the acts that the code leaves, read from the code."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from tests.support.house import modules, tree_of

__all__ = ["matching", "tags_in_code"]

_TAG = re.compile(r"[a-z_]+:[a-z_-]+:[a-z_-]+")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def tags_in_code() -> set[str]:
    """Return every tag; where a part is only known at run time it has a ``*`` there."""
    found: set[str] = set()
    for path in modules("domain", "bot", "dialogs"):
        if path.name != "acts.py":
            found.update(_tags(tree_of(path)))
    return found


def matching(tag: str, known: set[str]) -> list[str]:
    """Return the known tags that a tag of the code may become."""
    return [one for one in known if fnmatchcase(one, tag)]


def _tags(tree: ast.Module) -> Iterator[str]:
    for function in (node for node in ast.walk(tree) if isinstance(node, _Function)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = _called(call)
            if name == "Act" and (tag := _argument(call, "tag", 0)) is not None:
                yield from _filled(tag, function, tree)
            elif name == "act" and len(call.args) > 1:
                yield from _filled(call.args[1], function, tree)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def _argument(call: ast.Call, name: str, place: int) -> ast.expr | None:
    named = [one.value for one in call.keywords if one.arg == name]
    return (named or [*call.args[place : place + 1]] or [None])[0]


def _filled(tag: ast.expr, function: _Function, tree: ast.Module) -> Iterator[str]:
    """Yield what a tag may be, with what the callers of its function put into it."""
    own = [argument.arg for argument in function.args.args if argument.arg != "self"]
    template = _template(tag)
    names = [name for name in re.findall(r"{(\w*)}", template) if name in own]
    if not names:
        if template != "{tag}" or "tag" not in own:
            yield re.sub(r"{\w*}", "*", template)
        return
    [name] = names
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if _called(call) == function.name:
            said = _argument(call, name, own.index(name))
            if said is not None:
                for words in _choices(said):
                    yield re.sub(r"{\w*}", "*", template.replace(f"{{{name}}}", words))


def _choices(said: ast.expr) -> list[str]:
    if isinstance(said, ast.IfExp):
        return [*_choices(said.body), *_choices(said.orelse)]
    return [_template(said)]


def _template(said: ast.expr) -> str:
    match said:
        case ast.Constant(value=str(words)):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(_template(part) for part in parts)
        case ast.FormattedValue(value=inner):
            return _template(inner)
        case ast.Name(id=name):
            return f"{{{name}}}"
        case _:
            return "{}"
