"""Every error of the domain, and one of each to try translations on."""

import importlib
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

from domain.shared.errors import DomainError
from tests.support.house import ROOT, modules

__all__ = ["an_error", "error_classes"]

_SAMPLES: dict[object, object] = {
    str: "DJ2026112100001",
    int: 3,
    float: 3.0,
    bool: True,
    datetime: datetime(2026, 11, 30, 1, tzinfo=UTC),
}


def error_classes() -> list[type[DomainError]]:
    """Return every class of domain error, the six parents and the root included, by name."""
    for path in modules("domain"):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return sorted({DomainError, *_below(DomainError)}, key=lambda one: one.__qualname__)


def _below(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)


def an_error(kind: type[DomainError]) -> DomainError:
    """Make an error of a kind from samples that fit its constructor's annotations."""
    hints = get_type_hints(kind.__init__)
    given = {
        name: _sample(hints[name])
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is parameter.empty
    }
    return kind(**given)


def _sample(wanted: object) -> object:
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return next(iter(wanted))
    if get_origin(wanted) in {Union, UnionType}:
        return _sample(next(part for part in get_args(wanted) if part is not NoneType))
    if get_origin(wanted) is not None:
        return (_sample(get_args(wanted)[0]),)
    return _SAMPLES[getattr(wanted, "__supertype__", wanted)]
