"""What citizens are told unasked, what of it each wishes to be told, and how it fits a card."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from domain.filings.model import Family, FamilyState, UnitType
from domain.plans.model import Plan, PlanBook
from domain.registrations.model import screen
from domain.shared.errors import ConflictError, RefusedError
from domain.shared.pushes import PushKind
from domain.shared.records import OpenId

__all__ = [
    "TOPICS",
    "Card",
    "CardTemplate",
    "Choice",
    "Fact",
    "Topic",
    "card_of",
    "fitted",
    "may_take_from",
    "receipt_key",
    "standard",
]

_FACTS: Final[Mapping[PushKind, tuple[str, tuple[str, ...]]]] = {
    PushKind.REGISTERED: ("登记成功", ("房源", "登记编号", "时间")),
    PushKind.CANCELLED: ("登记已取消", ("房源", "登记编号", "时间")),
    PushKind.PLAN_OPENS: ("配租计划开始登记", ("计划", "开始时间")),
    PushKind.PLAN_CLOSES: ("登记即将截止", ("计划", "截止时间")),
    PushKind.DRAFT_LEFT: ("登记还没有办完", ("计划", "截止时间")),
    PushKind.CASE: ("办理进度", ("事项", "编号", "进度")),
    PushKind.ANSWERED: ("问题单有答复", ("事项", "编号", "进度")),
}
"""What a card of a kind is about, and what its values are called."""


class Topic(StrEnum):
    """What a citizen may wish, or not wish, to be told of.

    Warnings that guard the account are none of them: they are always told.
    """

    REGISTRATION = "registration"
    PLANS = "plans"
    DRAFTS = "drafts"
    CASES = "cases"


TOPICS: Final[Mapping[PushKind, Topic]] = {
    PushKind.REGISTERED: Topic.REGISTRATION,
    PushKind.CANCELLED: Topic.REGISTRATION,
    PushKind.PLAN_OPENS: Topic.PLANS,
    PushKind.PLAN_CLOSES: Topic.PLANS,
    PushKind.DRAFT_LEFT: Topic.DRAFTS,
    PushKind.CASE: Topic.CASES,
    PushKind.ANSWERED: Topic.CASES,
}
"""The topic of each kind that has one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """By which ways a citizen wishes to be told of a topic; by neither is a choice too."""

    wechat: bool = True
    sms: bool = True


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """What the platform has approved for a topic.

    ``template`` is the id of a template message, ``subscription`` that of a notice which citizens
    agree to; empty where the account was granted none. ``lasting`` tells that they agree once and
    for all, not once for each. ``blanks`` are the template's words, as ``thing1``: the first for
    what the card is about, then one for each value of the kind.
    """

    template: str = ""
    subscription: str = ""
    lasting: bool = False
    blanks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a card: the platform's word for the blank, what people call it, and the value."""

    blank: str
    label: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A notice as the platform takes it.

    ``agreed`` tells that the citizen has agreed to it: a subscription; otherwise it goes to
    whoever follows. ``key`` makes a repetition known to the platform, where it looks.
    """

    template: str
    title: str
    facts: tuple[Fact, ...]
    agreed: bool
    key: str = ""

    @property
    def values(self) -> dict[str, str]:
        """What stands in each blank, fitted to it."""
        return {fact.blank: fitted(fact.blank, fact.value) for fact in self.facts}


def standard(topic: Topic) -> Choice:
    """Return what holds for whoever has not chosen: all of it, and an SMS for what matters.

    Source: ecosystem 31; each topic can be turned off (S0-20).
    """
    return Choice(sms=topic in (Topic.REGISTRATION, Topic.CASES))


def card_of(
    kind: PushKind, values: Sequence[str], kept: CardTemplate, *, agreed: bool, key: str = ""
) -> Card | None:
    """Return a kind as a card; ``None`` where the account has no such card.

    Parameters
    ----------
    values
        The kind's, in their order.
    kept
        What was approved for the kind's topic.
    agreed
        Whether to make the card that citizens agree to, or that for followers.

    Source
    ------
    The platform's pages on template messages and subscription notices.
    """
    template = kept.subscription if agreed else kept.template
    if not template or kind not in _FACTS:
        return None
    title, labels = _FACTS[kind]
    words = zip(kept.blanks, ("事项", *labels), (title, *values), strict=False)
    return Card(template, title, tuple(Fact(*one) for one in words), agreed, key)


def _short(length: int) -> Callable[[str], str]:
    def cut(value: str) -> str:
        flat = " ".join(value.split())
        return (flat if len(flat) <= length else f"{flat[: length - 1]}…") or "无"

    return cut


def _only(kept: str, length: int, otherwise: str) -> Callable[[str], str]:
    def clean(value: str) -> str:
        return re.sub(f"[^{kept}]", "", value)[:length] or otherwise

    return clean


_FITS: Final[Mapping[str, Callable[[str], str]]] = {
    "thing": _short(20),
    "short_thing": _only("一-鿿", 5, "通知"),
    "phrase": _only("一-鿿", 5, "通知"),
    "character_string": _only("!-~", 32, "-"),
    "number": _only("0-9", 32, "0"),
    "letter": _only("A-Za-z", 32, "A"),
    "const": _short(20),
}


def fitted(blank: str, value: str) -> str:
    """Return a value as a blank of a template takes it: shortened, and without what it refuses.

    Times stay as they are: a moment in the form of the kinds fits.

    Source: the platform's rules of template messages (47003).
    """
    fit = _FITS.get(blank.rstrip("0123456789"))
    return fit(value) if fit else value


def receipt_key(serial: object = "", *, openid: OpenId | None = None, template: str = "") -> str:
    """Return by what the platform will know a card: its number, else whom it went to by what.

    Source: the platform's pages on TEMPLATESENDJOBFINISH and subscribe_msg_sent_event; the number
    of a subscription notice is not told when it is sent.
    """
    if serial:
        return f"n{serial}"[:64]
    return f"t{sha256(f'{openid} {template}'.encode()).hexdigest()[:40]}"


def may_take_from(plan: Plan, book: PlanBook, unit_types: Sequence[UnitType]) -> bool:
    """Tell whether a filed family without a registration in the plan may register in it now.

    What it may take is what it is shown as its own, by the very rules that let it register.

    Parameters
    ----------
    unit_types
        The family's filed types.

    Source
    ------
    S0-37, S0-40.
    """
    family = Family(
        number="",
        district="",
        unit_types=tuple(unit_types),
        group="",
        state=FamilyState.VALID,
        members=(),
        id="",
    )
    for project in book.projects(plan.id):
        for unit in book.units(project.id):
            try:
                screen(unit, plan, family, (), plan.opens_at)
            except (ConflictError, RefusedError):
                continue
            return True
    return False
