"""A page whose boxes a photo may fill instead: read back masked, confirmed, and not kept."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dialogs.desk import Desk
from dialogs.engine.kinds import UnfitError, yes_no
from dialogs.engine.messages import Option, Reply
from dialogs.engine.outside import AcceptFields, Field, Secure
from dialogs.engine.steps import Answers, Heard
from domain.shared.conversations import Json

__all__ = ["FromPhoto", "SecureOrPhoto"]

_CONFIRM: Final = (Option("对，就用它", value="是"), Option("不对，重新来", value="否"))
_NOT_YET: Final = "这里还不能收照片，请点上面的链接在网页里填。"
_UNSURE: Final = "对的话请回复“是”，不对请回复“否”；也可以重新拍一张发来。"
_UNCLEAR: Final = "照片上的字没有看清，请在亮一点的地方重新拍一张，或者点链接在网页里填。"


@dataclass(frozen=True, slots=True)
class FromPhoto:
    """How a photo fills the boxes.

    ``offer`` tells the citizen of it; ``read`` takes what the platform calls the picture and
    returns what the boxes would hold; ``shown`` words that, masked.
    """

    offer: str
    read: Callable[[str, Desk], Awaitable[Mapping[str, str]]]
    shown: Callable[[Mapping[str, str]], str]


class SecureOrPhoto(Secure):
    """A page, or a photo where photos can be had.

    What was read from a photo is half an answer: only the citizen's yes makes it whole. The photo
    itself is never kept.
    """

    def __init__(  # noqa: PLR0913 (see Step)
        self,
        prompt: str,
        *,
        photo: FromPhoto,
        fields: Sequence[Field],
        accept: AcceptFields,
        typed: Callable[[str], Mapping[str, str]],
        title: str,
        aka: Sequence[str],
        why: str,
        hint: str,
    ) -> None:
        super().__init__(
            prompt,
            fields=fields,
            accept=accept,
            typed=typed,
            title=title,
            aka=aka,
            why=why,
            hint=hint,
        )
        self.photo = photo

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Hand out a page and tell of the photo; or read back what stands on one."""
        values = self._on_photo(answers)
        if values:
            return Reply(f"照片上写的是：\n{self.photo.shown(values)}\n对吗？", _CONFIRM)
        page = await super().ask(answers, desk)
        if not desk.id_cards.offered:
            return page
        return replace(page, text=f"{page.text}\n{self.photo.offer}")

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Read a photo, hear whether it was read right, or read words."""
        if heard.media_id:
            return await self._looked_at(heard.media_id, desk)
        values = self._on_photo(answers)
        if not values:
            return await super().hear(heard, answers, desk)
        right = self._said_yes(heard)
        # Used up by the yes: a refusal outside must not ask the same once more.
        answers.keep(self, {})
        return await self.accept(values, desk) if right else {}

    def back(self, answers: Answers) -> bool:
        """Go back from what was read to the page."""
        if not self._on_photo(answers):
            return False
        answers.keep(self, {})
        return True

    def answered(self, stored: Json) -> bool:
        """Tell whether more is kept than what a photo seems to say."""
        return isinstance(stored, dict) and bool(stored) and "photo" not in stored

    def texts(self) -> Iterator[str]:
        """Yield what is said about the photo too."""
        yield from super().texts()
        yield from (self.photo.offer, _NOT_YET, _UNSURE, _UNCLEAR)
        yield from (option.label for option in _CONFIRM)

    async def _looked_at(self, media_id: str, desk: Desk) -> Json:
        if not desk.id_cards.offered:
            raise UnfitError(_NOT_YET)
        await desk.let_go()
        values = await self.photo.read(media_id, desk)
        try:
            return {"photo": dict(self.read(values))}
        except UnfitError as unfit:
            raise UnfitError(_UNCLEAR) from unfit

    def _on_photo(self, answers: Answers) -> dict[str, str]:
        """Return what a photo seems to say; nothing where none waits for a yes."""
        match answers.stored(self):
            case {"photo": dict(values)}:
                return {name: str(value) for name, value in values.items()}
            case _:
                return {}

    def _said_yes(self, heard: Heard) -> bool:
        try:
            return yes_no.parse(heard.option.value if heard.option else heard.text)
        except UnfitError as unfit:
            raise UnfitError(_UNSURE) from unfit
