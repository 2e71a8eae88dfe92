"""Whatever citizens say, in whatever order: every message is answered, and nothing gets lost.

Some 2,000 messages each time, 20,000 in CI. A failing run shrinks to its shortest, shown with its
transcript.
"""

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from dialogs.catalog import FLOWS
from dialogs.engine.ways import VerbWord
from tests.support.random_talk import Crowd
from tests.support.town import found_town, lay_out

IN_CI = os.environ.get("CI") == "true"  # noqa: TID251 (tests read it, the program does not)
STEPS = 125
MESSAGES = 20_000 if IN_CI else 2_000

CITIZENS = ("周安然", "沈玉兰", "许静文")
"""Of three families, with three surnames."""

STATES = ("signed-up", "verified", "bound")
VERBS = (
    *(word.value for word in VerbWord if word is not VerbWord.CHANGE),
    "改1",
    "改2",
    "改手机号",
    "取消",
    "不办了",
    "0",
)
FLOW_WORDS = tuple(flow.words[0] for flow in FLOWS if flow.words)
NOISE = (
    "嗯嗯嗯",
    "99",
    "-1",
    "第三个",
    "2",
    "１",
    "13812345678",
    "138",
    "000000",
    "怎么选房？",
    "能不能便宜点",
    "]]>",
    '<a href="http://evil.example">点我</a>',
    "%s' OR 1=1; --",
    "😀" * 30,
    "\u200b\u202e",
    "长" * 1_500,
    "密码 abcd1234",
    "青禾家园",
    "谢谢",
    "确定",
)
GESTURES = ("voice", "video", "location", "link", "file")
HAPPENINGS = (
    "restart",
    *((unit,) for unit in (30, 61, 600, 1_900, 7_200, 86_400)),
    "unfollow",
    "follow",
    "scan",
    "menu",
    "receipt",
)

who = st.integers(0, len(CITIZENS) - 1)
choice = st.integers(0, 7)
words = st.one_of(st.sampled_from(VERBS), st.sampled_from(FLOW_WORDS), st.sampled_from(NOISE))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


def conversations(template: Path, counted: list[int], done: set[str]) -> type:
    """Return the machine that talks in towns copied from a template."""

    class Conversations(RuleBasedStateMachine):
        """Three citizens of one town."""

        def __init__(self) -> None:
            super().__init__()
            self.runner = asyncio.Runner()
            self.stack = AsyncExitStack()
            folder = Path(self.runner.run(self._folder()))
            self.town = self.runner.run(
                self.stack.enter_async_context(found_town(template, folder))
            )
            self.town.platform.entropy = lambda count: bytes(
                self.town.chance.below(256) for _ in range(count)
            )
            self.crowd = Crowd(self.town, CITIZENS)

        async def _folder(self) -> str:
            return self.stack.enter_context(tempfile.TemporaryDirectory())

        @initialize(reached=st.tuples(*[st.integers(0, len(STATES))] * len(CITIZENS)))
        def citizens_begin(self, reached: tuple[int, ...]) -> None:
            for phone, states in zip(self.crowd.phones, reached, strict=True):
                self.runner.run(self.town.bring(phone.who, STATES[:states]))

        @rule(number=who, choice=choice)
        def answers(self, number: int, choice: int) -> None:
            self.runner.run(self.crowd.answer(number, choice))

        @rule(number=who, choice=choice)
        def answers_on(self, number: int, choice: int) -> None:
            for _ in range(3):
                self.runner.run(self.crowd.answer(number, choice))

        @rule(number=who, words=st.sampled_from(FLOW_WORDS), choice=choice)
        def begins(self, number: int, words: str, choice: int) -> None:
            self.runner.run(self.crowd.say(number, words))
            self.runner.run(self.crowd.answer(number, choice))

        @rule(number=who, words=words)
        def says(self, number: int, words: str) -> None:
            self.runner.run(self.crowd.say(number, words))

        @rule(number=who, choice=choice, back=st.integers(1, 6), with_id=st.booleans())
        def taps(self, number: int, choice: int, back: int, *, with_id: bool) -> None:
            shown = self.crowd.phones[number].replies[-back:]
            if shown and shown[0].taps:
                tap = shown[0].taps[choice % len(shown[0].taps)]
                self.runner.run(self.crowd.say(number, tap.text, tap.id if with_id else None))

        @rule(number=who)
        def is_delivered_again(self, number: int) -> None:
            self.runner.run(self.crowd.redeliver(number))

        @rule(said=st.lists(st.tuples(who, words), min_size=2, max_size=4))
        def all_speak_at_once(self, said: list[tuple[int, str]]) -> None:
            self.runner.run(self.crowd.burst(said))

        @rule(number=who, words=words)
        def says_twice_at_once(self, number: int, words: str) -> None:
            self.runner.run(self.crowd.burst([(number, words)] * 2))

        @rule(number=who, right=st.booleans())
        def fills_in_a_page(self, number: int, *, right: bool) -> None:
            self.runner.run(self.crowd.page(number, right=right))

        @rule(number=who, what=st.sampled_from(GESTURES))
        def sends_what_we_cannot_take(self, number: int, what: str) -> None:
            post = getattr(self.town.platform, what)(self.crowd.phones[number].who.openid)
            self.runner.run(self.crowd.send(number, post, f"({what})"))

        @rule(number=who, choice=choice)
        def sends_a_photo(self, number: int, choice: int) -> None:
            self.runner.run(self.crowd.photo(number, choice))

        @rule(number=who, what=st.sampled_from(HAPPENINGS))
        def happens(self, number: int, what: str | tuple[int]) -> None:
            self.crowd.transcript.append(f"! {what}")
            openid = self.crowd.phones[number].who.openid
            platform = self.town.platform
            match what:
                case "restart":
                    self.runner.run(self.town.restart())
                case (seconds,):
                    self.town.clock.forward(float(seconds))
                    # The platform tries again within seconds, never later.
                    for phone in self.crowd.phones:
                        phone.sent = None
                case "unfollow" | "receipt":
                    post = (
                        platform.unfollow(openid)
                        if what == "unfollow"
                        else platform.event("VIEW", openid, EventKey="x")
                    )
                    lets_go = what == "unfollow"
                    self.runner.run(
                        self.crowd.send(number, post, what, silent=True, lets_go=lets_go)
                    )
                case "menu":
                    self.runner.run(
                        self.crowd.send(number, platform.menu(openid, "快速配租"), what)
                    )
                case _:
                    post = (
                        platform.follow(openid) if what == "follow" else platform.scan(openid, "x")
                    )
                    self.runner.run(self.crowd.send(number, post, what))

        def teardown(self) -> None:
            """Everybody finds home from wherever they got to."""
            try:
                for number in range(len(CITIZENS)):
                    self.runner.run(self.crowd.say(number, VerbWord.MENU.value))
                counted.append(self.crowd.messages)
                done.update(self.runner.run(self.town.flows_done()))
            finally:
                note("\n".join(self.crowd.transcript))
                self.crowd.close()
                self.runner.run(self.stack.aclose())
                self.runner.close()

    return Conversations


def test_whatever_citizens_say_they_are_answered_and_nothing_gets_lost(template: Path) -> None:
    counted: list[int] = []
    done: set[str] = set()
    run_state_machine_as_test(
        conversations(template, counted, done),
        settings=settings(
            max_examples=MESSAGES // STEPS,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[*HealthCheck],
        ),
    )
    assert sum(counted) >= MESSAGES
    # Talks that never get anywhere would prove nothing.
    assert {"sign_up", "real_name", "human"} <= done
