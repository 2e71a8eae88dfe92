"""What a citizen means by a number, a label, or something near a label."""

import re
from collections.abc import Sequence
from functools import lru_cache

import cn2an
from rapidfuzz import fuzz, process

from domain.shared.idents import half_width

__all__ = ["nearest", "number_in", "numbers_in", "plain", "plain_label"]

_ORDINAL = re.compile(
    r"第?(?P<number>\d{1,3}|[零一二两三四五六七八九十百]{1,5})[个项条种号户套位]?"
)
_UNSAYABLE = re.compile(r"[\s&\"<>#%]+")
_SEPARATORS = re.compile(r"[,，、;；和\s]+")
_NEAR_ENOUGH = 75
_CLEAR_LEAD = 8
_EDGE_MARKS = " \t\r\n。．.!！,，;；:：、~～“”\"'‘’【】[]()（）"


def plain(text: str) -> str:
    """Return words as they are compared: half-width, lower case, no spaces, no edge marks.

    Nor the signs that a tap link cannot carry.

    >>> plain(" 菜　单。")
    '菜单'
    """
    if text.isdecimal() and text.isascii():
        return text
    return _UNSAYABLE.sub("", half_width(text)).strip(_EDGE_MARKS).lower()


@lru_cache(maxsize=4096)
def plain_label(label: str) -> str:
    """Return words of ours as `plain` does; remembered, so never to be used on a citizen's."""
    return plain(label)


def number_in(text: str) -> int | None:
    """Return the number meant by «2», «２», «二», «第2个»; ``None`` if none is meant.

    >>> [number_in(text) for text in ("2", "２", "二", "第2个", "两个", "十二", "多少")]
    [2, 2, 2, 2, 2, 12, None]
    """
    found = _ORDINAL.fullmatch(plain(text))
    if not found:
        return None
    digits = found["number"]
    if digits.isdecimal():
        return int(digits)
    try:
        return int(cn2an.cn2an(digits.replace("两", "二"), "smart"))
    except (ValueError, KeyError):
        return None


def numbers_in(text: str) -> list[int]:
    """Return the numbers of «1,3» or «1、3 和 4»; empty unless all parts are numbers."""
    numbers = [number_in(part) for part in _SEPARATORS.split(half_width(text).strip()) if part]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else []


def nearest(text: str, labels: Sequence[str]) -> int | None:
    """Return the index of the one label that is clearly meant; ``None`` if none or several are.

    A label that contains the words, or nearly spells them, is meant when no other comes close.
    """
    wanted = plain(text)
    if len(wanted) < 2:  # noqa: PLR2004 (one character fits too many labels)
        return None
    choices = [plain(label) for label in labels]
    within = [index for index, label in enumerate(choices) if wanted in label]
    if within:
        return within[0] if len(within) == 1 else None
    ranked = process.extract(
        wanted, choices, scorer=fuzz.ratio, limit=2, score_cutoff=_NEAR_ENOUGH - _CLEAR_LEAD
    )
    if not ranked or ranked[0][1] < _NEAR_ENOUGH:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _CLEAR_LEAD:
        return None
    return int(ranked[0][2])
