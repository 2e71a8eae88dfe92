"""The command ``anju poster`` and its options; what it needs is imported when it runs."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.settings import load
from domain.posters.model import TargetKind
from domain.posters.sheet import PosterFormat, PosterSize

__all__ = ["EXAMPLE", "poster"]

EXAMPLE: Final = "Example: anju poster --project 青禾家园 --size a3 --format pdf --out qinghe.pdf"


def poster(  # noqa: PLR0913 (one for each option)
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="写入文件 · Where to write.")],
    plan: Annotated[str, typer.Option(help="配租计划的编号或名称 · A plan, by id or name.")] = "",
    project: Annotated[str, typer.Option(help="项目的编号或名称 · A project.")] = "",
    service: Annotated[str, typer.Option(help="服务的编号或名称 · A service: a flow.")] = "",
    person: Annotated[bool, typer.Option("--person", help="客服 · A person.")] = False,
    all_projects_of: Annotated[
        str, typer.Option(metavar="PLAN", help="计划中每个项目一张 · One for each project, zipped.")
    ] = "",
    title: Annotated[str, typer.Option(help="标题 · What stands on top.")] = "",
    caption: Annotated[str, typer.Option(help="二维码下的说明 · What it invites to.")] = "",
    size: Annotated[PosterSize, typer.Option(help="a4、a3 或易拉宝 · The size.")] = PosterSize.A4,
    file_format: Annotated[
        PosterFormat, typer.Option("--format", help="文件格式 · The kind of file.")
    ] = PosterFormat.PDF,
) -> None:
    """制作海报 · Make a poster that leads to a plan, a project, a service or a person."""
    wishes = [
        (kind, words)
        for kind, words in (
            (TargetKind.PLAN, plan),
            (TargetKind.PROJECT, project),
            (TargetKind.SERVICE, service),
            (TargetKind.PERSON, "客服" if person else ""),
            (TargetKind.PLAN, all_projects_of),
        )
        if words
    ]
    if len(wishes) != 1:
        message = "--plan, --project, --service, --person, --all-projects-of: 选一个 · choose one"
        raise typer.BadParameter(message)
    from bot.poster_command import NotMadeError, Wish, make
    from bot.posters import Print

    [(kind, words)] = wishes
    wish = Wish(kind, words, bool(all_projects_of), title, caption, Print(size, file_format), out)
    try:
        asyncio.run(make(load(), wish))
    except NotMadeError as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
