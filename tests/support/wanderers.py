"""Citizens who say anything at all, and what must hold whatever they say.

A `Wander` plays some moves in a town through the real webhook, and after each looks at what must
always be true. The moves are plain data, so that a failing talk can be made shorter.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Final

import httpx
from hypothesis import strategies as st
from sqlalchemy import func, select

from adapters.simulated import DEMO_WORLD, World
from adapters.sql.schema import METADATA
from bot.talks import loaded
from dialogs.engine.dsl import Agree, Ask, Code, Menu, Read, Secure
from dialogs.engine.flow import Flow
from dialogs.engine.kinds import filing_number
from dialogs.engine.kinds import phone as a_phone
from dialogs.engine.messages import Said, SaidKind
from dialogs.engine.steps import Step
from dialogs.engine.talk import Catalog
from dialogs.engine.walk import walk
from domain.accounts.model import number_said
from domain.shared.conversations import Conversation, Draft, Json
from tests.support.kept_answers import begins_anew, look_for_losses
from tests.support.platform import Post, ReplySeen
from tests.support.town import PUBLIC_URL, Resident, Town

__all__ = ["MOVES", "STATES", "Do", "Move", "Wander"]

CAST: Final = ("周安然", "林若溪", "沈玉兰")
"""Two of one family, and one of another."""

PASSWORD: Final = "Anju-9-geese-fly"  # noqa: S105 (made up)
EXAMPLE: Final = "1101052019000123"
"""The filing number that the bot gives as an example."""

HOME: Final = "请选择要办的事"
_TOLD = re.compile(r"登记成功！\s*编号：(DJ\d+)")
_WORDS_FOR_ALL: Final = ("系统繁忙", "None", "Traceback", "{", "}")
_WORLD: Final = World.load(DEMO_WORLD)
_SAID = re.compile(r"<(?:Content|EventKey|MsgType)><!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_LINES_TOLD: Final = 24
_GROWING: Final = ("acts", "consents", "deliveries", "effects", "pages", "registrations", "tickets")
_PAUSES: Final = (61, 200, 31 * 60, 61, 6 * 3600)
"""Seconds; a plan is open for a few days."""
_BOX = re.compile(r'<input (?![^>]*type="hidden")[^>]*name="(\w+)"')
_FIXED_BOX = re.compile(r'<input (?=[^>]*type="hidden")[^>]*name="(\w+)"[^>]*value="([^"]*)"')
_ENDS_TALKS: Final = {"close_account", "withdraw_consent"}
_HARMLESS: Final = ("菜单", "帮助", "为什么", "再说一遍", "结果", "???")

BEGINNINGS: Final = (
    *("快速配租", "只看我能登记的", "我的登记", "我的", "常见问题", "人工", "协议与隐私", "注册"),
    *("登录", "实名认证", "备案认证", "备案信息", "取消登记", "退出登录", "打印登记表"),
)
VERBS: Final = (*_HARMLESS, "返回", "退出", "继续", "重新开始", "改", "改1", "改手机号", "下一页")
ANSWERS: Final = (
    *("1", "２", "三", "第1个", "9", "0", "1,2", "全部", "青禾家园", "一居室", "二居室", "同意"),
    *("我已阅读并同意", "确定", "提交", "重新获取", "000000", "好", "不要", "以后再说"),
)
NOISE: Final = (
    *(
        "",
        "😀😀",
        "长" * 1_500,
        "]]>",
        '<a href="x">y</a>',
        "'; DROP TABLE accounts; --",
        "\x00\x07",
    ),
    *(
        "13800138000",
        "110100198604120019",
        "1101052019000123",
        "轮候要等多久",
        "改不了手机号怎么办",
    ),
    *(f"密码是{PASSWORD}", "{name}", "%s%n", "菜单" * 40, "谢谢", "你好", "－１", "99999"),
)


class Do(StrEnum):
    """What a citizen can do, or what can happen; a failing talk shrinks to what comes first."""

    REST = "do nothing"
    SAY = "say"
    ANSWER = "answer what is asked"
    TAP = "tap an option of an earlier reply"
    AGAIN = "be delivered again"
    BURST = "say several things at once"
    PAGE = "fill in the last page"
    SPOIL = "fill in the last page wrongly"
    SEND = "send something that is no text"
    SCAN = "scan a poster"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    WAIT = "let time pass"
    RESTART = "restart the bot"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happens: who, what, the words of it, and a number where one is needed."""

    do: Do
    who: int = 0
    words: tuple[str, ...] = ()
    number: int = 0


