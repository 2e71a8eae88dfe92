"""The chat in a browser: included in sandbox mode only, absent in production."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from bot.h5.openers import NAMED_COOKIE
from bot.menu import MenuGroup
from bot.simulator.look import FRESH, page
from bot.simulator.phone import Exchange, Gesture, GestureKind
from bot.simulator.sandbox import Citizen, Poster, Sandbox

__all__ = ["router"]

router = APIRouter(prefix="/simulator", include_in_schema=False)

_HERE = Path(__file__).parent
_STATIC = {path.name: path for path in sorted((_HERE / "static").iterdir())}

_LARGEST_PICTURE = 10 * 1024 * 1024
"""What the platform takes from a phone; the bot takes less, and says so itself."""

_OWN_PATH = r"^/[A-Za-z0-9][^\s\\]*$"
"""A path below our own address; two slashes would lead elsewhere."""

_OpenId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Sent(BaseModel):
    """What the page sends when the citizen does something."""

    model_config = ConfigDict(extra="forbid")

    openid: _OpenId
    kind: GestureKind
    text: Annotated[str, Field(max_length=4000)] = ""
    tap: Annotated[str, Field(max_length=128)] = ""
    scene: Annotated[str, Field(max_length=64)] = ""
    picture: Annotated[Base64Bytes, Field(max_length=_LARGEST_PICTURE)] = b""


class _Again(BaseModel):
    """Whose last message the platform delivers once more."""

    openid: _OpenId


@router.get("")
async def show_chat(request: Request) -> HTMLResponse:
    sandbox = _sandbox(request)
    return page("chat.html", account_name=sandbox.account_name, public_url=sandbox.public_url)


@router.get("/static/{name}")
async def static_file(name: str) -> FileResponse:
    if name not in _STATIC:
        raise HTTPException(404)
    return FileResponse(_STATIC[name], headers=FRESH)


@router.post("/send")
async def send(request: Request, sent: _Sent) -> Exchange:
    return await _sandbox(request).phone.send(Gesture(**dict(sent)))


@router.post("/again")
async def again(request: Request, whose: _Again) -> Exchange:
    exchange = await _sandbox(request).phone.again(whose.openid)
    if exchange is None:
        raise HTTPException(404, "还没有可以重发的消息。先发一条，再点重发。")
    return exchange


@router.get("/citizens")
async def citizens(request: Request) -> Sequence[Citizen]:
    return _sandbox(request).citizens


@router.get("/cards/{openid}.png")
async def sample_card(request: Request, openid: _OpenId) -> Response:
    card = _sandbox(request).card_of(openid)
    if card is None:
        raise HTTPException(404, "这位市民没有演示身份证。")
    return Response(card, media_type="image/png", headers=FRESH)


@router.get("/menu")
async def menu(request: Request) -> Sequence[MenuGroup]:
    return _sandbox(request).menu


@router.get("/open")
async def open_page(
    openid: _OpenId, to: Annotated[str, Query(pattern=_OWN_PATH, max_length=2048)]
) -> Response:
    answer = RedirectResponse(to, status_code=303)
    # Pages of citizens ask who holds the phone, as they ask the platform in production.
    answer.set_cookie(NAMED_COOKIE, openid, httponly=True, samesite="lax")
    return answer


@router.get("/sms")
async def sms(request: Request, phone: str | None = None) -> Sequence[Mapping[str, object]]:
    return await _sandbox(request).sms(phone)


@router.get("/outbox")
async def outbox(
    request: Request, openid: Annotated[str, Query(max_length=64)]
) -> Sequence[Mapping[str, object]]:
    sandbox = _sandbox(request)
    # The platform reports what became of cards soon after it has delivered them.
    await sandbox.phone.report(openid)
    return await sandbox.platform.outbox(openid)


@router.get("/posters")
async def posters(request: Request) -> Sequence[Poster]:
    return await _sandbox(request).posters()


@router.get("/posters/{scene}.png")
async def poster_code(request: Request, scene: str) -> Response:
    sandbox = _sandbox(request)
    if scene not in {poster.scene for poster in await sandbox.posters()}:
        raise HTTPException(404)
    # A phone's camera opens this address, and the chat takes the scene from there.
    base = sandbox.public_url or str(request.base_url)
    return Response(_code(f"{base.rstrip('/')}/simulator?scan={scene}"), media_type="image/png")


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def _code(words: str) -> bytes:
    import qrcode  # noqa: PLC0415 (4 MB, and few processes ever need them)

    code = qrcode.QRCode(box_size=6, border=2)
    code.add_data(words)
    png = io.BytesIO()
    code.make_image().save(png)
    return png.getvalue()
