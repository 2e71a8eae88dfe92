"""Writing the files that officers asked for: some rows at a time, and never twice at once.

Whoever writes says again and again that they live. Who falls silent is replaced by whoever looks
next, who begins anew; three times at most, then the officer is asked.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from bot.jobs.export_rows import (
    COLUMNS,
    TITLES,
    family_row,
    registration_row,
    unit_rows,
)
from bot.wiring import Resources
from domain.plans.model import PlanBook
from domain.registrations.exports import EXPORT_LEASE, Export, ExportSubject
from domain.shared.errors import UnavailableError
from domain.shared.tables import Row

__all__ = ["EXPORT_LOOK_SECONDS", "make_exports"]

EXPORT_LOOK_SECONDS: Final = 2.0
"""How long an officer waits at most before somebody begins."""

_ALIVE_SECONDS: Final = EXPORT_LEASE.total_seconds() / 4
_PIECE: Final = 512 * 1024

log = structlog.get_logger(__name__)


class _LostError(Exception):
    """Another has begun to write it, or we are told to end."""


async def make_exports(house: Resources, going: Callable[[], bool] = lambda: True) -> int:
    """Write all that is waited for; return how many were written.

    Raises
    ------
    UnavailableError
        The records are silent. What was begun is taken over when its lease ends.
    """
    made = 0
    while going():
        async with house.open_work() as work:
            export = await work.exports.claim(now=house.clock.now())
            if work.changed:
                await work.commit()
        if export is None:
            break
        made += await _attend(house, export, going)
    return made


async def _attend(house: Resources, export: Export, going: Callable[[], bool]) -> bool:
    """Write one; whatever goes wrong concerns this one alone."""
    writing = _Writing(house, export, going)
    alive = asyncio.create_task(writing.stay_alive())
    try:
        return await writing.write()
    except (_LostError, UnavailableError) as error:
        log.warning("export_left", export=export.id, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 (the job loop: one file that breaks us holds up nobody)
        log.error("export_failed", export=export.id, error=type(error).__name__)  # noqa: TRY400 (a trace may hold names)
        with suppress(UnavailableError):
            async with house.open_work() as work:
                await work.exports.fail(export, now=house.clock.now())
                await work.commit()
    finally:
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)
    return False


@dataclass(slots=True)
class _Writing:
    """One attempt at one file."""

    house: Resources
    export: Export
    going: Callable[[], bool]
    rows: int = 0
    share: int = 0
    size: int = 0
    pieces: int = 0
    lost: bool = False

    async def write(self) -> bool:
        """Write the file; tell whether it is whole and ours."""
        subject, kept = self.export.subject, bytearray()
        written = self.house.table_writer.write(
            self.export.form, TITLES[subject], COLUMNS[subject], self._batches()
        )
        async for piece in written:
            self._must_go_on()
            kept += piece
            if len(kept) >= _PIECE:
                await self._put(bytes(kept))
                kept.clear()
        if kept:
            await self._put(bytes(kept))
        async with self.house.open_work() as work:
            ended = await work.exports.end(
                self.export, size=self.size, rows=self.rows, now=self.house.clock.now()
            )
            await work.commit()
        log.info("export_written", export=self.export.id, rows=self.rows, ended=ended)
        return ended

    async def stay_alive(self) -> None:
        """Say again and again how far we are."""
        while True:
            with suppress(UnavailableError):
                async with self.house.open_work() as work:
                    ours = await work.exports.go_on(
                        self.export, rows=self.rows, share=self.share, now=self.house.clock.now()
                    )
                    await work.commit()
                self.lost = self.lost or not ours
            await asyncio.sleep(_ALIVE_SECONDS if self.rows > _FEW else 1)

    def _must_go_on(self) -> None:
        if self.lost or not self.going():
            raise _LostError

    async def _put(self, piece: bytes) -> None:
        async with self.house.open_work() as work:
            await work.exports.put(self.export, self.pieces, piece)
            await work.commit()
        self.pieces += 1
        self.size += len(piece)

    async def _batches(self) -> AsyncIterator[Sequence[Row]]:
        subject = self.export.subject
        if subject is ExportSubject.UNITS:
            yield self._counted(await self._units(), 100)
            return
        pages = (
            self._registrations() if subject is ExportSubject.REGISTRATIONS else self._families()
        )
        async for rows, share in pages:
            self._must_go_on()
            yield self._counted(rows, share)

    def _counted(self, rows: list[Row], share: int) -> list[Row]:
        self.rows += len(rows)
        self.share = share
        return rows

    async def _units(self) -> list[Row]:
        async with self.house.open_work() as work:
            offers, live = await work.offers.all(), await work.offers.live()
        wanted = self.export.plan_id
        chosen = [one for one in offers if wanted is None or one.plan.id == wanted]
        now = self.house.clock.now()
        return [row for offer in chosen for row in unit_rows(offer, live, now)]

    async def _registrations(self) -> AsyncIterator[tuple[list[Row], int]]:
        masked, after = self.export.masked, ""
        book = await self._book()
        while True:
            # A work for each page: nobody holds a line of the records for minutes.
            async with self.house.open_work() as work:
                page = await work.listings.registrations(self.export.plan_id, after)
            rows = [registration_row(one, book, masked=masked) for one in page.items]
            yield list(rows), page.share
            if page.after is None:
                return
            after = page.after

    async def _families(self) -> AsyncIterator[tuple[list[Row], int]]:
        masked, after = self.export.masked, ""
        while True:
            async with self.house.open_work() as work:
                page = await work.listings.families(after)
            yield [family_row(one, masked=masked) for one in page.items], page.share
            if page.after is None:
                return
            after = page.after

    async def _book(self) -> PlanBook:
        async with self.house.open_work() as work:
            return await work.plans.book()


_FEW: Final = 100_000
"""Below that an officer looks at the bar, and it shall move."""
