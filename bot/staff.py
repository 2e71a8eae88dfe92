"""The command ``anju staff``: who may come into the console, for whoever has the machine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import typer

from bot.settings import Settings, load
from domain.officers.model import Officer, Role
from domain.officers.service import OfficerService
from domain.shared.errors import DomainError

__all__ = ["staff"]

staff = typer.Typer(
    no_args_is_help=True,
    help="后台的工作人员 · Who works in the console.",
    epilog="Example: anju staff add wangyan --name 王妍 --role administrator",
)

_Login = Annotated[str, typer.Argument(help="登录名 · The login name.")]
_ROLES: Final = {
    Role.AGENT: "客服",
    Role.OPERATOR: "运营",
    Role.REVIEWER: "审核",
    Role.AUDITOR: "审计",
    Role.ADMINISTRATOR: "管理员",
}


@staff.command(epilog="Example: anju staff add wangyan --name 王妍 --role administrator")
def add(
    login: _Login,
    *,
    name: Annotated[str, typer.Option(help="姓名 · The name that others read.")],
    role: Annotated[list[Role], typer.Option(help="角色，可以给几个 · A role; may be repeated.")],
) -> None:
    """添加一位工作人员，打印一次性设置链接 · Add an officer, and print a set-up link."""

    async def do(officers: OfficerService) -> str:
        _, token = await officers.add(login=login, name=name, roles=role)
        return token

    settings = load()
    typer.echo(_link(settings, _done(settings, do)))


@staff.command(epilog="Example: anju staff reset wangyan")
def reset(login: _Login) -> None:
    """重置密码和动态口令，打印设置链接 · Take password and codes; print a new set-up link."""

    async def do(officers: OfficerService) -> str:
        return await officers.reset((await officers.of_login(login)).id)

    settings = load()
    typer.echo(_link(settings, _done(settings, do)))


@staff.command(epilog="Example: anju staff disable wangyan")
def disable(login: _Login) -> None:
    """停用，并立即退出所有登录 · Shut an officer out, everywhere and at once."""

    async def do(officers: OfficerService) -> str:
        return (await officers.disable((await officers.of_login(login)).id)).name

    typer.echo(f"已停用：{_done(load(), do)}（{login}）。")


@staff.command(name="list", epilog="Example: anju staff list")
def list_officers() -> None:
    """列出工作人员和角色 · List officers and their roles."""

    async def do(officers: OfficerService) -> str:
        return "\n".join(map(_line, await officers.all()))

    typer.echo(_done(load(), do) or "还没有工作人员，请用 anju staff add 添加。")


def _line(officer: Officer) -> str:
    roles = "、".join(_ROLES[role] for role in sorted(officer.roles))
    state = "停用" if officer.disabled else "可登录" if officer.ready else "待设置"
    return f"{officer.login}  {officer.name}  {roles}  {state}{'  演示' if officer.demo else ''}"


def _link(settings: Settings, token: str) -> str:
    return (
        f"请在 24 小时内打开这个链接，设置密码和动态口令（只能用一次）：\n"
        f"{settings.server.base_url}/console/start/{token}"
    )


def _done(settings: Settings, do: Callable[[OfficerService], Awaitable[str]]) -> str:
    """Do something with the officers and make it last; refuse in words."""
    from bot.wiring import StartRefusedError, check, open_records
    from dialogs.engine.excuses import excuse

    async def doing() -> str:
        await check(settings)
        async with open_records(settings) as records, records.open_work() as work:
            try:
                clock, chance = records.clock, records.chance
                said = await do(OfficerService(work, clock, chance, front="command"))
            except DomainError as error:
                typer.echo(excuse(error, records.clock.now()), err=True)
                raise typer.Exit(1) from error
            await work.commit()
            return said

    try:
        return asyncio.run(doing())
    except StartRefusedError as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
