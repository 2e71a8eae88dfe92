"""The platform of the sandbox: the rules, and what lies where every process finds it.

The account's adapters call it inside the process, by `Carrier`; the simulator's phone says what
its citizens do, and shows what arrived.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from adapters.platform.account import KeptOfAccount
from adapters.platform.calls import Answer, Asked, asked_of
from adapters.platform.people import KeptOfPeople, Person
from adapters.platform.rules import Platform
from adapters.platform.sent import SEND_PATHS, Sent, sent_of
from adapters.simulated import Line, LineState
from adapters.sql.sandbox import Arrivals, Arrived, Book
from domain.shared.chance import Randomness
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.windows import Window

__all__ = ["Carrier", "SandboxPlatform"]

_T = TypeVar("_T")

_ACCOUNT: Final = "account"
_TOKEN_PATH: Final = "/cgi-bin/stable_token"  # noqa: S105 (a path)
_MOST_PICTURES: Final = 50
"""Held in memory only: a picture of a card has no place on a disk."""


@dataclass
class _Citizen:
    """A citizen, and whether what they do is told here: by the simulator's phone."""

    person: Person = field(default_factory=Person)
    acts_here: bool = False


@dataclass
class _Account:
    """What the platform keeps of the whole account."""

    account: KeptOfAccount
    people: KeptOfPeople
    used: dict[str, int]


_CITIZEN: Final = TypeAdapter(_Citizen)
_WHOLE: Final = TypeAdapter(_Account)


