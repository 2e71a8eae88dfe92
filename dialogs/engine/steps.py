"""The steps a flow is made of: one question each."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from dialogs.desk import Desk
from dialogs.engine.choosing import nearest
from dialogs.engine.kinds import Kind, UnfitError
from dialogs.engine.messages import Option, Reply
from domain.shared.conversations import Draft, Json
from domain.shared.errors import DomainError

__all__ = [
    "Accept",
    "Also",
    "Answers",
    "Ask",
    "Condition",
    "Heard",
    "KeepPicture",
    "Photo",
    "Probe",
    "Section",
    "Step",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Condition = Callable[["Answers"], object]
Also = Callable[["Answers"], Sequence[Option]]
"""Ways that lead elsewhere from a question, given the answers so far."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What reaches a step: typed words, an option chosen from the ones shown, or a picture."""

    text: str = ""
    option: Option | None = None
    media_id: str = ""


class Step(Generic[T_co]):
    """One question of a flow.

    Parameters
    ----------
    prompt
        The question; ``{name}`` stands for the shown answer of another step.
    title
        The short name on the check-answers page; the first of ``aka`` where empty.
    aka
        Names by which a citizen may ask to change the answer («改手机号»).
    why, hint
        What «为什么» answers, and what a second miss adds.
    when
        Asked only where this holds for the answers so far; it may read earlier steps only.
    resets
        Steps whose answers no longer hold once this one changes.
    was
        The id this step had in earlier releases; drafts that hold it are understood.
    also
        Options offered with the question, after its own, that lead elsewhere.
    """

    def __init__(  # noqa: PLR0913 (one declaration says everything about a question)
        self,
        prompt: str = "",
        *,
        title: str = "",
        aka: Sequence[str] = (),
        why: str = "",
        hint: str = "",
        when: Condition | None = None,
        resets: Sequence[str] = (),
        was: str = "",
        also: Also | None = None,
    ) -> None:
        self.id = ""
        self.section: Section | None = None
        self.prompt = prompt
        self.aka = tuple(aka)
        self.title = title or (self.aka[0] if self.aka else "")
        self.why = why
        self.hint = hint
        self.when = when
        self.resets = tuple(resets)
        self.was = was
        self.also = also

    whole: ClassVar[bool] = False
    """Whether the question must be seen to its last word before an answer counts."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name it is declared under as id."""
        self.id = name

    @property
    def conditional(self) -> bool:
        """Whether some answers leave this question out."""
        return self.when is not None or bool(self.section and self.section.when)

    def needed(self, answers: "Answers") -> bool:
        """Tell whether the question is asked, given the answers so far."""
        in_section = self.section is None or self.section.needed(answers)
        return in_section and _holds(self.when, answers)

    def open_within(self, answers: "Answers") -> "tuple[str, Step[object]]":
        """Return what names the very question that is open, and that question: itself, mostly."""
        return self.id, self

    async def ask(self, answers: "Answers", desk: Desk) -> Reply:
        """Put the question."""
        return Reply(answers.fill(self.prompt), self.offered(answers))

    def choices(self) -> tuple[Option, ...]:
        """Return the options offered with the question."""
        return ()

    def offered(self, answers: "Answers") -> tuple[Option, ...]:
        """Return the question's own options and those that lead elsewhere."""
        return (*self.choices(), *(self.also(answers) if self.also else ()))

    async def hear(self, heard: Heard, answers: "Answers", desk: Desk) -> Json:
        """Read an answer and return what to store; `UnfitError` leaves the question open."""
        raise NotImplementedError

    async def arrived(self, answers: "Answers", desk: Desk) -> Json:
        """Return what came for this question by another way; ``None`` if nothing did."""
        return None

    def awaited(self, answers: "Answers") -> str:
        """Return what is awaited from elsewhere, in the citizen's words; ``""`` if nothing is."""
        return ""

    def claims(self, text: str, answers: "Answers") -> bool:
        """Tell whether words that mean something everywhere mean something else here."""
        return False

    def back(self, answers: "Answers") -> bool:
        """Go one step back within this question; ``False`` if that is not possible."""
        return False

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether an error of the effect means that this must be asked once more."""
        return False

    def answered(self, stored: Json) -> bool:
        """Tell whether what is stored is a whole answer."""
        try:
            self.load(stored)
        except UnfitError:
            return False
        return True

    def touched(self, stored: Json) -> bool:
        """Tell whether the citizen has answered anything here, if not all."""
        return self.answered(stored)

    def load(self, stored: Json) -> T_co:
        """Return the typed answer; `UnfitError` when today's rules no longer accept it."""
        raise NotImplementedError

    def show(self, stored: Json) -> str:
        """Return the answer in the citizen's words; empty where it is not worth a line."""
        return ""

    def texts(self) -> Iterator[str]:
        """Yield every sentence this step may say, for the reviewer of words."""
        yield from filter(None, (self.prompt, self.why, self.hint))
        yield from (option.label for option in self.choices())


