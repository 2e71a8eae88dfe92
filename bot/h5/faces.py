"""Back from the face check: where the vendor leads a citizen, and where it calls us.

Neither is believed. The page says only to go back to the chat, where the vendor is asked; a call
must bear the vendor's signature, and then the vendor is asked too.

Source: S0-68.
"""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from bot.bodies import OversizedError, SlowError, read_body
from bot.h5.look import say
from bot.wiring import Resources
from domain.identity.recoveries import RecoveryMovedError
from domain.identity.showing import FACE_RETURN_PATH
from domain.shared.records import OpenId

__all__ = ["back_to_chat", "router"]

router: Final = APIRouter()

_NOBODY: Final = OpenId("")
_LONGEST: Final = 64 * 1024


def back_to_chat() -> HTMLResponse:
    """Return the page that follows a face check, whatever came of it."""
    return say(
        "人脸识别这一步结束了",
        "结果会直接告诉我们，您不用截图，也不用告诉任何人。",
        status=200,
        steps=("回到聊天", "回复“继续”，看结果并接着办"),
    )


@router.get(FACE_RETURN_PATH, response_class=HTMLResponse)
async def came_back() -> HTMLResponse:
    return back_to_chat()


@router.post("/h5/face-call")
async def called(request: Request) -> Response:
    house: Resources = request.app.state.house
    body = await _read(request)
    receipt = None if body is None else house.face_check.called(request.headers, body)
    if receipt is None:
        return PlainTextResponse("", status_code=403)
    async with house.open_work() as work:
        try:
            await house.desk(work, _NOBODY, "h5").faces.called(receipt)
        except RecoveryMovedError:
            # The citizen has come back at this very moment, and was told.
            return PlainTextResponse("ok")
        await work.commit()
    return PlainTextResponse("ok")


async def _read(request: Request) -> bytes | None:
    """Return the body; ``None`` where it is longer, or takes longer, than any call."""
    try:
        return await read_body(request.receive, most=_LONGEST)
    except (OversizedError, SlowError):
        return None
