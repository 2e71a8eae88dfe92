"""The command ``anju``: serve, look after the database, chat in a terminal, show what is inside.

Every command exits with 0, with 1 and a sentence when refused, or with 2 when misused. What a
command needs is imported inside it, so that ``anju --help`` answers at once.
"""

import asyncio
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot import cli_posters
from bot.settings import Settings, load
from bot.staff import staff
from domain.shared.errors import DomainError

__all__ = ["app", "main"]

app = typer.Typer(
    name="anju",
    help="Anju 安居: public housing by chatting with a WeChat official account.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


_NOT_SHARED = (
    "多个进程要共用数据，请先设置 ANJU_DATABASE__URL（PostgreSQL）和 ANJU_REDIS__URL，"
    "或去掉 --workers。 Several processes need PostgreSQL and Redis: set ANJU_DATABASE__URL and "
    "ANJU_REDIS__URL, or leave --workers out."
)

app.command(epilog=cli_posters.EXAMPLE)(cli_posters.poster)


def main() -> None:
    """Run the command line; what the domain refuses ends with its sentence and exit code 1."""
    try:
        app()
    except DomainError as error:
        typer.echo(f"没有办成（{error.code}）：{error}", err=True)
        raise SystemExit(1) from error


def _refuse(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def _sandbox_only(settings: Settings, what: str) -> None:
    if not settings.sandboxed:
        _refuse(f"{what}只在沙箱模式可用（ANJU_MODE=sandbox）。 Only in sandbox mode.")


@app.callback(invoke_without_command=True)
def anju(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", help="显示版本 · Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    if show_version:
        typer.echo(f"anju {version('anju')}")
        raise typer.Exit


@app.command(epilog="Example: ANJU_SERVER__PORT=8080 anju serve --demo")
def serve(
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="先准备演示数据 · First do what `migrate` and `demo` do.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="进程数，需要 PostgreSQL 和 Redis · Processes that serve."
        ),
    ] = 1,
) -> None:
    """启动服务 · Serve citizens over HTTP until stopped."""
    from bot.serving import NotServedError, listen, listen_together

    settings = load()
    if workers > 1 and not settings.shared:
        _refuse(_NOT_SHARED)
    if demo:
        _sandbox_only(settings, "演示数据")
        asyncio.run(_prepare(settings))
    _check(settings)
    address = settings.server.base_url
    welcome = f"安居正在运行：{address}（按 Ctrl+C 停止）"
    if settings.sandboxed:
        welcome = (
            f"安居正在运行，模拟器地址：{address}/simulator（按 Ctrl+C 停止）\n"
            f"工作人员的后台：{address}/console（演示账号见登录页）"
        )
    try:
        if workers > 1:
            listen_together(settings, workers, welcome)
        else:
            listen(settings, welcome)
    except NotServedError as error:
        _refuse(str(error))


@app.command(epilog="Example: ANJU_REDIS__URL=redis://redis:6379/0 anju worker")
def worker() -> None:
    """后台工作 · Do what no message asks for, beside processes that serve, until stopped."""
    from bot.jobs.worker import NOT_SHARED, work
    from bot.serving import NotServedError

    settings = load()
    if not settings.shared:
        _refuse(NOT_SHARED)
    _check(settings)
    try:
        asyncio.run(work(settings))
    except NotServedError as error:
        _refuse(str(error))


jobs = typer.Typer(
    no_args_is_help=False, help="后台工作中需要人看的 · What jobs left for a person."
)
app.add_typer(jobs, name="jobs")


@jobs.callback(invoke_without_command=True, epilog="Example: anju jobs")
def list_jobs(context: typer.Context) -> None:
    """列出搁置的通知和任务 · List what was set aside, and why."""
    from bot.jobs.aside import lines

    if context.invoked_subcommand is None:
        settings = load()
        _check(settings)
        typer.echo("\n".join(asyncio.run(lines(settings))))


@jobs.command(epilog="Example: anju jobs retry 17")
def retry(
    push_id: Annotated[int, typer.Argument(metavar="ID", help="编号 · Its number in the list.")],
) -> None:
    """重新发送一条搁置的通知 · Let one that was set aside be sent again."""
    from bot.jobs.aside import retry as again

    settings = load()
    _check(settings)
    if not asyncio.run(again(settings, push_id)):
        _refuse(f"没有编号为 {push_id} 的搁置通知。 Nothing of that number was set aside.")
    typer.echo(f"已重新排队：{push_id}。")


menu = typer.Typer(
    no_args_is_help=True,
    help="自定义菜单 · The custom menu under the chat.",
    epilog="Example: anju menu push",
)
app.add_typer(menu, name="menu")

_NO_ACCOUNT = (
    "还没有设置公众号，请先设置 ANJU_WECHAT__APP_ID 和 ANJU_WECHAT__APP_SECRET。 "
    "No account is set: set ANJU_WECHAT__APP_ID and ANJU_WECHAT__APP_SECRET first."
)


@menu.command(name="show", epilog="Example: anju menu show")
def show_menu() -> None:
    """显示设置中的菜单 · Print the menu of the settings in the platform's own form."""
    import json

    from bot.menu import on_platform

    shown = {"button": on_platform(load().menu)}
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@menu.command(name="push", epilog="Example: anju menu push")
def push_menu() -> None:
    """把菜单发布到公众号 · Put the menu of the settings on the account."""
    from bot.connecting import is_ours, note_published, publish
    from bot.wiring import WechatSaidNoError

    settings = load()
    if not is_ours(settings):
        _refuse(_NO_ACCOUNT)
    try:
        asyncio.run(publish(settings))
    except WechatSaidNoError as error:
        _refuse(f"平台拒绝了菜单，返回码 {error.code}：{error.words}")
    if not asyncio.run(note_published(settings)):
        _refuse("菜单已发布，但数据库打不开，没有记下这次操作；请运行 anju migrate 后再发布一次。")
    typer.echo("菜单已发布，手机上最迟 24 小时内更新（重新关注可立即看到）。")


app.add_typer(staff, name="staff")

wechat = typer.Typer(
    no_args_is_help=True,
    help="公众号的接入 · Connecting the account.",
    epilog="Example: anju wechat check",
)
app.add_typer(wechat, name="wechat")


@wechat.callback()
def about_wechat() -> None:
    """Keep `check` a command of its own, beside those to come."""


@wechat.command(name="check", epilog="Example: anju wechat check")
def check_wechat() -> None:
    """检查公众号的接入 · Show what to paste into the back office, and what is still wrong."""
    from bot.connecting import check, refusals, values

    settings = load()
    typer.echo("\n".join(values(settings)))

    async def look() -> bool:
        right = True
        async for finding in check(settings):
            typer.echo(finding.line)
            right = right and not finding.remedy
        typer.echo("\n".join(await refusals(settings)))
        return right

    if not asyncio.run(look()):
        raise typer.Exit(1)


def _check(settings: Settings) -> None:
    from bot import wiring

    try:
        asyncio.run(wiring.check(settings))
    except wiring.StartRefusedError as refused:
        _refuse(str(refused))


async def _prepare(settings: Settings) -> None:
    from bot import wiring

    await wiring.migrate(settings)
    await wiring.load_demo(settings)


@app.command(epilog="Example: anju migrate")
def migrate() -> None:
    """更新数据库结构 · Bring the database's schema up to date; may be repeated."""
    from bot import wiring

    asyncio.run(wiring.migrate(load()))
    typer.echo("数据库结构已是最新。")


@app.command(epilog="Example: anju demo")
def demo() -> None:
    """载入演示数据 · Load the demo data, with dates relative to today; may be repeated."""
    settings = load()
    _sandbox_only(settings, "演示数据")
    asyncio.run(_prepare(settings))
    typer.echo("演示数据已就绪。运行 anju serve 后即可体验。")


@app.command(epilog="Example: anju simulate")
def simulate() -> None:
    """在终端里与机器人聊天 · Chat in this terminal, over the real webhook."""
    from bot.main import create_app
    from bot.simulator.terminal import run

    settings = load()
    _sandbox_only(settings, "模拟聊天")
    asyncio.run(_prepare(settings))
    run(create_app(settings))


@app.command(epilog="Example: anju sources --open S0")
def sources(
    manual: Annotated[str, typer.Argument(help="只看一册 · One manual only: S0 … S4.")] = "",
    *,
    open_only: Annotated[
        bool, typer.Option("--open", help="只列未完成项 · Only what nobody claims; exit 1 if any.")
    ] = False,
) -> None:
    """列出功能条目及其出处 · List the catalogue's items and where each is claimed."""
    from bot.sources import NoCatalogueError, claims, open_lines, read_catalogue, report_lines

    try:
        catalogue = read_catalogue().of(manual)
    except NoCatalogueError:
        _refuse("这条命令要在源代码目录中使用。 This command needs the source tree.")
    if not catalogue.items:
        raise typer.BadParameter("S0, S1, S2, S3 or S4", param_hint="MANUAL")
    found = claims()
    still_open = open_lines(catalogue, found)
    typer.echo("\n".join(still_open if open_only else report_lines(catalogue, found)))
    if open_only and still_open:
        raise typer.Exit(1)


@app.command(name="map", epilog="Example: anju map bind_family")
def draw(
    flow: Annotated[str, typer.Argument(help="流程名 · The flow's id.")] = "",
    *,
    everything: Annotated[
        Path | None,
        typer.Option(
            "--all", metavar="FOLDER", help="全部写入目录 · Draw every flow into a folder."
        ),
    ] = None,
) -> None:
    """画出一个流程的状态图 · Draw a flow as a Mermaid diagram."""
    from dialogs.catalog import FLOWS
    from dialogs.engine.walk import mermaid

    maps = {one.id: mermaid(one) for one in FLOWS}
    if everything:
        _write_all(everything, maps)
    elif flow in maps:
        typer.echo(maps[flow], nl=False)
    else:
        _refuse(
            f"没有名为 {flow or '（空）'} 的流程，可选：{'、'.join(maps)}。 There is no such flow."
        )


def _write_all(folder: Path, maps: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for gone in folder.glob("*.mmd"):
        if gone.stem not in maps:
            gone.unlink()
    for flow, drawing in maps.items():
        (folder / f"{flow}.mmd").write_text(drawing, "utf-8")


@app.command(epilog="Example: anju words --to words.md")
def words(
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="写入文件 · Write to a file.")
    ] = None,
) -> None:
    """列出机器人会说的每一句话 · Print every sentence the bot can say, for review."""
    from bot.words import report

    if to:
        to.write_text(report(), "utf-8")
    else:
        typer.echo(report(), nl=False)


if __name__ == "__main__":
    main()