@dataclass(slots=True)
class Section:
    """A part of a long form: a heading, and perhaps a condition for all its questions."""

    title: str
    when: Condition | None = None

    def needed(self, answers: "Answers") -> bool:
        """Tell whether any of its questions is asked, given the answers so far."""
        return _holds(self.when, answers)


def _holds(condition: Condition | None, answers: "Answers") -> bool:
    """Tell whether a condition holds; one that computes with a missing answer does not."""
    if condition is None:
        return True
    with suppress(TypeError, AttributeError, KeyError):
        return bool(condition(answers))
    return False


class Answers:
    """The answers of one draft, as typed values.

    ``answers[Flow.step]`` is typed and must be there; ``answers.step`` is `None` where there is
    no answer, for conditions. Answers to questions that are no longer asked are ``hidden``.
    """

    def __init__(self, steps: dict[str, Step[object]], draft: Draft) -> None:
        self._steps = steps
        self.draft = draft
        self.hidden: set[str] = set()

    def __getitem__(self, step: Step[T]) -> T:
        return step.load(self.draft.answers[step.id])

    def get(self, step: Step[T]) -> T | None:
        """Return an answer, or ``None`` while there is none."""
        stored = None if step.id in self.hidden else self.draft.answers.get(step.id)
        return step.load(stored) if stored is not None and step.answered(stored) else None

    def __getattr__(self, name: str) -> object:
        step = self._steps.get(name)
        if step is None:
            return self.draft.answers.get(name)
        return self.get(step)

    @property
    def pushed(self) -> bool:
        """Whether another flow waits for this one."""
        return bool(self.draft.waiter)

    def given(self, name: str) -> str:
        """Return what the draft was begun with under a name that is not a step; ``""`` if none."""
        stored = self.draft.answers.get(name)
        return stored if isinstance(stored, str) else ""

    def stored(self, step: Step[T]) -> Json:
        """Return what is stored for a step, whole or half."""
        return self.draft.answers.get(step.id)

    def keep(self, step: Step[T], stored: Json) -> None:
        """Store something for a step."""
        self.draft.answers[step.id] = stored

    def assume(self, step: Step[T], stored: Json) -> None:
        """Store something the citizen did not say: nothing is lost if it is let go."""
        self.keep(step, stored)
        self.draft.assumed.append(step.id)

    def fill(self, prompt: str) -> str:
        """Put shown answers into a prompt, nothing where there is none."""
        if "{" not in prompt:
            return prompt
        return prompt.format_map({name: self._shown(step) for name, step in self._steps.items()})

    def _shown(self, step: Step[object]) -> str:
        stored = self.draft.answers.get(step.id)
        return step.show(stored) if step.answered(stored) else ""


