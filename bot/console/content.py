"""Texts that citizens read: written, looked at as they will look, published, returned to.

Source: S0-17, S2-12 to S2-14, S3-68.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.bodies import read_form
from bot.console.guard import Seat, needs
from bot.console.look import HOME, say, show
from bot.console.phones import Bit, bubbles
from bot.wiring import SqlWork
from dialogs.content.published import as_seen
from dialogs.engine.excuses import excuse
from domain.content.editions import (
    Edition,
    EditionNotFoundError,
    Entry,
    Manuscript,
    Unfit,
    UnfitWordingError,
    Wording,
    difference,
    may_withdraw,
)
from domain.content.model import (
    Category,
    Document,
    Faq,
    category_of,
    faq_kind,
    fingerprint,
)
from domain.content.service_editing import EditingService
from domain.officers.model import Right
from domain.shared.clock import CHINA
from domain.shared.errors import DomainError

__all__ = ["CATEGORIES", "PATH", "editing_of", "names_of", "refused", "router"]

PATH: Final = f"{HOME}/content"

CATEGORIES: Final[Mapping[Category, str]] = {
    Category.FAQ: "常见问题",
    Category.ANNOUNCEMENT: "公告",
    Category.GUIDE: "办事指南",
    Category.NOTICE: "登记告知书",
    Category.AGREEMENT: "协议",
    Category.CONSENT: "单项同意书",
}

_FORM_BYTES: Final = 256 * 1024
"""A text of 20,000 letters, as a form sends it."""

_DRAFT: Final = "draft"
_FAULTS: Final[Mapping[Unfit, str]] = {
    Unfit.NO_TITLE: "请写标题。",
    Unfit.LONG_TITLE: "标题最多 60 个字。",
    Unfit.NO_TEXT: "请写正文。",
    Unfit.LONG_TEXT: "正文太长：常见问题最多 500 个字，单项同意书 600 个字，其他两万字。",
    Unfit.ALIASES: "其他问法只用于常见问题，最多 60 条，每条最多 60 个字。",
}

router: Final = APIRouter()

_Act = Callable[[EditingService, Mapping[str, str]], Awaitable[object]]


def editing_of(seat: Seat, work: SqlWork) -> EditingService:
    """Return what the officer may do with texts."""
    return EditingService(work, seat.house.clock, seat.officer.id)


async def names_of(work: SqlWork) -> Mapping[str, str]:
    """Return what officers are called, by what acts call them."""
    return {one.id: one.name for one in await work.officers.all()} | {
        "demo": "演示数据",
        "": "系统",
    }


def refused(seat: Seat, error: DomainError) -> str:
    """Say why something was not done."""
    if isinstance(error, UnfitWordingError):
        return _FAULTS[error.fault]
    return excuse(error, seat.house.clock.now())


# Looking


@router.get(PATH, response_class=HTMLResponse)
async def show_texts(seat: Annotated[Seat, needs(Right.CONTENT)], category: str = "") -> Response:
    chosen = Category(category) if category in set(Category) else Category.FAQ
    async with seat.open_work() as work:
        entries = await editing_of(seat, work).entries(chosen)
        votes = await work.questions.votes()
        names = await names_of(work)
    return show(
        seat,
        "content.html",
        categories=CATEGORIES,
        chosen=chosen,
        entries=entries,
        votes=votes,
        names=names,
        may_change=seat.may(Right.CONTENT_CHANGE),
    )


@router.get(f"{PATH}/new", response_class=HTMLResponse)
async def show_new(
    seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], category: str = "", title: str = ""
) -> Response:
    chosen = Category(category) if category in set(Category) else Category.FAQ
    return _new_page(seat, chosen, "", Wording(title[:60], ""))


@router.post(f"{PATH}/new", response_class=HTMLResponse)
async def add_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)]) -> Response:
    form = await read_form(seat.request, most=_FORM_BYTES)
    category = form.get("category", "")
    chosen = Category(category) if category in set(Category) else Category.FAQ
    name, wording = form.get("name", "").strip(), _wording(form)
    async with seat.open_work() as work:
        try:
            made = await editing_of(seat, work).create(f"{chosen}-{name}", wording)
        except DomainError as error:
            return _new_page(seat, chosen, name, wording, refused(seat, error))
        await work.commit()
    return _to(made.kind)


def _new_page(
    seat: Seat, category: Category, name: str, wording: Wording, fault: str = ""
) -> Response:
    return show(
        seat,
        "content_new.html",
        status=422 if fault else 200,
        category=category,
        called=CATEGORIES[category],
        name=name,
        wording=wording,
        fault=fault,
    )


@router.get(f"{PATH}/text/{{kind}}", response_class=HTMLResponse)
async def show_text(seat: Annotated[Seat, needs(Right.CONTENT)], kind: str) -> Response:
    return await _text_page(seat, kind)


async def _text_page(
    seat: Seat, kind: str, *, typed: Wording | None = None, fault: str = ""
) -> Response:
    async with seat.open_work() as work:
        editing = editing_of(seat, work)
        try:
            entry = await editing.entry(kind)
        except EditionNotFoundError as error:
            return say(
                seat.request, "没有这份内容", refused(seat, error), status=404, officer=seat.officer
            )
        editions = await editing.editions(kind)
        agreed = await editing.agreed(kind)
        votes = await work.questions.votes()
        names = await names_of(work)
    wording = typed or _words_of(entry)
    return show(
        seat,
        "content_text.html",
        status=422 if fault else 200,
        entry=entry,
        editions=editions,
        agreed=agreed,
        votes=votes,
        names=names,
        called=CATEGORIES[category_of(kind)],
        category=category_of(kind),
        wording=wording,
        seen=entry.manuscript.edits if entry.manuscript else 0,
        now_shown=_phone(seat, entry.edition) if entry.edition else [],
        to_come=_phone(seat, entry.manuscript) if entry.manuscript else [],
        may_change=seat.may(Right.CONTENT_CHANGE),
        may_withdraw=may_withdraw(kind),
        fault=fault,
    )


@router.get(f"{PATH}/text/{{kind}}/difference", response_class=HTMLResponse)
async def show_difference(
    seat: Annotated[Seat, needs(Right.CONTENT)], kind: str, before: str = "", after: str = ""
) -> Response:
    async with seat.open_work() as work:
        editing = editing_of(seat, work)
        try:
            old, new = [await _version(editing, kind, name) for name in (before, after)]
        except EditionNotFoundError as error:
            return say(
                seat.request, "没有这一版", refused(seat, error), status=404, officer=seat.officer
            )
    return show(
        seat,
        "content_difference.html",
        kind=kind,
        title=new.title,
        before=_called(before),
        after=_called(after),
        titles=difference(old.title, new.title),
        pieces=difference(old.text, new.text),
        aliases=difference("\n".join(old.aliases), "\n".join(new.aliases)),
    )


@router.get(f"{PATH}/text/{{kind}}/version/{{version}}", response_class=HTMLResponse)
async def show_version(
    seat: Annotated[Seat, needs(Right.CONTENT)], kind: str, version: str
) -> Response:
    async with seat.open_work() as work:
        editing = editing_of(seat, work)
        try:
            edition = await _edition(editing, kind, version)
        except EditionNotFoundError as error:
            return say(
                seat.request, "没有这一版", refused(seat, error), status=404, officer=seat.officer
            )
        names = await names_of(work)
    return show(
        seat,
        "content_version.html",
        edition=edition,
        names=names,
        phone_bubbles=_phone(seat, edition),
    )


# Changing


@router.post(f"{PATH}/text/{{kind}}/write", response_class=HTMLResponse)
async def write_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str) -> Response:
    form = await read_form(seat.request, most=_FORM_BYTES)
    wording = _wording(form)
    return await _change(
        seat,
        kind,
        form,
        lambda editing, given: editing.write(kind, wording, seen=_seen(given)),
        typed=wording,
    )


@router.post(f"{PATH}/text/{{kind}}/publish", response_class=HTMLResponse)
async def publish_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str) -> Response:
    form = await read_form(seat.request)
    return await _change(
        seat, kind, form, lambda editing, given: editing.publish(kind, seen=_seen(given))
    )


@router.post(f"{PATH}/text/{{kind}}/schedule", response_class=HTMLResponse)
async def schedule_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str) -> Response:
    form = await read_form(seat.request)
    at = _moment(form.get("at", "")) or seat.house.clock.now()
    return await _change(
        seat, kind, form, lambda editing, given: editing.schedule(kind, seen=_seen(given), at=at)
    )


@router.post(f"{PATH}/text/{{kind}}/unschedule", response_class=HTMLResponse)
async def unschedule_text(
    seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str
) -> Response:
    form = await read_form(seat.request)
    return await _change(
        seat, kind, form, lambda editing, given: editing.unschedule(kind, seen=_seen(given))
    )


@router.post(f"{PATH}/text/{{kind}}/drop", response_class=HTMLResponse)
async def drop_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str) -> Response:
    form = await read_form(seat.request)
    return await _change(
        seat, kind, form, lambda editing, given: editing.drop(kind, seen=_seen(given))
    )


@router.post(f"{PATH}/text/{{kind}}/restore", response_class=HTMLResponse)
async def restore_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str) -> Response:
    form = await read_form(seat.request)
    version = form.get("version", "")
    wanted = int(version) if version.isdecimal() else 0
    return await _change(seat, kind, form, lambda editing, _: editing.restore(kind, wanted))


@router.post(f"{PATH}/text/{{kind}}/withdraw", response_class=HTMLResponse)
async def withdraw_text(seat: Annotated[Seat, needs(Right.CONTENT_CHANGE)], kind: str) -> Response:
    form = await read_form(seat.request)
    return await _change(seat, kind, form, lambda editing, _: editing.withdraw(kind))


async def _change(
    seat: Seat, kind: str, form: Mapping[str, str], act: _Act, *, typed: Wording | None = None
) -> Response:
    """Do one thing to a text and show it; what was typed is not lost where that is refused."""
    async with seat.open_work() as work:
        try:
            await act(editing_of(seat, work), form)
            await work.commit()
        except DomainError as error:
            await work.undo()
            return await _text_page(seat, kind, typed=typed, fault=refused(seat, error))
    # Whoever has thrown away the only words there were goes back to the list.
    return _to(kind) if await _exists(seat, kind) else RedirectResponse(PATH, status_code=303)


async def _exists(seat: Seat, kind: str) -> bool:
    async with seat.open_work() as work:
        try:
            await editing_of(seat, work).entry(kind)
        except EditionNotFoundError:
            return False
    return True


# What forms and pages are made of


def _to(kind: str) -> Response:
    return RedirectResponse(f"{PATH}/text/{kind}", status_code=303)


def _wording(form: Mapping[str, str]) -> Wording:
    aliases = tuple(filter(None, map(str.strip, form.get("aliases", "").splitlines())))
    return Wording(form.get("title", ""), form.get("text", ""), aliases)


def _seen(form: Mapping[str, str]) -> int:
    seen = form.get("seen", "")
    return int(seen) if seen.isdecimal() else -1


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=CHINA)
    except ValueError:
        return None


def _words_of(entry: Entry) -> Wording:
    kept = entry.manuscript or entry.edition
    return kept.wording if kept else Wording("", "")


async def _version(editing: EditingService, kind: str, name: str) -> Wording:
    if name == _DRAFT:
        manuscript = (await editing.entry(kind)).manuscript
        if manuscript is None:
            raise EditionNotFoundError(kind)
        return manuscript.wording
    return (await _edition(editing, kind, name)).wording


async def _edition(editing: EditingService, kind: str, name: str) -> Edition:
    if not (name.isascii() and name.isdecimal()):
        raise EditionNotFoundError(kind)
    return await editing.edition(kind, int(name))


def _called(name: str) -> str:
    return "草稿" if name == _DRAFT else f"第 {name} 版"


def _phone(seat: Seat, text: Edition | Manuscript) -> list[Sequence[Bit]]:
    """Return the bubbles in which a citizen sees a text, or will see it."""
    settings = seat.house.settings.wechat
    return bubbles(as_seen(_published(text)), tap_links=settings.tap_links)


def _published(text: Edition | Manuscript) -> Document | Faq:
    """Return a text as if it were published as it is."""
    wording = text.wording
    version = text.version if isinstance(text, Edition) else 1
    at = text.published_at if isinstance(text, Edition) else text.publish_at or text.edited_at
    if category_of(text.kind) is Category.FAQ:
        faq_id = text.kind.removeprefix(faq_kind(""))
        return Faq(faq_id, wording.title, wording.aliases, wording.text, at, version)
    return Document(text.kind, version, wording.title, wording.text, fingerprint(wording.text), at)
