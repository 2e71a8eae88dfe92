"""Citizens who say anything at all, and what must hold whatever they say.

A `Crowd` talks to the whole bot through the webhook's bytes. After every message it compares the
stored talk and the records with what they were, and fails with the transcript's last line.
"""

import asyncio
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.routing import choose
from dialogs.engine.catalog import Catalog
from dialogs.engine.flow import SettledError
from dialogs.engine.messages import Said, SaidKind
from dialogs.engine.outside import Code, Secure
from dialogs.engine.repeat import Repeat
from dialogs.engine.steps import Answers, Photo, Step
from dialogs.engine.texts import Agree, Read
from dialogs.engine.walk import walk
from dialogs.engine.ways import Verb, VerbWord
from domain.shared.conversations import Conversation, Draft
from domain.shared.errors import DomainError, NeedsError
from domain.shared.idents import Masked, mask
from domain.shared.pages import FORM_PATH
from tests.support.platform import Post, ReplySeen
from tests.support.town import PUBLIC_URL, Resident, Town

__all__ = ["PASSWORD", "Crowd"]

PASSWORD = "qinghe-yuecai-72"  # noqa: S105 (one that is typed to see that it is never told)
_NEVER_SAID = ("无效", "非法", "抱歉", "错误代码", "系统繁忙", "None", "Error")
_HOME = ("快速配租", "我的登记", "常见问题", "联系人工")
_ENDS_TALKS = {"close_account", "withdraw_consent"}
_MOST_DRAFTS = 8
_ROWS_OF = {
    "accounts": {"sign_up", "sign_in", "reset_password", "recover"},
    "registrations": {"register"},
    "tickets": {"human"},
}
"""Which flows make rows of a table, one for each effect."""

_LIVE_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM registrations WHERE state = 'registered'
    GROUP BY family_id, unit_id HAVING count(*) > 1)"""


@dataclass(slots=True)
class _Phone:
    """What one citizen has seen and done."""

    who: Resident
    replies: list[ReplySeen] = field(default_factory=list)
    sent: tuple[Post, ReplySeen | None] | None = None
    shots: int = 0

    @property
    def other(self) -> str:
        """A second phone of theirs."""
        return self.who.phone[:6] + "9" + self.who.phone[7:]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What lay on record at one moment."""

    rows: Mapping[str, int]
    effects: Mapping[str, str]

    def flows(self) -> Counter[str]:
        """Count the effects of each flow."""
        return Counter(self.effects.values())


