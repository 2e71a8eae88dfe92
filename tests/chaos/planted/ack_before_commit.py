"""The citizen is told as soon as the answer is known; the COMMIT comes after."""

import asyncio
from typing import Any

from bot.thinking import Thinking
from bot.turns import Turns
from bot.wechat.render import Bubble


def plant() -> None:
    turn, think = Turns._turn, Thinking.think
    known: dict[str, asyncio.Future[Bubble]] = {}
    running: set[asyncio.Task[Bubble]] = set()

    async def told_at_once(self: Thinking, delivery: Any, *rest: Any, **more: Any) -> Bubble:
        bubble = await think(self, delivery, *rest, **more)
        if not known[delivery.key].done():
            known[delivery.key].set_result(bubble)
        await asyncio.sleep(0.2)
        return bubble

    async def not_waited_for(self: Turns, delivery: Any, claim: Any) -> Bubble:
        known[delivery.key] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(turn(self, delivery, claim))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.wait({task, known[delivery.key]}, return_when=asyncio.FIRST_COMPLETED)
        return known[delivery.key].result() if known[delivery.key].done() else task.result()

    Thinking.think = told_at_once  # type: ignore[method-assign] # planted on purpose
    Turns._turn = not_waited_for  # type: ignore[method-assign] # planted on purpose
