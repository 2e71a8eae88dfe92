"""Pages that a citizen opens from the chat: one-time forms, and links to printed papers.

A one-time form belongs to one step of one draft. Its address holds 128 random bits, of which we
keep only the SHA-256. Looking at the page changes nothing; sending it works once.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from domain.shared.chance import Randomness
from domain.shared.clock import Clock, utc_from_timestamp
from domain.shared.conversations import Json
from domain.shared.errors import RefusedError
from domain.shared.records import AccountId, OpenId
from domain.shared.work import Work

__all__ = [
    "EXPORT_PATH",
    "FORM_LIFE",
    "FORM_PATH",
    "PRINT_LIFE",
    "PRINT_PATH",
    "LinkBrokenError",
    "LinkExpiredError",
    "LinkSigner",
    "LinkUsedError",
    "OneTimePage",
    "PageService",
    "PageStore",
    "PagesWork",
]

FORM_LIFE: Final = timedelta(minutes=10)
PRINT_LIFE: Final = timedelta(hours=24)

FORM_PATH: Final = "/h5/form"
"""Where one-time forms live below the public address; the token follows."""

EXPORT_PATH: Final = "/h5/export"
"""Where all that is known of a citizen is fetched, once; the token follows."""

PRINT_PATH: Final = "/h5/print"
"""Where printed papers live below the public address; the token follows."""


class LinkBrokenError(RefusedError):
    """We never gave out this link, or not to this citizen."""

    code = "link-broken"


class LinkExpiredError(RefusedError):
    """The link is too old, or a newer one took its place."""

    code = "link-expired"


class LinkUsedError(RefusedError):
    """The form behind the link was already sent."""

    code = "link-used"


@dataclass(frozen=True, slots=True)
class OneTimePage:
    """A form that asks one step of one draft, once.

    ``about`` is what the page knows of the draft; ``answer`` is what the citizen sent: ``None``
    while ``used_at`` is. ``account_id`` is whose citizen was given it; ``None`` for one who was
    signed out.
    """

    openid: OpenId
    draft_id: str
    flow: str
    step: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    answer: Json = None
    account_id: AccountId | None = None
    about: Mapping[str, str] = field(default_factory=dict, repr=False)


class PageStore(Protocol):
    """One-time pages, found by the SHA-256 of their token in hex."""

    async def add(self, token_hash: str, page: OneTimePage) -> None:
        """Keep a new page; the earlier unused ones of the same step expire at its issue."""

    async def find(self, token_hash: str) -> OneTimePage | None:
        """Return a page, changing nothing; ``None`` if there never was one."""

    async def consume(self, token_hash: str, answer: Json, *, now: datetime) -> bool:
        """Use a page up in one atomic step.

        Returns
        -------
        bool
            Whether it worked; ``False`` if the page is unknown, used or expired.
        """

    async def answer_of(self, draft_id: str, step: str) -> Json:
        """Return what was sent on the newest page of a step; ``None`` while nothing was."""

    async def forget(self, *, before: datetime) -> int:
        """Drop unsent pages that expired before a moment, and sent ones a month after that.

        A citizen who was told that an answer is kept may come back late for it.

        Returns
        -------
        int
            How many were dropped.
        """


class LinkSigner(Protocol):
    """Makes words into a token that nobody else can make, and that tells nothing."""

    def sign(self, words: str) -> str:
        """Return a token of URL characters."""

    def read(self, token: str) -> str | None:
        """Return the words of a token we made; ``None`` for any other."""


class PagesWork(Work, Protocol):
    """What the pages' use cases may touch."""

    @property
    def pages(self) -> PageStore:
        """One-time pages."""


