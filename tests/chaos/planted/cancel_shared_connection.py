"""A connection whose question was given up is used again, with the answer still on its way.

So each question gets the answer to an earlier one, perhaps another citizen's.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any

from adapters.redis.gather import Gathered


def plant() -> None:
    ask = Gathered._ask_once
    late: deque[Any] = deque()
    fetching: set[asyncio.Task[None]] = set()

    async def fetch(self: Gathered, batch: list[Any]) -> None:
        for _ in range(100):
            answers = await ask(self, batch)
            if not any(isinstance(one, Exception) for one in answers):
                late.extend(answers)
                return
            await asyncio.sleep(0.2)

    def later(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        fetching.add(task)
        task.add_done_callback(fetching.discard)

    async def shared(self: Gathered, batch: list[Any]) -> list[Any]:
        try:
            answers = await ask(self, batch)
        except asyncio.CancelledError:
            later(fetch(self, batch))
            raise
        if any(isinstance(one, Exception) for one in answers):
            return answers
        late.extend(answers)
        return [late.popleft() for _ in batch]

    Gathered._ask_once = shared  # type: ignore[method-assign] # planted on purpose
