"""Everything that gets a talk back on its way, written once for all flows.

Global verbs, misses, stale taps, returning after a while, words outside any flow.

Source: S0-19.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from dialogs.engine import review
from dialogs.engine.asides import (
    aside,
    is_worth_keeping,
    meant_option,
    near_words,
    note_unanswered,
    perhaps,
)
from dialogs.engine.choosing import nearest, number_in, plain
from dialogs.engine.courtesies import GOODBYES, GREETINGS
from dialogs.engine.flow import Flow, Receipt
from dialogs.engine.messages import Option, Reply
from dialogs.engine.outside import Code
from dialogs.engine.steps import Heard, Step
from dialogs.engine.turn import Turn
from dialogs.engine.walk import REVIEW
from dialogs.engine.ways import Stale, Verb, VerbWord
from domain.content.search import Matches
from domain.shared.conversations import Draft

__all__ = ["VERBS", "Turn", "closing", "miss", "stale", "unplaced", "welcome_back"]

_FINISHED_SECONDS = 10 * 60
"""For so long, confirming once more repeats the receipt."""

_PERSON = Option("联系人工", say="人工")

_PERSON_FROM = 3
"""The miss from which a person is offered."""


def _flow(turn: Turn, draft: Draft) -> Flow:
    return turn.catalog.acts[draft.flow]


# Words that were not understood


async def miss(turn: Turn, sentence: str, heard: Heard) -> Reply:
    """Answer words that do not fit: a question of theirs, or the sentence that says what to do.

    What a synonym makes clear is no miss. The first miss gets the sentence, the second a hint as
    well, the third a person.
    """
    option = await meant_option(turn, heard.text)
    if option:
        return await (turn.begin(option.start) if option.start else turn.chosen(option))
    answer = await aside(turn, heard.text)
    if answer:
        return answer
    turn.conversation.misses += 1
    again = turn.conversation.misses > 1
    hint = turn.asked.hint if turn.asked and again else ""
    sentence = f"{_ONCE_MORE}{sentence}" if again else sentence
    reply = await turn.question()
    person = turn.conversation.misses >= _PERSON_FROM
    # Where there is nothing to number, a number is an answer: it must not mean a person.
    options = (*reply.options, _PERSON) if person and reply.options else reply.options
    return Reply(
        "\n".join(filter(None, (sentence, hint))),
        options,
        reply.links,
        closing="" if options else _WAYS_OUT[person],
        mark=reply.mark,
    )


_ONCE_MORE = "没关系，再试一次："
"""Before the same sentence said again, so that it does not seem a stuck record."""

_WAYS_OUT = ("也可以回复“返回”“帮助”或“菜单”。", "也可以回复“人工”“返回”或“菜单”。")
"""Before a person is offered, and from then on."""


async def unplaced(turn: Turn, text: str) -> Reply:
    """Answer words said outside any flow."""
    finished = turn.conversation.finished
    if finished and _confirms_again(turn, finished.get("word"), finished.get("at"), text):
        receipt = Receipt.from_json(finished)
        return closing(turn, receipt, mark="").after("刚才已经办好了：")
    polite = {**GREETINGS, **GOODBYES}.get(plain(text))
    if polite:
        turn.conversation.misses = 0
        return (await turn.home()).after(polite)
    matches = await turn.desk.content.ask(text)
    start = (
        turn.catalog.front.answering(matches.clear)
        if matches.clear
        else turn.catalog.vague.get(plain(text))
        or near_words(turn, text)
        or await turn.catalog.front.find(turn.desk, text)
    )
    return await (turn.begin(start) if start else _not_understood(turn, text, matches))


async def _not_understood(turn: Turn, text: str, matches: Matches) -> Reply:
    """Say so, with the ways on that fit best; from the third time on, a person first."""
    turn.conversation.misses += 1
    if is_worth_keeping(text):
        await note_unanswered(turn, text)
    if matches.near:
        return perhaps(turn, matches)
    home = await turn.home()
    if turn.conversation.misses >= _PERSON_FROM:
        return Reply("这句我没看懂。可以换个说法，或者请人工帮您：", (_PERSON, *home.options))
    return Reply(
        "这句我没看懂。您可以从下面选一项，回复数字就行：", home.options, closing=home.closing
    )


def _confirms_again(turn: Turn, word: object, at: object, text: str) -> bool:
    recent = isinstance(at, float) and turn.desk.clock.now().timestamp() - at < _FINISHED_SECONDS
    return recent and bool(word) and plain(text) in (plain(str(word)), "确定", "确认", "提交")


async def stale(turn: Turn, way: Stale) -> Reply:
    """Answer a tap on an option that was shown earlier."""
    finished = turn.conversation.finished
    if finished and finished.get("draft") == way.draft:
        receipt = Receipt.from_json(finished)
        return closing(turn, receipt, mark="").after("这件事已经办好了：")
    for draft in turn.conversation.drafts:
        step = _flow(turn, draft).steps.get(way.step)
        if step and draft.id.startswith(way.draft) and draft is turn.draft:
            stored = draft.answers.get(step.id)
            if turn.keepable(draft) and step.answered(stored) and step.show(stored):
                said = f"这一题已经答过：{step.show(stored)}。要改请回复“改{step.title}”。"
                return (await turn.question()).after(said)
    return (await turn.question()).after("这是之前的选项，现在请看这里：")


def welcome_back(turn: Turn, draft: Draft) -> Reply:
    """Ask whether to go on with what was begun a while ago."""
    flow = _flow(turn, draft)
    progress = review.sections(flow, turn.answers_of(draft), turn.position(draft))
    return Reply(
        "\n".join(
            filter(
                None,
                (
                    f"您上次办「{turn.left_title()}」还没办完，填过的都在。",
                    progress,
                    "现在要怎么做？",
                ),
            )
        ),
        (Option("继续"), Option("重新开始"), Option("菜单")),
    )


def closing(turn: Turn, receipt: Receipt, *, mark: str) -> Reply:
    """Say what was done and what may come next."""
    left = turn.left_title()
    still = f"「{left}」还没办完，回复“继续”接着办。\n" if left else ""
    return Reply(receipt.text, receipt.options, closing=f"{still}回复“菜单”回到主菜单。", mark=mark)


# Verbs


async def _menu(turn: Turn, _verb: Verb) -> Reply:
    turn.let_go()
    return await turn.home()


async def _leave(turn: Turn, _verb: Verb) -> Reply:
    draft = turn.draft
    if draft is None:
        return await turn.home()
    kept = turn.keepable(draft) and turn.begun(draft)
    title = _flow(turn, draft).title
    reply = await _menu(turn, _verb)
    said = f"已退出「{title}」，填过的都给您留着，回复“继续”可以接着办。"
    return reply.after(said if kept else "好的，已退出。")


async def _go_on(turn: Turn, _verb: Verb) -> Reply:
    talk = turn.conversation
    if not talk.drafts:
        return (await turn.home()).after("没有没办完的事。")
    was_open = talk.open
    draft = _to_go_on_with(turn)
    talk.open = True
    talk.misses = 0
    draft.editing = ""
    flow = _flow(turn, draft)
    progress = review.sections(flow, turn.answers_of(draft), turn.position(draft))
    step = turn.open_step(draft)
    awaited = step.awaited(turn.answers_of(draft)) if step and was_open else ""
    return await turn.enter("\n".join(filter(None, (progress, awaited))))


def _to_go_on_with(turn: Turn) -> Draft:
    """Bring up what was begun and left, rather than a page that only reads."""
    drafts = turn.conversation.drafts
    top = drafts[-1]
    if not turn.keepable(top) and not top.editing:
        for draft in reversed(drafts):
            if turn.keepable(draft):
                drafts.remove(draft)
                drafts.append(draft)
                break
    return drafts[-1]


async def _again(turn: Turn, _verb: Verb) -> Reply:
    return await (turn.restart() if turn.conversation.drafts else turn.home())


async def _back(turn: Turn, _verb: Verb) -> Reply:
    draft = turn.draft
    if draft is None:
        return await turn.home()
    step = turn.open_step(draft)
    if step and step.back(turn.answers_of(draft)):
        return await turn.question()
    before = _before(turn, draft)
    if before is None:
        return await _step_out(turn, draft)
    draft.editing = before
    return await turn.question()


def _before(turn: Turn, draft: Draft) -> str | None:
    """Return the question before the open one that may be asked again."""
    flow = _flow(turn, draft)
    position = turn.position(draft)
    trail = position.trail if position.at == REVIEW else position.trail[:-1]
    for name in reversed(trail):
        proven = isinstance(flow.steps[name], Code)
        if not proven and (flow.reading or name not in draft.given):
            return name
    return None


async def _step_out(turn: Turn, draft: Draft) -> Reply:
    """Go back from a first question: to the page it was begun from, or home; answers are kept."""
    talk = turn.conversation
    pages = [one for one in talk.drafts if not turn.keepable(one) and one is not draft]
    if not pages:
        return await _menu(turn, Verb(VerbWord.MENU))
    if not turn.holds_something(draft):
        talk.drafts.remove(draft)
    talk.drafts.remove(pages[-1])
    talk.drafts.append(pages[-1])
    return await turn.question()


async def _change(turn: Turn, verb: Verb) -> Reply:
    draft = turn.draft
    if draft is None:
        if verb.about:
            return await turn.words(verb.text)
        return (await turn.home()).after("现在没有正在填的内容。")
    flow = _flow(turn, draft)
    position = turn.position(draft)
    rows = review.lines(flow, turn.answers_of(draft), position)
    step = _named(flow, position.trail, verb.about) or _numbered(rows, verb.about)
    if step is None and verb.about and number_in(verb.about) is None:
        # «改不了手机号怎么办» is a sentence, not a wish to change an answer.
        return await turn.words(verb.text)
    if step is None or isinstance(step, Code):
        return await _which(turn, rows)
    draft.editing = step.id
    return await turn.question()


def _named(flow: Flow, trail: tuple[str, ...], about: str) -> Step[object] | None:
    wanted = plain(about)
    for name in trail:
        step = flow.steps[name]
        if wanted and wanted in {plain(one) for one in (step.title, *step.aka)}:
            return step
    return None


def _numbered(rows: list[tuple[Step[object], str]], about: str) -> Step[object] | None:
    number = number_in(about)
    if number is not None and 1 <= number <= len(rows):
        return rows[number - 1][0]
    near = nearest(about, [step.title for step, _ in rows])
    return None if near is None else rows[near][0]


async def _which(turn: Turn, rows: list[tuple[Step[object], str]]) -> Reply:
    options = tuple(Option(f"改{step.title}") for step, _ in rows if not isinstance(step, Code))
    if not options:
        return (await turn.question()).after("这里还没有可以改的内容。")
    return Reply("要改哪一项？", (*options, Option("继续")))


async def _why(turn: Turn, _verb: Verb) -> Reply:
    draft = turn.draft
    if draft is None:
        return (await turn.home()).after("您可以从下面选一项开始。")
    reasons = [step.why for step in (turn.asked, turn.open_step(draft)) if step and step.why]
    why = reasons[0] if reasons else "这一步是办理需要的，不清楚可以回复“人工”问问工作人员。"
    return (await turn.question()).after(why)


_HELP = (
    "回复数字就能选；也可以直接打字。\n"
    "随时可用：菜单、返回、退出（填过的会留着）、继续、改…（例如“改手机号”）、为什么、人工。"
)


async def _help(turn: Turn, _verb: Verb) -> Reply:
    hint = turn.asked.hint if turn.asked else ""
    return (await turn.question()).after("\n".join(filter(None, (_HELP, hint))))


async def _result(turn: Turn, _verb: Verb) -> Reply:
    return (await turn.question()).after("没有正在等的结果。")


async def _next_page(turn: Turn, _verb: Verb) -> Reply:
    return (await turn.question()).after("后面没有了。")


async def _repeat(turn: Turn, _verb: Verb) -> Reply:
    return await turn.question()


VERBS: Mapping[VerbWord, Callable[[Turn, Verb], Awaitable[Reply]]] = MappingProxyType(
    {
        VerbWord.MENU: _menu,
        VerbWord.BACK: _back,
        VerbWord.LEAVE: _leave,
        VerbWord.GO_ON: _go_on,
        VerbWord.AGAIN: _again,
        VerbWord.HELP: _help,
        VerbWord.WHY: _why,
        VerbWord.CHANGE: _change,
        VerbWord.RESULT: _result,
        VerbWord.NEXT_PAGE: _next_page,
        VerbWord.REPEAT: _repeat,
    }
)
"""What each word does, wherever it is said."""