class Crowd:
    """Several citizens of one town, numbered in the order of their names."""

    def __init__(self, town: Town, names: Sequence[str]) -> None:
        self.town = town
        self.phones = [_Phone(town.residents[name]) for name in names]
        self.transcript: list[str] = []
        self.messages = 0
        file = town.settings.database.url.partition("///")[2]
        self._records = sqlite3.connect(Path(file).as_uri() + "?mode=ro", uri=True)

    def close(self) -> None:
        """Look at the records no more."""
        self._records.close()

    @property
    def _catalog(self) -> Catalog:
        flows: Catalog = self.town.app.state.flows
        return flows

    # What lies on record

    async def talk(self, phone: _Phone) -> Conversation:
        """Return a citizen's talk as it is stored now."""
        payload = await self.town.house.conversations.peek(phone.who.openid)
        if payload is None:
            return Conversation(phone.who.openid)
        return Conversation.from_json(json.loads(self.town.house.cipher.open(payload)))

    def seen(self) -> _Seen:
        """Return what lies on record now."""
        rows = {
            table: self._records.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 (a table's name, written above)
            for table in _ROWS_OF
        }
        return _Seen(rows, dict(self._records.execute("SELECT draft_id, flow FROM effects")))

    # What citizens do

    async def say(self, number: int, words: str, tap: str | None = None) -> ReplySeen | None:
        """Let a citizen say something, typed or tapped."""
        phone = self.phones[number]
        post = self.town.platform.text(phone.who.openid, words, tap=tap)
        again = await self._begins_anew(phone, words, tap or "")
        reply = await self.send(number, post, words + (f" [{tap}]" if tap else ""), lets_go=again)
        if words == VerbWord.MENU and tap is None:
            assert all(option in (reply.text if reply else "") for option in _HOME), "not home"
            assert not (await self.talk(phone)).open, "something is still open at home"
        return reply

    async def _begins_anew(self, phone: _Phone, words: str, tap: str) -> bool:
        way = choose(Said(SaidKind.TEXT, words, tap), await self.talk(phone), self._catalog)
        return isinstance(way, Verb) and way.word is VerbWord.AGAIN

    async def send(
        self, number: int, post: Post, shown: str, *, silent: bool = False, lets_go: bool = False
    ) -> ReplySeen | None:
        """Let the platform deliver a message; everything that must hold is checked."""
        phone = self.phones[number]
        before, seen = await self.talk(phone), self.seen()
        self.town.clock.forward(5)
        self.transcript.append(f"{phone.who.name}> {shown}")
        reply = await self._delivered(phone, post, silent=silent)
        self.check_records(seen, 1)
        if not lets_go:
            await self._check_kept(phone, before, seen)
        return reply

    async def _delivered(self, phone: _Phone, post: Post, *, silent: bool) -> ReplySeen | None:
        self.messages += 1
        reply = await self.town.deliver(post)
        phone.sent = (post, reply)
        self._check_reply(phone, reply, silent=silent)
        return reply

    async def redeliver(self, number: int) -> None:
        """Deliver a citizen's last message once more; it changes nothing and is told the same."""
        phone = self.phones[number]
        if phone.sent is None:
            return
        post, told = phone.sent
        before, seen = await self.talk(phone), self.seen()
        self.transcript.append(f"{phone.who.name}> (redelivered)")
        self.messages += 1
        again = await self.town.deliver(post)
        assert (again is None) == (told is None), "a redelivery was answered otherwise"
        if again and told:
            assert (again.text, again.taps, again.links) == (told.text, told.taps, told.links)
        assert self.seen() == seen, "a redelivery was put on record"
        assert await self.talk(phone) == before, "a redelivery changed the talk"

    async def burst(self, said: Sequence[tuple[int, str]]) -> None:
        """Deliver several messages at the same moment, some of one citizen."""
        seen = self.seen()
        self.town.clock.forward(5)
        names = [self.phones[number].who.name for number, _ in said]
        self.transcript.append(
            " ‖ ".join(f"{name}> {words}" for name, (_, words) in zip(names, said, strict=True))
        )
        phones = [self.phones[number] for number, _ in said]
        posts = [
            self.town.platform.text(phone.who.openid, words)
            for phone, (_, words) in zip(phones, said, strict=True)
        ]
        await asyncio.gather(
            *(
                self._delivered(phone, post, silent=False)
                for phone, post in zip(phones, posts, strict=True)
            )
        )
        self.check_records(seen, len(said))

    async def answer(self, number: int, choice: int) -> None:
        """Let a citizen answer the open question as it wants to be answered."""
        phone = self.phones[number]
        before = await self.talk(phone)
        draft = before.drafts[-1] if before.open and before.drafts else None
        step = self._open_step(draft) if draft else None
        match step:
            case Photo():
                await self.photo(number, choice)
            case Secure() if phone.replies and phone.replies[-1].links:
                await self.page(number, right=True)
                await self.say(number, "继续")
            case _:
                await self.say(number, self._words_for(phone, before, draft, step, choice))

    def _open_step(self, draft: Draft) -> Step[object] | None:
        flow = self._catalog.flows[draft.flow]
        step = flow.steps.get(walk(flow, draft).at)
        return step.open_within(Answers(flow.steps, draft))[1] if step else None

    def _words_for(
        self,
        phone: _Phone,
        talk: Conversation,
        draft: Draft | None,
        step: Step[object] | None,
        choice: int,
    ) -> str:
        if draft and step is None:
            return self._catalog.flows[draft.flow].confirm
        match step:
            case Code():
                inbox = self.town.inbox(phone.who.phone) + self.town.inbox(phone.other)
                codes = sorted((one for one in inbox if one.code), key=lambda one: one.sent_at)
                return codes[-1].code if codes else "000000"
            case Agree() | Read() if not talk.pages:
                return step.tick
            case Agree() | Read():
                return VerbWord.NEXT_PAGE
        if talk.offered and (step is None or not isinstance(step, Repeat) or choice):
            return str(choice % len(talk.offered) + 1)
        return self._typed(phone, draft, step)

    @staticmethod
    def _typed(phone: _Phone, draft: Draft | None, step: Step[object] | None) -> str:
        who = phone.who
        if step is None or draft is None:
            return "快速配租"
        mine = {"sign_up", "sign_in", "reset_password", "human"}
        return {
            "phone": who.phone if draft.flow in mine else phone.other,
            "number": who.filing,
            "name": "王小二",
            "message": "想问问什么时候选房",
            "household": "3",
            "employer": "青禾物业有限公司",
            "income": "12",
            "word": "12345678",
        }.get(step.id, "完成")

    async def photo(self, number: int, choice: int) -> None:
        """Let a citizen send their ID card, or something that is none."""
        phone = self.phones[number]
        stand_ins = self.town.house.stand_ins
        assert stand_ins
        phone.shots += 1
        media_id = f"media-{number}-{phone.shots}"
        if choice % 2:
            stand_ins.pictures.keep(media_id, stand_ins.sample_card(phone.who.id_number))
        post = self.town.platform.image(phone.who.openid, media_id)
        await self.send(number, post, f"(photo {media_id})")

    async def page(self, number: int, *, right: bool) -> None:
        """Let a citizen fill in the last one-time page they were given."""
        phone = self.phones[number]
        links = [link.url for reply in phone.replies[-9:] for link in reply.links]
        forms = [url.removeprefix(PUBLIC_URL) for url in links if FORM_PATH in url]
        if not forms:
            return
        before, seen = await self.talk(phone), self.seen()
        self.transcript.append(f"{phone.who.name}> (page, {'right' if right else 'wrong'})")
        page = await self.town.client.get(forms[-1])
        boxes = re.findall(r'<input[^>]*name="([a-z]\w*)"', page.text)
        right_ones = {"name": phone.who.name, "id_number": phone.who.id_number}
        filled = {name: right_ones.get(name, PASSWORD) if right else "x" for name in boxes}
        taken = await self.town.client.post(forms[-1], data=filled)
        for answer in (page, taken):
            assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, answer.status_code
        assert self.seen() == seen, "a page had an effect of its own"
        assert await self.talk(phone) == before, "a page changed the talk by itself"

    # What must hold

    def _check_reply(self, phone: _Phone, reply: ReplySeen | None, *, silent: bool) -> None:
        shown = reply.text.replace("\n", "\n    ") if reply else "(nothing)"
        self.transcript.append(f"    {shown}")
        assert (reply is None) == silent, "silence where an answer was due, or the reverse"
        if reply is None:
            return
        phone.replies.append(reply)
        assert reply.to == phone.who.openid, "somebody else's reply"
        shown = reply.xml
        for word in _NEVER_SAID:
            assert word not in reply.text, f"we never say {word}"
        for secret in self._secrets():
            assert not re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", shown), f"told: {secret}"
        for other in self.phones:
            if other is not phone:
                for canary in _canaries(other):
                    assert canary not in shown, f"told somebody else: {canary}"

    def _secrets(self) -> set[str]:
        codes = {
            sms.code
            for phone in self.phones
            for number in (phone.who.phone, phone.other)
            for sms in self.town.inbox(number)
            if sms.code
        }
        return codes | {PASSWORD} | {phone.who.id_number for phone in self.phones}

    def check_records(self, before: _Seen, messages: int) -> None:
        """Check what so many messages put on record."""
        after = self.seen()
        new = after.flows() - before.flows()
        assert before.effects.items() <= after.effects.items(), "an effect was forgotten"
        assert new.total() <= messages, f"too many effects at once: {new}"
        for table, flows in _ROWS_OF.items():
            added = after.rows[table] - before.rows[table]
            allowed = sum(new[flow] for flow in flows)
            assert added <= allowed, f"{added} {table} by {allowed} effects"
        assert self._records.execute(_LIVE_TWICE).fetchone() == (0,), "registered twice"

    async def _check_kept(self, phone: _Phone, before: Conversation, seen: _Seen) -> None:
        """Check that no answer went but at the open question and what hangs on it."""
        after = await self.talk(phone)
        kept = {draft.id: draft for draft in after.drafts}
        new = self.seen().effects
        if any(new[id_] in _ENDS_TALKS for id_ in new.keys() - seen.effects.keys()):
            return
        for draft in before.drafts:
            if draft.id not in kept:
                done = draft.id in new or after.finished.get("draft") == draft.id[:8]
                full = len(before.drafts) >= _MOST_DRAFTS
                gone = done or full or not self._begun(draft) or await self._refused(phone, draft)
                assert gone, f"lost what was begun of {draft.flow}: {[*draft.answers]}"
                continue
            lost = self._changed(draft, kept[draft.id]) - self._changeable(draft)
            assert not lost, f"answers of {draft.flow} changed by themselves: {lost}"

    def _begun(self, draft: Draft) -> bool:
        flow = self._catalog.flows[draft.flow]
        return not flow.reading and any(
            step.touched(draft.answers.get(name))
            for name, step in flow.steps.items()
            if name not in (*draft.given, *draft.assumed)
        )

    def _changed(self, before: Draft, after: Draft) -> set[str]:
        steps = self._catalog.flows[before.flow].steps
        return {
            name
            for name, stored in before.answers.items()
            if name in steps and steps[name].answered(stored) and after.answers.get(name) != stored
        }

    def _changeable(self, draft: Draft) -> set[str]:
        flow = self._catalog.flows[draft.flow]
        at = walk(flow, draft).at
        spoilt = {
            name for name, step in flow.steps.items() if type(step).spoilt_by is not Step.spoilt_by
        }
        resets = {at, *flow.steps[at].resets} if at in flow.steps else set()
        return spoilt | resets | {*flow.settings}

    async def _refused(self, phone: _Phone, draft: Draft) -> bool:
        """Tell whether what was begun can be gone on with no more."""
        flow = self._catalog.acts[draft.flow]
        async with self.town.house.open_work() as work:
            desk = self.town.desk(work, phone.who)
            if flow.until is not None and (await desk.citizen()).has(flow.until):
                return True
            answers = Answers(flow.steps, draft)
            try:
                await flow.admit(answers, desk)
                await desk.require(flow.requires)
                await flow.begin(answers, desk)
            except NeedsError:
                return False
            except (DomainError, SettledError):
                return True
        return False


def _canaries(phone: _Phone) -> tuple[str, ...]:
    who = phone.who
    shown = (mask(f"+86{who.phone}", Masked.PHONE), mask(who.name, Masked.NAME))
    return (who.name, who.filing, *shown)
