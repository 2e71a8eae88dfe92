"""What is answered when something breaks outside the chat: a page for citizens, else a note.

Each fault of ours is logged once, with the reference that is shown, and never with what was sent.
"""

from http import HTTPStatus

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.bodies import OversizedError, SlowError
from bot.console.look import HOME
from bot.console.look import say as say_to_officer
from bot.course import reference
from bot.h5.look import say
from dialogs.engine.excuses import excuse
from domain.shared.errors import ConflictError, DomainError, NotFoundError, UnavailableError

__all__ = ["answer_faults"]

log = structlog.get_logger(__name__)

_PAGES = ("/h5/", "/p/")
"""Where citizens are; everywhere else programs ask."""


def answer_faults(app: FastAPI) -> None:
    """Have every exception that leaves a route answered."""
    app.add_exception_handler(HTTPException, _unknown)
    app.add_exception_handler(OversizedError, _unfit)
    app.add_exception_handler(SlowError, _unfit)
    app.add_exception_handler(DomainError, _refusal)
    app.add_exception_handler(Exception, _fault)


def _for_citizens(request: Request) -> bool:
    return request.url.path.startswith(_PAGES)


def _for_officers(request: Request) -> bool:
    return request.url.path.startswith(f"{HOME}/")


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
    if _for_officers(request):
        return say_to_officer(
            request, "没有这个页面", "它可能已经改名或删除，请从菜单重新打开。", status=status
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
    if _for_officers(request):
        words = "填的内容太长，或者网络断了一下，请返回再提交一次。"
        return say_to_officer(request, "没有收完整", words, status=status)
    return _problem(status, status.phrase)


async def _refusal(request: Request, error: Exception) -> Response:
    """Tell an officer why something could not be done; for everybody else it is a fault of ours."""
    if not isinstance(error, DomainError) or not _for_officers(request):
        return await _fault(request, error)
    words = excuse(error, request.app.state.clock.now())
    return say_to_officer(request, "没有办成", words, status=_status_of(error))


def _status_of(error: DomainError) -> int:
    match error:
        case UnavailableError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case NotFoundError():
            return HTTPStatus.NOT_FOUND
        case ConflictError():
            return HTTPStatus.CONFLICT
        case _:
            return HTTPStatus.UNPROCESSABLE_ENTITY


async def _fault(request: Request, error: Exception) -> Response:
    known_by = reference()
    silent = isinstance(error, UnavailableError)
    log.error("request_failed", reference=known_by, error=type(error).__name__)
    status = HTTPStatus.SERVICE_UNAVAILABLE if silent else HTTPStatus.INTERNAL_SERVER_ERROR
    if _for_citizens(request):
        return say(
            "系统繁忙",
            f"您之前填的都在。请稍等一会儿再试（编号 {known_by}）。",
            status=status,
            steps=("过一会儿刷新这个页面", "还是不行，回到聊天回复“人工”，告诉工作人员编号"),
        )
    if _for_officers(request):
        words = f"请过一会儿再试，还是不行就把编号 {known_by} 告诉管理员。"
        return say_to_officer(request, "系统出错了", words, status=status)
    return _problem(status, status.phrase, known_by)
