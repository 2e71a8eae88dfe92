"""How soon an agent's words reach a citizen's chat, with many talks at once on one process.

    .venv/bin/python -m benchmarks.desk [citizens]

Each citizen has asked, been taken, and is written to once or twice while the others are too: the
time is from the agent's request to the words in the citizen's chat, outbox and places included.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx

from bot.wiring import Resources
from domain.escalation.handovers import Card, DeskKind
from domain.officers.model import Role
from domain.shared.records import OpenId
from domain.shared.windows import Handover
from tests.support.console import open_console, signed_in_officer
from tests.support.town import Town, lay_out

_CITIZENS: Final = 200
_SECONDS: Final = 40.0
"""Over which all talks are written to once: with ten talks each, an agent types no faster."""

_WORDS: Final = "请带身份证。"
_MOST_SECONDS: Final = 1.0


async def _prepare(house: Resources, town: Town, agent: str, citizens: int) -> dict[OpenId, int]:
    talks = {}
    for number in range(citizens):
        openid = OpenId(f"oBench{number:022}")
        await town.deliver(town.platform.text(openid, "你好"))
        async with house.open_work() as work:
            now = house.clock.now()
            handover = await work.handovers.ask(openid, None, DeskKind.CONSOLE, Card(), at=now)
            await work.handovers.take(handover.id, agent, at=now)
            await work.commit()
        talks[openid] = handover.id
    return talks


def _listen(house: Resources) -> dict[OpenId, "asyncio.Future[float]"]:
    """Have the moment told at which each citizen's chat gets its words."""
    arrived: dict[OpenId, asyncio.Future[float]] = {}
    if house.stand_ins is None:
        raise RuntimeError("only the sandbox's chats can be looked into")
    pushes = house.stand_ins.pushes
    push = pushes.push

    async def heard(openid: OpenId, text: str) -> Handover:
        verdict = await push(openid, text)
        if text == _WORDS and not arrived[openid].done():
            arrived[openid].set_result(time.perf_counter())
        return verdict

    pushes.push = heard  # type: ignore[method-assign] # the benchmark's own ear
    return arrived


async def _say(
    client: httpx.AsyncClient, talk: int, at: float, heard: "asyncio.Future[float]"
) -> float:
    await asyncio.sleep(at)
    begun = time.perf_counter()
    answer = await client.post(f"/console/talk/{talk}/say", data={"text": _WORDS, "key": "k"})
    answer.raise_for_status()
    return await heard - begun


async def _main(citizens: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        await lay_out(Path(folder))
        town = Town(Path(folder))
        await town.open()
        try:
            async with open_console(town.app) as client:
                agent = await signed_in_officer(client, Role.AGENT)
                house: Resources = town.app.state.house
                talks = await _prepare(house, town, agent.id, citizens)
                # The town keeps its bell still, so that tests find what waits; here it rings.
                del house.bell.ring
                heard = _listen(house)
                heard |= {one: asyncio.get_running_loop().create_future() for one in talks}
                waits = [
                    _say(client, talk, _SECONDS * number / citizens, heard[openid])
                    for number, (openid, talk) in enumerate(talks.items())
                ]
                worked = time.process_time()
                took = sorted(await asyncio.gather(*waits))
                worked = time.process_time() - worked
        finally:
            await town.close()
    slowest, p99 = took[-1], took[len(took) * 99 // 100]
    sys.stdout.write(
        f"{citizens} talks, {citizens / _SECONDS:.0f} messages a second\n"
        f"{worked / citizens * 1000:.1f} ms of the processor a message, everything included\n"
        f"median {statistics.median(took) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, "
        f"slowest {slowest * 1000:.0f} ms (at most {_MOST_SECONDS * 1000:.0f})\n"
    )
    return slowest < _MOST_SECONDS


if __name__ == "__main__":
    given = int(sys.argv[1]) if len(sys.argv) > 1 else _CITIZENS
    raise SystemExit(0 if asyncio.run(_main(given)) else 1)