class SandboxPlatform:
    """One account on a platform that every process of the sandbox shares.

    Parameters
    ----------
    rules
        What may be done; between two calls nothing of a citizen is left in it.
    windows
        Returns the windows that a citizen opened last, by what their talk remembers. It is asked
        about whoever writes to the webhook without a phone of the simulator, as tests under load
        do; a citizen with such a phone is known by what it tells.
    labels
        The approved templates: what people call each blank.
    """

    def __init__(
        self,
        rules: Platform,
        arrivals: Arrivals,
        windows: Callable[[OpenId], Awaitable[Sequence[Window]]],
        chance: Randomness,
        labels: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.rules = rules
        self.line = Line()
        self.labels = labels
        self._arrivals = arrivals
        self._windows = windows
        self._chance = chance
        rules.account.most_media = _MOST_PICTURES
        rules.people.templates = {one: tuple(words) for one, words in labels.items()}

    # The account

    async def called(self, asked: Asked) -> Answer:
        """Answer a call; `UnavailableError` while the line is cut."""
        await self.line.reach()
        openid = _whom(asked)
        async with self._opened(openid) as book:
            answer = self.rules.answer(asked)
            if asked.path in SEND_PATHS and openid:
                sent = sent_of(asked, answer, self.rules.people.known.get(openid), self.labels)
                self._arrives(book, openid, sent)
        if asked.path == _TOKEN_PATH and self.line.state is LineState.DEAF:
            raise UnavailableError("simulated")
        self.line.answer()
        return answer

    async def outbox(self, openid: str) -> list[dict[str, Any]]:
        """Return what was sent to a citizen, newest first, and what became of it."""
        return await self._arrivals.of(Arrived.PUSH, openid)

    # The citizens

    async def acts(self, openid: str, did: str, scene: str = "") -> None:
        """Let a citizen do something on their phone.

        Parameters
        ----------
        did
            ``writes``, ``taps``, ``follows`` or ``leaves``.
        scene
            What the code carries that they followed by.
        """
        people = self.rules.people
        async with self._opened(openid, here=True):
            match did:
                case "writes":
                    people.writes(openid)
                case "taps":
                    people.taps(openid)
                case "follows":
                    people.follows(openid, scene=scene)
                case "leaves":
                    people.leaves(openid)
                case _:
                    raise ValueError(did)

    async def answers(self, openid: str, templates: Iterable[str], *, agrees: bool) -> None:
        """Let a citizen agree to one notice of each of these templates, or refuse them all."""
        async with self._opened(openid):
            self.rules.people.answers(openid, templates, agrees=agrees)

    async def agreed(self, openid: str) -> Mapping[str, int | None]:
        """Return how many notices of each template a citizen may yet be sent; ``None``: any."""
        async with self._opened(openid):
            person = self.rules.people.known.get(openid)
            if person is None:
                return {}
            return {**person.consents, **dict.fromkeys(person.lasting)}

    async def due(self, openid: str) -> Sequence[Mapping[str, Any]]:
        """Return what is to be reported of a citizen's cards, each once."""
        async with self._opened(openid):
            person = self.rules.people.known.get(openid)
            if person is None:
                return ()
            due, person.due = person.due, []
            return due

    async def opens(self, openid: str, *, preview: bool = False) -> str:
        """Let a citizen open a page; return the code with which their browser goes back."""
        async with self._opened():
            return self.rules.account.opens(openid, snapshot=preview, code=self._chance.token())

    def keep_picture(self, media_id: str, picture: bytes) -> None:
        """Take in what a citizen sent."""
        self.rules.account.sent(picture, media_id=media_id)

    # What is kept

    @asynccontextmanager
    async def _opened(self, openid: str = "", *, here: bool = False) -> AsyncIterator[Book]:
        """Have the rules know what is kept of the account and a citizen, and keep what changes."""
        acted = await self._windows(OpenId(openid)) if openid and not here else ()
        names = [_ACCOUNT, *([_name(openid)] if openid else [])]
        async with self._arrivals.book(*names) as book:
            # From here to the end of the block nobody waits: the rules hold one call's state.
            self._recall_account(book)
            citizen = self._recall(book, openid, acted, here=here) if openid else None
            yield book
            self._keep(book, _ACCOUNT, _WHOLE.dump_json(self._account()).decode())
            person = self.rules.people.known.pop(openid, None)
            if citizen and person:
                citizen.person = person
                if not citizen.acts_here:
                    person.windows = []
                self._keep(book, _name(openid), _CITIZEN.dump_json(citizen).decode())

    def _account(self) -> _Account:
        account, people = self.rules.account, self.rules.people
        return _Account(
            KeptOfAccount(
                tokens=account.tokens,
                fetched=account.fetched,
                forced=account.forced,
                permanent=account.permanent,
                openings=account.openings,
            ),
            KeptOfPeople(same=people.same, serial=people.serial),
            self.rules.used,
        )

    def _recall_account(self, book: Book) -> None:
        kept = _read(_WHOLE, book.read[_ACCOUNT])
        if kept is None:
            return
        for name, value in vars(kept.account).items():
            setattr(self.rules.account, name, value)
        for name, value in vars(kept.people).items():
            setattr(self.rules.people, name, value)
        self.rules.used = kept.used

    def _recall(self, book: Book, openid: str, acted: Sequence[Window], *, here: bool) -> _Citizen:
        known = self.rules.people.known
        known.pop(openid, None)
        kept = _read(_CITIZEN, book.read[_name(openid)])
        citizen = kept or _Citizen()
        citizen.acts_here = citizen.acts_here or here
        if not citizen.acts_here:
            citizen.person.windows, citizen.person.follows = [*acted], bool(acted)
        if kept or acted:
            known[openid] = citizen.person
        return citizen

    @staticmethod
    def _keep(book: Book, name: str, words: str) -> None:
        if words != book.read[name]:
            book.written[name] = words

    def _arrives(self, book: Book, openid: str, sent: Sent | None) -> None:
        person = self.rules.people.known.get(openid)
        if person is not None:
            person.received.clear()
        if sent is not None:
            now = self.rules.clock.now()
            book.arrived.append((openid, sent.to_json(openid, now), now))


class Carrier(httpx.AsyncBaseTransport):
    """Carries the calls of `adapters.wechat_api` to the platform without a network."""

    def __init__(self, platform: SandboxPlatform) -> None:
        self._platform = platform

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        asked = asked_of(
            request.method,
            request.url.raw_path.decode(),
            {name.lower(): value for name, value in request.headers.items()},
            await request.aread(),
        )
        answer = await self._platform.called(asked)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)


def _name(openid: str) -> str:
    return f"citizen {openid}"


def _whom(asked: Asked) -> str:
    """Return which citizen a call is about; empty where it is about none."""
    openid: object = asked.query.get("openid", "")
    if asked.path in SEND_PATHS:
        try:
            openid = json.loads(asked.raw)["touser"]
        except (KeyError, TypeError, ValueError):
            return ""
    return openid if isinstance(openid, str) else ""


def _read(shape: "TypeAdapter[_T]", words: str) -> _T | None:
    """Return what was kept; ``None`` for nothing, and for what another release kept otherwise."""
    try:
        return shape.validate_json(words) if words else None
    except ValidationError:
        return None
