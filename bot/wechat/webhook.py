"""The platform's callback: bytes in, one well-formed answer out, whatever happens between."""

import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import State
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot import metrics
from bot.bodies import OversizedError, SlowError, read_body
from bot.course import reference
from bot.wechat.crypto import OfficialAccount, RefusedEnvelopeError, refuse
from bot.wechat.render import Bubble
from bot.wechat.wire import MAX_BODY, Delivery, check_echo, open_envelope, seal_envelope
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.failpoints import Point, reach

__all__ = ["PATH", "is_message", "receive_message", "routes"]

PATH: Final = "/wechat"

log = structlog.get_logger(__name__)


class _Callback:
    """An ASGI application of its own: what serves browsers would cost each message 24 µs.

    The account, the clock and whoever answers are found in the state of the application around it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the platform, or of somebody who pretends to be."""
        answer = await _answered(scope, receive)
        head = [(b"content-length", b"%d" % len(answer.body)), *answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await send({"type": "http.response.body", "body": answer.body})


class _Answer(NamedTuple):
    body: bytes
    headers: Sequence[tuple[bytes, bytes]]
    status: int = HTTPStatus.OK


_XML = [(b"content-type", b"application/xml")]
_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
_AGAIN = _Answer(b"", _PLAIN, HTTPStatus.SERVICE_UNAVAILABLE)
"""What makes the platform deliver once more: thrice in all, some five seconds apart."""

_BARE = [*_PLAIN, (b"x-content-type-options", b"nosniff")]


async def _answered(scope: Scope, receive: Receive) -> _Answer:
    state, query = scope["app"].state, _query(scope["query_string"])
    account, clock = state.account, state.clock
    try:
        if scope["method"] == "GET":
            # The echo itself is not signed: no browser may take it for anything but plain text.
            return _Answer(check_echo(account, query).encode(), _BARE)
        delivery = open_envelope(account, await _read(receive), query, _seconds(clock))
    except RefusedEnvelopeError as refusal:
        return _refusal(state, refusal)
    if not delivery.known:
        log.info("unknown_type", type=delivery.said.type)
    seal = partial(_sealed, account, clock, delivery)
    # A platform without an answer shows its own fault.
    try:
        bubble = await state.answer(delivery)
        await reach(Point.BEFORE_SEND, delivery.key)
        return seal(bubble)
    except Exception as error:  # noqa: BLE001 (the last line of defence; logged with a reference)
        apology = _apology(delivery, error)
        # Whom nobody hears is told nothing; but the platform is to tell us again.
        lost = apology.silent and isinstance(error, UnavailableError)
        return _AGAIN if lost else seal(apology)


def _query(words: bytes) -> Mapping[str, str]:
    """Read a query; the platform's needs no decoding."""
    text = words.decode("latin-1")
    if "%" not in text and "+" not in text:
        with suppress(ValueError):
            return dict([pair.split("=", 1) for pair in text.split("&")])
    return dict(parse_qsl(text, keep_blank_values=True))


async def _read(receive: Receive) -> bytes:
    """Read the body, and no more of it than could be a message, nor longer than it may take."""
    try:
        return await read_body(receive, most=MAX_BODY)
    except OversizedError:
        refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "oversized")
    except SlowError:
        refuse(HTTPStatus.REQUEST_TIMEOUT, "slow")


def _sealed(account: OfficialAccount, clock: Clock, delivery: Delivery, bubble: Bubble) -> _Answer:
    body = seal_envelope(account, delivery, bubble, _seconds(clock))
    return _Answer(body, _PLAIN if bubble.silent else _XML)


def _apology(delivery: Delivery, error: Exception) -> Bubble:
    """Log where a turn broke, never what it held, and tell the citizen under which reference."""
    known_by = reference()
    frames = traceback.walk_tb(error.__traceback__)
    where = [f"{frame.f_code.co_qualname}:{line}" for frame, line in frames]
    log.error(
        "answer_failed",
        reference=known_by,
        error=type(error).__name__,
        where=where[-5:],
    )
    if delivery.said.kind.unanswerable:
        return Bubble()
    return Bubble(text=f"系统繁忙，您填的都在，请稍后再发一次（编号 {known_by}）")


def _refusal(state: State, refusal: RefusedEnvelopeError) -> _Answer:
    metrics.refused(refusal.kind)
    refused = getattr(state, "refused", None)
    if refused is not None:  # an application without records has nowhere to write it down
        refused.note(refusal.kind, refusal.status)
    log.warning("refused", kind=refusal.kind, status=refusal.status)
    authentic = refusal.status == HTTPStatus.OK
    return _Answer(b"success" if authentic else b"", _PLAIN, refusal.status)


def _seconds(clock: Clock) -> float:
    return clock.now().timestamp()


receive_message: Final = _Callback()

_VERBS: Final = frozenset({"GET", "POST"})


def is_message(scope: Scope) -> bool:
    """Tell whether a request is for the callback."""
    return scope["type"] == "http" and scope["path"] == PATH and scope["method"] in _VERBS


routes = [Route(PATH, receive_message, methods=[*_VERBS])]
routes[0].methods = {*_VERBS}  # without HEAD, which the router adds beside GET
