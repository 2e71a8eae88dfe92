"""Conversations as text: a language for whole talks with the bot, and who plays them.

A ``.chat`` file is a talk, one thing a line, indented as you like. Every message travels signed
and encrypted to the real webhook; every reply is opened as WeChat would.

Before and between::

    # a remark; a remark like `Source: S0-25` claims what the talk shows
    given citizen 周安然 signed-up verified bound      somebody of the demo's world begins to talk
    given guest 沈玉兰                                  … is signed in to the citizen's account too
    given password qinghe-yuecai-72                     the citizen's account has this password
    given registration 青禾家园 二居室                  this citizen's family has registered
    given plan 第四批 closed                            a minute before or after: coming, open,
                                                        closing, closed
    given poster 甲 plan 第四批                          a poster of that name hangs: of a plan, a
                                                        project, a service (a flow's id) or person
    given poster 甲 retired                             … and is retired
    given synonym 舍友 室友                             citizens mean the second word by the first,
                                                        as an officer said
    given clock 20:30                                   the clock moves on to that time in China
    given later 31 minutes                              … or by seconds, minutes, hours, days
    given desk wechat                                   people answer at the platform's own desk
    given line sms down                                 sms, identity, face or family: up, down
                                                        or deaf

What a citizen does (each message takes five seconds)::

    > 我的登记                   says something; see below for what may stand in it
    ! tap 2                      taps the second option of the last reply
    ! tap 2 without id           … on a phone that drops the id
    ! tap old 2                  … of the reply before; `! tap old 2 of 快速配租` finds one
    ! scan 青禾家园              scans a project's poster, one that was hung, or any other scene
    ! follow                     follows the account; `! follow 青禾家园` by a poster
    ! menu 快速配租              taps a button of the account's menu
    ! photo card of 沈玉兰       sends a photo of somebody's ID card; also: card, wall, words
    ! photo                      or voice, video, shortvideo, location, link, file, sticker,
                                 unfollow, receipt (an event that only informs)
    ! page name=周安然 id_number={id}     opens the last link twice, then sends the form off
    ! page name=周 expecting 422          … and is answered with another status
    ! open                       opens the last link once; `! open expecting 403`
    ! twice 确定                 says the same in two messages at the same moment
    ! redeliver                  the platform sends the last message once more: the same reply
                                 must come, and nothing may be stored twice
    ! restart                    the bot is stopped and started on the same files
    ! later 40 minutes           time passes
    ! notices                    what phones are to be told is sent now
    ! as 沈玉兰                  another citizen talks
    ! agent here                 somebody sits down at the desk; also: takes, leaves (without a
                                 word), ends, `says 您好` to the citizen; what is pushed is heard
    ! desk                       what time makes due at the desk is done, and pushed
    ! wechat kf_create_session   the platform's own desk tells of the citizen

What must be::

    < 登记成功*编号              the reply, or the page, holds this; `*` is anything; several such
                                 lines must be found in their order
    < (nothing)                  the bot stays silent
    <! 二居室                    it does not hold this
    = registrations 1            live registrations of the citizen's family; also: cancelled,
                                 accounts, consents, tickets, sms (to the citizen's phone),
                                 messages (sent so far), acts filings:family:refused 1,
                                 account yes, person no, family yes

In words: ``{name}``, ``{phone}``, ``{id}``, ``{filing}`` of the citizen; ``{sms}`` the newest code
on the citizen's phone, ``{old sms}`` the one before, ``{wrong sms}`` another one, ``{spaced sms}``,
``{sms on 13912345678}`` on another; ``{notice}`` the newest message on the citizen's phone;
``{number}`` of the newest registration; ``{字 × 10000}``; ``\\u200b`` any character by its number.
"""

import asyncio
import html
import re
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import httpx

from adapters.simulated import LineState
from bot.jobs import deliver
from domain.escalation.handovers import DeskKind
from tests.support.chat_desk import at_the_desk
from tests.support.chat_values import filled, on_record
from tests.support.edges import Edge, confirmed, watched
from tests.support.pictures import WALL
from tests.support.platform import Post, ReplySeen
from tests.support.town import PUBLIC_URL, Resident, Town

__all__ = ["ChatFailedError", "Manner", "Player", "play"]

