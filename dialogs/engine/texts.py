"""Steps that are texts to read and agree to: notices, agreements."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from dialogs.desk import Desk
from dialogs.engine.choosing import nearest, plain
from dialogs.engine.kinds import UnfitError
from dialogs.engine.messages import Option, Reply
from dialogs.engine.steps import Answers, Condition, Heard, Step
from domain.accounts.service import ConsentMissingError
from domain.content.model import Document
from domain.registrations.service import NoticeUnknownError
from domain.shared.conversations import Json
from domain.shared.errors import DomainError

__all__ = ["Agree", "AsideError", "Read", "Reading", "paged", "text_page", "whole_text"]


class AsideError(Exception):
    """Not an answer but a wish to see something first; the question stays open."""

    def __init__(self, text: str, *options: Option) -> None:
        super().__init__()
        self.reply = Reply(text, options)


_NOT_AGREED = (ConsentMissingError, NoticeUnknownError)
"""What the records say when the text agreed to is not the one that counts."""

_PAGE_BYTES = 1_650
"""Of one page of a text that must be read, so that the question fits the same message."""


def paged(text: str, most: int = _PAGE_BYTES) -> list[str]:
    """Cut a text into pages of at most so many bytes of UTF-8, between lines where possible."""
    pages, page = [], ""
    for line in text.strip().splitlines(keepends=True):
        rest = line
        while len((page + rest).encode()) > most:
            if page:
                pages.append(page.strip())
                page = ""
                continue
            head = rest.encode()[:most].decode(errors="ignore")
            pages.append(head)
            rest = rest[len(head) :]
        page += rest
    return [*pages, page.strip()] if page.strip() or not pages else pages


def text_page(document: Document, page: int, *, tick: str) -> Reply:
    """Return one page of a text that must be read, the first being 1; its last has the tick."""
    pages = paged(document.text)
    count = f"（第 {page}/{len(pages)} 页）" if len(pages) > 1 else ""
    offers = Option(tick) if page == len(pages) else Option("下一页")
    return Reply(f"{document.title}{count}\n{pages[page - 1]}", (offers, Option("退出")))


def whole_text(document: Document) -> str:
    """Return a text as it is shown to whoever wants to see it before agreeing."""
    return f"{document.title}（第 {document.version} 版）\n{document.text}"


_NEXT_PAGE = ("下一页", "继续看", "往下", "下页")

TextOf = Callable[[Answers, Desk], Awaitable[Document]]


@dataclass(frozen=True, slots=True)
class Reading:
    """Which version of a text was read to its end and agreed to."""

    kind: str
    version: int
    text_hash: str


class Read(Step[Reading]):
    """A text to be read to its last page, then ticked. Source: S0-41 to S0-43."""

    whole = True

    def __init__(self, text: TextOf, *, tick: str, title: str, why: str = "") -> None:
        super().__init__(title=title, why=why, hint=f"看完后回复“{tick}”。")
        self.text = text
        self.tick = tick

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Show the page that comes next."""
        document = await self.text(answers, desk)
        pages = paged(document.text)
        page = min(self._page(answers, document), len(pages))
        # What was shown is kept here, so that a tick can only follow the last page.
        answers.keep(self, {"version": document.version, "page": page, "pages": len(pages)})
        return text_page(document, page, tick=self.tick)

    def _page(self, answers: Answers, document: Document) -> int:
        stored = answers.stored(self)
        if isinstance(stored, dict) and stored.get("version") == document.version:
            page = stored.get("page", 1)
            return page if isinstance(page, int) else 1
        return 1

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Turn the page, or take the tick on the last one."""
        document = await self.text(answers, desk)
        pages = len(paged(document.text))
        page = self._page(answers, document)
        said = plain(heard.text)
        if said in _NEXT_PAGE:
            return {"version": document.version, "page": min(page + 1, pages), "pages": pages}
        if said not in (
            plain(self.tick),
            "已阅读",
            "同意",
            "我已阅读",
            "以上内容我已阅读",
            "已阅读登记告知书",
        ):
            raise UnfitError(
                f"看完后请回复“{self.tick}”。" if page == pages else "请先看完：回复“下一页”。"
            )
        if page < pages:
            raise UnfitError(f"还有 {pages - page} 页没看完，请先回复“下一页”。")
        return {
            "kind": document.kind,
            "version": document.version,
            "hash": document.text_hash,
            "page": page,
        }

    def claims(self, text: str, answers: Answers) -> bool:
        """Take «下一页» for its own pages."""
        return plain(text) in _NEXT_PAGE

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether something else must be agreed to."""
        return isinstance(error, _NOT_AGREED)

    def answered(self, stored: Json) -> bool:
        """Tell whether it was ticked."""
        return isinstance(stored, dict) and "hash" in stored

    def load(self, stored: Json) -> Reading:
        """Return which text was agreed to."""
        return _reading(stored)

    def show(self, stored: Json) -> str:
        """Say that it was read."""
        return "已阅读并同意"

    def texts(self) -> Iterator[str]:
        """Yield the tick too."""
        yield from super().texts()
        yield self.tick


