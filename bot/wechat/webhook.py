"""The platform's callback: bytes in, one well-formed answer out, whatever happens between."""

import secrets
import traceback
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.bodies import OversizedError, SlowError, read_body
from bot.wechat.crypto import OfficialAccount, RefusedEnvelopeError, refuse
from bot.wechat.render import Bubble
from bot.wechat.wire import MAX_BODY, Delivery, check_echo, open_envelope, seal_envelope

__all__ = ["receive_message", "routes"]


log = structlog.get_logger(__name__)


async def receive_message(request: Request) -> Response:
    try:
        if request.method == "GET":
            return _echo(request)
        delivery = open_envelope(
            request.app.state.account, await _read(request), request.query_params, _now(request)
        )
    except RefusedEnvelopeError as refusal:
        return _refusal(refusal)
    if not delivery.known:
        log.info("unknown_type", type=delivery.said.type)
    return await _answer(request, delivery)


def _echo(request: Request) -> Response:
    account: OfficialAccount = request.app.state.account
    echo = check_echo(account, request.query_params)
    # The echo itself is not signed: no browser may take it for anything but plain text.
    return PlainTextResponse(echo, headers={"X-Content-Type-Options": "nosniff"})


async def _read(request: Request) -> bytes:
    """Read the body, and no more of it than could be a message, nor longer than it may take."""
    try:
        return await read_body(request, most=MAX_BODY)
    except OversizedError:
        refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "oversized")
    except SlowError:
        refuse(HTTPStatus.REQUEST_TIMEOUT, "slow")


async def _answer(request: Request, delivery: Delivery) -> Response:
    """Answer, whatever the turn raises: a platform without an answer shows its own fault."""
    try:
        bubble = await request.app.state.answer(delivery)
        return _sealed(request, delivery, bubble)
    except Exception as error:  # noqa: BLE001 (the last line of defence; logged with a reference)
        return _sealed(request, delivery, _apology(delivery, error))


def _sealed(request: Request, delivery: Delivery, bubble: Bubble) -> Response:
    body = seal_envelope(request.app.state.account, delivery, bubble, _now(request))
    return Response(body, media_type="text/plain" if bubble.silent else "application/xml")


def _apology(delivery: Delivery, error: Exception) -> Bubble:
    """Log where a turn broke, never what it held, and tell the citizen under which reference."""
    reference = secrets.token_hex(5).upper()
    frames = traceback.walk_tb(error.__traceback__)
    where = [f"{frame.f_code.co_qualname}:{line}" for frame, line in frames]
    log.error(
        "answer_failed",
        reference=reference,
        error=type(error).__name__,
        where=where[-5:],
    )
    if delivery.said.kind.unanswerable:
        return Bubble()
    return Bubble(text=f"系统繁忙，您填的都在，请稍后再发一次（编号 {reference}）")


def _refusal(refusal: RefusedEnvelopeError) -> Response:
    log.warning("refused", kind=refusal.kind, status=refusal.status)
    authentic = refusal.status == HTTPStatus.OK
    return PlainTextResponse("success" if authentic else "", status_code=refusal.status)


def _now(request: Request) -> float:
    moment: float = request.app.state.clock.now().timestamp()
    return moment


routes = [Route("/wechat", receive_message, methods=["GET", "POST"])]
routes[0].methods = {"GET", "POST"}  # without HEAD, which the router adds beside GET
