"""A process that does the background work, and nothing else."""

import asyncio
import signal
from typing import Final

import typer

from bot import logs
from bot.failpoints import Orders
from bot.jobs.rounds import jobs
from bot.serving import measure
from bot.settings import Settings
from bot.watch import looking
from bot.wiring import Resources
from domain.shared.failpoints import arm

__all__ = ["NOT_SHARED", "work"]

NOT_SHARED: Final = (
    "内置存储只归一个进程使用，后台工作由 anju serve 自己完成；要单独运行 anju worker，"
    "请设置 ANJU_DATABASE__URL（PostgreSQL）和 ANJU_REDIS__URL。 "
    "The embedded stores belong to one process: `anju serve` does this work itself. "
    "A worker needs ANJU_DATABASE__URL (PostgreSQL) and ANJU_REDIS__URL."
)
_WELCOME: Final = "安居后台进程正在运行（按 Ctrl+C 停止）"


async def work(settings: Settings) -> None:
    """Do what is due until a signal ends it; then end what is under way, within ten seconds."""
    logs.set_up(settings.logs.level)
    if settings.sandbox.failpoints:
        arm(Orders(settings.sandbox.failpoints))
    ended = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, ended.set)
    measure(settings)
    house = await Resources.open(settings)
    try:
        async with jobs(house), looking(house, outbox=True):
            typer.echo(_WELCOME)
            await ended.wait()
    finally:
        await house.aclose()
        logs.flush()
