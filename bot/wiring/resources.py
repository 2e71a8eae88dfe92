"""What lives as long as the process, and the desk that is made from it for a turn."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, Self

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.calendar import ChinaCalendar
from adapters.cipher import Cipher, SealBrokenError
from adapters.passwords import Argon2Passwords
from adapters.pdf import TypstPrinter, font_file
from adapters.pictures import PressedPictures
from adapters.qr_poster import TypstPosters
from adapters.sheets import PressedTables, StreamedTables
from adapters.sql import schema
from adapters.sql.base import SqlSession
from adapters.sql.documents import ContentCache
from adapters.sql.plans import PlanCache
from adapters.sql.posters import PosterCache
from adapters.sql.revisions import Kept, Revisions
from adapters.sql.work import SqlWork, engine_for
from adapters.stand_ins import StandIns
from adapters.system import SystemClock, SystemRandomness
from bot.settings import Settings, data_key
from bot.wiring import talks
from bot.wiring.bell import Bell
from bot.wiring.desks import Equipment
from bot.wiring.outside import InSandbox, outside
from bot.wiring.posters import poster_press
from bot.wiring.start import check
from bot.wiring.stores import Conversations, open_conversations, open_secrets
from domain.content.service_editing import EditingService
from domain.content.unanswered import UNANSWERED_KEPT
from domain.escalation.handovers import LINES_KEPT
from domain.identity.model import RECOVERIES_KEPT
from domain.officers.model import OFFICER_SESSION_LIFE
from domain.posters.model import CREDIT_SPAN
from domain.registrations.exports import EXPORT_LIFE
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.pushes import PUSHES_KEPT
from domain.shared.records import OpenId
from domain.shared.windows import MESSAGE_SPAN, Window

__all__ = ["Resources", "SealBrokenError", "SqlWork", "StandIns"]

_REPLIES_KEPT = timedelta(hours=24)
"""A delivery that is repeated within a day is told the same."""

_CONNECTIONS: Final = 11
"""With four of the secrets' and one that looks for changes, a process opens sixteen at most."""

_READY_SECONDS: Final = 1.5
"""How long a store may take to show that it is there."""

_OCCURRENCES_KEPT = 1000
"""Of each job; ten days of what is done every quarter of an hour."""

_INDEXED_AT_ONCE: Final = 200
"""A citizen who writes meanwhile waits for no more than these."""

_PAGES_KEPT = timedelta(hours=1)
"""After they expired; a page that was sent off is kept a month longer."""


