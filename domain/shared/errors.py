"""The six ways in which a wish can fail.

Subjects add leaves, each with a unique ``code`` and a one-line docstring. No status code and no
Chinese here: every front translates for its own readers.
"""

from typing import ClassVar

__all__ = [
    "ConflictError",
    "DomainError",
    "InvalidError",
    "NeedsError",
    "NotFoundError",
    "RefusedError",
    "UnansweredError",
    "UnavailableError",
]


class DomainError(Exception):
    """Something the citizen or an officer wished could not be done.

    Parameters
    ----------
    detail
        For officers and logs; never shown to a citizen and never holding personal data.
    """

    code: ClassVar[str] = "domain"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail


class InvalidError(DomainError):
    """The input cannot be right."""

    code = "invalid"


class NotFoundError(DomainError):
    """Nothing is on record under that, or it is somebody else's."""

    code = "not-found"


class RefusedError(DomainError):
    """A rule forbids it."""

    code = "refused"


class NeedsError(DomainError):
    """Something must come first.

    Parameters
    ----------
    need
        The name of what is missing, as in ``Flow.requires``.
    """

    code = "needs"

    def __init__(self, need: str) -> None:
        super().__init__(need)
        self.need = need


class ConflictError(DomainError):
    """It changed meanwhile."""

    code = "conflict"


class UnavailableError(DomainError):
    """A system we need is silent."""

    code = "unavailable"


class UnansweredError(UnavailableError):
    """No answer came, and what was asked may have been done all the same."""

    code = "unanswered"
