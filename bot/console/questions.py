"""What citizens asked in vain, and what they mean by other words.

Source: S2-14, S4-77.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.content import editing_of, names_of, refused
from bot.console.guard import Seat, needs
from bot.console.look import HOME, show
from domain.content.unanswered import UNANSWERED_KEPT
from domain.officers.model import Right
from domain.shared.errors import DomainError

__all__ = ["PATH", "router"]

PATH: Final = f"{HOME}/questions"

_SHOWN: Final = 100

router: Final = APIRouter()


@router.get(PATH, response_class=HTMLResponse)
async def show_questions(
    seat: Annotated[Seat, needs(Right.CONTENT)], about: str = "", word: str = ""
) -> Response:
    return await _page(seat, about=about, word=word)


async def _page(
    seat: Seat, *, about: str = "", word: str = "", means: str = "", fault: str = ""
) -> Response:
    async with seat.open_work() as work:
        questions = await work.questions.unanswered(_SHOWN)
        chosen = await work.questions.find(about) if about else None
        synonyms = await work.questions.synonyms()
        names = await names_of(work)
    return show(
        seat,
        "questions.html",
        status=422 if fault else 200,
        questions=questions,
        chosen=chosen,
        synonyms=synonyms,
        names=names,
        days=UNANSWERED_KEPT.days,
        word=word,
        means=means,
        fault=fault,
        may_change=seat.may(Right.CONTENT_CHANGE),
    )


@router.post(f"{PATH}/synonyms", response_class=HTMLResponse)
async def add_synonym(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)]) -> Response:
    form = await read_form(seat.request)
    word, means, about = (form.get(name, "") for name in ("word", "means", "about"))
    async with seat.open_work() as work:
        editing = editing_of(seat, work)
        try:
            await editing.add_synonym(word, means)
            if about:
                await editing.settle(about)
            await work.commit()
        except DomainError as error:
            await work.undo()
            return await _page(
                seat, about=about, word=word, means=means, fault=refused(seat, error)
            )
    return RedirectResponse(PATH, status_code=303)


@router.post(f"{PATH}/synonyms/drop", response_class=HTMLResponse)
async def drop_synonym(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)]) -> Response:
    form = await read_form(seat.request)
    async with seat.open_work() as work:
        await editing_of(seat, work).drop_synonym(form.get("word", ""))
        await work.commit()
    return RedirectResponse(PATH, status_code=303)


@router.post(f"{PATH}/settle", response_class=HTMLResponse)
async def settle_question(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)]) -> Response:
    form = await read_form(seat.request)
    async with seat.open_work() as work:
        await editing_of(seat, work).settle(form.get("id", ""))
        await work.commit()
    return RedirectResponse(PATH, status_code=303)