_WORDS = st.one_of(*map(st.sampled_from, (VERBS, BEGINNINGS, ANSWERS, NOISE)))
_OFTEN: Final = {Do.ANSWER: 18, Do.SAY: 5, Do.TAP: 2}

MOVES: Final = st.builds(
    Move,
    st.sampled_from([do for do in Do for _ in range(_OFTEN.get(do, 1))]),
    # One of them says most: a registration takes many messages.
    who=st.sampled_from([0, 0, 0, 0, 1, 2]),
    words=st.tuples(_WORDS, _WORDS, _WORDS),
    number=st.integers(0, 9),
)
STATES: Final = st.tuples(
    *[
        st.sampled_from(
            [(), ("signed-up",), ("signed-up", "verified"), ("signed-up", "verified", "bound")]
        )
    ]
    * len(CAST)
)
"""How far each of the cast has come before; see `Town.bring`."""


@dataclass(slots=True)
class _Phone:
    """What one citizen has sent and seen."""

    posts: list[tuple[Post, ReplySeen | None]] = field(default_factory=list)
    link: str = ""

    @property
    def last(self) -> ReplySeen | None:
        return next((reply for _, reply in reversed(self.posts) if reply), None)


class Wander:
    """Some citizens in one town."""

    def __init__(self, town: Town, tally: Counter[str]) -> None:
        self.town = town
        self.tally = tally
        self.cast = [town.residents[name] for name in CAST]
        self._phones = {one.name: _Phone() for one in self.cast}
        self._numbers: dict[str, str] = {}
        self._serials = count(1)
        self._heard: list[str] = []

    async def play(self, states: Sequence[Sequence[str]], moves: Sequence[Move]) -> None:
        """Bring everybody to a state, let things happen, and look at what is on record."""
        for who, brought in zip(self.cast, states, strict=True):
            await self.town.bring(who, brought)
        try:
            for move in moves:
                self.town.clock.forward(1)
                await self._act(move)
            await self._end()
        except Exception as error:
            error.add_note("\n".join(self._heard[-_LINES_TOLD:]))
            raise

    # What happens

    async def _act(self, move: Move) -> None:
        who, platform = self.cast[move.who], self.town.platform
        match move.do:
            case Do.SAY:
                await self._say(who, move.words[0])
            case Do.ANSWER:
                await self._answer(who)
            case Do.TAP:
                await self._tap(who, move.number)
            case Do.AGAIN:
                await self._again(who, move.number)
            case Do.BURST:
                await self._burst(who, move.words)
            case Do.PAGE | Do.SPOIL:
                await self._page(who, spoil=move.do is Do.SPOIL)
            case Do.SEND:
                kinds = (platform.image, platform.voice, platform.video, platform.location)
                make = (*kinds, platform.link, platform.file)[move.number % 6]
                await self._send(who, make(who.openid), harmless=make is not platform.image)
            case _:
                await self._happen(move, who)

    async def _happen(self, move: Move, who: Resident) -> None:
        platform = self.town.platform
        match move.do:
            case Do.SCAN:
                await self._send(who, platform.scan(who.openid, await self._scene(move.number)))
            case Do.FOLLOW:
                scene = await self._scene(move.number) if move.number % 2 else ""
                await self._send(who, platform.follow(who.openid, scene))
            case Do.UNFOLLOW:
                assert await self.town.deliver(platform.unfollow(who.openid)) is None
            case Do.WAIT:
                self.town.clock.forward(_PAUSES[move.number % len(_PAUSES)])
            case Do.RESTART:
                await self._restart()
            case Do.REST:
                pass
            case _:
                raise AssertionError(move)

    async def _say(self, who: Resident, words: str) -> None:
        post = self.town.platform.text(who.openid, words)
        said = Said(SaidKind.TEXT, words)
        await self._send(who, post, said, harmless=words in _HARMLESS)

    async def _send(
        self, who: Resident, post: Post, said: Said | None = None, *, harmless: bool = False
    ) -> None:
        """Deliver a message; look at the one reply, and at what became of the answers."""
        before, effects = await self._talk(who), await self._effects()
        reply = await self.town.deliver(post)
        assert reply, f"no answer to {post.xml}"
        self._look(who, post, reply)
        after, done = await self._talk(who), await self._effects()
        if before and harmless:
            await self._nothing_lost(before, after)
        anew = bool(before and said and begins_anew(self._catalog, before, said))
        ended = {done[id_] for id_ in done.keys() - effects.keys()} & _ENDS_TALKS
        if before and after and not anew and not ended:
            await look_for_losses(self.town, who, before, after, done)
        if _SAID.findall(post.xml)[-1:] == ["菜单"]:
            assert HOME in reply.text, "the menu does not lead home"

    async def _answer(self, who: Resident) -> None:
        """Answer the open question as somebody would who understands it."""
        talk = await self._talk(who)
        draft = talk.drafts[-1] if talk and talk.open and talk.drafts else None
        if draft is None:
            await self._begin(who)
            return
        flow = self._catalog.flows[draft.flow]
        step = flow.steps.get(walk(flow, draft).at)
        if isinstance(step, Secure) and not self._phones[who.name].link:
            await self._say(who, "再说一遍")
        if isinstance(step, Secure):
            await self._page(who)
            await self._say(who, "继续")
        else:
            await self._say(who, self._words_for(who, flow, step, draft))

    async def _begin(self, who: Resident) -> None:
        """Begin something: with a poster of an open plan every other time."""
        number = next(self._serials)
        if number % 2:
            found = await self.town.project("潞城里")
            assert found
            await self._send(who, self.town.platform.scan(who.openid, found[0].scene))
        else:
            await self._say(who, BEGINNINGS[number // 2 % len(BEGINNINGS)])

    def _words_for(
        self, who: Resident, flow: type[Flow], step: Step[object] | None, draft: Draft
    ) -> str:
        match step:
            case None:
                return flow.confirm
            case Code():
                return self._code(who, draft.answers.get(step.id))
            case Read() | Agree():
                last = self._phones[who.name].last
                return "下一页" if last and "下一页" in last.text else step.tick
            case Ask() if not step.choices():
                return self._typed(who, step)
            case Menu():
                return str(1 + next(self._serials) % 3)
            case _:
                return self._picked(who)

    def _picked(self, who: Resident) -> str:
        """Return the number of an option that is for this citizen's family, or else the first."""
        last = self._phones[who.name].last
        family = _WORLD.families.get(who.filing)
        fits = family.unit_types if family else ()
        labels = [tap.label for tap in last.taps] if last else []
        found = [at for at, label in enumerate(labels, 1) if any(one in label for one in fits)]
        return str(found[0] if found else 1)

    def _typed(self, who: Resident, step: Ask[object]) -> str:
        if step.kind is a_phone:
            return who.phone
        if step.kind is filing_number:
            return who.filing or EXAMPLE
        return self._canary(who)

    def _code(self, who: Resident, state: Json) -> str:
        match state:
            case {"captcha": str(question)}:
                left, _, right = question.removesuffix("等于几").partition("加")
                return str((number_said(left) or 0) + (number_said(right) or 0))
            case _:
                inbox = self.town.inbox(who.phone)
                return inbox[0].code if inbox else "重新获取"

    def _canary(self, who: Resident) -> str:
        return f"{who.openid}说：水龙头坏了"

    async def _tap(self, who: Resident, number: int) -> None:
        """Tap an option of one of the last replies, with its id or without."""
        replies = [reply for _, reply in self._phones[who.name].posts if reply and reply.taps]
        if not replies:
            return
        shown = replies[-1 - number % min(3, len(replies))]
        tap = shown.taps[number % len(shown.taps)]
        tap_id = None if number == 7 else tap.id
        post = self.town.platform.text(who.openid, tap.text, tap=tap_id)
        await self._send(who, post, Said(SaidKind.TEXT, tap.text, tap_id or ""))

    async def _again(self, who: Resident, number: int) -> None:
        posts = self._phones[who.name].posts
        if not posts:
            return
        post, told = posts[-1 - number % min(3, len(posts))]
        now = self.town.clock.now().timestamp()
        if now - int(post.query["timestamp"]) > self.town.settings.wechat.freshness_seconds:
            return
        before = await self._stored()
        again = await self.town.deliver(post)
        self.tally["messages"] += 1
        assert again
        assert told
        assert (again.text, again.taps, again.links, again.card) == (
            told.text,
            told.taps,
            told.links,
            told.card,
        ), "a redelivery is answered otherwise"
        assert await self._stored() == before, "a redelivery was stored"

    async def _stored(self) -> tuple[int, ...]:
        """Return how much is on record, of all that a turn may add."""
        tables = [METADATA.tables[name] for name in _GROWING]
        counts = [select(func.count()).select_from(one).scalar_subquery() for one in tables]
        async with self.town.house.engine.connect() as connection:
            return tuple((await connection.execute(select(*counts))).one())

    async def _burst(self, who: Resident, words: Sequence[str]) -> None:
        """Say several things at once, the first of them delivered twice."""
        posts = [self.town.platform.text(who.openid, text) for text in words]
        replies = await asyncio.gather(*(self.town.deliver(post) for post in (*posts, posts[0])))
        for post, reply in zip(posts, replies, strict=False):
            assert reply, "one of a burst was not answered"
            self._look(who, post, reply)
        first, again = replies[0], replies[-1]
        assert first
        assert again
        assert first.text == again.text

    async def _page(self, who: Resident, *, spoil: bool = False) -> None:
        """Open the last page, then send it off twice: it counts once."""
        phone = self._phones[who.name]
        if "/h5/form/" not in phone.link:
            return
        path = phone.link.removeprefix(PUBLIC_URL)
        page, again = [await self.town.client.get(path) for _ in range(2)]
        assert page.status_code == again.status_code in {200, 403, 410}
        self._nothing_secret(who, page.text)
        if page.status_code != httpx.codes.OK:
            return
        boxes = {
            name: "错" if spoil else self._boxes(who)[name] for name in _BOX.findall(page.text)
        }
        boxes |= dict(_FIXED_BOX.findall(page.text))
        sent = [await self.town.client.post(path, data=boxes) for _ in range(2)]
        statuses = [one.status_code for one in sent]
        refused = all(400 <= status < 500 for status in statuses)
        assert statuses == [200, 410] or refused, statuses
        self.tally["pages" if statuses[0] == httpx.codes.OK else "spoilt pages"] += 1

    def _boxes(self, who: Resident) -> Mapping[str, str]:
        known = {"name": who.name, "id_number": who.id_number}
        return _Otherwise(known)

    async def _restart(self) -> None:
        before = [await self.town.house.conversations.peek(one.openid) for one in self.cast]
        await self.town.restart()
        after = [await self.town.house.conversations.peek(one.openid) for one in self.cast]
        assert after == before, "a restart changed a talk"
        self.tally["restarts"] += 1

    async def _scene(self, number: int) -> str:
        if number == 0:
            return "no-such-poster"
        async with self.town.house.open_work() as work:
            book = await work.plans.book()
        projects = [one for plan in book.plans() for one in book.projects(plan.id)]
        return projects[number % len(projects)].scene

    # What must hold

    def _look(self, who: Resident, post: Post, reply: ReplySeen) -> None:
        """Look at one reply."""
        self.tally["messages"] += 1
        self._heard += [f"{who.name} {_SAID.findall(post.xml)}", f"    {reply.text}"]
        phone = self._phones[who.name]
        phone.posts.append((post, reply))
        if reply.links:
            phone.link = reply.links[-1].url
        assert reply.to == who.openid, "somebody else's reply"
        for word in _WORDS_FOR_ALL:
            assert word not in reply.text, f"we never say {word!r}: {reply.text}"
        self._nothing_secret(who, reply.xml)
        for number in _TOLD.findall(reply.text):
            self.tally["registrations"] += number not in self._numbers
            self._numbers[number] = who.name

    def _nothing_secret(self, who: Resident, told: str) -> None:
        """Look that no secret is told to anybody, and nothing of one citizen to another."""
        assert PASSWORD not in told, "a password is told"
        for one in self.town.residents.values():
            assert one.id_number not in told, "an identity number is told"
            if one.name != who.name:
                assert one.phone not in told, "somebody else's phone is told"
                assert self._canary(one) not in told, "somebody else's words are told"
            if one.filing not in {"", who.filing, EXAMPLE}:
                assert one.filing not in told, "somebody else's filing number is told"
        for sms in self.town.inbox(who.phone)[:3]:
            assert not re.search(rf"(?<!\d){sms.code}(?!\d)", told), "a code is told"

    async def _talk(self, who: Resident) -> Conversation | None:
        payload = await self.town.house.conversations.peek(who.openid)
        if payload is None:
            return None
        return loaded(self.town.house.cipher.open(payload))

    async def _nothing_lost(self, before: Conversation, after: Conversation | None) -> None:
        """Look that words which only ask or leave have taken no answer away."""
        assert after
        now = {draft.id: draft for draft in after.drafts}
        for draft in before.drafts:
            flow = self._catalog.flows[draft.flow]
            held = {
                name: draft.answers[name]
                for name, step in flow.steps.items()
                if step.touched(draft.answers.get(name))
                and name not in (*draft.given, *draft.assumed)
            }
            if flow.reading or not held or await self._had_effect(draft):
                continue
            assert draft.id in now, f"what was begun of {draft.flow} is lost"
            kept = now[draft.id].answers
            assert {name: kept.get(name) for name in held} == held, "an answer is lost"

    async def _effects(self) -> dict[str, str]:
        """Return the drafts that had their effect, with their flows."""
        effects = METADATA.tables["effects"]
        async with self.town.house.engine.connect() as connection:
            rows = await connection.execute(select(effects.c.draft_id, effects.c.flow))
            return {row.draft_id: row.flow for row in rows}

    async def _had_effect(self, draft: Draft) -> bool:
        effects = METADATA.tables["effects"]
        chosen = select(func.count()).where(effects.c.draft_id == draft.id)
        return bool(await self.town.count(chosen))

    @property
    def _catalog(self) -> Catalog:
        flows: Catalog = self.town.app.state.flows
        return flows

    async def _end(self) -> None:
        """Look that everybody gets home, and that the records are what was told."""
        for who in self.cast:
            await self._say(who, "菜单")
        kept = METADATA.tables["registrations"]
        columns = (kept.c.number, kept.c.family_id, kept.c.unit_id, kept.c.state)
        async with self.town.house.engine.connect() as connection:
            rows = (await connection.execute(select(*columns))).all()
        assert {row.number for row in rows} == set(self._numbers), "told and kept differ"
        live = Counter((row.family_id, row.unit_id) for row in rows if row.state == "registered")
        assert not live or max(live.values()) == 1, "a family is registered twice for one unit"
        self.tally["cancelled"] += sum(row.state == "cancelled" for row in rows)


class _Otherwise(dict[str, str]):
    """Boxes of a page; those that ask for nothing known are about a password."""

    def __missing__(self, name: str) -> str:
        return PASSWORD