_SECONDS_A_MESSAGE = 5
_SIGNS = ("given", ">", "!", "<!", "<", "=")
_NEVER_SAID = ("无效", "非法", "抱歉", "错误代码", "系统繁忙", "None", "Error")
_SILENT = {"unfollow", "receipt", "sticker", "agent", "desk", "wechat"}
_NOTHING = "(nothing)"


class ChatFailedError(AssertionError):
    """A talk did not go as written; the words are the whole transcript."""


class Manner(StrEnum):
    """How a talk is played."""

    ONCE = "once"
    SHAKEN = "a restart before every message, and every message delivered twice"


@dataclass(slots=True)
class _Phone:
    """What one citizen has seen and done."""

    replies: list[ReplySeen] = field(default_factory=list)
    post: Post | None = None
    link: str = ""
    messages: int = 0


async def play(path: Path, town: Town, manner: Manner, walked: set[Edge]) -> "Player":
    """Play a file; the edges it walks are added to a set, even if it fails."""
    player = Player(town, manner)
    lines = await asyncio.to_thread(path.read_text, "utf-8")
    with watched() as seen:
        try:
            for number, line in enumerate(lines.splitlines(), start=1):
                await player.perform(number, line.strip())
        finally:
            walked |= seen | confirmed(await town.flows_done())
    return player


