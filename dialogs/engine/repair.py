"""Everything that gets a talk back on its way, written once for all flows.

Global verbs, misses, stale taps, returning after a while, words outside any flow.

Source: S0-19.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from dialogs.desk import Desk
from dialogs.engine import review
from dialogs.engine.catalog import Catalog
from dialogs.engine.choosing import nearest, number_in, plain
from dialogs.engine.flow import Flow, Receipt
from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.outside import Code
from dialogs.engine.steps import Answers, Heard, Step
from dialogs.engine.walk import REVIEW, walk
from dialogs.engine.ways import Stale, Verb, VerbWord
from domain.shared.conversations import Conversation, Draft

__all__ = ["VERBS", "Turn", "closing", "miss", "stale", "unplaced", "welcome_back"]

_FINISHED_SECONDS = 10 * 60
"""For so long, confirming once more repeats the receipt."""

_GREETINGS = {
    **dict.fromkeys(("你好", "您好", "hi", "hello", "嗨", "在吗", "早上好", "开始"), "您好！"),
    **dict.fromkeys(("谢谢", "谢谢你", "谢谢您", "多谢", "thanks"), "不客气！"),
    **dict.fromkeys(("再见", "拜拜", "好的", "好", "嗯", "知道了", "ok"), "好的，需要时随时找我。"),
}

_PERSON = Option("联系人工", say="人工")


class Turn(Protocol):
    """What repair needs of the talk it mends."""

    catalog: Catalog
    conversation: Conversation
    desk: Desk

    @property
    def draft(self) -> Draft | None:
        """The draft being talked about."""

    def answers_of(self, draft: Draft) -> Answers:
        """Return a draft's answers."""

    def open_step(self, draft: Draft) -> Step[object] | None:
        """Return the open question."""

    def begun(self, draft: Draft) -> bool:
        """Tell whether anything was answered in a draft."""

    def keepable(self, draft: Draft) -> bool:
        """Tell whether a draft is worth coming back to."""

    def left_title(self) -> str:
        """Return the title of what was left."""

    async def begin(self, start: Start) -> Reply:
        """Begin a flow."""

    async def enter(self, lead: str = "") -> Reply:
        """Open the top draft."""

    async def question(self) -> Reply:
        """Put the open question again."""

    async def home(self) -> Reply:
        """Return the home page."""


def _flow(turn: Turn, draft: Draft) -> Flow:
    return turn.catalog.acts[draft.flow]


# Words that were not understood


async def miss(turn: Turn, sentence: str, heard: Heard) -> Reply:
    """Answer words that do not fit: a question of theirs, or the sentence that says what to do.

    The first miss gets the sentence, the second a hint as well, the third a person.
    """
    if heard.text:
        topic = await turn.desk.content.ask(heard.text)
        if topic:
            return (await turn.question()).after(topic.answer)
    turn.conversation.misses += 1
    draft = turn.draft
    step = turn.open_step(draft) if draft else None
    hint = step.hint if step and turn.conversation.misses > 1 else ""
    reply = await turn.question()
    options = reply.options
    if turn.conversation.misses > 2:  # noqa: PLR2004 (the third miss)
        options = (*options, _PERSON)
    if options:
        return Reply("\n".join(filter(None, (sentence, hint))), options, mark=reply.mark)
    return Reply(
        "\n".join(filter(None, (sentence, hint))), closing=_ways_out(draft), mark=reply.mark
    )


def _ways_out(draft: Draft | None) -> str:
    return "也可以回复“返回”“帮助”或“菜单”。" if draft else ""


async def unplaced(turn: Turn, text: str) -> Reply:
    """Answer words said outside any flow."""
    finished = turn.conversation.finished
    if finished and _confirms_again(turn, finished.get("word"), finished.get("at"), text):
        receipt = Receipt.from_json(finished)
        return closing(turn, receipt, mark="").after("刚才已经办好了：")
    home = await turn.home()
    if plain(text) in _GREETINGS:
        turn.conversation.misses = 0
        return home.after(_GREETINGS[plain(text)])
    topic = await turn.desk.content.ask(text)
    if topic:
        turn.conversation.misses = 0
        return Reply(topic.answer, home.options, closing=home.closing)
    near = nearest(text, list(turn.catalog.words))
    if near is not None:
        return await turn.begin(list(turn.catalog.words.values())[near])
    turn.conversation.misses += 1
    if turn.conversation.misses > 2:  # noqa: PLR2004 (the third miss)
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
            if step.answered(stored) and step.show(stored):
                said = f"这一题已经答过：{step.show(stored)}。要改请回复“改{step.title}”。"
                return (await turn.question()).after(said)
    return (await turn.question()).after(f"“{way.text}”是之前的选项，现在请看这里：")


