"""What an answer of the bot claims: the numbers in it, and how they stand."""

import re
from dataclasses import dataclass
from typing import Final

from benchmarks.chaos.history import Answered

__all__ = ["NUMBER", "Claim", "claims", "numbers", "undecided"]

NUMBER: Final = re.compile(r"DJ\d{15}")
"""A registration's number."""

_RECEIPT = re.compile(r"登记成功！\n编号：(DJ\d{15})\n房源：(.+)")
_DETAIL = re.compile(r"登记编号：(DJ\d{15})（(已登记|已取消)）\n房源：(.+)")
_LISTED = re.compile(r"(.+) (已登记|已取消) ")
_ALREADY = re.compile(r"已经登记过这个房源，编号 (DJ\d{15})")
_CANCELLED = re.compile(r"已取消 \d+ 个登记：\n((?:DJ\d{15}\n?)+)")
_UNDECIDED = re.compile(r"正在办理，请稍候|您上一条还在办理|系统繁忙|暂时没有回应|您发得有点快")


@dataclass(frozen=True, slots=True)
class Claim:
    """A registration that a citizen was told of. ``receipt`` tells that it was made just now."""

    number: str
    live: bool
    unit: str
    receipt: bool = False


def undecided(text: str) -> bool:
    """Tell an answer that leaves open what became of the message: the truth comes later."""
    return bool(_UNDECIDED.search(text))


def numbers(text: str) -> set[str]:
    """Return every registration number in some words."""
    return set(NUMBER.findall(text))


def claims(answer: Answered) -> list[Claim]:
    """Return what an answer says about registrations, in its order."""
    found = [
        Claim(n, live=True, unit=unit, receipt=True) for n, unit in _RECEIPT.findall(answer.text)
    ]
    found += [Claim(n, state == "已登记", unit) for n, state, unit in _DETAIL.findall(answer.text)]
    found += [Claim(number, live=True, unit="") for number in _ALREADY.findall(answer.text)]
    for listed in _CANCELLED.findall(answer.text):
        found += [Claim(number, live=False, unit="") for number in listed.split()]
    return found + _listed(answer)


def _listed(answer: Answered) -> list[Claim]:
    """Read «我的登记»: each option says a number and shows its unit and state."""
    found = []
    for said, label in answer.taps:
        seen = _LISTED.search(label)
        if seen and NUMBER.fullmatch(said):
            unit = re.sub(r"^\d+\. ?", "", seen[1])
            found.append(Claim(said, seen[2] == "已登记", unit))
    return found
