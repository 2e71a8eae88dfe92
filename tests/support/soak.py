"""Citizens who write, tap, agree, leave and fall silent; a platform that counts; and us.

Our count of what the platform lets us have and its rules are two programs with two clocks.
"""

import json
import os
import random
from collections import Counter

from adapters.platform.calls import asked_of
from adapters.sql.work import SqlWork
from bot.jobs.ledger import AgreedCard, CardOfTheDay, Nothing, Place, PlaceInWindow
from domain.shared.clock import china_time
from domain.shared.conversations import Conversation
from domain.shared.pushes import day_begins
from domain.shared.records import OpenId
from domain.shared.windows import Handover, open_window, remember, windows_of
from tests.support.clock import FakeClock
from tests.support.wechat.server import APP_ID, SECRET, WechatServer

__all__ = ["INTERACTIONS", "Life"]

INTERACTIONS = int(os.environ.get("ANJU_SOAK_INTERACTIONS", "3000"))  # noqa: TID251 (a test's own switch)
"""How much happens: a few seconds of it by default, 50,000 before a release."""

_CITIZENS = 12
_A_DAY = 6
"""What the platform takes a day."""

_ONCE, _LASTING, _TEMPLATE = "S1", "S2", "T1"
_SEND = "/cgi-bin/message/custom/send"
_CARD = "/cgi-bin/message/template/send"
_AGREED = "/cgi-bin/message/subscribe/bizsend"
_FOR_ALL = {"citizens": 0.42, "time": 0.06}
"""How often a citizen does something, and how often time passes; the rest of the time we send."""


class Life:
    """A life that is always the same for a seed.

    Parameters
    ----------
    seed
        What happens, and by how many seconds the platform's clock is ahead of ours.
    careless
        Whether we send without counting.
    """

    def __init__(self, seed: int, *, careless: bool = False) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (a test's own course)
        self.careless = careless
        self.clock = FakeClock()
        self.its_clock = FakeClock()
        self.its_clock.forward(self.chance.uniform(-5, 5))
        self.platform = WechatServer(self.its_clock)
        self.platform.people.templates = dict.fromkeys((_ONCE, _LASTING, _TEMPLATE), ("thing1",))
        self.platform.limits[_CARD] = _A_DAY
        names = (f"oSoak{number:023d}" for number in range(_CITIZENS))
        self.talks = {OpenId(name): Conversation(OpenId(name)) for name in names}
        for openid in self.talks:
            self.platform.people.writes(openid).windows.clear()
        self.sent: Counter[str] = Counter()

    async def live(self, work: SqlWork, interactions: int) -> None:
        """Let so many things happen, one after the other."""
        for _ in range(interactions):
            openid, dice = self.chance.choice([*self.talks]), self.chance.random()
            if dice < _FOR_ALL["time"]:
                self._passes()
            elif dice < _FOR_ALL["time"] + _FOR_ALL["citizens"]:
                await self._acts(openid, work)
            else:
                await self._sends(openid, work)

    def _passes(self) -> None:
        """Let seconds pass, or hours, or all but a window's whole life."""
        low, high = self.chance.choice([(0, 5), (5, 70), (60, 7200), (40_000, 175_000)])
        self._forward(self.chance.uniform(low, high))

    async def _acts(self, openid: OpenId, work: SqlWork) -> None:
        # No two things happen at the very same instant.
        self._forward(0.001)
        people, at = self.platform.people, float(int(self.its_clock.now().timestamp()))
        does = self.chance.choice(("write", "write", "tap", "tap", "follow", "agree", "leave"))
        # Who has left can do nothing here but follow again.
        match does if people.known[openid].follows else "follow":
            case "write":
                people.writes(openid)
                remember(self.talks[openid], tapped=False, at=at)
            case "tap":
                people.taps(openid)
                remember(self.talks[openid], tapped=True, at=at)
            case "follow":
                people.follows(openid)
                remember(self.talks[openid], tapped=True, at=at)
            case "agree":
                await self._agrees(openid, work)
            case _ if self.chance.random() < 0.2:
                # Who leaves is signed out, and the talk forgotten.
                people.leaves(openid)
                self.talks[openid] = Conversation(openid)

    async def _agrees(self, openid: OpenId, work: SqlWork) -> None:
        person = self.platform.people.known[openid]
        template = self.chance.choice((_ONCE, _LASTING))
        if self.chance.random() < 0.25:
            person.consents[template] = 0
            person.lasting.discard(template)
            await work.agreed.refuse(openid, template)
            return
        if template == _LASTING:
            person.lasting.add(template)
        else:
            person.consents[template] = person.consents.get(template, 0) + 1
        await work.agreed.agree(openid, template)

    async def _sends(self, openid: OpenId, work: SqlWork) -> None:
        """Send a push, or have an officer say something, which uses the same places."""
        way = self.chance.choice(("push", "officer", "card", "once", "lasting"))
        if way in {"card", "once", "lasting"} and day_begins(self.clock.now()) > self.clock.now():
            # Cards are for the day; at midnight nobody has to know whose clock is right.
            return
        place = Nothing() if self.careless else self._place(way, openid)
        if await place.take(work) is not Handover.TAKEN:
            return
        self.sent[way] += 1
        code = self._carried(way, openid)
        if code == 0:
            return
        said = Handover.UNREACHABLE if code == 43004 else Handover.CLOSED
        await place.give_back(work, said)

    def _place(self, way: str, openid: OpenId) -> Place:
        if way == "card":
            return CardOfTheDay(china_time(self.clock.now()).date(), _A_DAY)
        if way in {"once", "lasting"}:
            lasting = way == "lasting"
            return AgreedCard(openid, _LASTING if lasting else _ONCE, lasting)
        window = open_window(windows_of(self.talks[openid]), self.clock.now())
        return PlaceInWindow(openid, window)

    def _carried(self, way: str, openid: OpenId) -> int:
        """Send a message; return the platform's code."""
        asked = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
        token = self._ask("/cgi-bin/stable_token", asked)["access_token"]
        path = {"card": _CARD, "once": _AGREED, "lasting": _AGREED}.get(way, _SEND)
        template = {"card": _TEMPLATE, "once": _ONCE, "lasting": _LASTING}.get(way)
        body: dict[str, object] = {"touser": openid}
        if template:
            body |= {"template_id": template, "data": {"thing1": {"value": "x"}}}
        else:
            body |= {"msgtype": "text", "text": {"content": "x"}}
        return int(str(self._ask(f"{path}?access_token={token}", body)["errcode"]))

    def _forward(self, seconds: float) -> None:
        self.clock.forward(seconds)
        self.its_clock.forward(seconds)

    def _ask(self, path: str, body: object) -> dict[str, object]:
        answer = self.platform.answer(asked_of("POST", path, {}, json.dumps(body).encode()))
        found: dict[str, object] = json.loads(answer.body)
        self.platform.asked.clear()
        for person in self.platform.people.known.values():
            person.received.clear()
        return found
