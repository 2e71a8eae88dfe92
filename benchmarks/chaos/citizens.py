"""Citizens with a plan, who do what the last answer lets them, until the plan is done.

Each is one actor, strictly one message after another, so that the checker knows what they want.
They know nothing of faults: what goes wrong they see as anybody would, and try again.
"""

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from typing import Final

from benchmarks.chaos.history import Answered, Ended
from benchmarks.chaos.pages import send_off
from benchmarks.chaos.people import Person
from benchmarks.chaos.postman import Letter, Postman
from benchmarks.chaos.reading import Claim, claims, numbers, undecided
from tests.support.platform import ReplySeen, Tap

__all__ = ["Actor", "Estate", "Plan", "StuckError"]

_MOVES: Final = 60
"""Who needs more than these messages for one errand is stuck, whatever the clock says."""
_BURST: Final = ("快速配租", "常见问题", "菜单")
_READS: Final = (0.4, 0.8)
"""Seconds to read an answer: who writes twenty times in ten seconds is asked to slow down."""
_SECOND: Final = 1.1
_MINUTE: Final = 60
_IMPATIENT: Final = 0.25
"""How many ask for another code before they have looked for the first."""
_SUM: Final = re.compile(r"([一二三四五六七八九])加([一二三四五六七八九])等于几")
_FIGURES: Final = "零一二三四五六七八九"
_CODE: Final = re.compile(r"6 位数字|重新获取")
_RESTED: Final = re.compile(r"次数有点多了.*之后再试")
_SOON: Final = re.compile(r"请 ?(\d+) ?秒后再获取")
_ALREADY: Final = "已经登记过这个房源"


class StuckError(Exception):
    """A citizen does not come on; the words say where."""


class RestedError(Exception):
    """A citizen was told to come back at a time, as faults have used up all tries."""


