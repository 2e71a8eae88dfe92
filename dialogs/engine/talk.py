"""One turn of the talk: from what was said to the one reply.

Works on one citizen's conversation in memory; the caller loads and saves it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from dialogs.desk import Desk
from dialogs.engine import repair, review
from dialogs.engine.catalog import Catalog
from dialogs.engine.effects import reopened, submit_once
from dialogs.engine.flow import Flow, Receipt, SettledError
from dialogs.engine.kinds import UnfitError
from dialogs.engine.messages import Option, Reply, Start
from dialogs.engine.steps import Answers, Heard, Step
from dialogs.engine.texts import AsideError
from dialogs.engine.walk import DONE, REVIEW
from dialogs.engine.ways import (
    Begin,
    Chosen,
    Greet,
    Picture,
    Silence,
    Sorry,
    Stale,
    Verb,
    VerbWord,
    Way,
    Words,
)
from domain.shared.chance import Randomness
from domain.shared.conversations import Conversation, Draft
from domain.shared.errors import DomainError, NeedsError, UnavailableError

__all__ = ["Catalog", "Talk"]

_MOST_DRAFTS = 8
"""Begun and left at once; the oldest beyond them goes."""


class Talk(repair.Turn):
    """A conversation in the middle of a turn.

    Parameters
    ----------
    undo
        Takes back what was written in this turn, after a submit that was refused half-way.
    """

    def __init__(
        self,
        catalog: Catalog,
        conversation: Conversation,
        desk: Desk,
        *,
        chance: Randomness,
        undo: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(catalog, conversation, desk)
        self._chance = chance
        self.undo = undo
        # Whether a one-time page has brought an answer in this turn.
        self._arrived = False

    async def take(self, way: Way) -> Reply:
        """Go one way and return the reply; what it offers is remembered for the next message."""
        reply = await self._go(way)
        if not reply.silent:
            self.conversation.offered = [option.to_json() for option in reply.options]
            self.conversation.mark = reply.mark
        self.conversation.heard_at = self.desk.clock.now().timestamp()
        return reply

    async def _go(self, way: Way) -> Reply:
        # A flow may be gone from this release; what was begun of it can only be let go.
        drafts = self.conversation.drafts
        drafts[:] = [draft for draft in drafts if draft.flow in self.catalog.flows]
        await self._collect()
        if self._arrived and not isinstance(way, Silence):
            return await self._with_arrived(way)
        return await self._go_one(way)

    async def _with_arrived(self, way: Way) -> Reply:
        """Do what the page was for; then what was said, where that leads elsewhere."""
        self._arrived = False
        reply = await self.enter()
        if isinstance(way, Begin | Greet) or (isinstance(way, Verb) and way.word is VerbWord.MENU):
            return (await self._go_one(way)).after("您在网页里填的内容已经收到。")
        return reply

    async def _go_one(self, way: Way) -> Reply:
        match way:
            case Silence():
                return Reply()
            case Greet():
                return await self._greet(way)
            case Begin() | Verb() if self._claimed(way.text):
                return await self._hear(Heard(text=way.text))
            case Begin(start):
                return await self.begin(start)
            case Verb():
                return await repair.VERBS[way.word](self, way)
            case _:
                return await self._answer(way)

    async def _answer(self, way: Chosen | Stale | Words | Picture | Sorry) -> Reply:
        match way:
            case Chosen(option):
                return await self.chosen(option)
            case Words(text):
                return await self.words(text)
            case Picture(media_id):
                return await self._picture(media_id)
            case Stale():
                return await repair.stale(self, way)
            case Sorry(sentence):
                return (await self.question()).after(sentence)

    async def _collect(self) -> None:
        """Take in what a one-time page has brought for the open question."""
        draft = self.draft
        step = self.open_step(draft) if draft else None
        if draft and step:
            brought = await step.arrived(self.answers_of(draft), self.desk)
            if brought is not None and brought != draft.answers.get(step.id):
                draft.answers.pop(f"{step.id}.page", None)
                self._store(draft, step, brought)
                self._arrived = True

    # Answers

    async def words(self, text: str) -> Reply:
        """Take words as an answer, or as words outside any flow."""
        draft = self.draft
        if draft is None:
            return await repair.unplaced(self, text)
        if self.idle and not self.keepable(draft):
            self.conversation.open = False
            return await repair.unplaced(self, text)
        if self.idle and (self.begun(draft) or draft.waiter or draft.given):
            return repair.welcome_back(self, draft)
        return await self._hear(Heard(text=text))

    async def chosen(self, option: Option) -> Reply:
        """Take an option, if it was shown with the question that is open now."""
        if self.conversation.mark != self.mark:
            return (await self.question()).after("现在要回答的是另一个问题，请看这里：")
        return await self._hear(Heard(option=option))

    async def _picture(self, media_id: str) -> Reply:
        if self.draft is None:
            return (await self.home()).after("照片收到了，不过现在还用不上。")
        return await self._hear(Heard(media_id=media_id))

    def _claimed(self, text: str) -> bool:
        """Tell whether the open question takes words that mean something else everywhere else."""
        draft = self.draft
        step = self.open_step(draft) if draft else None
        return bool(text and draft and step and step.claims(text, self.answers_of(draft)))

    async def _hear(self, heard: Heard) -> Reply:
        draft = self.draft
        if draft is None:
            return await repair.unplaced(self, heard.text)
        step = self.open_step(draft)
        if step is None:
            return await self._at_review(draft, heard)
        if step.whole and self.conversation.pages:
            # Something before the text pushed its end onto a page not yet shown.
            return await self.question()
        return await self._heard_at(draft, step, heard)

    async def _heard_at(self, draft: Draft, step: Step[object], heard: Heard) -> Reply:
        try:
            stored = await step.hear(heard, self.answers_of(draft), self.desk)
        except UnfitError as unfit:
            return await repair.miss(self, unfit.sentence, heard)
        except AsideError as aside:
            return replace(aside.reply, options=(await self.question()).options, mark=self.mark)
        except DomainError as error:
            return await self._hindered(error)
        self._store(draft, step, stored)
        return await self.go_on()

    async def _hindered(self, error: DomainError) -> Reply:
        """Begin what must come first, or say what stands in the way; the answers stay."""
        if isinstance(error, NeedsError):
            return await self._push(error)
        return await self.stuck(error)

    def _store(self, draft: Draft, step: Step[object], stored: object) -> None:
        """Keep an answer; one that changes takes the answers that hang on it with it."""
        before = draft.answers.get(step.id)
        draft.answers[step.id] = stored  # type: ignore[assignment] # steps store Json
        self.conversation.misses = 0
        if not step.answered(draft.answers[step.id]):
            return
        draft.editing = ""
        # Whoever reads and chooses the same again wants to see what hangs on it, not the last page.
        if before != stored or self.flow_of(draft).reading:
            for name in step.resets:
                draft.answers.pop(name, None)

    async def _at_review(self, draft: Draft, heard: Heard) -> Reply:
        flow = self.flow_of(draft)
        if review.confirms(flow, heard.option.label if heard.option else heard.text):
            return await self._submit(draft)
        return await repair.miss(
            self, f"没有问题请回复“{flow.confirm}”，要修改请回复“改”加序号，例如“改1”。", heard
        )

    # Going on

    async def begin(self, start: Start) -> Reply:
        """Begin a flow, or go on with the same one begun before."""
        talk = self.conversation
        kept = self._same(start)
        if kept is None:
            # Whoever waits for one begun before waits for this one as well.
            waiters = [one.waiter for one in talk.drafts if one.flow == start.flow]
            talk.drafts[:] = [one for one in talk.drafts if not self._replaced(one, start)]
            kept = self._new(start, waiter=max(waiters, default=""))
        else:
            talk.drafts.remove(kept)
            # Another way to go about it keeps everything that was answered.
            kept.answers.update(start.answers)
        talk.drafts.append(kept)
        talk.open = True
        talk.misses = 0
        del talk.drafts[:-_MOST_DRAFTS]
        return await self.enter()

    async def restart(self) -> Reply:
        """Begin the top draft anew, with what it was begun with and for whoever waits for it."""
        old = self.conversation.drafts.pop()
        given = {name: old.answers[name] for name in old.given if name in old.answers}
        fresh = self._new(Start(old.flow, given), waiter=old.waiter)
        self.conversation.drafts.append(fresh)
        self.conversation.open = True
        self.conversation.misses = 0
        return await self.enter()

    def _new(self, start: Start, *, waiter: str = "") -> Draft:
        version = self.catalog.flows[start.flow].version
        answers = dict(start.answers)
        return Draft(
            self._chance.token(), start.flow, version, answers, given=list(answers), waiter=waiter
        )

    def _same(self, start: Start) -> Draft | None:
        """Return a draft of the flow that was begun the same way, to go on with."""
        settings = self.catalog.flows[start.flow].settings
        wanted = {name: kept for name, kept in start.answers.items() if name not in settings}
        for draft in self.conversation.drafts:
            given = {name: draft.answers.get(name) for name in {*draft.given} - settings.keys()}
            if draft.flow == start.flow and self.keepable(draft) and given == wanted:
                return draft
        return None

    def _replaced(self, draft: Draft, start: Start) -> bool:
        return draft.flow == start.flow and not (self.keepable(draft) and self.begun(draft))

    async def enter(self, lead: str = "") -> Reply:
        """Open the top draft: what it needs first, its opening words, its open question."""
        draft = self.conversation.drafts[-1]
        flow = self.catalog.acts[draft.flow]
        try:
            await flow.admit(self.answers_of(draft), self.desk)
            await self.desk.require(flow.requires)
            words = await flow.begin(self.answers_of(draft), self.desk)
        except NeedsError as needs:
            return await self._push(needs, lead)
        except DomainError as error:
            return await self._cannot_begin(draft, error, lead)
        except SettledError as settled:
            return (await self._done(draft, flow, settled.receipt)).after(lead)
        await self._collect()
        return await self.go_on("\n\n".join(filter(None, (lead, words))))

    async def _cannot_begin(self, draft: Draft, error: DomainError, lead: str) -> Reply:
        self.conversation.drafts.remove(draft)
        below = self.conversation.drafts[-1:]
        if below and not self.keepable(below[0]):
            reply = await self.question()
        else:
            self.conversation.open = False
            reply = await self.home()
        return reply.after(self.excused(error)).after(lead)

    async def _push(self, needs: NeedsError, lead: str = "") -> Reply:
        """Begin what must come first; the top draft waits for it."""
        talk = self.conversation
        waiter = talk.drafts[-1].id
        wanted = self.catalog.provider(needs.need)  # type: ignore[arg-type] # needs are Needs
        kept = next((draft for draft in talk.drafts if draft.flow == wanted), None)
        if kept:
            talk.drafts.remove(kept)
            kept.waiter = waiter
        talk.drafts.append(kept or self._new(Start(wanted), waiter=waiter))
        talk.open = True
        return await self.enter(lead)

    async def go_on(self, lead: str = "") -> Reply:
        """Ask the open draft's next question, show its answers, or have its effect."""
        draft = self.conversation.drafts[-1]
        if self.position(draft).at == DONE:
            return (await self._submit(draft)).after(lead)
        return (await self.question()).after(lead)

    async def home(self) -> Reply:
        """Return the home page."""
        return await self.catalog.front.home(self.desk, left=self.left_title())

    async def question(self) -> Reply:
        """Put the open question again; the home page where nothing is open."""
        draft = self.draft
        if draft is None:
            return await self.home()
        flow = self.catalog.acts[draft.flow]
        position = self.position(draft)
        answers = self.answers_of(draft)
        if position.at in (REVIEW, DONE):
            answers.hidden.update(flow.steps.keys() - set(position.trail))
            reply = await review.page(flow, answers, position, self.desk)
        else:
            try:
                reply = await self._asked(draft, flow.steps[position.at], answers)
            except DomainError as error:
                return await self._hindered(error)
        return reply.marked(self.mark)

    async def _asked(self, draft: Draft, step: Step[object], answers: Answers) -> Reply:
        reply = await step.ask(answers, self.desk)
        kept = draft.answers.get(step.id)
        shown = step.show(kept) if draft.editing == step.id and step.answered(kept) else ""
        if shown and self.keepable(draft):
            reply = reply.after(f"原来填的是：{shown}。不改请回复“继续”。")
        return reply

    async def stuck(self, error: DomainError) -> Reply:
        """Say why the open question cannot be answered now; the draft stays as it is."""
        draft = self.draft
        step = self.open_step(draft) if draft else None
        options = step.choices() if step else ()
        again = Option("继续") if isinstance(error, UnavailableError) else Option("联系人工")
        ways = options or (again, Option("返回"), Option("菜单"))
        return Reply(self.excused(error), ways, mark=self.mark)

    # The one effect

    async def _submit(self, draft: Draft) -> Reply:
        flow = self.catalog.acts[draft.flow]
        try:
            receipt = await submit_once(flow, draft, self.desk)
        except DomainError as error:
            await self.undo()
            if reopened(flow, draft, error):
                return (await self.question()).after(self.excused(error))
            return await self._hindered(error)
        self.desk.look_again()
        return await self._done(draft, flow, receipt)

    async def _done(self, draft: Draft, flow: Flow, receipt: Receipt) -> Reply:
        talk = self.conversation
        talk.drafts.remove(draft)
        if self.desk.openid in self.desk.left_behind:
            # What was begun goes with the account: there is nothing to go on with.
            talk.drafts.clear()
        talk.misses = 0
        waiting = [one for one in talk.drafts if one.id == draft.waiter]
        if not waiting:
            talk.drafts[:] = [one for one in talk.drafts if await self._worth_keeping(one)]
            talk.finished = {
                "draft": draft.id[:8],
                "word": flow.confirm if flow.review else "",
                "at": self.desk.clock.now().timestamp(),
                **receipt.to_json(),
            }
        if receipt.start and not waiting:
            return (await self.begin(receipt.start)).after(receipt.text)
        if waiting:
            # Whatever else was begun meanwhile stays below.
            talk.drafts.remove(waiting[0])
            talk.drafts.append(waiting[0])
            return await self.enter(receipt.text)
        talk.open = False
        return repair.closing(self, receipt, mark=f"{draft.id[:8]}.{DONE}")

    async def _worth_keeping(self, draft: Draft) -> bool:
        until = self.flow_of(draft).until
        moot = until is not None and (await self.desk.citizen()).has(until)
        return self.keepable(draft) and not moot

    async def _greet(self, way: Greet) -> Reply:
        welcome = await self.catalog.front.welcome(self.desk, scene=way.scene, new=way.new)
        if welcome.start and welcome.start.flow in self.catalog.flows:
            return (await self.begin(welcome.start)).after(welcome.text)
        self.let_go()
        return (await self.home()).after(welcome.text)
