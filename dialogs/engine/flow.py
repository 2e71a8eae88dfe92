"""A flow: one thing a citizen wants, written as the questions it needs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, TypeVar

from dialogs.desk import Desk, Need
from dialogs.engine.messages import Option, Start
from dialogs.engine.steps import Answers, Section, Step
from domain.shared.conversations import Json

__all__ = ["Check", "Flow", "Receipt", "SettledError", "check"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the citizen is told once it is done, and what may come next.

    ``start`` begins another flow at once; its first question follows the words.
    """

    text: str
    options: tuple[Option, ...] = ()
    start: Start | None = None

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back."""
        return {
            "text": self.text,
            "options": [option.to_json() for option in self.options],
            "start": Option("", start=self.start).to_json().get("start"),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> "Receipt":
        """Rebuild a receipt from `to_json`."""
        options = kept.get("options")
        offered = options if isinstance(options, list) else []
        start = Option.from_json({"label": "", "start": kept.get("start")}).start
        return cls(
            str(kept.get("text", "")),
            tuple(Option.from_json(one) for one in offered if isinstance(one, dict)),
            start,
        )


class SettledError(Exception):
    """A flow has nothing to do: it was done before, or there is nothing to show."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


Warn = Callable[["Flow", Answers, Desk], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """A warning on the check-answers page that looks at several answers together."""

    steps: tuple[str, ...]
    warn: Warn


F = TypeVar("F", bound="Flow")


def check(
    *steps: str,
) -> Callable[[Callable[[F, Answers, Desk], Awaitable[str]]], Callable[..., Awaitable[str]]]:
    """Mark a method that returns a warning about these steps, or ``""``; it never forbids."""

    def mark(
        warn: Callable[[F, Answers, Desk], Awaitable[str]],
    ) -> Callable[..., Awaitable[str]]:
        warn.__dict__["checks"] = steps
        return warn

    return mark


class Flow:
    """One thing a citizen wants.

    Class attributes declare it: the steps in their order, the sections among them, and

    ``requires``
        What must be true of the citizen first; missing things are done first, then it goes on.
    ``provides``
        What is true of a citizen once this flow is done.
    ``until``
        What makes it pointless to come back to, however it came about.
    ``words``
        What a citizen says to begin it.
    ``vague``
        Words that begin it only where nothing else is open.
    ``shortcuts``
        Further such words, each with answers that it begins with.
    ``settings``
        Names of answers that are not questions' but ways to go about the flow, each with the
        values it may have. Beginning the flow with another value keeps everything else.
    ``reading``
        It only shows things: it has no effect, and it is not kept when something else begins.
    ``review``
        Whether the answers are shown for checking before the effect.
    ``confirm``
        The word that confirms.

    Flows are written as ``class BindFamily(Flow, id="bind_family", version=1, title="…")``. The
    id is never reused. A class without an id is a part of another flow (see `Repeat`).
    """

    id: ClassVar[str] = ""
    version: ClassVar[int] = 1
    title: ClassVar[str] = ""
    requires: ClassVar[tuple[Need, ...]] = ()
    provides: ClassVar[Need | None] = None
    until: ClassVar[Need | None] = None
    words: ClassVar[tuple[str, ...]] = ()
    vague: ClassVar[tuple[str, ...]] = ()
    shortcuts: ClassVar[Mapping[str, Mapping[str, Json]]] = MappingProxyType({})
    settings: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    reading: ClassVar[bool] = False
    review: ClassVar[bool] = True
    confirm: ClassVar[str] = "提交"
    steps: ClassVar[dict[str, Step[object]]] = {}
    sections: ClassVar[tuple[Section, ...]] = ()
    checks: ClassVar[tuple[Check, ...]] = ()

    def __init_subclass__(
        cls,
        *,
        id: str = "",  # noqa: A002 (the word flows are written with)
        version: int = 1,
        title: str = "",
    ) -> None:
        """Collect what the class body declares."""
        super().__init_subclass__()
        cls.id, cls.version, cls.title = id, version, title
        steps: dict[str, Step[object]] = {}
        sections: list[Section] = []
        for name, declared in vars(cls).items():
            if isinstance(declared, Section):
                sections.append(declared)
            elif isinstance(declared, Step):
                declared.section = sections[-1] if sections else None
                steps[name] = declared
        cls.steps = steps
        cls.sections = tuple(sections)
        cls.checks = tuple(
            Check(declared.__dict__["checks"], declared)
            for declared in vars(cls).values()
            if callable(declared) and "checks" in getattr(declared, "__dict__", {})
        )

    async def admit(self, answers: Answers, desk: Desk) -> None:
        """Raise a domain error where beginning is pointless, before anything is required."""

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Return words to begin with; a domain error says why it cannot begin.

        Called when the flow begins and whenever it is come back to, once ``requires`` hold.
        `SettledError` says that there is nothing left to do.
        """
        return ""

    async def summary(self, answers: Answers, desk: Desk) -> str:
        """Return words above the check-answers page, beyond the answers themselves."""
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Have the one effect. Called at most once for a draft; never calls the outside world."""
        raise NotImplementedError
