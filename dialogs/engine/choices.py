"""Steps that choose among what is on record now."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from dialogs.desk import Desk
from dialogs.engine.choosing import nearest, numbers_in, plain
from dialogs.engine.kinds import UnfitError
from dialogs.engine.messages import Option, Reply
from dialogs.engine.steps import Accept, Also, Answers, Condition, Heard, Step
from domain.shared.conversations import Json

__all__ = ["Choose", "ChooseMany", "Menu", "Offers", "Words", "pick"]


class Offers(Protocol):
    """Finds the options of a question, on this turn."""

    async def __call__(self, answers: Answers, desk: Desk, /) -> Sequence[Option]:
        """Return the options, best first; empty when there is nothing to choose."""


class Words(Protocol):
    """Words a question, on this turn."""

    async def __call__(self, answers: Answers, desk: Desk, /) -> str | Reply:
        """Return the question, or a whole reply to which the options are added."""


def pick(heard: Heard, options: Sequence[Option]) -> Option | None:
    """Return the option that was picked, exactly named or nearly named."""
    if heard.option:
        return heard.option
    wanted = plain(heard.text)
    for option in options:
        if wanted and wanted in (plain(option.label), plain(option.say)):
            return option
    near = nearest(heard.text, [option.label for option in options])
    return None if near is None else options[near]


class Choose(Step[str]):
    """A choice among what is on record now. Stored as value and label."""

    def __init__(  # noqa: PLR0913 (see Step)
        self,
        offers: Offers,
        prompt: str | Words,
        *,
        accept: Accept[str] | None = None,
        title: str = "",
        aka: Sequence[str] = (),
        why: str = "",
        hint: str = "",
        when: Condition | None = None,
        resets: Sequence[str] = (),
        also: Also | None = None,
    ) -> None:
        super().__init__(
            prompt if isinstance(prompt, str) else "",
            title=title,
            aka=aka,
            why=why,
            hint=hint,
            when=when,
            resets=resets,
            also=also,
        )
        self.offers = offers
        self.words = None if isinstance(prompt, str) else prompt
        self.accept = accept

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Put the question with today's options."""
        options = (*await self.offers(answers, desk), *self.offered(answers))
        words = await self.words(answers, desk) if self.words else answers.fill(self.prompt)
        return (
            replace(words, options=options) if isinstance(words, Reply) else Reply(words, options)
        )

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Take the option that was shown, or is named."""
        option = pick(heard, await self.offers(answers, desk))
        if option is None or not option.value:
            raise UnfitError("请从下面的选项里选一个，回复数字就可以。")
        value = option.value
        if self.accept:
            value = await self.accept(value, answers, desk)
        return {"value": value, "label": option.label}

    def answered(self, stored: Json) -> bool:
        """Tell whether a choice is stored; a bare value (a draft begun with it) counts."""
        return isinstance(stored, str) or (isinstance(stored, dict) and "value" in stored)

    def load(self, stored: Json) -> str:
        """Return the chosen value."""
        return str(stored["value"]) if isinstance(stored, dict) else str(stored)

    def show(self, stored: Json) -> str:
        """Return the chosen label."""
        return str(stored.get("label", "")) if isinstance(stored, dict) else ""


class Menu(Choose):
    """The end of a flow that only reads: choices that lead elsewhere. Never answered."""

    def answered(self, stored: Json) -> bool:
        """Tell that it stays open."""
        return False


class ChooseMany(Step[tuple[str, ...]]):
    """A choice of one or several among what is on record now. Source: S0-54."""

    def __init__(
        self, offers: Offers, prompt: str, *, title: str = "", aka: Sequence[str] = ()
    ) -> None:
        super().__init__(prompt, title=title, aka=aka)
        self.offers = offers

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Put the question with today's options."""
        options = tuple(await self.offers(answers, desk))
        several = "可以一次选几项，例如回复“1,3”；全选回复“全部”。" if len(options) > 1 else ""
        return Reply(answers.fill(self.prompt), options, closing=several)

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Take one option, «1,3» or «全部»."""
        options = list(await self.offers(answers, desk))
        chosen = self._chosen(heard, options)
        if not chosen:
            raise UnfitError(
                f"请回复上面的序号（1 到 {len(options)}），可以一次选几项，例如“1,2”。"
            )
        return {
            "values": [option.value for option in chosen],
            "labels": [option.label for option in chosen],
        }

    def _chosen(self, heard: Heard, options: list[Option]) -> list[Option]:
        if heard.option is None and plain(heard.text) in ("全部", "全选", "所有", "都选"):
            return options
        numbers = [] if heard.option else sorted(set(numbers_in(heard.text)))
        if len(numbers) > 1:
            fits = all(1 <= number <= len(options) for number in numbers)
            return [options[number - 1] for number in numbers] if fits else []
        one = pick(heard, options)
        return [one] if one and one.value else []

    def answered(self, stored: Json) -> bool:
        """Tell whether at least one choice is stored."""
        return isinstance(stored, dict) and bool(stored.get("values"))

    def load(self, stored: Json) -> tuple[str, ...]:
        """Return the chosen values in the order shown."""
        values = stored["values"] if isinstance(stored, dict) else []
        return tuple(str(value) for value in values) if isinstance(values, list) else ()

    def show(self, stored: Json) -> str:
        """Return the chosen labels."""
        labels = stored.get("labels") if isinstance(stored, dict) else None
        return "、".join(map(str, labels)) if isinstance(labels, list) else ""
