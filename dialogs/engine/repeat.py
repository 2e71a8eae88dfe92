"""A group of questions asked once for each of several: the members of a family, say."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

from dialogs.desk import Desk
from dialogs.engine.choosing import number_in, plain
from dialogs.engine.flow import Flow
from dialogs.engine.kinds import UnfitError
from dialogs.engine.messages import Option, Reply
from dialogs.engine.steps import Answers, Condition, Heard, Step
from dialogs.engine.walk import DONE, walk
from domain.shared.conversations import Draft, Json

__all__ = ["Repeat"]

_CHANGE = re.compile(r"改(?:第)?(.{1,3}?)[位个项]?")
_REMOVE = re.compile(r"删除?(?:第)?(.{1,3}?)[位个项]?")
_ADD, _DONE = "加一位", "完成"
_KEEP = ("继续", "不改")


@dataclass(slots=True)
class _Item:
    """One of the several: a key that never changes, its answers, and the one open again."""

    key: int
    answers: dict[str, Json]
    editing: str = ""


@dataclass(slots=True)
class _Group:
    """What is stored for the whole group. ``open`` is the key of the item being filled in."""

    items: list[_Item]
    open: int = 0
    closed: bool = False

    def to_json(self) -> Json:
        items: list[Json] = [
            {"key": item.key, "answers": item.answers, "editing": item.editing}
            for item in self.items
        ]
        return {"items": items, "open": self.open, "closed": self.closed}

    @classmethod
    def from_json(cls, stored: Json) -> "_Group":
        if not isinstance(stored, dict):
            return cls([])
        kept = stored.get("items")
        items = []
        for one in kept if isinstance(kept, list) else []:
            match one:
                case {"key": int(key), "answers": dict(answers), "editing": str(editing)}:
                    items.append(_Item(key, deepcopy(answers), editing))
                case _:
                    continue
        open_key = stored.get("open")
        return cls(items, open_key if isinstance(open_key, int) else 0, bool(stored.get("closed")))

    def add(self) -> _Item:
        item = _Item(max((one.key for one in self.items), default=0) + 1, {})
        self.items.append(item)
        self.open, self.closed = item.key, False
        return item


class Repeat(Step[tuple[Answers, ...]]):
    """A group of questions asked for each of several, with adding, changing and removing.

    Parameters
    ----------
    part
        The questions, as a flow without an id.
    title
        What each is called, such as «共同申请人».
    least, most
        How many there may be.
    label
        How one is shown in the list, with the shown answers of its steps.
    """

    def __init__(  # noqa: PLR0913 (see Step)
        self,
        part: type[Flow],
        title: str,
        *,
        label: str,
        least: int = 0,
        most: int = 9,
        aka: Sequence[str] = (),
        why: str = "",
        when: Condition | None = None,
    ) -> None:
        super().__init__(title=title, aka=aka, why=why, when=when)
        # A part has no page of its own to check: the whole form has one.
        part.review = False
        self.part = part
        self.label = label
        self.least = least
        self.most = most

    def _within(self, item: _Item, answers: Answers) -> Draft:
        return Draft(
            id=f"{answers.draft.id}:{self.id}:{item.key}",
            flow=f"{answers.draft.flow}.{self.id}",
            version=answers.draft.version,
            answers=item.answers,
            editing=item.editing,
        )

    @staticmethod
    def listing(items: Sequence[dict[str, Json]]) -> Json:
        """Return what is stored of items answered before, their list open to be changed."""
        kept = [_Item(key, answers) for key, answers in enumerate(items, start=1)]
        return _Group(kept).to_json()

    def _whole(self, item: _Item, answers: Answers) -> bool:
        return walk(self.part, self._within(item, answers)).at == DONE

    def _inside(self, group: _Group, answers: Answers) -> tuple[_Item, Step[object]] | None:
        """Return the item to be filled in and its open question; ``None`` at the gate."""
        # After the one that is open any other that is not whole: a release may ask more of each.
        for item in sorted(group.items, key=lambda one: one.key != group.open):
            at = walk(self.part, self._within(item, answers)).at
            if at != DONE:
                return item, self.part.steps[at]
        return None

    def _enough(self, group: _Group) -> bool:
        return self.least <= len(group.items) <= self.most

    def _answers(self, item: _Item, answers: Answers) -> Answers:
        return Answers(self.part.steps, self._within(item, answers))

    def _listed(self, group: _Group, answers: Answers) -> list[str]:
        return [self._answers(item, answers).fill(self.label) for item in group.items]

    def _opened(self, answers: Answers) -> _Group:
        group = _Group.from_json(answers.stored(self))
        if not group.items and self.least:
            group.add()
        return group

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Ask the open question of one item, or show the list and what can be done with it."""
        group = self._opened(answers)
        inside = self._inside(group, answers)
        if inside:
            item, step = inside
            number = group.items.index(item) + 1
            within = self._answers(item, answers)
            kept = item.answers.get(step.id)
            was = (
                f"\n原来填的是：{step.show(kept)}。不改请回复“继续”。" if _kept(item, step) else ""
            )
            reply = await step.ask(within, desk)
            # After asking: a question may keep something beside its answer.
            answers.keep(self, group.to_json())
            return reply.after(f"【{self.title} 第 {number} 位】{was}")
        return self._gate(group, answers)

    def _gate(self, group: _Group, answers: Answers) -> Reply:
        options = [Option(_ADD)] if len(group.items) < self.most else []
        if self._enough(group):
            options.append(Option(_DONE))
        if not group.items:
            return Reply(f"有{self.title}要填吗？没有请选“{_DONE}”。", tuple(options))
        lines = "\n".join(
            f"第 {number} 位：{shown}"
            for number, shown in enumerate(self._listed(group, answers), start=1)
        )
        return Reply(
            f"{self.title}已填 {len(group.items)} 位：\n{lines}",
            tuple(options),
            closing="要改某一位，回复“改1”；要删除，回复“删1”。",
        )

    def claims(self, text: str, answers: Answers) -> bool:
        """Take «改2» and «删2» for itself while its list is shown, «继续» while one is changed."""
        inside = self._inside(_Group.from_json(answers.stored(self)), answers)
        if inside:
            item, step = inside
            keeps = _kept(item, step) and plain(text) in _KEEP
            return keeps or step.claims(text, self._answers(item, answers))
        return bool(_REMOVE.fullmatch(plain(text))) or self._numbered(_CHANGE, text) is not None

    @staticmethod
    def _numbered(pattern: re.Pattern[str], text: str) -> int | None:
        found = pattern.fullmatch(plain(text))
        return number_in(found[1]) if found else None

    def open_within(self, answers: Answers) -> tuple[str, Step[object]]:
        """Return the open question of the item being filled in, named by the item's key."""
        inside = self._inside(self._opened(answers), answers)
        if inside is None:
            return self.id, self
        item, step = inside
        return f"{self.id}-{item.key}-{step.id}", step

    def awaited(self, answers: Answers) -> str:
        """Say what the open item still awaits."""
        inside = self._inside(self._opened(answers), answers)
        return inside[1].awaited(self._answers(inside[0], answers)) if inside else ""

    async def arrived(self, answers: Answers, desk: Desk) -> Json:
        """Return the group with what a one-time page brought to the open item."""
        group = self._opened(answers)
        inside = self._inside(group, answers)
        if inside is None:
            return None
        item, step = inside
        brought = await step.arrived(self._answers(item, answers), desk)
        if brought is None or brought == item.answers.get(step.id):
            return None
        item.answers.pop(f"{step.id}.page", None)
        return self._stored(group, item, step, brought, answers)

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Pass words to the open item, or add, change, remove, finish."""
        group = self._opened(answers)
        inside = self._inside(group, answers)
        if inside:
            item, step = inside
            if _kept(item, step) and plain(heard.text) in _KEEP:
                return self._stored(group, item, step, item.answers[step.id], answers)
            brought = await step.hear(heard, self._answers(item, answers), desk)
            return self._stored(group, item, step, brought, answers)
        self._at_gate(group, heard)
        return group.to_json()

    def _stored(
        self, group: _Group, item: _Item, step: Step[object], brought: Json, answers: Answers
    ) -> Json:
        item.answers[step.id] = brought
        if item.editing and step.answered(brought):
            # Changing an item goes through its questions one by one, old answers kept.
            item.editing = ""
            trail = walk(self.part, self._within(item, answers)).trail
            item.editing = next(iter(trail[trail.index(step.id) + 1 :]), "")
        if self._whole(item, answers):
            group.open = 0
        return group.to_json()

    def _at_gate(self, group: _Group, heard: Heard) -> None:
        said = plain(heard.option.label if heard.option else heard.text)
        if said in (_ADD, "加", "再加一位", "添加", "有") and len(group.items) < self.most:
            group.add()
        elif said in (_DONE, "没有", "好了", "没有了") and self._enough(group):
            group.closed = True
        else:
            self._change(group, said)

    def _change(self, group: _Group, said: str) -> None:
        removed, changed = self._numbered(_REMOVE, said), self._numbered(_CHANGE, said)
        number = removed or changed
        if number is None or not 1 <= number <= len(group.items):
            raise UnfitError(f"请回复“{_ADD}”“{_DONE}”，或“改1”“删1”这样的话。")
        if removed:
            del group.items[number - 1]
            return
        item = group.items[number - 1]
        item.editing = next(iter(self.part.steps))
        group.open, group.closed = item.key, False

    def back(self, answers: Answers) -> bool:
        """Open the question before the open one inside the item; ``False`` at the first.

        Back from a first question a change is given up, and so is an item nobody answered for.
        """
        group = _Group.from_json(answers.stored(self))
        inside = self._inside(group, answers)
        if inside is None:
            return False
        item, _ = inside
        trail = walk(self.part, self._within(item, answers)).trail
        item.editing = trail[-2] if len(trail) > 1 else ""
        if len(trail) == 1 and not self._given_up(group, item, answers):
            return False
        answers.keep(self, group.to_json())
        return True

    def _given_up(self, group: _Group, item: _Item, answers: Answers) -> bool:
        """Close an item at its first question, or drop it; ``False`` if it must be filled in."""
        if self._whole(item, answers):
            group.open = 0
            return True
        if self._empty(item) and len(group.items) > self.least:
            group.items.remove(item)
            return True
        return False

    def _empty(self, item: _Item) -> bool:
        steps = self.part.steps.items()
        return not any(step.answered(item.answers.get(name)) for name, step in steps)

    def answered(self, stored: Json) -> bool:
        """Tell whether the group was closed with as many items as it takes, every one whole."""
        group = _Group.from_json(stored)
        nowhere = Answers({}, Draft("", "", 0))
        return (
            group.closed
            and self._enough(group)
            and all(self._whole(item, nowhere) for item in group.items)
        )

    def touched(self, stored: Json) -> bool:
        """Tell whether it was closed, or anything answered for any item."""
        group = _Group.from_json(stored)
        return group.closed or not all(self._empty(item) for item in group.items)

    def load(self, stored: Json) -> tuple[Answers, ...]:
        """Return the answers of each item."""
        group = _Group.from_json(stored)
        nowhere = Answers({}, Draft("", "", 0))
        return tuple(self._answers(item, nowhere) for item in group.items)

    def show(self, stored: Json) -> str:
        """Return the list of labels."""
        labels = [answers.fill(self.label) for answers in self.load(stored)]
        return "；".join(labels) or "没有"

    def texts(self) -> Iterator[str]:
        """Yield the words of each question of the group."""
        yield from super().texts()
        for step in self.part.steps.values():
            yield from step.texts()


def _kept(item: _Item, step: Step[object]) -> bool:
    """Tell whether a question is asked again although it has a whole answer."""
    return item.editing == step.id and step.answered(item.answers.get(step.id))
