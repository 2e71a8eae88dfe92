"""What stands in one cell of a plan's table: read as people write it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Final

from domain.filings.model import UnitType
from domain.shared.clock import CHINA
from domain.shared.idents import half_width
from domain.shared.tables import inert

__all__ = [
    "HIGHEST_RENT",
    "LARGEST_AREA",
    "MOST_FLATS",
    "MOST_REGISTRATIONS",
    "TITLES",
    "CellFault",
    "Heading",
    "Problem",
    "WrongCellError",
    "beginning",
    "ending",
    "number",
    "plain",
    "unit_type",
    "whole",
    "words",
]


class Heading(StrEnum):
    """The columns of the table, by what stands above them."""

    PLAN = "计划名称"
    OPENS = "登记开始"
    CLOSES = "登记截止"
    CHOOSING_FROM = "选房开始"
    CHOOSING_TO = "选房结束"
    LIMIT = "每户最多登记"
    PROJECT = "项目名称"
    DISTRICT = "所在区"
    ADDRESS = "项目地址"
    PROJECT_FROM = "项目选房开始"
    PROJECT_TO = "项目选房结束"
    SUMMARY = "项目介绍"
    TYPE = "套型"
    AREA_FROM = "最小面积"
    AREA_TO = "最大面积"
    RENT = "租金单价"
    COUNT = "套数"


TITLES: Final = tuple(Heading)

_DATE: Final = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
    r"(?:[ T]*([0-9]{1,2})[:时点]([0-9]{1,2})?分?(?::[0-9]{1,2})?)?"
)
_AMOUNT: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_OPENS: Final = time(9)
_CLOSES: Final = time(17)
"""A day without a time: what begins, begins at nine; what ends, ends at five."""

MOST_FLATS: Final = 100_000
LARGEST_AREA: Final = Decimal(1000)
HIGHEST_RENT: Final = Decimal(10_000)
MOST_REGISTRATIONS: Final = 99
_CENT: Final = Decimal("0.01")

_LONGEST: Final = {
    Heading.PLAN: 60,
    Heading.PROJECT: 40,
    Heading.DISTRICT: 20,
    Heading.ADDRESS: 100,
    Heading.SUMMARY: 500,
}

_TYPES: Final = {
    **{one.value: one for one in UnitType},
    **{one.value.removesuffix("室"): one for one in UnitType},
    "两居室": UnitType.TWO,
    "两居": UnitType.TWO,
    **{f"{number}居室": one for number, one in enumerate(UnitType)},
    **{f"{number}居": one for number, one in enumerate(UnitType)},
}


class Problem(StrEnum):
    """What is wrong with a cell, or with the table where no cell is named."""

    NO_HEADING = "no-heading"
    NO_COLUMN = "no-column"
    TWICE = "twice"
    """Two columns of one name."""
    NO_ROWS = "no-rows"
    MISSING = "missing"
    TOO_LONG = "too-long"
    FORMULA = "formula"
    DATE = "date"
    NUMBER = "number"
    WHOLE = "whole"
    TYPE = "type"
    AREA_ORDER = "area-order"
    DIFFERS = "differs"
    """Not what stood above for the same plan or project."""
    SAME_UNIT = "same-unit"
    """The project has a unit of this type already."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong where: ``row`` from 1 as spreadsheets count, ``column`` from 0.

    ``column`` is ``None`` where the whole row or table is meant. ``other`` is the row it disagrees
    with, the length allowed, or 0.
    """

    row: int
    column: int | None
    title: str
    problem: Problem
    other: int = 0


class WrongCellError(Exception):
    """A cell cannot be read; ``problem`` and ``other`` become those of its `CellFault`."""

    def __init__(self, problem: Problem, other: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.other = other


def plain(cell: str) -> str:
    """Return a cell without what nobody sees: spaces around, line ends, marks of files."""
    return " ".join(cell.replace("\u00a0", " ").replace("\ufeff", "").split())


def words(title: Heading) -> Callable[[str], str]:
    """Return what reads the words of a column; no formula, and not too long for a message."""
    return partial(_words, longest=_LONGEST[title])


def beginning(text: str) -> datetime:
    """Read a moment in China; a day alone begins at nine."""
    return _dated(text, _OPENS)


def ending(text: str) -> datetime:
    """Read a moment in China; a day alone ends at five in the afternoon."""
    return _dated(text, _CLOSES)


def number(most: Decimal) -> Callable[[str], Decimal]:
    """Return what reads an amount above zero, with two decimals at most."""
    return partial(_number, most=most)


def whole(most: int) -> Callable[[str], int]:
    """Return what reads a whole number from 1."""
    return partial(_whole, most=most)


def unit_type(text: str) -> UnitType:
    """Read a unit type, also as 两居 or 2居室."""
    said = half_width(text).replace(" ", "")
    if said not in _TYPES:
        raise WrongCellError(Problem.TYPE)
    return _TYPES[said]


def _decimal(text: str) -> Decimal:
    said = half_width(text).replace(",", "").replace("，", "")
    if not _AMOUNT.fullmatch(said):
        raise WrongCellError(Problem.NUMBER)
    return Decimal(said)


def _words(text: str, longest: int) -> str:
    if inert(text) != text:
        raise WrongCellError(Problem.FORMULA)
    if len(text) > longest:
        raise WrongCellError(Problem.TOO_LONG, longest)
    return text


def _number(text: str, most: Decimal) -> Decimal:
    amount = _decimal(text)
    if not _CENT <= amount <= most or amount != amount.quantize(_CENT):
        raise WrongCellError(Problem.NUMBER, int(most))
    return amount.quantize(_CENT)


def _whole(text: str, most: int) -> int:
    amount = _decimal(text)
    if amount != amount.to_integral_value() or not 1 <= amount <= most:
        raise WrongCellError(Problem.WHOLE, most)
    return int(amount)


def _dated(text: str, otherwise: time) -> datetime:
    found = _DATE.fullmatch(half_width(text).replace("：", ":"))
    if found is None:
        raise WrongCellError(Problem.DATE)
    year, month, day, hour, minute = found.groups()
    clock = (int(hour), int(minute or 0)) if hour else (otherwise.hour, otherwise.minute)
    try:
        return datetime(int(year), int(month), int(day), *clock, tzinfo=CHINA)
    except ValueError:
        raise WrongCellError(Problem.DATE) from None
