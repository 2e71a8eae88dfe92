"""What the command ``anju poster`` does: posters for the printer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from bot.poster_words import SERVICES, caption_for
from bot.posters import Print, named, pressed, publisher_of, title_for, zipped
from bot.settings import Settings
from bot.wiring import StartRefusedError, check
from bot.wiring.posters import PosterRoom, open_poster_room
from domain.plans.model import PlanBook
from domain.posters.model import Poster, Target, TargetKind
from domain.posters.service import PosterService
from domain.shared.clock import china_time

__all__ = ["NotMadeError", "Wish", "make"]

_BY: Final = "operator"


class NotMadeError(Exception):
    """It was refused; the words say why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options ask for."""

    kind: TargetKind
    words: str
    batch: bool
    title: str
    caption: str
    file: Print
    out: Path


async def make(settings: Settings, wish: Wish) -> None:
    """Make what is asked for, and write it.

    Raises
    ------
    NotMadeError
        It is not to be had, and the words say why.
    """
    if not wish.out.parent.is_dir():
        # Before a code is made that cannot be taken back.
        raise NotMadeError(f"没有目录 {wish.out.parent}。 There is no such folder.")
    try:
        await check(settings)
        await _make(settings, wish)
    except StartRefusedError as refused:
        raise NotMadeError(str(refused)) from refused
    except OSError as error:
        raise NotMadeError(f"写不了 {wish.out}：{error.strerror}。 Cannot write there.") from error


async def _make(settings: Settings, wish: Wish) -> None:
    async with open_poster_room(settings) as room:
        async with room.records.open_work() as work:
            book = await work.plans.book()
            target = Target(wish.kind, _meant(wish, book))
            posters = await _posters(room.posters(work), target, book, wish)
            await work.commit()
        for one in posters:
            _tell(one)
        if wish.batch:
            await _write_all(settings, room, posters, book, wish)
        else:
            publisher = publisher_of(settings)
            wish.out.write_bytes(await pressed(room.press, posters[0], book, publisher, wish.file))
    typer.echo(f"已写入 {wish.out}。")


def _meant(wish: Wish, book: PlanBook) -> str:
    """Return the id of what was named; refuse what is not there, or could be several."""
    candidates: dict[TargetKind, Sequence[tuple[str, str]]] = {
        TargetKind.PLAN: [(plan.id, plan.name) for plan in book.plans()],
        TargetKind.PROJECT: [
            (one.id, one.name) for plan in book.plans() for one in book.projects(plan.id)
        ],
        TargetKind.SERVICE: [*SERVICES.items()],
        TargetKind.PERSON: [("", wish.words)],
    }
    found = named(wish.words, candidates[wish.kind])
    if len(found) == 1:
        return found[0][0]
    choices = "、".join(f"{name}（{one}）" for one, name in found or candidates[wish.kind])
    raise NotMadeError(
        f"“{wish.words}”{'不止一个' if found else '没有找到'}，请用编号指定：{choices}。"
        " Name one of these by its id."
    )


async def _posters(
    posters: PosterService, target: Target, book: PlanBook, wish: Wish
) -> list[Poster]:
    if wish.batch:
        caption = wish.caption or caption_for(TargetKind.PROJECT)
        return await posters.for_projects_of(target.id, caption=caption, by=_BY)
    title = wish.title or title_for(target, book)
    caption = wish.caption or caption_for(target.kind)
    return [await posters.take(target, title=title, caption=caption, by=_BY)]


def _tell(made: Poster) -> None:
    until = ""
    if made.expires_at is not None:
        until = f"，二维码有效期至 {china_time(made.expires_at):%Y-%m-%d %H:%M}"
    typer.echo(f"海报 {made.title}（{made.id}）{until}")


async def _write_all(
    settings: Settings, room: PosterRoom, posters: Sequence[Poster], book: PlanBook, wish: Wish
) -> None:
    """Write the archive, and show how far it is."""
    parts = zipped(room.press, posters, book, publisher_of(settings), wish.file)
    with (
        wish.out.open("wb") as file,
        typer.progressbar(length=len(posters), label="制作中") as progress,
    ):
        async for part in parts:
            file.write(part)
            progress.update(1)
