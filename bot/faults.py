"""What is answered when something breaks outside the chat: a page for citizens, else a note.

Each fault of ours is logged once, with the reference that is shown, and never with what was sent.
"""

import secrets
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.bodies import OversizedError, SlowError
from bot.h5.look import say
from domain.shared.errors import DomainError, UnavailableError

__all__ = ["answer_faults"]

log = structlog.get_logger(__name__)

_PAGES = ("/h5/", "/p/")
"""Where citizens are; everywhere else programs ask."""


def answer_faults(app: FastAPI) -> None:
    """Have every exception that leaves a route answered."""
    app.add_exception_handler(HTTPException, _unknown)
    app.add_exception_handler(OversizedError, _unfit)
    app.add_exception_handler(SlowError, _unfit)
    app.add_exception_handler(DomainError, _fault)
    app.add_exception_handler(Exception, _fault)


def _for_citizens(request: Request) -> bool:
    return request.url.path.startswith(_PAGES)


def _problem(status: int, title: str, reference: str = "") -> Response:
    """Return a note as RFC 9457 has it."""
    note: dict[str, object] = {"title": title, "status": status}
    if reference:
        note["reference"] = reference
    return JSONResponse(note, status, media_type="application/problem+json")


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    if _for_citizens(request):
        return say(
            "没有这个页面",
            "链接可能没有复制完整。",
            status=status,
            steps=("回到聊天，回复“菜单”", "从那里重新打开"),
        )
    headers = error.headers if isinstance(error, HTTPException) else None
    answer = _problem(status, HTTPStatus(status).phrase)
    answer.headers.update(headers or {})
    return answer


async def _unfit(request: Request, error: Exception) -> Response:
    large = isinstance(error, OversizedError)
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if large else HTTPStatus.REQUEST_TIMEOUT
    if _for_citizens(request):
        return say(
            "没有收完整",
            "填的内容太长，或者网络断了一下。",
            status=status,
            steps=("回到上一页", "检查一下，再提交一次"),
        )
    return _problem(status, status.phrase)


async def _fault(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(5).upper()
    silent = isinstance(error, UnavailableError)
    log.error("request_failed", reference=reference, error=type(error).__name__)
    status = HTTPStatus.SERVICE_UNAVAILABLE if silent else HTTPStatus.INTERNAL_SERVER_ERROR
    if _for_citizens(request):
        return say(
            "系统繁忙",
            f"您之前填的都在。请稍等一会儿再试（编号 {reference}）。",
            status=status,
            steps=("过一会儿刷新这个页面", "还是不行，回到聊天回复“人工”，告诉工作人员编号"),
        )
    return _problem(status, status.phrase, reference)