class PageService:
    """Gives out links and takes what comes back through them.

    Parameters
    ----------
    public_url
        What citizens' links begin with: scheme, host and perhaps a path, without a final slash.
    """

    def __init__(
        self, work: PagesWork, clock: Clock, rng: Randomness, public_url: str, signer: LinkSigner
    ) -> None:
        self._work = work
        self._clock = clock
        self._rng = rng
        self._public_url = public_url.rstrip("/")
        self._signer = signer

    async def issue(  # noqa: PLR0913 (three of them have a usual value; all are named)
        self,
        *,
        openid: OpenId,
        draft_id: str,
        flow: str,
        step: str,
        about: Mapping[str, str] | None = None,
        account_id: AccountId | None = None,
        path: str = FORM_PATH,
    ) -> str:
        """Make a one-time form for a step; earlier unsent forms of that step stop working.

        Parameters
        ----------
        openid, draft_id, flow, step
            Who is asked what.
        about
            What the form knows of the draft; kept sealed, never shown.
        account_id
            Which account the citizen is signed in to, if any.
        path
            Where it lives, if it is no form but something else that works once.

        Returns
        -------
        str
            The absolute address of the form, good for ten minutes.

        Source: S0-23.
        """
        token = self._rng.token()
        now = self._clock.now()
        ends = now + FORM_LIFE
        page = OneTimePage(
            openid,
            draft_id,
            flow,
            step,
            now,
            ends,
            account_id=account_id,
            about=dict(about or {}),
        )
        await self._work.pages.add(_hash(token), page)
        return f"{self._public_url}{path}/{token}"

    async def read(self, token: str, *, openid: OpenId | None = None) -> OneTimePage:
        """Return the open form behind a token; changes nothing.

        Parameters
        ----------
        token
            The last part of the address.
        openid
            Who is looking, where the platform told us.

        Raises
        ------
        LinkBrokenError
            There is no such form, or it was given to another citizen.
        LinkUsedError
            It was already sent.
        LinkExpiredError
            It is too old, or a newer one took its place.
        """
        page = await self._work.pages.find(_hash(token))
        if page is None or openid not in {None, page.openid}:
            raise LinkBrokenError
        if page.used_at is not None:
            raise LinkUsedError
        if page.expires_at <= self._clock.now():
            raise LinkExpiredError
        return page

    async def is_spent(self, url: str) -> bool:
        """Tell whether a form that was handed out was sent off, or replaced by a newer one."""
        with suppress(LinkBrokenError):
            try:
                await self.read(url.rpartition("/")[2])
            except (LinkExpiredError, LinkUsedError):
                return True
        return False

    async def fill(self, token: str, answer: Json, *, openid: OpenId | None = None) -> OneTimePage:
        """Take what a citizen sent on a form; of many at once, one.

        Returns
        -------
        OneTimePage
            The page as it stood before.

        Raises
        ------
        LinkBrokenError, LinkUsedError, LinkExpiredError
            As in `read`.
        """
        page = await self.read(token, openid=openid)
        if not await self._work.pages.consume(_hash(token), answer, now=self._clock.now()):
            raise LinkUsedError
        return page

    async def answer_of(self, draft_id: str, step: str) -> Json:
        """Return what was sent on the newest form of a step; ``None`` while nothing was."""
        return await self._work.pages.answer_of(draft_id, step)

    def print_link(self, openid: OpenId, number: str) -> str:
        """Return the address at which a citizen can print a paper, good for 24 hours.

        Source: S0-48, Q-32.
        """
        expires = int((self._clock.now() + PRINT_LIFE).timestamp())
        token = self._signer.sign(json.dumps(["print", openid, number, expires]))
        return f"{self._public_url}{PRINT_PATH}/{token}"

    def read_print_link(self, token: str) -> tuple[OpenId, str]:
        """Return for whom a print link was made and the paper's number.

        Raises
        ------
        LinkBrokenError
            We did not make it.
        LinkExpiredError
            It is older than 24 hours.
        """
        words = self._signer.read(token)
        if words is None:
            raise LinkBrokenError
        kind, openid, number, expires = json.loads(words)
        if kind != "print":
            raise LinkBrokenError
        if utc_from_timestamp(expires) <= self._clock.now():
            raise LinkExpiredError
        return OpenId(openid), number


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
