"""The platform's API: calls are carried without blocking, in time, and no more often than is wise.

Every answer comes with HTTP 200; what it means stands in ``errcode``. Tokens and secrets travel in
addresses, as the platform wants it, so no address is ever logged.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx
import structlog

from adapters.outward import NoAnswerError, OutwardLine, SaidNoError, no_answer
from adapters.wechat_calls import Call
from adapters.wechat_outcomes import Outcome, outcome_of
from adapters.wechat_token import Fetched, SharedToken
from domain.shared.clock import Clock, china_time
from domain.shared.errors import UnavailableError
from domain.shared.throttle import SecretStore

__all__ = ["Download", "WechatAccess", "WechatApi", "WechatSaidNoError"]

_TIMES: Final = httpx.Timeout(5.0, connect=2.0)
_WHOLE_SECONDS: Final = 12.0
"""Both attempts together, with what the network takes."""

_LARGEST: Final = 12 * 1024 * 1024
_RID: Final = re.compile(r"rid:\s*([\w-]+)")
_ADDRESS: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")

_RESTS: Final[Mapping[Outcome, timedelta]] = {
    Outcome.STOP: timedelta(minutes=1),
    Outcome.BARRED: timedelta(minutes=10),
    Outcome.NOT_GRANTED: timedelta(minutes=10),
    Outcome.BANNED: timedelta(hours=1),
}
_LONGER_RESTS: Final = {89507: timedelta(hours=1), 89506: timedelta(hours=24)}
_FORESEEN: Final = frozenset(
    {
        Outcome.CLOSED,
        Outcome.FULL,
        Outcome.MEDIA_GONE,
        Outcome.MINOR,
        Outcome.MISSING,
        Outcome.NO_CONSENT,
        Outcome.RENEW,
        Outcome.RESTART,
        Outcome.UNREACHABLE,
    }
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WechatAccess:
    """The account, and where the platform is asked."""

    app_id: str
    app_secret: str = field(repr=False)
    base: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file as it came, and what kind the platform says it is."""

    kind: str
    content: bytes = field(repr=False)


class WechatSaidNoError(SaidNoError):
    """The platform's no.

    Parameters
    ----------
    code
        Its ``errcode``.
    words
        Its own words, for an operator: they hold a reference that the platform can look up.
    """

    def __init__(self, code: int, words: str = "") -> None:
        super().__init__(str(code))
        self.code = code
        self.words = words
        self.outcome = outcome_of(code)

    @property
    def rid(self) -> str:
        """Under which the platform remembers the call for a week."""
        found = _RID.search(self.words)
        return found[1] if found else ""

    @property
    def our_address(self) -> str:
        """The address that the platform saw us call from, where it says so; else empty."""
        found = _ADDRESS.search(self.words)
        return found[0] if found and self.outcome is Outcome.BARRED else ""


