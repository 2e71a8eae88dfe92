"""An agent at the desk of a chat's town, and the platform's own desk."""

import re
from collections.abc import Sequence
from typing import Final

from bot.handover import ended_reply, shown
from bot.jobs import deliver
from bot.jobs.desk import attend
from domain.escalation.handovers import Ending, Presence
from tests.support.platform import ReplySeen, pushed_text
from tests.support.town import Resident, Town

__all__ = ["AGENT", "at_the_desk", "sit_down"]

AGENT: Final = ("agent-1", "小安")


async def sit_down(town: Town) -> None:
    """Let the agent give a sign of life."""
    async with town.house.open_work() as work:
        await work.handovers.sign(Presence(*AGENT, town.clock.now()))
        await work.commit()


async def at_the_desk(town: Town, who: Resident, what: str, about: str) -> Sequence[ReplySeen]:
    """Do what a line says, push what it leaves to be told, and return what the citizen got."""
    stand_ins = town.house.stand_ins
    assert stand_ins, "the town is a sandbox"
    before = len(await stand_ins.platform.outbox(who.openid))
    match what:
        case "desk":
            await attend(town.house)
        case "wechat":
            await town.deliver(
                town.platform.event(about, who.openid, KfAccount="an@gh", ToKfAccount="ju@gh")
            )
        case _:
            await _agent(town, who, about)
    await deliver(town.house)
    pushed = await stand_ins.platform.outbox(who.openid)
    return [
        pushed_text(who.openid, str(one["text"]))
        for one in reversed(pushed[: len(pushed) - before])
    ]


async def _agent(town: Town, who: Resident, about: str) -> None:
    await sit_down(town)
    if about == "here":
        return
    agent, name = AGENT
    async with town.house.open_work() as work:
        handovers = town.desk(work, who).handovers
        handover = await handovers.of(who.openid)
        assert handover, "nobody was asked for"
        if about == "takes":
            await handovers.take(handover.id, agent, name)
        elif about == "ends":
            words = shown(town.house, ended_reply(handover, Ending.AGENT))
            await handovers.end(handover.id, agent, words)
        elif about == "leaves":
            await work.handovers.sign_off(agent)
        else:
            said = re.sub(r"^says ", "", about)
            await handovers.answer(handover.id, agent, said, key=f"{said}-{town.clock.now():%s}")
        await work.commit()
