"""What to do with one thing that was said: the outcome of routing, before anything is done."""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.engine.messages import Option, Start

__all__ = [
    "Begin",
    "Chosen",
    "Greet",
    "Picture",
    "Silence",
    "Sorry",
    "Stale",
    "Verb",
    "VerbWord",
    "Way",
    "Words",
]


class VerbWord(StrEnum):
    """The words that mean the same wherever they are said, by their first spelling."""

    MENU = "菜单"
    BACK = "返回"
    LEAVE = "退出"
    GO_ON = "继续"
    AGAIN = "重新开始"
    HELP = "帮助"
    WHY = "为什么"
    CHANGE = "改"
    RESULT = "结果"
    NEXT_PAGE = "下一页"
    REPEAT = "再说一遍"


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is to be said."""


@dataclass(frozen=True, slots=True)
class Greet:
    """A follow or a scan, with the poster's scene or ``""``; ``new`` for a follow."""

    scene: str
    new: bool


@dataclass(frozen=True, slots=True)
class Verb:
    """A word that works everywhere; ``about`` is what follows «改». ``text`` is what was typed."""

    word: VerbWord
    about: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Begin:
    """A flow was asked for by name."""

    start: Start
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the options last shown."""

    option: Option


@dataclass(frozen=True, slots=True)
class Stale:
    """A tap on an option shown earlier: the short draft id and the step it was shown for."""

    draft: str
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words for the open question."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture."""

    media_id: str


@dataclass(frozen=True, slots=True)
class Sorry:
    """Something we cannot take, and the sentence that says what to do instead."""

    sentence: str


Way = Silence | Greet | Verb | Begin | Chosen | Stale | Words | Picture | Sorry
