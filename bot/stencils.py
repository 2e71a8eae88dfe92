"""Pages for everybody as they are rendered: once, with room for what names the citizen's draft."""

from typing import Self

from bot.wechat.render import Bubble, render
from dialogs.engine.pages import PLACE, Page
from domain.shared.conversations import Conversation

__all__ = ["Stencil"]


class Stencil:
    """One rendered page, cut where each citizen's mark goes."""

    def __init__(self, page: Page, *, tap_links: bool) -> None:
        rendered = render(page.reply, tap_links=tap_links)
        self.tap_links = tap_links
        self._first = rendered.bubble.text.split(PLACE)
        self._further = [text.split(PLACE) for text in rendered.pages]
        self._shown = rendered.shown

    @classmethod
    def of(cls, page: Page, *, tap_links: bool) -> Self:
        """Return a page's stencil; made when it is first shown."""
        if page.written is None or page.written.tap_links is not tap_links:
            page.written = cls(page, tap_links=tap_links)
        made: Self = page.written
        return made

    def show(self, conversation: Conversation) -> Bubble:
        """Return the page for a citizen, and remember what of it is still to be shown."""
        draft = conversation.mark[:8]
        conversation.pages = [draft.join(cut) for cut in self._further]
        conversation.shown = [*self._shown]
        return Bubble(draft.join(self._first))
