"""A chat as a citizen's phone shows it, drawn without a phone: for officers who preview texts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

from bot.wechat.render import render
from dialogs.engine.messages import Reply

__all__ = ["Bit", "bubbles"]

_LINK: Final = re.compile(r'<a href="[^"]*">(.*?)</a>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bit:
    """Some words of a bubble; ``tap`` where they are a link."""

    words: str
    tap: bool = False


def bubbles(replies: Iterable[Reply], *, tap_links: bool) -> list[Sequence[Bit]]:
    """Return each bubble that some replies become, pages one after another, as they are sent."""
    found: list[Sequence[Bit]] = []
    for reply in replies:
        rendered = render(reply, tap_links=tap_links)
        found += [tuple(_bits(page)) for page in (rendered.bubble.text, *rendered.pages)]
    return found


def _bits(markup: str) -> Iterator[Bit]:
    # What is split at a pattern with one group is words and links by turns.
    for number, words in enumerate(_LINK.split(markup)):
        if words:
            yield Bit(unescape(words), tap=number % 2 == 1)
