"""What citizens say that is no answer but means something: a greeting, a question, a way on.

An answer to a question of theirs never touches theirs to ours: the open question is put again,
last.

Source: S0-19, S2-14, S4-77.
"""

import re

from dialogs.engine.choices import pick
from dialogs.engine.choosing import nearest, plain
from dialogs.engine.courtesies import GREETINGS
from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.steps import Heard
from dialogs.engine.times import day
from dialogs.engine.turn import Turn
from domain.content.model import Faq
from domain.content.search import Matches, is_question
from domain.shared.errors import UnavailableError

__all__ = [
    "aside",
    "is_worth_keeping",
    "meant_option",
    "near_words",
    "note_unanswered",
    "perhaps",
    "told",
]

_SENTENCE = re.compile("[\u4e00-\u9fff].*[\u4e00-\u9fff].*[\u4e00-\u9fff].*[\u4e00-\u9fff]")
"""Fewer letters tell an officer nothing."""

_TELLING = 4
"""Shorter words within a sentence tell too little of what is wanted."""


def told(faq: Faq) -> str:
    """Return an answer with the day since when it holds. Source: S4-77."""
    return f"{faq.answer}\n（{day(faq.updated_at)}更新）"


async def aside(turn: Turn, text: str) -> Reply | None:
    """Answer words that do not fit the open question; ``None`` if they mean nothing else."""
    if plain(text) in GREETINGS:
        return (await turn.question()).after(GREETINGS[plain(text)])
    matches = await turn.desk.content.ask(text) if text else Matches()
    if matches.clear:
        return await _answer(turn, matches.clear)
    offered = [Option.from_json(kept) for kept in turn.conversation.offered]
    near = nearest(text, [option.label for option in offered])
    start = offered[near].start if near is not None else None
    reading = turn.draft is not None and not turn.keepable(turn.draft)
    if start is None and reading:
        start = near_words(turn, text)
    if start:
        return await turn.begin(start)
    if not is_question(text):
        return None
    await note_unanswered(turn, text)
    if not matches.near:
        return None
    return perhaps(turn, matches) if reading else (await turn.question()).after(_named(matches))


def _named(matches: Matches) -> str:
    """Name the questions that come nearest where numbers and taps belong to the open question."""
    near = "".join(f"「{faq.question.rstrip('？?')}」" for faq in matches.near)
    return f"您是不是想问{near}？把这句话发给我就能看答案；要问别的，回复“人工”。"


async def _answer(turn: Turn, faq: Faq) -> Reply:
    draft = turn.draft
    if draft is None or not turn.keepable(draft):
        # Whoever only reads loses nothing by reading something else.
        return await turn.begin(turn.catalog.front.answering(faq))
    return (await turn.question()).after(told(faq))


def near_words(turn: Turn, text: str) -> Start | None:
    """Return the flow whose words are nearly spelt, or stand within a sentence."""
    words = turn.catalog.words
    near = nearest(text, list(words))
    if near is not None:
        return list(words.values())[near]
    within = [word for word in words if len(word) >= _TELLING and word in plain(text)]
    return words[max(within, key=len)] if within else None


async def meant_option(turn: Turn, text: str) -> Option | None:
    """Return the one option of the open question that words mean by an officer's synonym.

    Source: S2-14.
    """
    if not text or turn.conversation.mark != turn.mark:
        return None
    meant = await turn.desk.content.in_our_words(text)
    offered = [Option.from_json(kept) for kept in turn.conversation.offered]
    option = pick(Heard(text=meant), offered) if meant else None
    return option if option and (option.value or option.start) else None


def is_worth_keeping(text: str) -> bool:
    """Tell whether words that nobody understood may tell an officer what is missing."""
    return bool(_SENTENCE.search(text))


async def note_unanswered(turn: Turn, text: str) -> None:
    """Keep a question without an answer, where that can be done at all."""
    try:
        await turn.desk.content.note_unanswered(text)
    except UnavailableError:
        # Whoever only asked must not be told that nothing works.
        await turn.undo()


def perhaps(turn: Turn, matches: Matches) -> Reply:
    """Offer the questions that come nearest, and a person as the last resort."""
    front = turn.catalog.front
    near = tuple(Option(faq.question, start=front.answering(faq)) for faq in matches.near)
    return Reply(
        "您是不是想问：",
        (*near, Option("联系人工", say="人工"), Option("菜单")),
        closing="都不是的话，请换个说法再问一次。",
    )
