"""Places in a turn and a job where a harness may break them; nothing happens there otherwise.

What a service promises when a machine dies can only be shown by letting it die, again and again,
in the worst moments. These are the moments, by name.
"""

from collections.abc import Awaitable, Callable, Generator
from enum import StrEnum
from typing import Any, Final, TypeAlias

__all__ = ["FailpointError", "Point", "Trap", "arm", "disarm", "reach"]


class Point(StrEnum):
    """A moment at which it matters whether we are still there."""

    BEFORE_CLAIM = "before_claim"
    AFTER_CLAIM = "after_claim"
    AFTER_LOAD = "after_load"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
    BEFORE_SAVE = "before_save"
    AFTER_SAVE = "after_save"
    BEFORE_SEND = "before_send"
    AFTER_VENDOR = "after_vendor"
    """Somebody outside has been called; nothing about it is on record yet."""
    BEFORE_MARK = "before_mark"


class FailpointError(RuntimeError):
    """Raised on the order of a harness: a fault that nobody has thought of."""


Trap: TypeAlias = Callable[[Point, str, int], Awaitable[None]]
"""Is told the point, what is being worked on (a delivery's key, a notice's id) and the revision."""

_traps: Final[list[Trap]] = []


def arm(trap: Trap) -> None:
    """Let a trap be told of every point that is reached from now on, in place of an earlier one."""
    _traps[:] = [trap]


def disarm() -> None:
    """Let nobody be told."""
    _traps.clear()


class _Nothing:
    """An awaitable that is over at once: every turn passes eight points, nearly all unarmed."""

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


_NOTHING: Final = _Nothing()


def reach(point: Point, subject: str = "", revision: int = 0) -> Awaitable[None]:
    """Pass a point; the trap, where one is armed, may keep us there, or never let us leave.

    To be awaited.

    Parameters
    ----------
    point
        Where we are.
    subject
        What is being worked on; no personal data.
    revision
        Of the conversation that was loaded, where there is one.

    Raises
    ------
    FailpointError
        The harness wishes so.
    """
    return _traps[0](point, subject, revision) if _traps else _NOTHING