class Probe(Answers):
    """Answers that are all missing but for some settings, and that remember what was looked at."""

    def __init__(
        self, steps: dict[str, Step[object]], settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(steps, Draft("", "", 0))
        self.settings = settings or {}
        self.looked_at: set[str] = set()

    def __getattr__(self, name: str) -> object:
        if name in self.settings:
            return self.settings[name]
        self.looked_at.add(name)
        return None


Accept = Callable[[T, Answers, Desk], Awaitable[T]]


class Ask(Step[T]):
    """A question whose answer is typed, or one of a few known words.

    ``accept`` may look outside while thinking: it returns the value to keep, or raises
    `UnfitError` or a domain error, which leaves the question open.
    """

    def __init__(  # noqa: PLR0913 (see Step)
        self,
        kind: Kind[T],
        prompt: str,
        *,
        accept: Accept[T] | None = None,
        title: str = "",
        aka: Sequence[str] = (),
        why: str = "",
        hint: str = "",
        when: Condition | None = None,
        resets: Sequence[str] = (),
        was: str = "",
        also: Also | None = None,
    ) -> None:
        super().__init__(
            prompt,
            title=title,
            aka=aka,
            why=why,
            hint=hint,
            when=when,
            resets=resets,
            was=was,
            also=also,
        )
        self.kind = kind
        self.accept = accept

    def choices(self) -> tuple[Option, ...]:
        """Return the few known answers, if the kind has them."""
        return self.kind.options

    def claims(self, text: str, answers: Answers) -> bool:
        """Take a number for an answer, where one is asked for: «0» is an amount here."""
        return text.strip().isdecimal() and self.answered(text.strip())

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Read a picked or typed answer."""
        if heard.media_id:
            raise UnfitError("这一步请用文字回复。")
        value = self.kind.parse(heard.option.value if heard.option else self._words(heard.text))
        if self.accept:
            value = await self.accept(value, answers, desk)
        return self.kind.dump(value)

    def _words(self, typed: str) -> str:
        try:
            self.kind.parse(typed)
        except UnfitError:
            near = nearest(typed, [option.label for option in self.kind.options])
            return typed if near is None else self.kind.options[near].value
        return typed

    def answered(self, stored: Json) -> bool:
        """Tell whether a value is stored that today's kind still accepts."""
        return stored is not None and super().answered(stored)

    def load(self, stored: Json) -> T:
        """Return the value."""
        return self.kind.load(stored)

    def show(self, stored: Json) -> str:
        """Return the value as its kind shows it."""
        return self.kind.show(self.kind.load(stored))


class KeepPicture(Protocol):
    """Checks and keeps a picture that was just sent."""

    async def __call__(self, media_id: str, answers: Answers, desk: Desk, /) -> str:
        """Return a reference to the kept picture; `UnfitError` says how to take a better one."""


class Photo(Step[str]):
    """A picture to send. ``accept`` fetches and checks it at once: the platform keeps it 3 days."""

    def __init__(  # noqa: PLR0913 (see Step)
        self,
        prompt: str,
        *,
        accept: KeepPicture,
        title: str = "",
        aka: Sequence[str] = (),
        why: str = "",
        hint: str = "请点输入框右边的“+”，选“拍摄”或“照片”。",
        when: Condition | None = None,
    ) -> None:
        super().__init__(prompt, title=title, aka=aka, why=why, hint=hint, when=when)
        self.accept = accept

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Take a picture; words are not one."""
        if not heard.media_id:
            raise UnfitError("这一步请发一张照片。")
        return {"picture": await self.accept(heard.media_id, answers, desk)}

    def answered(self, stored: Json) -> bool:
        """Tell whether a picture is kept."""
        return isinstance(stored, dict) and "picture" in stored

    def load(self, stored: Json) -> str:
        """Return the reference."""
        return str(stored["picture"]) if isinstance(stored, dict) else ""

    def show(self, stored: Json) -> str:
        """Say that there is one."""
        return "已收到 1 张照片"
