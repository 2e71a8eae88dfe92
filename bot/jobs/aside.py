"""What jobs have set aside for a person: shown, and on their word tried again."""

from typing import Final

from bot.settings import Settings
from bot.wiring import open_records
from domain.shared.clock import china_time
from domain.shared.pushes import Channel
from domain.shared.records import Act

__all__ = ["lines", "retry"]

_WAYS: Final = {
    Channel.REPLY: "随回复",
    Channel.WECHAT: "客服消息",
    Channel.SUBSCRIPTION: "订阅通知",
    Channel.TEMPLATE: "模板消息",
    Channel.SMS: "短信",
}


async def lines(settings: Settings) -> list[str]:
    """Return a line for everything set aside, after one that counts what waits."""
    async with open_records(settings) as records, records.open_work() as work:
        tally = await work.pushes.tally()
        ways = await work.pushes.ways()
        aside = await work.pushes.set_aside()
        occurrences = await work.occurrences.parked(now=records.clock.now())
    counted = "，".join(f"{state} {count}" for state, count in tally.items())
    left = "，".join(f"{_WAYS[way]} {state} {count}" for (way, state), count in ways.items())
    return [
        f"待发与搁置：{counted}",
        f"近 7 天已发：{left or '没有'}",
        *(
            f"{one.id}  {one.kind}  {one.state}  {one.reason or '-'}  "
            f"{china_time(one.created_at):%Y-%m-%d %H:%M}  {one.attempts} 次"
            for one in aside
        ),
        *(f"{one.name}  {one.attempts} 次未完成" for one in occurrences),
    ]


async def retry(settings: Settings, push_id: int) -> bool:
    """Let a push that was set aside wait again, and leave an act; ``False`` if it was not."""
    async with open_records(settings) as records, records.open_work() as work:
        now = records.clock.now()
        if not await work.pushes.retry(push_id, now=now):
            return False
        await work.acts.add(Act("shared:push:retry", "operator", f"push-{push_id}", now, "command"))
        await work.commit()
    return True
