"""Orders of a harness: a file named after a point tells what to do to whoever gets there first.

Sandbox only: production refuses the setting that names the folder.
"""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Final

from domain.shared.failpoints import FailpointError, Point

__all__ = ["Orders"]

TRAIL: Final = "trail"
"""The file of everything that was reached, in the same folder."""


class Orders:
    """A trap that writes down every point and takes the orders that lie in a folder.

    An order is ``crash``, ``exception``, ``pause S`` (this turn alone) or ``block S`` (the whole
    process), with seconds. It is taken by renaming its file, so by one process and once. Each line
    of the trail is nanoseconds of the machine's monotonic clock, process, point, order or ``-``,
    revision and subject.

    Parameters
    ----------
    folder
        Where orders lie; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._trail = os.open(folder / TRAIL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def __call__(self, point: Point, subject: str, revision: int) -> None:
        """Write down where we are, and obey."""
        order = self._taken(point)
        line = f"{time.monotonic_ns()} {os.getpid()} {point} {order or '-'} {revision} {subject}\n"
        os.write(self._trail, line.encode())
        if order:
            await self._obey(order)

    def _taken(self, point: Point) -> str:
        taken = self._folder / f"{point}.{os.getpid()}"
        try:
            (self._folder / point).rename(taken)
        except FileNotFoundError:
            return ""
        order = taken.read_text("ascii").strip()
        taken.unlink()
        return order.replace(" ", ":")

    async def _obey(self, order: str) -> None:
        action, _, seconds = order.partition(":")
        match action:
            case "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            case "pause":
                await asyncio.sleep(float(seconds))
            case "block":
                # A loop that stands still is the fault that is wished for.
                time.sleep(float(seconds))  # noqa: ASYNC251 (a loop that is stuck is what is wanted)
            case _:
                raise FailpointError(order)