class WechatApi:
    """One account's access to the platform, for the whole process.

    Parameters
    ----------
    carrier
        What carries the calls; ``None``: the network.
    """

    def __init__(
        self,
        access: WechatAccess,
        secrets: SecretStore,
        clock: Clock,
        carrier: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        # It would log every address, and the token stands in them.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._access = access
        self._clock = clock
        self._line = OutwardLine("wechat", _WHOLE_SECONDS)
        self._client = httpx.AsyncClient(
            base_url=access.base.rstrip("/"), timeout=_TIMES, transport=carrier
        )
        self._rests: dict[str, tuple[datetime, WechatSaidNoError]] = {}
        self.token = SharedToken(
            f"wechat token {access.app_id}", secrets, clock, self._fetch, self._force
        )
        self.ticket = SharedToken(
            f"wechat ticket {access.app_id}", secrets, clock, self._fetch_ticket
        )
        self.clock_ahead: timedelta | None = None
        """How far the platform's clock was ahead of ours at its last answer."""

    @property
    def app_id(self) -> str:
        """The account's application id."""
        return self._access.app_id

    async def ask(self, call: Call, *, harmless: bool) -> Any:
        """Make a call in the account's name.

        Parameters
        ----------
        harmless
            Whether the same call may arrive twice.

        Raises
        ------
        WechatSaidNoError
            The platform answered with an error code.
        UnansweredError
            The call may have been carried out, and nobody said so.
        UnavailableError
            The platform was not reached.
        """
        word = await self.token.current()
        try:
            return await self._ask(call, word, harmless=harmless)
        except WechatSaidNoError as error:
            if error.outcome is not Outcome.RENEW:
                raise
        # It certainly was not carried out; with another token it is asked once more, and no more.
        word = await self.token.renew(word)
        return await self._ask(call, word, harmless=harmless)

    async def ask_as_owner(self, call: Call, *, harmless: bool) -> Any:
        """Make a call that bears the secret in the place of a token; raises as `ask`."""
        owner = {"appid": self._access.app_id, "secret": self._access.app_secret}
        if call.body is None:
            full = Call(call.verb, call.path, {**call.params, **owner})
        else:
            full = Call(call.verb, call.path, {}, {**call.body, **owner})
        return await self._ask(full, None, harmless=harmless)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, call: Call, word: str | None, *, harmless: bool) -> Any:
        self._must_not_rest(call.path)
        try:
            found = await self._line.ask(
                call.path, self._attempt(call, word, harmless=harmless), harmless=harmless
            )
        except WechatSaidNoError as error:
            self._note(call.path, error)
            raise
        return call.pick(found)

    def _attempt(
        self, call: Call, word: str | None, *, harmless: bool
    ) -> Callable[[], Awaitable[Any]]:
        async def once() -> Any:
            try:
                found = _read(*await self._carry(call, word))
            except httpx.HTTPError as error:
                raise no_answer(error) from None
            code = found.get("errcode", 0) if isinstance(found, dict) else 0
            if not isinstance(code, int):
                raise NoAnswerError("not of the agreed form")
            if harmless and outcome_of(code) is Outcome.BUSY:
                raise NoAnswerError(str(code))
            if code:
                raise WechatSaidNoError(code, str(found.get("errmsg", "")))
            return found

        return once

    async def _carry(self, call: Call, word: str | None) -> tuple[httpx.Headers, bytes]:
        params = {**call.params} if word is None else {**call.params, "access_token": word}
        sent: dict[str, Any] = {"files": call.files} if call.files else {}
        if call.body is not None:
            # Escaped characters are refused by some calls: words go out as they are.
            sent = {
                "content": json.dumps(call.body, ensure_ascii=False).encode(),
                "headers": {"Content-Type": "application/json; charset=utf-8"},
            }
        async with self._client.stream(call.verb, call.path, params=params, **sent) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise NoAnswerError(str(answer.status_code))
            said = bytearray()
            async for part in answer.aiter_bytes():
                said += part
                if len(said) > _LARGEST:
                    raise NoAnswerError("too long")
            self._look_at_clock(answer.headers)
            return answer.headers, bytes(said)

    def _look_at_clock(self, headers: httpx.Headers) -> None:
        try:
            self.clock_ahead = parsedate_to_datetime(headers["Date"]) - self._clock.now()
        except (KeyError, TypeError, ValueError):
            # No date, or none that says where: what the call is about does not depend on it.
            self.clock_ahead = None

    async def _fetch(self) -> Fetched:
        return await self._fetch_token({})

    async def _force(self) -> Fetched:
        log.warning("wechat_token_forced")
        return await self._fetch_token({"force_refresh": True})

    async def _fetch_token(self, how: Mapping[str, Any]) -> Fetched:
        body = {"grant_type": "client_credential", **how}
        said = await self._asked_for_token(Call("POST", "/cgi-bin/stable_token", body=body))
        return _fetched(said, "access_token")

    async def _asked_for_token(self, call: Call) -> Any:
        try:
            return await self.ask_as_owner(call, harmless=True)
        except WechatSaidNoError as error:
            # Here the code means a wrong secret: asking once more would change nothing.
            if error.outcome is Outcome.RENEW:
                self._rest(call.path, error, _RESTS[Outcome.STOP])
            raise

    async def _fetch_ticket(self) -> Fetched:
        call = Call("GET", "/cgi-bin/ticket/getticket", {"type": "jsapi"})
        return _fetched(await self.ask(call, harmless=True), "ticket")

    def _must_not_rest(self, path: str) -> None:
        until, error = self._rests.get(path, (None, None))
        if until is None or error is None:
            return
        if self._clock.now() < until:
            raise WechatSaidNoError(error.code, error.words)
        del self._rests[path]

    def _note(self, path: str, error: WechatSaidNoError) -> None:
        """Log a no, and leave alone what would only say it again."""
        tell = log.info if error.outcome in _FORESEEN else log.error
        tell(
            "wechat_refused",
            request=path,
            errcode=error.code,
            outcome=error.outcome.value,
            rid=error.rid,
            **({"our_address": error.our_address} if error.our_address else {}),
        )
        lasts = _LONGER_RESTS.get(error.code) or _RESTS.get(error.outcome)
        now = china_time(self._clock.now())
        if error.outcome is Outcome.MINUTE_FULL:
            lasts = timedelta(seconds=60 - now.second)
        if error.outcome is Outcome.DAY_FULL:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            lasts = midnight - now
        if lasts:
            self._rest(path, error, lasts)

    def _rest(self, path: str, error: WechatSaidNoError, lasts: timedelta) -> None:
        self._rests[path] = (self._clock.now() + lasts, error)


def _read(headers: httpx.Headers, said: bytes) -> Any:
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # An error about a picture comes as JSON under whatever name.
    attached = kind.startswith(("image/", "audio/", "video/")) or "Content-Disposition" in headers
    if attached and not said.startswith(b'{"errcode"'):
        return Download(kind, said)
    try:
        found = json.loads(said)
    except ValueError:
        raise NoAnswerError("not JSON") from None
    if not isinstance(found, dict):
        raise NoAnswerError("not of the agreed form")
    return found


def _fetched(said: Any, name: str) -> Fetched:
    word, seconds = said.get(name), said.get("expires_in")
    if not isinstance(word, str) or not word or not isinstance(seconds, int):
        raise UnavailableError(f"wechat {name}: not of the agreed form")
    return Fetched(word, seconds)