def welcome_back(turn: Turn, draft: Draft) -> Reply:
    """Ask whether to go on with what was begun a while ago."""
    flow = _flow(turn, draft)
    progress = review.sections(flow, turn.answers_of(draft), walk(type(flow), draft))
    return Reply(
        "\n".join(
            filter(
                None,
                (f"您上次办「{flow.title}」还没办完，填过的都在。", progress, "现在要怎么做？"),
            )
        ),
        (Option("继续"), Option("重新开始"), Option("菜单")),
    )


def closing(turn: Turn, receipt: Receipt, *, mark: str) -> Reply:
    """Say what was done and what may come next."""
    left = turn.left_title()
    options = receipt.options
    if left:
        options = (*options, Option(f"继续{left}", say="继续"))
    return Reply(receipt.text, options, closing="回复“菜单”回到主菜单。", mark=mark)


# Verbs


async def _menu(turn: Turn, _verb: Verb) -> Reply:
    talk = turn.conversation
    talk.drafts[:] = [
        draft
        for draft in talk.drafts
        if turn.keepable(draft) and (turn.begun(draft) or draft.given)
    ]
    talk.open = False
    talk.misses = 0
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
    talk.open = True
    talk.misses = 0
    draft = talk.drafts[-1]
    draft.editing = ""
    flow = _flow(turn, draft)
    progress = review.sections(flow, turn.answers_of(draft), walk(type(flow), draft))
    return await turn.enter(progress)


async def _again(turn: Turn, _verb: Verb) -> Reply:
    talk = turn.conversation
    if not talk.drafts:
        return await turn.home()
    old = talk.drafts.pop()
    given = {name: old.answers[name] for name in old.given if name in old.answers}
    reply = await turn.begin(Start(old.flow, given))
    talk.drafts[-1].pushed = old.pushed
    return reply


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
    position = walk(type(flow), draft)
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
    if not turn.keepable(draft) or not (turn.begun(draft) or draft.given):
        talk.drafts.remove(draft)
    if not pages:
        return await _menu(turn, Verb(VerbWord.MENU))
    talk.drafts.remove(pages[-1])
    talk.drafts.append(pages[-1])
    return await turn.question()


async def _change(turn: Turn, verb: Verb) -> Reply:
    draft = turn.draft
    if draft is None:
        return (await turn.home()).after("现在没有正在填的内容。")
    flow = _flow(turn, draft)
    position = walk(type(flow), draft)
    rows = review.lines(flow, turn.answers_of(draft), position)
    step = _named(flow, position.trail, verb.about) or _numbered(rows, verb.about)
    if step is None or isinstance(step, Code):
        return await _which(turn, rows, verb)
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


async def _which(turn: Turn, rows: list[tuple[Step[object], str]], verb: Verb) -> Reply:
    if not rows:
        return (await turn.question()).after("这里还没有可以改的内容。")
    options = tuple(Option(f"改{step.title}") for step, _ in rows if not isinstance(step, Code))
    asked = f"没有找到“{verb.about}”这一项。" if verb.about else ""
    return Reply(f"{asked}要改哪一项？", (*options, Option("继续")))


async def _why(turn: Turn, _verb: Verb) -> Reply:
    draft = turn.draft
    step = turn.open_step(draft) if draft else None
    why = (
        step.why if step and step.why else "这一步是办理需要的，不清楚可以回复“人工”问问工作人员。"
    )
    return (await turn.question()).after(why if draft else "您可以从下面选一项开始。")


_HELP = (
    "回复数字就能选；也可以直接打字。\n"
    "随时可用：菜单、返回、退出（填过的会留着）、继续、改…（例如“改手机号”）、为什么、人工。"
)


async def _help(turn: Turn, _verb: Verb) -> Reply:
    draft = turn.draft
    step = turn.open_step(draft) if draft else None
    hint = step.hint if step else ""
    return (await turn.question()).after("\n".join(filter(None, (_HELP, hint))))


async def _result(turn: Turn, _verb: Verb) -> Reply:
    result = turn.conversation.result
    if result:
        return Reply(result, closing="回复“继续”接着办，回复“菜单”回到主菜单。")
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
