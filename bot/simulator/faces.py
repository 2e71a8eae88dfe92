"""The stand-in's page for a face check: a tester decides whether the face is known."""

from typing import Final, Protocol

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from bot.h5.faces import back_to_chat
from bot.h5.look import say, show

__all__ = ["AskedFace", "FacePage", "router"]

router: Final = APIRouter()


class AskedFace(Protocol):
    """What the page shows."""

    @property
    def name(self) -> str:
        """Whose face is asked for, masked."""

    @property
    def id_number(self) -> str:
        """The ID number, masked."""

    @property
    def likely(self) -> bool:
        """Whether the sandbox's world would know the face."""


class FacePage(Protocol):
    """Who keeps the sessions: ``app.state.face_page``."""

    async def asked(self, token: str) -> AskedFace | None:
        """Return what a session asks; ``None`` where there is none, or it has ended."""

    async def decide(self, token: str, *, passed: bool) -> bool:
        """End a session; tell whether one was open."""


@router.get("/h5/face/{token}", response_class=HTMLResponse)
async def show_face(token: str, request: Request) -> HTMLResponse:
    page: FacePage = request.app.state.face_page
    asked = await page.asked(token)
    return _over() if asked is None else show("face.html", asked=asked)


@router.post("/h5/face/{token}", response_class=HTMLResponse)
async def take_face(token: str, request: Request, outcome: str = Form("")) -> HTMLResponse:
    page: FacePage = request.app.state.face_page
    if outcome not in {"pass", "fail"}:
        return await show_face(token, request)
    ended = await page.decide(token, passed=outcome == "pass")
    return back_to_chat() if ended else _over()


def _over() -> HTMLResponse:
    return say(
        "这次人脸识别已经结束",
        "每次人脸识别只能用一次。",
        status=410,
        steps=("回到聊天", "回复“继续”"),
    )
