"""Statements that are built once and sent often: to build one costs more than to run it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from asyncpg.exceptions import (
    IntegrityConstraintViolationError,
    InterfaceError,
    TransactionRollbackError,
)
from sqlalchemy import BindParameter, Dialect, Executable, RowMapping, bindparam, insert
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import ClauseElement

__all__ = ["Found", "Prepared", "Wire", "insertion", "joined", "send"]

Found = Mapping[str, Any] | RowMapping
"""A row, by the names of its columns."""

_Values = Mapping[str, object]

_NUMBER = re.compile(r"\$(\d+)")
_POSTGRESQL: Dialect = asyncpg_dialect()  # type: ignore[no-untyped-call] # a class of theirs


@dataclass(frozen=True, eq=False)
class Wire:
    """A statement as PostgreSQL's driver takes it: its text, and its values in their order."""

    text: str
    names: tuple[str, ...]
    given: _Values
    turned: Mapping[str, Callable[[Any], Any]]

    def arguments(self, values: _Values) -> list[object]:
        """Return the values in the order in which the text numbers them."""
        wanted = {**self.given, **values}
        for name, turn in self.turned.items():
            wanted[name] = turn(wanted[name])
        return [wanted[name] for name in self.names]


class Prepared:
    """A statement whose values are named by `sqlalchemy.bindparam` and given at each run."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement

    @cached_property
    def wire(self) -> Wire:
        """What is sent to PostgreSQL."""
        assert isinstance(self.statement, ClauseElement)  # noqa: S101 (every statement is one)
        compiled: Any = self.statement.compile(dialect=_POSTGRESQL)
        names = tuple(compiled.positiontup or ())
        turns = {
            name: compiled.binds[name].type.dialect_impl(_POSTGRESQL).bind_processor(_POSTGRESQL)
            for name in names
        }
        return Wire(
            text=compiled.string,
            names=names,
            given={name: compiled.params[name] for name in names},
            turned={name: turn for name, turn in turns.items() if turn is not None},
        )


@lru_cache(maxsize=256)
def insertion(row: type[DeclarativeBase], columns: tuple[str, ...]) -> Prepared:
    """Return the statement that inserts these columns of a row, and fails where one is there."""
    values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in columns}
    return Prepared(insert(row.__table__).inline().values(values))  # type: ignore[arg-type] # a mapped class has a table


@lru_cache(maxsize=256)
def joined(wires: Sequence[tuple[Wire, int]]) -> str:
    """Return one statement that does what several do, all or nothing.

    PostgreSQL runs the first as the statement itself and the others beside it; none sees what
    another writes. Their values follow one another.

    Parameters
    ----------
    wires
        Each statement, and for how many rows: more than one only for an `insertion`.
    """
    texts, begins = [], 0
    for wire, rows in wires:
        texts.append(_repeated(wire, rows, begins))
        begins += len(wire.names) * rows
    first, *others = texts
    beside = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(others))
    return f"WITH {beside} {first}" if beside else first


def _repeated(wire: Wire, rows: int, begins: int) -> str:
    """Return a statement for so many rows, its values numbered from there on."""
    head, values, row = wire.text.partition("VALUES ")
    places = (begins + len(wire.names) * number for number in range(rows))
    if rows == 1:
        return _renumbered(wire.text, begins)
    return head + values + ", ".join(_renumbered(row, place) for place in places)


async def send(connection: AsyncConnection, text: str, arguments: Sequence[object]) -> list[Found]:
    """Send a statement to PostgreSQL past SQLAlchemy, at a third of the cost; return its rows.

    Faults are the driver's own, save that of a closed line: `sqlalchemy.exc.OperationalError`.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        found: list[Found] = await driver.fetch(text, *arguments)
    except (IntegrityConstraintViolationError, TransactionRollbackError):
        raise
    except Exception as error:
        # The pool knows nothing of the fault: closed, the line is not handed out again.
        driver.terminate()
        if isinstance(error, InterfaceError):
            raise OperationalError(text, None, error) from error
        raise
    return found


def _renumbered(text: str, begins: int) -> str:
    return _NUMBER.sub(lambda found: f"${int(found[1]) + begins}", text)
