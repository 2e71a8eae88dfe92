"""From plain words to what a chat bubble can hold: escaping, numbers, tap links, pages.

The only place where words of a citizen or an officer meet markup.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from dialogs.engine.messages import Article, Option, Reply
from domain.shared.conversations import Json

__all__ = ["PAGE_BYTES", "Bubble", "Rendered", "drop_unwritable", "next_page", "render"]

PAGE_BYTES: Final = 2000
"""The platform drops a text over 2,048 bytes of UTF-8; this leaves it some air."""

_PAGE_OPTIONS = 8
_NEXT = "下一页"
_UNTITLED = "查看详情"
_NOTHING_LEFT = "请回复“菜单”继续。"

_LABEL_BYTES = 300  # twice in a link, and many links still fit on a page
_SAY_BYTES = 300
_URL_BYTES = 1200
_TITLE_BYTES = 180
_DESCRIPTION_BYTES = 600
_CARD_LABEL_BYTES = 90

_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DOUBTFUL = re.compile("[^\t\n\u0020-%'-;=\u003f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\n\n\n")
"""What `_plain` may have to change: one look at most words, instead of seven."""
_BLANK_RUN = re.compile(r"\n{3,}")
_UNSAYABLE = re.compile(r"[&\"<>#%\s\x00-\x1f\ud800-\udfff\ufffe\uffff]")
"""Would end or bend the address that carries the words, or the XML that carries that."""
_UNLINKABLE = re.compile(r"[^!#-&(-;=?-\[\]-~]")  # not ASCII, blank, a quote, <, > or \
_MARK_UNSAFE = re.compile(r"[^A-Za-z0-9._:-]")


class Bubble(NamedTuple):
    """One message as the citizen sees it: a text or a card, escaped and within every limit.

    ``transfer`` shows nothing: it hands the citizen's message to the platform's own desk.
    """

    text: str = ""
    article: Article | None = None
    transfer: bool = False

    @property
    def silent(self) -> bool:
        """Whether there is nothing to answer."""
        return not (self.text or self.article or self.transfer)

    def to_json(self) -> dict[str, Json]:
        """Return plain data that `from_json` takes back; empty parts are left out."""
        if self.article:
            return {"text": self.text, "article": asdict(self.article)}
        if self.transfer:
            return {"text": "", "transfer": True}
        return {"text": self.text}

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Self:
        """Rebuild a bubble from `to_json`."""
        article = kept.get("article")
        return cls(
            text=str(kept.get("text", "")),
            article=Article(**{name: str(value) for name, value in article.items()})
            if isinstance(article, dict)
            else None,
            transfer=bool(kept.get("transfer")),
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply ready to send: the first bubble, and the pages a citizen may still ask for.

    Each page is escaped, numbered on from the one before, and at most `PAGE_BYTES` long.
    ``shown`` counts the options on the first page and, one after another, on it and each further.
    """

    bubble: Bubble
    pages: tuple[str, ...] = ()
    shown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a page."""

    text: str
    option: bool = False

    @property
    def size(self) -> int:
        """Bytes on a page, line break included."""
        return len(self.text.encode()) + 1


def render(reply: Reply, *, tap_links: bool) -> Rendered:
    """Render a reply.

    Parameters
    ----------
    tap_links
        Whether options become links that say themselves when tapped.

    Returns
    -------
    Rendered
        Silent only if the reply is. Options are numbered on across pages, at most eight on a page.
    """
    if reply.silent:
        return Rendered(Bubble())
    if reply.article:
        return Rendered(Bubble(article=_card(reply.article, reply)), shown=(len(reply.options),))
    mark = _MARK_UNSAFE.sub("", reply.mark)[:64] if tap_links else None
    blocks = _blocks(reply, mark)
    page = "\n\n".join("\n".join(block) for block in blocks if any(block))
    if page.strip() and _within(page, PAGE_BYTES) and len(reply.options) <= _PAGE_OPTIONS:
        return Rendered(Bubble(text=page), shown=(len(reply.options),))
    pages = _pages(list(_lines(blocks)), _next_line(mark)) or [_NOTHING_LEFT]
    options = {*blocks.options}
    on_page = [sum(line in options for line in page.splitlines()) for page in pages]
    return Rendered(Bubble(text=pages[0]), tuple(pages[1:]), tuple(accumulate(on_page)))


def next_page(page: str) -> Bubble:
    """Return the bubble of a page that `render` kept back."""
    return Bubble(text=page)


def drop_unwritable(words: str) -> str:
    """Return the words without the characters that XML cannot carry, lone surrogates included."""
    # Most words are, but for their line breaks, such as Python knows to be printable.
    if words.replace("\n", "").isprintable():
        return words
    return _UNWRITABLE.sub("", words)


# --- lines: `mark` is `None` where options are numbers only ----------------------------------


class _Blocks(NamedTuple):
    """What a reply says, line by line."""

    text: Sequence[str]
    links: Sequence[str]
    options: Sequence[str]
    closing: Sequence[str]


def _blocks(reply: Reply, mark: str | None) -> _Blocks:
    return _Blocks(
        _plain(reply.text).split("\n"),
        [_link(label, url) for label, url in reply.links],
        [_option(number, option, mark) for number, option in enumerate(reply.options, 1)],
        _plain(reply.closing).split("\n"),
    )


def _lines(blocks: _Blocks) -> Iterator[_Line]:
    for position, block in enumerate(block for block in blocks if any(block)):
        if position:
            yield _Line("")
        for line in block:
            yield _Line(line, option=block is blocks.options)


def _option(number: int, option: Option, mark: str | None) -> str:
    label = f"{number}. {_one_line(option.label, _LABEL_BYTES)}"
    if mark is None:
        return label
    say = _UNSAYABLE.sub("", option.say or option.label) or str(number)
    if not _within(say, _SAY_BYTES):
        return label
    return _tap_link(label, say, f"{mark}.{number}")


def _next_line(mark: str | None) -> str:
    if mark is None:
        return f"回复“{_NEXT}”看后面"
    return _tap_link(_NEXT, _NEXT, f"{mark}.next")


def _tap_link(label: str, say: str, tap: str) -> str:
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={say}&msgmenuid={tap}">{label}</a>'


def _link(label: str, url: str) -> str:
    shown = _one_line(label, _LABEL_BYTES)
    return f'<a href="{url}">{shown}</a>' if _openable(url) else shown


def _openable(url: str) -> bool:
    if len(url) > _URL_BYTES or _UNLINKABLE.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _card(article: Article, reply: Reply) -> Article:
    """Put everything a reply says on one card, which can hold neither links nor pages."""
    words = "\n".join(filter(None, (article.description, reply.text)))
    options = (
        f"{number}. {_one_line(option.label, _CARD_LABEL_BYTES)}"
        for number, option in enumerate(reply.options[:_PAGE_OPTIONS], 1)
    )
    closing = _one_line(reply.closing, _CARD_LABEL_BYTES)
    below = filter(None, (_clip(_plain(words), _DESCRIPTION_BYTES), *options, closing))
    return Article(
        title=_one_line(article.title, _TITLE_BYTES) or _UNTITLED,
        description="\n".join(below),
        url=article.url if _openable(article.url) else "",
        picture=article.picture if _openable(article.picture) else "",
    )


# --- words ----------------------------------------------------------------------------------


def _plain(words: str) -> str:
    """Return words that show as they are and can begin no markup."""
    if not _DOUBTFUL.search(words):
        return words.strip("\n")
    words = drop_unwritable(words).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    words = words.replace("<", "＜").replace(">", "＞").replace("&", "＆")
    return _BLANK_RUN.sub("\n\n", words)


def _one_line(words: str, limit: int) -> str:
    return _clip(" ".join(_plain(words).split()), limit)


def _clip(words: str, limit: int) -> str:
    if _within(words, limit):
        return words
    return f"{words.encode()[: limit - 3].decode(errors='ignore')}…"


def _within(words: str, limit: int) -> bool:
    """Tell whether words take at most so many bytes; of four a character, most are sure to."""
    return len(words) * 4 <= limit or len(words.encode()) <= limit


# --- pages ----------------------------------------------------------------------------------


def _pages(lines: list[_Line], next_line: str) -> list[str]:
    room = PAGE_BYTES - len(f"\n\n{next_line}".encode())
    pages = [page for page in _fill(lines, room) if page.strip()]
    return [f"{page}\n\n{next_line}" for page in pages[:-1]] + pages[-1:]


def _fill(lines: list[_Line], room: int) -> Iterator[str]:
    """Fill pages line by line; a link is one line, so none is ever cut."""
    page: list[str] = []
    size = options = 0
    for line in _cut(lines, room):
        if size + line.size > room + 1 or (line.option and options == _PAGE_OPTIONS):
            yield "\n".join(page).strip("\n")
            page, size, options = [], 0, 0
        page.append(line.text)
        size += line.size
        options += line.option
    yield "\n".join(page).strip("\n")


def _cut(lines: Iterable[_Line], room: int) -> Iterator[_Line]:
    """Cut lines that no page can hold between two characters; links are always shorter."""
    for line in lines:
        rest = line.text.encode()
        while len(rest) > room:
            piece = rest[:room].decode(errors="ignore")
            yield _Line(piece)
            rest = rest[len(piece.encode()) :]
        yield _Line(rest.decode(), option=line.option)