@dataclass(frozen=True, slots=True)
class Estate:
    """A unit on offer: by which poster one comes to it, and how citizens and records call it."""

    unit: str
    label: str
    project: str
    scene: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants: units to register for; which of them to cancel, and to take again."""

    estates: tuple[Estate, ...]
    cancel: bool = False
    again: bool = False
    browse: bool = False


@dataclass
class Actor:
    """Somebody with a phone, a plan, and patience."""

    person: Person
    postman: Postman
    chance: random.Random
    until: list[float]
    """Monotonic seconds at which patience ends; one entry, shared and moved by the harness."""
    newcomer: bool = False
    held: dict[str, str] = field(default_factory=dict)
    """Numbers by unit, as told."""
    gone: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    scanned: float = 0.0

    @property
    def openid(self) -> str:
        """Who this is."""
        return self.person.openid

    async def live(self, plan: Plan) -> None:
        """Carry out a plan, and write down whether its end was reached."""
        stuck = ""
        try:
            for estate in plan.estates:
                if plan.browse:
                    await self.burst()
                await self.register(estate)
            if plan.cancel:
                await self.cancel(plan.estates[0])
                if plan.again:
                    await self.register(plan.estates[0])
        except StuckError as where:
            stuck = str(where)
        except RestedError:
            pass
        self.postman.record(Ended(time.monotonic_ns(), self.openid, stuck))

    async def register(self, estate: Estate) -> None:
        """Register for a unit, from wherever the talk is."""
        seen = await self._poster(estate)
        for _ in range(_MOVES):
            for claim in self._claims(seen):
                of_it = claim.unit == estate.label or _ALREADY in seen.text
                if claim.live and of_it and claim.number not in self.gone:
                    self.held[estate.unit] = claim.number
                    return
            seen = await self._toward(estate, seen)
        raise StuckError(f"never registered for {estate.unit}: {seen.text[:60]}")

    async def cancel(self, estate: Estate) -> None:
        """Cancel the registration of a unit, with the code that the phone gets."""
        number = self.held[estate.unit]
        seen = await self.say("取消登记")
        for _ in range(_MOVES):
            for claim in self._claims(seen):
                if claim.number == number and not claim.live:
                    self.gone.add(number)
                    return
            seen = await self._toward_cancelling(number, seen)
        raise StuckError(f"never cancelled {number}: {seen.text[:60]}")

    async def look(self) -> ReplySeen:
        """Look at the end what there is, then see whether the menu works."""
        while True:
            seen = await self.say("我的登记", meaning="final")
            if "业务记录" in seen.text or "还没有登记过" in seen.text:
                break
            await self.say("菜单")
        await self.say("菜单", expects=("请选择要办的事",))
        return seen

    async def burst(self) -> None:
        """Send several things at once, without waiting for an answer."""
        letters = [self.postman.text(self.openid, words, "look") for words in _BURST]
        self.chance.shuffle(letters)
        await asyncio.gather(*map(self.postman.deliver, letters))

    async def page(self, estate: Estate) -> ReplySeen:
        """Open the page of a unit."""
        seen = await self._poster(estate)
        unit = next((tap for tap in seen.taps if tap.text == estate.label), None)
        return await self._tap(unit) if unit else seen

    # --- one message ----------------------------------------------------------------------

    async def say(
        self, words: str, *, meaning: str = "look", tap: str | None = None,
        expects: tuple[str, ...] = (),
    ) -> ReplySeen:  # fmt: skip
        """Say something until there is an answer that says more than «later»."""
        while True:
            self._mind_the_time(f"no time left for «{words}»")
            await asyncio.sleep(self.chance.uniform(*_READS))
            letter = self.postman.text(self.openid, words, meaning, tap)
            letter = Letter(letter.openid, letter.key, letter.post, meaning, expects)
            seen = await self.postman.deliver(letter)
            if seen and "正在办理" in seen.text:
                seen = await self._result()
            if seen and not undecided(seen.text):
                return seen
            await self._wait(f"«{words}» gets {seen.text[:30] if seen else 'nothing'}")

    async def _result(self) -> ReplySeen | None:
        await asyncio.sleep(1.5)
        return await self.postman.deliver(self.postman.text(self.openid, "结果", "look"))

    async def _tap(self, tap: Tap, meaning: str = "look") -> ReplySeen:
        return await self.say(tap.text, meaning=meaning, tap=tap.id)

    async def _poster(self, estate: Estate) -> ReplySeen:
        while True:
            self._mind_the_time("no time left for a poster")
            # Two scans of one poster within one second are one event to whoever receives them.
            while time.time() - self.scanned < _SECOND:
                await asyncio.sleep(0.1)
            self.scanned = time.time()
            letter = self.postman.scan(self.openid, estate.scene, estate.project)
            seen = await self.postman.deliver(letter)
            if seen and not undecided(seen.text):
                return seen
            await self._wait("the poster leads nowhere")

    async def _wait(self, where: str, *, at_least: float = 0.3) -> None:
        self._mind_the_time(where)
        await asyncio.sleep(at_least + self.chance.random())

    def _mind_the_time(self, where: str) -> None:
        if time.monotonic() > self.until[0]:
            raise StuckError(where)

    # --- what to do next ------------------------------------------------------------------

    async def _toward(self, estate: Estate, seen: ReplySeen) -> ReplySeen:
        """Do what the last answer offers on the way to a registration."""
        sure = _option(seen, "确定")
        if sure and f"登记房源：{estate.label}" in seen.text:
            return await self._tap(sure, f"confirm {estate.unit}")
        read = _option(seen, "我已阅读并同意") or _option(seen, "同意并继续")
        if read:
            return await self._tap(read)
        page = _option(seen, "去登记")
        if page and seen.text.startswith(estate.label):
            return await self._tap(page)
        unit = next((tap for tap in seen.taps if tap.text == estate.label), None)
        if unit:
            return await self._tap(unit)
        if self.newcomer:
            return await self._toward_an_account(estate, seen)
        await self._wait(f"cannot go on from {seen.text[:40]}")
        return await self._poster(estate)

    async def _toward_an_account(self, estate: Estate, seen: ReplySeen) -> ReplySeen:
        if seen.links and "/h5/form/" in seen.links[-1].url:
            await send_off(self.postman, self.person, seen.links[-1].url, self.chance)
            return await self.say("继续")
        if _SUM.search(seen.text):
            return await self.say(_sum(seen.text))
        if _CODE.search(seen.text):
            return await self._give_code("", seen)
        if "手机号码" in seen.text:
            return await self.say(self.person.phone)
        if "备案编号" in seen.text and not seen.taps:
            return await self.say(self.person.filing)
        await self._wait(f"a newcomer cannot go on from {seen.text[:40]}")
        go_on = _option(seen, "继续")
        return await self._tap(go_on) if go_on else await self._poster(estate)

    async def _toward_cancelling(self, number: str, seen: ReplySeen) -> ReplySeen:
        sure = _option(seen, "确定取消")
        if sure and number in seen.text:
            return await self._tap(sure, f"cancel {','.join(sorted(numbers(seen.text)))}")
        if _SUM.search(seen.text):
            return await self.say(_sum(seen.text))
        if _CODE.search(seen.text):
            return await self._give_code("取消登记", seen)
        mine = next((tap for tap in seen.taps if tap.text == number), None)
        if "要取消哪些登记" in seen.text:
            # Where it is not offered it may be cancelled: what was pushed nobody here reads.
            return await (self._tap(mine) if mine else self.say("我的登记"))
        await self._wait(f"cannot cancel from {seen.text[:40]}")
        if "没有可以取消" in seen.text:
            return await self.say("我的登记")
        return await self.say("取消登记")

    async def _give_code(self, purpose: str, seen: ReplySeen) -> ReplySeen:
        """Type the code that came; ask for another where none comes, as soon as one may."""
        if not self.codes and self.chance.random() < _IMPATIENT:
            seen = await self.say("重新获取")
        for _ in range(12):
            code = await self._newest_code(purpose)
            if code:
                self.codes.add(code)
                return await self.say(code)
            await asyncio.sleep(0.5)
        if _RESTED.search(seen.text):
            raise RestedError
        soon = _SOON.search(seen.text)
        if soon and int(soon[1]) > _MINUTE:
            raise RestedError  # a clock was wrong when the last one was counted: a time was told
        await self._wait("no code comes", at_least=float(soon[1]) + 1 if soon else 5.0)
        return await self.say("重新获取")

    async def _newest_code(self, purpose: str) -> str:
        """Return the newest code in the phone that was not typed yet."""
        for sms in await self.postman.inbox(self.person.phone):
            if purpose in sms["text"] and sms["code"] and sms["code"] not in self.codes:
                return sms["code"]
        return ""

    def _claims(self, seen: ReplySeen) -> list[Claim]:
        taps = tuple((tap.text, tap.label) for tap in seen.taps)
        return claims(Answered(0, 0, seen.to, seen.text, taps))


def _sum(text: str) -> str:
    """Return the result of the sum that keeps machines from asking for codes."""
    asked = _SUM.search(text)
    return str(sum(map(_FIGURES.index, asked.groups()))) if asked else ""


def _option(seen: ReplySeen, words: str) -> Tap | None:
    return next((tap for tap in seen.taps if tap.text == words or tap.label.endswith(words)), None)
