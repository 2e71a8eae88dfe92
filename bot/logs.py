"""Logs: JSON, a line each, that never hold up a citizen.

Lines are written by a thread of their own. Where nobody takes them, as when the pipe is full, the
reader is gone or the disk has no room left, they are dropped and counted.
"""

import atexit
import logging
import os
import queue
import threading
import traceback
from collections.abc import Callable
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

from bot.course import course

__all__ = ["Lines", "adopt", "dropped", "flush", "set_up"]

_MOST_LINES: Final = 10_000
_LAST_WORDS_SECONDS: Final = 1.0
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_FRAMES: Final = 5


class Lines:
    """Takes lines without ever waiting, and writes them to a descriptor in order.

    Parameters
    ----------
    descriptor
        Where to.
    most
        How many lines may wait; a line beyond them is dropped.
    """

    def __init__(self, descriptor: int, *, most: int = _MOST_LINES) -> None:
        self._descriptor = descriptor
        self._most = most
        self.dropped = 0
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._waiting: queue.Queue[bytes] = queue.Queue(self._most)
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    def put(self, line: str) -> None:
        """Take a line, or drop it where too many wait."""
        if self._pid != os.getpid():
            # Threads do not survive a fork; what waits in the parent is written there.
            self._begin()
        if self._writer is None:
            self._start()
        try:
            self._waiting.put_nowait(f"{line}\n".encode(errors="replace"))
        except queue.Full:
            self.dropped += 1

    def flush(self, seconds: float = _LAST_WORDS_SECONDS) -> bool:
        """Wait until everything taken so far is written, for so long at most; tell whether."""
        if self._writer is None or self._pid != os.getpid():
            return True
        with self._waiting.all_tasks_done:
            return self._waiting.all_tasks_done.wait_for(
                lambda: not self._waiting.unfinished_tasks, seconds
            )

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                # Not waited for: a writer that is stuck must not keep the process from ending.
                self._writer = threading.Thread(target=self._write_on, name="logs", daemon=True)
                self._writer.start()

    def _write_on(self) -> None:
        while True:
            line = self._waiting.get()
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                self.dropped += 1
            finally:
                self._waiting.task_done()


class _Logger:
    """What structlog hands a finished line to; its verb, the level, stands in the line already."""

    def __getattr__(self, verb: str) -> Callable[[str], None]:
        """Return where to pass a line."""
        return _LINES.put


_LINES: Final = Lines(1)
atexit.register(_LINES.flush)


def set_up(level: str = "info") -> None:
    """Have everything logged through here, from this level on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_reference,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _Logger(),
    )


def adopt(level: str = "info", library: logging.Logger | None = None) -> None:
    """Have what libraries log by the standard's module come here too, warnings at least.

    Parameters
    ----------
    library
        Whose logger; ``None``: all of them.
    """
    adopted = library or logging.getLogger()
    adopted.handlers = [_Adopted()]
    adopted.setLevel(max(_LEVELS[level], logging.WARNING))


def flush() -> None:
    """Write what waits, for a second at most."""
    _LINES.flush()


def dropped() -> int:
    """Return how many lines of this process were lost."""
    return _LINES.dropped


def _with_reference(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Name the message that is being answered, so that all its lines are found together."""
    here = course()
    if here is not None:
        line.setdefault("reference", here.reference)
    return line


class _Adopted(logging.Handler):
    """Takes what libraries log, without the words of an error: they may quote a citizen."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record as a line of ours."""
        message = record.getMessage()
        words: dict[str, object] = {"logger": record.name}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            message, words["error"] = str(record.msg).strip(), type(error).__name__
            frames = traceback.walk_tb(error.__traceback__)
            words["where"] = [f"{frame.f_code.co_qualname}:{at}" for frame, at in frames][-_FRAMES:]
        elif message.startswith("Traceback "):
            # So the server tells of a start that went wrong.
            told = message.strip().splitlines()
            message, words["error"] = "broken", told[-1]
            words["where"] = [line.strip() for line in told if line.startswith("  File ")][
                -_FRAMES:
            ]
        structlog.get_logger().log(record.levelno, message, **words)
