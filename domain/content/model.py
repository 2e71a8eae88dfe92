"""Versioned documents that citizens agree to, and the questions they ask."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from rapidfuzz import fuzz

__all__ = ["AGREEMENTS", "Document", "DocumentKind", "Faq", "best_answer", "fingerprint"]

_NEAR = 80.0
"""How alike two sentences must be, of 100, to ask the same thing."""

_SHORTEST = 4
"""Shorter words are too often an answer to the open question; only an exact match counts."""

_LONGEST = 200
"""What is read of a long text, in characters: comparing costs time for each of them."""

_FILLERS = re.compile(
    "^(请问一下|请问|我想问一下|想问一下|我想问|我想知道|我想了解一下|我想了解|麻烦问一下|你好|您好)+"
    "|([啊呀呢吗嘛吧哦]|谢谢您|谢谢你|谢谢)+$"
)
_NOT_WORDS = re.compile(r"[\W_]+")


class DocumentKind(StrEnum):
    """What a document is for; a plan names its notice by such a word."""

    USER_AGREEMENT = "agreement-user"
    PRIVACY_POLICY = "agreement-privacy"
    REGISTRATION_AGREEMENT = "agreement-registration"
    QUICK_NOTICE = "notice-quick"
    FACE_CONSENT = "consent-face"


AGREEMENTS = (
    DocumentKind.USER_AGREEMENT,
    DocumentKind.PRIVACY_POLICY,
    DocumentKind.REGISTRATION_AGREEMENT,
)
"""What an account needs consent to, in the order in which it is shown.

Source: S0-16.
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One published version of a text.

    ``kind`` is a `DocumentKind` or the notice kind of a later plan. Versions count from 1 and a
    published text never changes; ``text_hash`` is its `fingerprint`.

    Source: S0-16, S0-17, S0-41.
    """

    kind: str
    version: int
    title: str
    text: str
    text_hash: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Faq:
    """A frequent question with its answer; ``aliases`` are other ways of asking it.

    Source: S4-77.
    """

    id: str
    question: str
    aliases: tuple[str, ...]
    answer: str
    updated_at: datetime


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 hex characters.

    Source: S0-43.
    """
    return sha256(text.encode()).hexdigest()


def best_answer(text: str, faqs: Iterable[Faq]) -> Faq | None:
    """Return the question that some words come closest to.

    The same words win, then an alias inside the words, then the most alike sentence. Punctuation,
    width of characters and polite openings do not count.

    Parameters
    ----------
    text
        What a citizen sent.
    faqs
        The questions; of equally close ones the first wins.

    Returns
    -------
    Faq | None
        ``None`` when nothing is near enough to be an honest answer.
    """
    asked = _essence(text[:_LONGEST])
    best, best_score = None, 0.0
    for faq in faqs:
        score = max(_closeness(asked, _known(said)) for said in (faq.question, *faq.aliases))
        if score > best_score:
            best, best_score = faq, score
    return best if best_score >= _NEAR else None


def _essence(text: str) -> str:
    """Return the words alone: half width, lower case, no punctuation, no politeness."""
    words = _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).lower())
    return _FILLERS.sub("", words) or words


@lru_cache(maxsize=4096)
def _known(text: str) -> str:
    """Return the essence of published words; a citizen's own words are never kept so."""
    return _essence(text)


def _closeness(asked: str, known: str) -> float:
    """Return how close two essences are: 100 for equal, above 90 for one inside the other."""
    if asked == known:
        return 100.0
    if len(asked) < _SHORTEST or not _has_chinese(asked):
        return 0.0
    if known in asked and len(known) >= _SHORTEST - 1:
        return 90.0 + 10.0 * len(known) / len(asked)
    return fuzz.ratio(asked, known)


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
