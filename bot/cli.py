"""The command ``anju``: serve, look after the database, chat in a terminal, show what is inside.

Every command exits with 0, with 1 and a sentence when refused, or with 2 when misused. What a
command needs is imported inside it, so that ``anju --help`` answers at once.
"""

import asyncio
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.settings import Settings, load
from domain.shared.errors import DomainError

__all__ = ["app", "main"]

app = typer.Typer(
    name="anju",
    help="Anju 安居: public housing by chatting with a WeChat official account.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
) -> None:
    """启动服务 · Serve citizens over HTTP until stopped."""
    from bot.main import create_app
    from bot.serving import NotServedError, listen

    settings = load()
    if demo:
        _sandbox_only(settings, "演示数据")
        asyncio.run(_prepare(settings))
    _check(settings)
    address = settings.server.base_url
    welcome = f"安居正在运行：{address}（按 Ctrl+C 停止）"
    if settings.sandboxed:
        welcome = f"安居正在运行，模拟器地址：{address}/simulator（按 Ctrl+C 停止）"
    try:
        listen(create_app(settings), settings.server, welcome)
    except NotServedError as error:
        _refuse(str(error))


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
