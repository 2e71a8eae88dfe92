"""Start `anju` with a wrong clock, or with a planted bug: for the harness alone.

python -m benchmarks.chaos.launch [--clock FILE] [--plant BUG] serve|worker|demo …

What serves, and what works in the background, is one process under Anju's own supervisor: whoever
dies is forked again from a program that is at hand, as under `anju serve --workers N`.
"""

import asyncio
import importlib
import os
import signal
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from adapters.system import SystemClock
from bot.cli import main
from bot.settings import load
from bot.supervisor import Beat, Supervisor

__all__ = ["launch"]

_STOP_SECONDS: Final = 20.0


def launch(arguments: list[str]) -> None:
    """Take the options that are ours, and let `anju` have the rest."""
    while arguments and arguments[0] in {"--clock", "--plant"}:
        option, value, *arguments = arguments
        if option == "--clock":
            _skew(Path(value))
        else:
            importlib.import_module(f"tests.chaos.planted.{value}").plant()
    match arguments:
        case ["serve"]:
            _serve()
        case ["worker"]:
            _work()
        case _:
            sys.argv = ["anju", *arguments]
            main()


def _serve() -> None:
    from bot.serving import listen_together  # noqa: PLC0415 (what is planted comes first)

    listen_together(load(), 1, "serving")


def _work() -> None:
    from bot.jobs.worker import work  # noqa: PLC0415 (as above)

    def begin(beat: Beat) -> None:
        threading.Thread(target=_beat, args=(beat,), daemon=True).start()
        asyncio.run(work(load()))

    Supervisor(
        [begin], stop_seconds=_STOP_SECONDS, started=lambda: None, buried=lambda _: None
    ).run()


def _beat(beat: Beat) -> None:
    """Beat for as long as there is somebody to hear it; then end."""
    while beat():
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _skew(file: Path) -> None:
    """Let the clock go wrong by as many seconds as a file says at the moment."""
    right = SystemClock.now

    def now(clock: SystemClock) -> datetime:
        return right(clock) + timedelta(seconds=float(file.read_text("ascii") or 0))

    SystemClock.now = now  # type: ignore[method-assign, assignment] # a clock that goes wrong


if __name__ == "__main__":
    launch(sys.argv[1:])
