"""Versioned documents that citizens agree to, and the questions they ask."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

__all__ = [
    "AGREEMENTS",
    "Category",
    "Document",
    "DocumentKind",
    "Faq",
    "category_of",
    "faq_kind",
    "fingerprint",
]


class Category(StrEnum):
    """What sort of text it is: the first part of its kind.

    Source: S0-16, S0-41, S2-13, S2-14.
    """

    AGREEMENT = "agreement"
    CONSENT = "consent"
    """What is agreed to for one step, such as a face check."""
    NOTICE = "notice"
    """What must be read before registering."""
    ANNOUNCEMENT = "announcement"
    GUIDE = "guide"
    FAQ = "faq"

    @property
    def lasting(self) -> bool:
        """Whether citizens agree to such texts: then there is always one in force."""
        return self in (Category.AGREEMENT, Category.CONSENT, Category.NOTICE)


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

    ``updated_at`` is when this version was published.

    Source: S4-77.
    """

    id: str
    question: str
    aliases: tuple[str, ...]
    answer: str
    updated_at: datetime
    version: int = 1


def category_of(kind: str) -> Category:
    """Return what sort of text a kind is; a notice where the kind does not say.

    Source: S0-16.
    """
    word = kind.partition("-")[0]
    return Category(word) if word in set(Category) else Category.NOTICE


def faq_kind(faq_id: str) -> str:
    """Return the kind under which the versions of a frequent question are kept.

    Source: S4-77.
    """
    return f"{Category.FAQ}-{faq_id}"


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, 64 hex characters.

    Source: S0-43.
    """
    return sha256(text.encode()).hexdigest()
