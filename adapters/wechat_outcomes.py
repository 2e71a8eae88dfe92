"""What an error code of the platform means for us: one outcome each, whatever its words.

Source: the platform's table of return codes and the page of each call
(developers.weixin.qq.com/doc/service).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["Outcome", "outcome_of"]


class Outcome(StrEnum):
    """What to do about an answer."""

    DONE = "done"
    BUSY = "busy"
    """Ask again where that is safe."""
    RENEW = "renew"
    """The token is worth nothing: get another once, ask once more."""
    STOP = "stop"
    """App id or secret are wrong or frozen: only the operator can mend it."""
    BARRED = "barred"
    """Our address is not on the account's list: rest, and tell the operator."""
    UNREACHABLE = "unreachable"
    """There is no such citizen, or none who wants to hear from us: for good."""
    MEDIA_GONE = "media-gone"
    """Upload it again, or ask the citizen to send it again."""
    RESTART = "restart"
    """The code of who opens a page is used up or too old: begin that once more."""
    BUG = "bug"
    """We said it wrongly."""
    TEMPLATE = "template"
    """This template with these values will never be taken."""
    NO_CONSENT = "no-consent"
    """The citizen has not agreed, or no longer does."""
    TOO_LONG = "too-long"
    DAY_FULL = "day-full"
    """No more of this until tomorrow."""
    MINUTE_FULL = "minute-full"
    """No more of this until the next minute."""
    CLOSED = "closed"
    """No window of the citizen is open."""
    FULL = "full"
    """The window's places are used up."""
    CODES_FULL = "codes-full"
    """No more permanent QR codes: use temporary ones."""
    NOT_GRANTED = "not-granted"
    """The account has no right to this call."""
    BANNED = "banned"
    """The call was taken from the account: a person must look."""
    NO_RESETS = "no-resets"
    RISKY = "risky"
    """The platform refuses what it says."""
    MINOR = "minor"
    """The citizen is protected as a minor: drop it."""
    MISSING = "missing"
    """There is none, as with a menu that was never made."""
    SURFACE = "surface"
    """Nobody foresaw this code: show it to a person."""


_CODES: Final[Mapping[Outcome, tuple[int, ...]]] = {
    Outcome.DONE: (0,),
    Outcome.BUSY: (-1, 268487001, 268487002),
    Outcome.RENEW: (40001, 40014, 42001),
    Outcome.STOP: (40002, 40013, 40125, 41002, 41004, 40243),
    Outcome.BARRED: (40164, 61004, 45035, 89503, 89506, 89507),
    Outcome.UNREACHABLE: (40003, 43004, 50005, 43019, 48002, 45087, 50001, 50002),
    Outcome.MEDIA_GONE: (40007,),
    Outcome.RESTART: (40029, 40163, 42003),
    Outcome.BUG: (40033, 41001, 47001, 47002),
    Outcome.TEMPLATE: (40037, 43116, 40249, 47003),
    Outcome.NO_CONSENT: (43101,),
    Outcome.TOO_LONG: (45002, 45003, 45004, 45005, 45006, 45007, 45008),
    Outcome.DAY_FULL: (45009,),
    Outcome.MINUTE_FULL: (45011,),
    Outcome.CLOSED: (45015,),
    Outcome.FULL: (45047,),
    Outcome.CODES_FULL: (45029,),
    Outcome.NOT_GRANTED: (48001,),
    Outcome.BANNED: (48004, 45501, 50004),
    Outcome.NO_RESETS: (48006,),
    Outcome.RISKY: (87014,),
    Outcome.MINOR: (70000,),
    Outcome.MISSING: (46003,),
}
_OUTCOMES: Final = {code: outcome for outcome, codes in _CODES.items() for code in codes}


def outcome_of(code: int) -> Outcome:
    """Return what to do about a code; `Outcome.SURFACE` for one that nobody foresaw."""
    return _OUTCOMES.get(code, Outcome.SURFACE)
