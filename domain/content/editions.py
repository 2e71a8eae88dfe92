"""How a text comes to be published, and what it was before.

A manuscript is written, looked at and published as the next edition. An edition never changes: to
return to an earlier one is to publish its words again.

Source: S0-17, S0-41, S3-68.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from domain.content.model import Category, DocumentKind, category_of, fingerprint
from domain.shared.errors import ConflictError, InvalidError, NotFoundError, RefusedError

__all__ = [
    "MOST_WORDS",
    "Change",
    "EditedMeanwhileError",
    "Edition",
    "EditionNotFoundError",
    "Entry",
    "KindError",
    "Manuscript",
    "Piece",
    "PublishTimeError",
    "Unfit",
    "UnfitWordingError",
    "Wording",
    "WordingKeptError",
    "WordingSameError",
    "difference",
    "is_new_kind",
    "may_withdraw",
    "required",
]

MOST_WORDS: Final = 20_000
"""Letters of one text: ten pages that a chat shows one after another."""

_TITLE_WORDS: Final = 60
_ANSWER_BYTES: Final = 1_500
"""Of an answer, so that it fits one message with what may come next."""

_AGREED_BYTES: Final = 1_900
"""Of a text that is shown whole beside a question."""

_MOST_ALIASES: Final = 60
_ALIAS_WORDS: Final = 60
_KIND: Final = re.compile(r"(announcement|guide|faq|notice)-[a-z0-9]+(?:-[a-z0-9]+)*")
_KIND_LENGTH: Final = 60


class EditionNotFoundError(NotFoundError):
    """There is no such text, or no such version of it."""

    code = "edition-not-found"


class EditedMeanwhileError(ConflictError):
    """Somebody else has written, published or dropped this manuscript since."""

    code = "edited-meanwhile"


class KindError(InvalidError):
    """A new text cannot be called so: the name is not one, or it is taken."""

    code = "content-kind"


class WordingKeptError(RefusedError):
    """Citizens agree to this text: there must always be one in force."""

    code = "wording-kept"


class WordingSameError(RefusedError):
    """What is published already says just this."""

    code = "wording-same"


class PublishTimeError(InvalidError):
    """A text cannot be published at a moment that has passed."""

    code = "publish-time"


class Unfit(StrEnum):
    """What is wrong with a wording."""

    NO_TITLE = "no-title"
    LONG_TITLE = "long-title"
    NO_TEXT = "no-text"
    LONG_TEXT = "long-text"
    ALIASES = "aliases"


class UnfitWordingError(InvalidError):
    """A wording cannot be shown to citizens as it is.

    Parameters
    ----------
    fault
        What is wrong with it.
    """

    code = "unfit-wording"

    def __init__(self, fault: Unfit) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Wording:
    """What a text says. ``aliases`` are other ways of asking a frequent question, else empty."""

    title: str
    text: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manuscript:
    """The words of a text's next edition, which only officers see.

    ``edits`` counts how often it was written. ``publish_at`` is the moment it shall be published
    by itself, ``None`` while nobody has said so.
    """

    kind: str
    wording: Wording
    edits: int
    edited_by: str
    edited_at: datetime
    publish_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """One published version of a text: who published it, and when.

    Versions count from 1. ``restored`` is the earlier version whose words these are, 0 for new
    ones; a ``withdrawn`` one says that the text is no longer shown.
    """

    kind: str
    version: int
    wording: Wording
    published_at: datetime
    published_by: str
    restored: int = 0
    withdrawn: bool = False

    @property
    def text_hash(self) -> str:
        """What a consent remembers of the text."""
        return fingerprint(self.wording.text)


@dataclass(frozen=True, slots=True)
class Entry:
    """A text in the officers' list: its newest edition and its manuscript, one of them at least."""

    kind: str
    edition: Edition | None
    manuscript: Manuscript | None

    @property
    def title(self) -> str:
        """What it is called now, or will be."""
        if self.edition:
            return self.edition.wording.title
        return self.manuscript.wording.title if self.manuscript else self.kind


class Change(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and what became of them."""

    change: Change
    words: str


def required(kind: str, wording: Wording) -> Wording:
    """Return a wording as it is kept: without blanks around it.

    Parameters
    ----------
    kind
        What the text is called in the records.
    wording
        As an officer wrote it.

    Returns
    -------
    Wording
        Title of one line, text with plain line ends, each alias once.

    Raises
    ------
    UnfitWordingError
        Something is missing, or longer than a chat can show.

    Source
    ------
    S0-17, S4-77.
    """
    tidy = Wording(
        " ".join(wording.title.split()),
        "\n".join(line.rstrip() for line in wording.text.splitlines()).strip(),
        tuple(dict.fromkeys(filter(None, (" ".join(one.split()) for one in wording.aliases)))),
    )
    for fault in _faults(category_of(kind), tidy):
        raise UnfitWordingError(fault)
    return tidy


def is_new_kind(kind: str) -> bool:
    """Tell whether a new text may be called so in the records: lower-case words and numbers.

    Of texts that citizens agree to there are those that the service asks for, and no others.

    Source: S0-16, S2-13, S2-14.
    """
    return kind in set(DocumentKind) or (len(kind) <= _KIND_LENGTH and bool(_KIND.fullmatch(kind)))


def may_withdraw(kind: str) -> bool:
    """Tell whether a text may be taken down: nothing that citizens agree to may.

    Source: S0-16, S0-41.
    """
    return not category_of(kind).lasting


def difference(before: str, after: str) -> list[Piece]:
    """Return what changed between two texts, letter by letter within the lines that differ.

    Joined without what was added it is the text before, without what was removed the text after.

    Source: S3-68.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Change.KEPT, "".join(old[a:b])))
        else:
            pieces.extend(_within("".join(old[a:b]), "".join(new[c:d])))
    return pieces


_FINE: Final = 2_000
"""Longer stretches are compared as a whole: letter by letter would take seconds."""


def _within(before: str, after: str) -> Iterator[Piece]:
    if max(len(before), len(after)) > _FINE:
        yield from _swapped(before, after)
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(Change.KEPT, before[a:b])
        else:
            yield from _swapped(before[a:b], after[c:d])


def _swapped(before: str, after: str) -> Iterator[Piece]:
    if before:
        yield Piece(Change.REMOVED, before)
    if after:
        yield Piece(Change.ADDED, after)


def _faults(category: Category, wording: Wording) -> Iterator[Unfit]:
    if not wording.title:
        yield Unfit.NO_TITLE
    if len(wording.title) > _TITLE_WORDS:
        yield Unfit.LONG_TITLE
    if not wording.text:
        yield Unfit.NO_TEXT
    if len(wording.text) > MOST_WORDS or len(wording.text.encode()) > _room(category):
        yield Unfit.LONG_TEXT
    if not _are_aliases(category, wording.aliases):
        yield Unfit.ALIASES


def _are_aliases(category: Category, aliases: Sequence[str]) -> bool:
    if category is not Category.FAQ:
        return not aliases
    return len(aliases) <= _MOST_ALIASES and all(len(one) <= _ALIAS_WORDS for one in aliases)


def _room(category: Category) -> int:
    """Return how many bytes a text of a category may have."""
    match category:
        case Category.FAQ:
            return _ANSWER_BYTES
        case Category.CONSENT:
            return _AGREED_BYTES
        case _:
            return 4 * MOST_WORDS