@dataclass(frozen=True)
class Resources(Equipment):
    """What lives as long as the process.

    ``opened`` closes what must be closed, last opened first.
    """

    opened: AsyncExitStack
    engine: AsyncEngine
    revisions: Revisions
    conversations: Conversations
    bell: Bell
    printer: TypstPrinter
    press: TypstPosters
    table_reader: PressedTables
    table_writer: StreamedTables
    plans: PlanCache
    content: ContentCache
    posters: PosterCache

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        chance: Randomness | None = None,
    ) -> Self:
        """Open everything; `StartRefusedError` where citizens must not be served like this."""
        await check(settings)
        async with AsyncExitStack() as opened:
            house = await cls._opened(opened, settings, clock, chance)
            await house.look()
            return replace(house, opened=opened.pop_all())

    @classmethod
    async def _opened(
        cls,
        opened: AsyncExitStack,
        settings: Settings,
        clock: Clock | None,
        chance: Randomness | None,
    ) -> Self:
        key = data_key(settings)
        cipher = Cipher(key)
        now, rng = clock or SystemClock(), chance or SystemRandomness()
        engine = engine_for(settings.database.url, connections=_CONNECTIONS)
        opened.push_async_callback(engine.dispose)
        revisions = await opened.enter_async_context(
            aclosing(Revisions.open(settings.database.url))
        )
        conversations = await opened.enter_async_context(
            aclosing(await open_conversations(settings, now, cipher))
        )
        secrets = await opened.enter_async_context(aclosing(await open_secrets(settings, cipher)))
        in_sandbox = InSandbox(engine, cipher, partial(talks.windows, conversations, cipher))
        beyond = await opened.enter_async_context(
            aclosing(await outside(settings, secrets, now, rng, in_sandbox))
        )
        bell = await opened.enter_async_context(aclosing(Bell.open(settings)))
        return cls(
            opened=opened,
            settings=settings,
            clock=now,
            chance=rng,
            cipher=cipher,
            engine=engine,
            revisions=revisions,
            conversations=conversations,
            secrets=secrets,
            outside=beyond,
            bell=bell,
            picture_cleaner=PressedPictures(),
            passwords=Argon2Passwords(),
            calendar=ChinaCalendar(),
            printer=TypstPrinter(font_file()),
            press=poster_press(settings),
            table_reader=PressedTables(),
            table_writer=StreamedTables(),
            plans=PlanCache(),
            content=ContentCache(),
            posters=PosterCache(),
            code_key=hmac.digest(key, b"anju codes", hashlib.sha256),
        )

    @property
    def stand_ins(self) -> StandIns | None:
        """The stand-ins, which testers may look into; ``None`` in production."""
        return self.outside if isinstance(self.outside, StandIns) else None

    async def aclose(self) -> None:
        """Close everything, last opened first."""
        await self.opened.aclose()

    async def ready(self) -> bool:
        """Tell whether every store answers, soon, and the schema serves this release."""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                _, _, standing = await asyncio.gather(
                    self.conversations.peek(OpenId("nobody")),
                    self.secrets.count("nothing", since=self.clock.now()),
                    schema.standing(self.revisions.engine),
                )
        except (UnavailableError, TimeoutError):
            return False
        # A newer release, that is taking our place, may have changed the schema already.
        return standing is not schema.Standing.BEHIND

    async def look(self) -> None:
        """Read plans, texts and posters again if anybody changed them, in whatever process.

        Raises
        ------
        UnavailableError
            The records are silent; citizens are shown what is known.
        """
        moved = await self.revisions.moved()
        if Kept.PLANS in moved:
            self.plans.invalidate()
        if Kept.CONTENT in moved:
            self.content.invalidate()
        if Kept.POSTERS in moved:
            self.posters.invalidate()
        if moved:
            await self._read_again()

    async def _read_again(self) -> None:
        """Have at hand what browsing needs, before a citizen asks, and should the records die."""
        async with self.open_work() as work:
            await work.plans.book()
            # As if a moment ago, so that the next citizen has them counted anew.
            await work.plans.counts(self.clock.now() - timedelta(seconds=1))
            await work.documents.documents()
            # On opening day nobody must wait for what takes a second to make.
            await work.documents.index()
            await work.posters.book()

    async def sweep(self) -> None:
        """Drop what has outlived its use: kept replies, sent-off pages, old counters."""
        now = self.clock.now()
        await self.conversations.forget(before=now - _REPLIES_KEPT)
        await self.secrets.sweep(now=now)
        async with self.open_work() as work:
            await work.deliveries.forget(before=now - _REPLIES_KEPT)
            await work.pages.forget(before=now - _PAGES_KEPT)
            await work.pushes.forget(before=now - PUSHES_KEPT)
            await work.places.forget(before=now - MESSAGE_SPAN)
            await work.limits.forget(before=(now - PUSHES_KEPT).date())
            await work.drafts.forget(before=now)
            await work.occurrences.forget(keep=_OCCURRENCES_KEPT)
            await work.recoveries.forget(before=now - RECOVERIES_KEPT)
            await work.scans.forget(before=now - CREDIT_SPAN)
            await work.exports.forget(before=now - EXPORT_LIFE)
            await work.questions.forget(before=now - UNANSWERED_KEPT)
            await work.talk_pictures.forget(before=now - LINES_KEPT)
            await work.handovers.forget(before=now - LINES_KEPT)
            await work.officer_sessions.forget(before=now - OFFICER_SESSION_LIFE)
            await work.commit()
        if self.stand_ins:
            await self.stand_ins.arrivals.sweep(now=now)

    async def index_older(self) -> None:
        """Make records of older releases findable for officers; mostly there are none left."""
        more = True
        while more:
            async with self.open_work() as work:
                more = bool(await work.cases.index_older(most=_INDEXED_AT_ONCE))
                if more:
                    await work.commit()

    async def publish_due(self) -> int:
        """Publish the texts whose moment has come; return how many."""
        async with self.open_work() as work:
            editing = EditingService(work, self.clock, "", front="command")
            published = await editing.publish_due()
            if work.changed:
                await work.commit()
        return published

    async def windows(self, openid: OpenId) -> Sequence[Window]:
        """Return the windows that a citizen opened last; `UnavailableError` if nobody can tell."""
        return await talks.windows(self.conversations, self.cipher, openid)

    def open_work(self) -> SqlWork:
        """Return a work; its connection is opened by the first statement."""
        session = SqlSession(self.engine, self.cipher)
        return SqlWork(session, self.plans, self.content, self.bell.ring, self.posters)