_AGREED = re.compile(
    r"(?:我|都|全部|已经|已|阅读|并|[，,])*同意(?:以上|上述|这?三份|全部|协议|并|继续|登录|了|的|[，,])*"
)
"""«同意了» and «我都同意» agree; «同意吗» and «同意不了» do not."""

DocumentsOf = Callable[[Desk], Awaitable[Sequence[Document]]]


class Agree(Step[tuple[Reading, ...]]):
    """Several texts to agree to at once, each of which can be read first. Source: S0-16, S0-17."""

    def __init__(
        self,
        documents: DocumentsOf,
        prompt: str,
        *,
        tick: str,
        title: str,
        when: Condition | None = None,
    ) -> None:
        super().__init__(
            prompt,
            title=title,
            when=when,
            why="法律要求我们先告诉您怎样使用您的信息，您同意后才能办理。",
            hint=f"同意请回复“{tick}”；想先看内容，回复协议前面的数字。",
        )
        self.documents = documents
        self.tick = tick

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """List the texts with their versions."""
        documents = await self.documents(desk)
        return Reply(
            self.prompt,
            (
                Option(self.tick),
                *(
                    Option(f"看{one.title} 第{one.version}版", say=f"看{one.title}")
                    for one in documents
                ),
            ),
        )

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Take the agreement, or show one text and stay."""
        documents = await self.documents(desk)
        said = plain(heard.text)
        if said == plain(self.tick) or _AGREED.fullmatch(said):
            return [
                {"kind": one.kind, "version": one.version, "hash": one.text_hash}
                for one in documents
            ]
        near = nearest(heard.text.removeprefix("看"), [one.title for one in documents])
        if near is not None:
            one = documents[near]
            raise AsideError(whole_text(one), Option(self.tick))
        raise UnfitError(self.hint)

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether something else must be agreed to."""
        return isinstance(error, _NOT_AGREED)

    def answered(self, stored: Json) -> bool:
        """Tell whether all were agreed to."""
        return isinstance(stored, list) and bool(stored)

    def load(self, stored: Json) -> tuple[Reading, ...]:
        """Return which versions were agreed to."""
        kept = stored if isinstance(stored, list) else []
        return tuple(_reading(one) for one in kept)

    def show(self, stored: Json) -> str:
        """Say that all were agreed to."""
        return "已同意"

    def texts(self) -> Iterator[str]:
        """Yield the tick too."""
        yield from super().texts()
        yield self.tick


def _reading(stored: Json) -> Reading:
    match stored:
        case {"kind": str(kind), "version": int(version), "hash": str(text_hash)}:
            return Reading(kind, version, text_hash)
        case _:
            raise UnfitError("请再看一遍。")
