"""What a citizen can send, and what we can answer: no wire, no store."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple, Self

from domain.shared.conversations import Json

__all__ = ["Article", "Option", "Reply", "Said", "SaidKind", "Start"]


class SaidKind(StrEnum):
    """The kinds of things that arrive from a citizen."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    FILE = "file"
    FOLLOW = "follow"
    SCAN = "scan"
    UNFOLLOW = "unfollow"
    MENU = "menu"
    RECEIPT = "receipt"
    """An event that only informs us, and that has no useful answer."""
    OTHER = "other"
    """A message type we do not know: logged by its type only, and not answered."""

    @property
    def unanswerable(self) -> bool:
        """Whether the platform expects no reply: silence is the right answer."""
        return self in (SaidKind.RECEIPT, SaidKind.OTHER, SaidKind.UNFOLLOW)


class Said(NamedTuple):
    """One thing a citizen sent.

    ``text`` is the words of a text, the key of a menu tap, the scene of a scan or follow (empty
    without a poster), or the agent whom an event of the platform's own desk names. ``tap`` is the
    id that came with a tapped option: a hint, chosen by the sender, never trusted. ``media_id``
    fetches a picture from the platform for three days. ``type`` is the platform's own name of the
    message or event, for logs.
    """

    kind: SaidKind
    text: str = ""
    tap: str = ""
    media_id: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """A wish to begin a flow, with some answers already known (step id to stored value)."""

    flow: str
    answers: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One line that a citizen may choose by number, by its label or by a tap.

    Choosing it stores ``value`` at the open step, begins ``start``, or else says ``say`` (the
    label where empty), in this order.
    """

    label: str
    value: str = ""
    start: Start | None = None
    say: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back; empty parts are left out."""
        kept: dict[str, Json] = {"label": self.label}
        if self.value:
            kept["value"] = self.value
        if self.start:
            kept["start"] = {"flow": self.start.flow, "answers": self.start.answers}
        if self.say:
            kept["say"] = self.say
        return kept

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Self:
        """Rebuild an option from `to_json`."""
        start = kept.get("start")
        begin: Start | None = None
        if isinstance(start, dict):
            answers = start.get("answers")
            begin = Start(str(start["flow"]), answers if isinstance(answers, dict) else {})
        return cls(
            label=str(kept["label"]),
            value=str(kept.get("value", "")),
            start=begin,
            say=str(kept.get("say", "")),
        )


@dataclass(frozen=True, slots=True)
class Article:
    """A card with a picture that opens a page. All URLs are absolute."""

    title: str
    description: str
    url: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The one answer to one message.

    Plain words: rendering numbers the options, makes links of them, splits pages and escapes.
    ``links`` are absolute addresses a citizen may open, as ``(label, url)``, shown after the text.
    ``closing`` comes after the options. ``mark`` names the question in tap links. An empty reply
    is silence: the platform is told ``success``.
    """

    text: str = ""
    options: tuple[Option, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    closing: str = ""
    article: Article | None = None
    mark: str = ""

    @property
    def silent(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.text or self.options or self.links or self.article)

    def marked(self, mark: str) -> Self:
        """Return the same reply, which asks the question of that name."""
        parts = (self.text, self.options, self.links, self.closing, self.article)
        return type(self)(*parts, mark)

    def after(self, text: str) -> Self:
        """Return the same reply with some words before it."""
        if not text:
            return self
        return replace(self, text=f"{text}\n\n{self.text}" if self.text else text)
