"""Seeing that a citizen is the person of a name and an ID number: the face check's port.

A face is compared by a vendor, on the vendor's own page; the picture never comes to us. We keep
what the vendor said and the receipt to ask again with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

__all__ = ["FaceCheck", "FaceOutcome", "FaceSession"]


class FaceOutcome(StrEnum):
    """What has become of a session; never why a face was not known."""

    PENDING = "pending"
    """The citizen has not finished, or has not begun."""
    PASSED = "passed"
    FAILED = "failed"
    EXPIRED = "expired"
    """It ended without an outcome: too old, or unknown. Not a failure of the citizen's."""


@dataclass(frozen=True, slots=True)
class FaceSession:
    """A one-time session at the vendor's.

    ``url`` is the absolute address that the citizen opens; ``receipt`` is the vendor's name for
    the session, at most 200 characters, secret until it has an outcome.

    Source: S0-68.
    """

    url: str = field(repr=False)
    receipt: str = field(repr=False)


class FaceCheck(Protocol):
    """Compares a living face with the photo that belongs to a name and an ID number."""

    @property
    def source(self) -> str:
        """Who compares, for the record."""

    async def begin(self, name: str, id_number: str, *, back: str) -> FaceSession:
        """Open a session.

        Parameters
        ----------
        name, id_number
            Whose face it should be.
        back
            Where the vendor leads the citizen afterwards: an absolute address of ours. What the
            vendor may add to it is never believed.

        Raises
        ------
        UnavailableError
            The line is down: no session was opened that anybody knows of.
        """

    async def outcome(self, receipt: str, *, name: str, id_number: str) -> FaceOutcome:
        """Ask what has become of a session; may be asked again and again.

        Parameters
        ----------
        receipt
            The vendor's name for it, as `begin` gave it.
        name, id_number
            Whose face it was to be. It passes only if the vendor says that it was theirs, and
            that the session is the one we opened.

        Raises
        ------
        UnavailableError
            The line is down, or the vendor speaks of another session or person, or contradicts
            itself: nothing is known.
        """

    def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Read a call by which the vendor tells that a session has ended.

        Parameters
        ----------
        headers
            Of the request; names in lower case.
        body
            As it came, at most 64 KiB.

        Returns
        -------
        str | None
            The receipt of the session; ``None`` unless the call bears the vendor's signature.
            Its outcome is then asked for: what else the call says is not believed. A vendor that
            never calls answers ``None`` always.
        """