class Player:
    """Performs the lines of a talk, one by one."""

    def __init__(self, town: Town, manner: Manner = Manner.ONCE) -> None:
        self.town = town
        self.manner = manner
        self.transcript: list[str] = []
        self.who: Resident | None = None
        self._phones: dict[str, _Phone] = {}
        self._lines: dict[str, LineState] = {}
        self._seen: str | None = ""
        self._from = 0
        self._unanswered = ""

    async def perform(self, number: int, line: str) -> None:
        """Do what a line says, or fail with everything said so far."""
        self.transcript.append(line)
        if not line or line.startswith("#"):
            return
        try:
            sign = next((one for one in _SIGNS if line.startswith(one)), None)
            assert sign, f"a line begins with one of {' '.join(_SIGNS)}"
            self._expect_answer(line)
            await self._acts[sign](line.removeprefix(sign).strip())
        except Exception as error:
            shown = "\n".join(self.transcript)
            why = f"{type(error).__name__}: {error}" if str(error) else repr(error)
            raise ChatFailedError(f"{shown}\n✗ line {number}: {why}") from error

    # Who talks

    @property
    def speaker(self) -> Resident:
        """The citizen who talks."""
        assert self.who, "say who talks: given citizen …"
        return self.who

    @property
    def phone(self) -> _Phone:
        """The citizen's phone."""
        return self._phones.setdefault(self.speaker.name, _Phone())

    @property
    def last(self) -> ReplySeen:
        """The last reply to the citizen."""
        assert self.phone.replies, "nothing was said yet"
        return self.phone.replies[-1]

    def _speak_as(self, name: str) -> None:
        assert name in self.town.residents, f"nobody is called {name}"
        self.who = self.town.residents[name]
        self._show(None if not self.phone.replies else self.last.text)

    def _show(self, seen: str | None) -> None:
        """Take up what the citizen now sees; the next ``<`` lines are about it."""
        self._seen, self._from = seen, 0

    # What happens

    @property
    def _acts(self) -> dict[str, Callable[[str], Awaitable[None]]]:
        return {
            "given": self._given,
            ">": self._say,
            "!": self._do,
            "<": self._hear,
            "<!": self._hear_not,
            "=": self._find,
        }

    async def _given(self, words: str) -> None:
        what, *rest = words.split()
        match what, rest:
            case "citizen", [name, *states]:
                self._speak_as(name)
                await self.town.bring(self.speaker, states)
            case "guest", [name]:
                await self.town.sign_in_as(self.town.residents[name], self.speaker)
            case "password", [password]:
                await self.town.set_password(self.speaker, password)
            case "registration", [project, unit_type]:
                await self.town.register(self.speaker, project, unit_type)
            case "poster", [name, *about]:
                await self.town.hang(name, *about)
            case "desk", [kind]:
                await self.town.move_desk(DeskKind(kind))
                self._set_lines()
            case "line", [line, state]:
                self._lines[line] = LineState(state)
                self._set_lines()
            case _:
                await self._given_more(what, rest)

    async def _given_more(self, what: str, rest: Sequence[str]) -> None:
        match what, rest:
            case "synonym", [word, means]:
                await self.town.add_synonym(word, means)
            case "plan", [plan, state]:
                await self.town.wait_for_plan(plan, state)
            case "clock", [time]:
                self.town.wait_for_clock(time)
            case "later", [count, unit]:
                self.town.wait(int(count), unit)
            case _:
                raise AssertionError("nothing like this can be given")

    def _set_lines(self) -> None:
        house = self.town.house
        lines = {
            "sms": house.sms.line,
            "identity": house.identity_check.line,
            "face": house.face_check.line,
            "family": house.family_register.line,
        }
        for name, state in self._lines.items():
            lines[name].state = state

    async def _restart(self) -> None:
        await self.town.restart()
        self._set_lines()

    # What a citizen does

    async def _say(self, words: str) -> None:
        await self._send(self.town.platform.text, await self._filled(words))

    async def _do(self, words: str) -> None:
        what, _, about = words.partition(" ")
        match what:
            case "as":
                self._speak_as(about)
            case "later":
                count, unit = about.split()
                self.town.wait(int(count), unit)
            case "restart":
                await self._restart()
            case "redeliver":
                await self._deliver_again()
            case "tap":
                await self._tap(about.split())
            case "twice":
                await self._send_twice(await self._filled(about))
            case "page" | "open":
                await self._page(what, shlex.split(about))
            case _:
                await self._gesture(what, about)

    async def _gesture(self, what: str, about: str) -> None:
        platform = self.town.platform
        match what:
            case "follow" | "scan":
                make = platform.follow if what == "follow" else platform.scan
                await self._send(make, await self.town.scene(about))
            case "menu":
                await self._send(platform.menu, about)
            case "notices" | "agent" | "desk" | "wechat":
                await self._unasked(what, about)
            case "photo":
                await self._send(lambda openid: platform.image(openid, self._shot(about)))
            case "shortvideo" | "sticker":
                await self._send(lambda openid: platform.message(what, openid, {"MediaId": "m"}))
            case "receipt":
                await self._send(lambda openid: platform.event("VIEW", openid, EventKey="x"))
            case "voice" | "video" | "location" | "link" | "file" | "unfollow":
                await self._send(getattr(platform, what))
            case _:
                raise AssertionError(f"nobody can do this: {what}")
        self._unanswered = what if self._seen is None and what not in _SILENT else ""

    async def _tap(self, words: Sequence[str]) -> None:
        replies = self.phone.replies
        match words:
            case ["old", wanted, "of", fragment]:
                shown = next(one for one in reversed(replies[:-1]) if fragment in one.text)
            case ["old", wanted]:
                shown = replies[-2]
            case [wanted, *_]:
                shown = self.last
            case _:
                raise AssertionError("say which option is tapped")
        tap = shown.tap(f"{wanted}. ")
        with_id = tap.id if "without" not in words else None
        await self._send(lambda openid: self.town.platform.text(openid, tap.text, tap=with_id))

    def _shot(self, about: str) -> str:
        """Let the platform keep a photo; return what it calls it."""
        what, _, whose = about.partition(" of ")
        stand_ins = self.town.house.stand_ins
        assert stand_ins, "the town is a sandbox"
        shown = {
            "": b"",
            "card": stand_ins.sample_card(
                self.town.residents[whose or self.speaker.name].id_number
            ),
            "wall": WALL,
            "words": b"no picture at all",
        }[what]
        media_id = f"media-{self.phone.messages}"
        if shown:
            stand_ins.platform.keep_picture(media_id, shown)
        return media_id

    async def _send(self, make: Callable[..., Post], *said: str) -> None:
        """Let the platform send what a citizen did; see the reply."""
        self.town.clock.forward(_SECONDS_A_MESSAGE)
        if self.manner is Manner.SHAKEN:
            await self._restart()
        self.phone.post = make(self.speaker.openid, *said)
        self.phone.messages += 1
        reply = await self.town.deliver(self.phone.post)
        self._take(reply)
        if self.manner is Manner.SHAKEN:
            await self._deliver_again()
        self._unanswered = "" if reply else "a message"

    async def _send_twice(self, words: str) -> None:
        self.town.clock.forward(_SECONDS_A_MESSAGE)
        posts = [self.town.platform.text(self.speaker.openid, words) for _ in range(2)]
        self.phone.messages += len(posts)
        replies = await asyncio.gather(*(self.town.deliver(post) for post in posts))
        for reply in replies:
            self._take(reply)
        self._show("\n".join(reply.text for reply in replies if reply))

    async def _deliver_again(self) -> None:
        post = self.phone.post
        assert post, "nothing was sent yet"
        before, told = await self._stored(), self.phone.replies[-1:]
        again = await self.town.deliver(post)
        assert await self._stored() == before, "a redelivery was stored"
        if again is None:
            assert self._seen is None, "a redelivery was not answered"
        else:
            assert [again.text] == [one.text for one in told], f"another answer: {again.text}"
            assert [(again.taps, again.links)] == [(one.taps, one.links) for one in told]

    async def _stored(self) -> dict[str, int]:
        sent = len(self.town.inbox(self.speaker.phone))
        return await self.town.counts() | {"sms": sent}

    def _take(self, reply: ReplySeen | None) -> None:
        self._show(reply.text if reply else None)
        if reply is None:
            self.transcript.append("    (nothing)")
            return
        self.transcript += [f"    {line}" for line in reply.text.splitlines()]
        self.phone.replies.append(reply)
        assert reply.to == self.speaker.openid, "somebody else's reply"
        for word in _NEVER_SAID:
            assert word not in reply.text, f"we never say {word}"
        if reply.links:
            self.phone.link = reply.links[-1].url

    async def _unasked(self, what: str, about: str) -> None:
        """Let others do something, and take up what comes of it without having been asked for."""
        if what == "notices":
            await deliver(self.town.house)
            return
        pushed = await at_the_desk(self.town, self.speaker, what, about)
        for one in pushed:
            self._take(one)
        self._show("\n".join(one.text for one in pushed) or None)

    def _expect_answer(self, line: str) -> None:
        """Fail if the message before stayed without an answer, unless that was to be."""
        unanswered, self._unanswered = self._unanswered, ""
        assert not unanswered or line == f"< {_NOTHING}", f"{unanswered} was not answered"

    async def _page(self, what: str, words: Sequence[str]) -> None:
        """Open the last link; a form is opened twice, then sent off."""
        path = self.phone.link.removeprefix(PUBLIC_URL)
        assert path, "no link was handed out"
        expected = int(words[-1]) if "expecting" in words else 200
        boxes = [word for word in words if "=" in word]
        before = await self._stored()
        opened = [await self.town.client.get(path) for _ in range(1 if what == "open" else 2)]
        assert await self._stored() == before, "opening a page changed something"
        unopened = expected if expected not in {200, 422} else 200
        assert {page.status_code for page in opened} == {unopened}, opened[0].status_code
        self._read(opened[0])
        if what == "page":
            filled = [(await self._filled(box)).split("=", 1) for box in boxes]
            answer = await self.town.client.post(path, data=dict(filled))
            assert answer.status_code == expected, answer.status_code
            self._read(answer)
            self.phone.messages += 1

    def _read(self, page: httpx.Response) -> None:
        body = re.sub(r"<(style|script|head)[\s\S]*?</\1>", "", page.text)
        words = [word.strip() for word in html.unescape(re.sub(r"<[^>]+>", "\n", body)).split("\n")]
        self._show("\n".join(filter(None, words)))
        self.transcript += [f"    | {word}" for word in words if word]

    # What must be

    async def _pattern(self, fragment: str) -> re.Pattern[str]:
        return re.compile(
            "[\\s\\S]*?".join(map(re.escape, (await self._filled(fragment)).split("*")))
        )

    async def _hear(self, fragment: str) -> None:
        if fragment == _NOTHING:
            assert self._seen is None, "the bot was to stay silent"
            return
        assert self._seen, "nothing was said"
        found = (await self._pattern(fragment)).search(self._seen, self._from)
        assert found, "this was not said (from where the line before was found)"
        self._from = found.end()

    async def _hear_not(self, fragment: str) -> None:
        assert self._seen, "nothing was said"
        assert not (await self._pattern(fragment)).search(self._seen), "this was said"

    async def _find(self, words: str) -> None:
        *what, expected = words.split()
        if what == ["messages"]:
            found = str(self.phone.messages)
        else:
            found = await on_record(what, self.town, self.speaker)
        assert found == expected, f"there is {found}"

    async def _filled(self, words: str) -> str:
        return await filled(words, self.town, self.speaker)
