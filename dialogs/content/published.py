"""How published texts look in a chat: the same for citizens and for officers who preview them.

Source: S0-17, S2-12, S2-13.
"""

from collections.abc import Sequence
from typing import assert_never

from dialogs.content.ask import answer_words, votes
from dialogs.engine.dsl import Option, Reply
from dialogs.engine.texts import paged, text_page, whole_text
from dialogs.engine.times import day
from domain.content.model import Category, Document, Faq, category_of

__all__ = ["NEXT_AGREEMENT", "NEXT_TEXT", "NOTICE_TICK", "as_seen", "dated_text"]

NOTICE_TICK = "我已阅读并同意"
NEXT_AGREEMENT = (Option("看其他协议", say="返回"), Option("菜单"))
NEXT_TEXT = (Option("看其他", say="返回"), Option("联系人工"), Option("菜单"))


def dated_text(document: Document) -> str:
    """Return an announcement or a guide, with the day since when it holds. Source: S4-77."""
    return f"{document.title}\n（{day(document.published_at)}更新）\n\n{document.text}"


def as_seen(text: Document | Faq) -> Sequence[Reply]:
    """Return the replies in which citizens see a text, one after another.

    Source: S0-17, S0-41, S2-12, S2-13, S4-77.
    """
    if isinstance(text, Faq):
        ways = (Option("看其他问题", say="返回"), Option("联系人工"), Option("菜单"))
        return [Reply(answer_words(text), (*votes(text), *ways))]
    match category_of(text.kind):
        case Category.NOTICE:
            pages = len(paged(text.text))
            return [text_page(text, page, tick=NOTICE_TICK) for page in range(1, pages + 1)]
        case Category.AGREEMENT:
            return [Reply(whole_text(text), NEXT_AGREEMENT)]
        case Category.CONSENT:
            return [Reply(whole_text(text), (Option("同意"),))]
        case Category.ANNOUNCEMENT | Category.GUIDE | Category.FAQ:
            return [Reply(dated_text(text), NEXT_TEXT)]
        case never:
            assert_never(never)
