"""Making posters on an officer's word: which one is meant, and the files for the printer.

Source: S0-61.
"""

import io
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bot.poster_words import SERVICES, caption_for, sheet_of
from bot.settings import Settings
from domain.plans.model import PlanBook
from domain.posters.model import Poster, Target, TargetKind
from domain.posters.sheet import PosterFormat, PosterPress, PosterSize, Publisher

__all__ = ["Print", "file_name", "named", "pressed", "publisher_of", "title_for", "zipped"]

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\s]+')


@dataclass(frozen=True, slots=True)
class Print:
    """What file is wanted."""

    size: PosterSize = PosterSize.A4
    kind: PosterFormat = PosterFormat.PDF


def publisher_of(settings: Settings) -> Publisher:
    """Return who puts posters up."""
    office = settings.office
    return Publisher(office.operator, office.hotline, settings.wechat.account_name)


def named(words: str, candidates: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return whom words mean: the one of that id or name, else all whose names hold them.

    Parameters
    ----------
    candidates
        Ids and names.
    """
    exact = [one for one in candidates if words in one]
    return exact or [one for one in candidates if words and words in one[1]]


def title_for(target: Target, book: PlanBook) -> str:
    """Return what stands on top of a poster where its maker worded nothing."""
    match target.kind:
        case TargetKind.PLAN:
            return book.plan(target.id).name
        case TargetKind.PROJECT:
            return book.project(target.id).name
        case TargetKind.SERVICE:
            return SERVICES[target.id]
        case TargetKind.PERSON:
            return caption_for(target.kind).partition("，")[2]


def file_name(poster: Poster, wanted: Print) -> str:
    """Return what a file is called: the title without what no file may be called, and the size."""
    title = _NOT_IN_NAMES.sub("_", poster.title).strip("_")
    return f"{title}-{wanted.size}.{wanted.kind}"


async def pressed(
    press: PosterPress, poster: Poster, book: PlanBook, publisher: Publisher, wanted: Print
) -> bytes:
    """Return the file of one poster, with the facts as they are now."""
    return await press.press(sheet_of(poster, book, publisher), wanted.size, wanted.kind)


async def zipped(
    press: PosterPress,
    posters: Sequence[Poster],
    book: PlanBook,
    publisher: Publisher,
    wanted: Print,
) -> AsyncIterator[bytes]:
    """Yield an archive of posters while it is made, a part after each poster."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for number, poster in enumerate(posters, start=1):
            made = await pressed(press, poster, book, publisher, wanted)
            archive.writestr(f"{number:02}-{file_name(poster, wanted)}", made)
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Takes what is written and gives it away again; nobody may go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        kept = bytes(part)  # type: ignore[call-overload] # anything that holds bytes
        self._parts.append(kept)
        return len(kept)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
