"""One-time forms, and links to printed papers."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from string import ascii_letters, digits
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.links import SealedLinks
from adapters.sql.work import engine_for
from domain.shared.conversations import Json
from domain.shared.pages import LinkBrokenError, LinkExpiredError, LinkUsedError, PageService
from domain.shared.records import OpenId
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.sql import CIPHER, fresh_engine, open_work

CITIZEN = OpenId("o" * 28)
STRANGER = OpenId("s" * 28)
ANSWER: Json = {"name": "陈演示", "id_number": "11010019900307109X"}

Do = Callable[[Callable[[PageService], Awaitable[Any]]], Awaitable[Any]]
"""Let the service do something in a transaction of its own."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def do(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Do]:
    rng = SeededRandomness()
    links = SealedLinks(CIPHER)
    async with fresh_engine(tmp_path) as engine:

        async def once(verb: Callable[[PageService], Awaitable[Any]]) -> Any:
            async with open_work(engine) as work:
                done = await verb(PageService(work, clock, rng, "https://anju.test/", links))
                await work.commit()
            return done

        yield once


async def issue(do: Do, step: str = "who", draft_id: str = "draft-1") -> str:
    """Return the token of a new form."""
    address = await do(
        lambda pages: pages.issue(openid=CITIZEN, draft_id=draft_id, flow="real_name", step=step)
    )
    return address.removeprefix("https://anju.test/h5/form/")


async def test_a_form_lies_below_the_public_address_and_tells_nothing(do: Do) -> None:
    token = await issue(do)
    assert len(token) == 22
    assert "/" not in token


async def test_a_form_knows_its_step_and_takes_one_answer(do: Do) -> None:
    token = await issue(do)
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) is None
    page = await do(lambda pages: pages.fill(token, ANSWER))
    assert (page.openid, page.draft_id, page.flow, page.step) == (
        CITIZEN,
        "draft-1",
        "real_name",
        "who",
    )
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) == ANSWER
    assert await do(lambda pages: pages.answer_of("draft-1", "other")) is None
    assert await do(lambda pages: pages.answer_of("draft-2", "who")) is None


async def test_looking_at_a_form_many_times_changes_nothing(do: Do) -> None:
    token = await issue(do)
    for _ in range(20):
        assert (await do(lambda pages: pages.read(token))).used_at is None
    await do(lambda pages: pages.fill(token, ANSWER))
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) == ANSWER


async def test_of_fifty_answers_at_once_exactly_one_is_taken(do: Do) -> None:
    token = await issue(do)
    outcomes = await asyncio.gather(
        *(do(lambda pages, n=n: pages.fill(token, n)) for n in range(50)), return_exceptions=True
    )
    taken = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
    assert len(taken) == 1
    assert sum(isinstance(outcome, LinkUsedError) for outcome in outcomes) == 49
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) == taken[0]


async def test_a_used_form_is_neither_shown_nor_taken_again(do: Do) -> None:
    token = await issue(do)
    await do(lambda pages: pages.fill(token, ANSWER))
    with pytest.raises(LinkUsedError):
        await do(lambda pages: pages.read(token))
    with pytest.raises(LinkUsedError):
        await do(lambda pages: pages.fill(token, "other"))
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) == ANSWER


@pytest.mark.parametrize(("age", "good"), [(599, True), (600, False), (86400, False)])
async def test_a_form_is_good_for_ten_minutes(
    do: Do, clock: FakeClock, age: int, *, good: bool
) -> None:
    token = await issue(do)
    clock.forward(age)
    if good:
        await do(lambda pages: pages.fill(token, ANSWER))
    else:
        for verb in (lambda pages: pages.read(token), lambda pages: pages.fill(token, ANSWER)):
            with pytest.raises(LinkExpiredError):
                await do(verb)
    assert (await do(lambda pages: pages.answer_of("draft-1", "who")) == ANSWER) is good


async def test_a_newer_form_of_the_same_step_voids_the_older_one(do: Do) -> None:
    old = await issue(do)
    elsewhere = await issue(do, step="spouse")
    of_another = await issue(do, draft_id="draft-2")
    new = await issue(do)
    with pytest.raises(LinkExpiredError):
        await do(lambda pages: pages.fill(old, ANSWER))
    for token in (elsewhere, of_another, new):
        await do(lambda pages, token=token: pages.fill(token, ANSWER))


async def test_asking_again_forgets_the_answer_given_before(do: Do) -> None:
    first = await issue(do)
    await do(lambda pages: pages.fill(first, "old"))
    second = await issue(do)
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) is None
    await do(lambda pages: pages.fill(second, "new"))
    assert await do(lambda pages: pages.answer_of("draft-1", "who")) == "new"


async def test_a_form_is_closed_to_everybody_but_its_citizen(do: Do) -> None:
    token = await issue(do)
    with pytest.raises(LinkBrokenError):
        await do(lambda pages: pages.read(token, openid=STRANGER))
    with pytest.raises(LinkBrokenError):
        await do(lambda pages: pages.fill(token, ANSWER, openid=STRANGER))
    assert (await do(lambda pages: pages.fill(token, ANSWER, openid=CITIZEN))).openid == CITIZEN


def prints_at(clock: FakeClock) -> PageService:
    """Print links touch no record, so that this database is never opened."""
    work = open_work(engine_for("sqlite:///never.db"))
    return PageService(work, clock, SeededRandomness(), "https://anju.test/h", SealedLinks(CIPHER))


@pytest.fixture
def prints(clock: FakeClock) -> PageService:
    return prints_at(clock)


def print_token(prints: PageService, openid: OpenId = CITIZEN, number: str = "DJ1") -> str:
    return prints.print_link(openid, number).removeprefix("https://anju.test/h/h5/print/")


@given(openid=st.text(), number=st.text())
def test_a_print_link_brings_back_what_it_was_made_for(openid: OpenId, number: str) -> None:
    prints = prints_at(FakeClock())
    token = print_token(prints, openid, number)
    assert prints.read_print_link(token) == (openid, number)
    assert set(token) <= set(ascii_letters + digits + "-_")


def test_a_print_link_shows_neither_citizen_nor_number(prints: PageService) -> None:
    link = prints.print_link(CITIZEN, "DJ202603110000017")
    seen = link + str(base64.urlsafe_b64decode(link.rpartition("/")[2] + "=="))
    assert CITIZEN not in seen
    assert "DJ202603110000017" not in seen


@pytest.mark.parametrize(("age", "good"), [(86399, True), (86400, False), (10**7, False)])
def test_a_print_link_is_good_for_a_day(
    prints: PageService, clock: FakeClock, age: int, *, good: bool
) -> None:
    token = print_token(prints)
    clock.forward(age)
    if good:
        assert prints.read_print_link(token) == (CITIZEN, "DJ1")
    else:
        with pytest.raises(LinkExpiredError):
            prints.read_print_link(token)


def test_a_print_link_changed_in_any_one_place_is_broken(prints: PageService) -> None:
    token = print_token(prints)
    for place, old in enumerate(token[:-1]):  # the last character may hold unused bits
        changed = token[:place] + ("A" if old != "A" else "B") + token[place + 1 :]
        with pytest.raises(LinkBrokenError):
            prints.read_print_link(changed)


def test_a_token_sealed_for_another_purpose_is_broken(prints: PageService) -> None:
    token = SealedLinks(CIPHER).sign('["enter", "o", "DJ1", 9999999999]')
    with pytest.raises(LinkBrokenError):
        prints.read_print_link(token)


@given(token=st.text(max_size=80))
def test_a_guessed_print_link_is_broken(token: str) -> None:
    assert SealedLinks(CIPHER).read(token) is None


async def test_a_guessed_form_is_broken(do: Do) -> None:
    for token in ("", "x" * 22, "不存在", "a" * 5000):
        with pytest.raises(LinkBrokenError):
            await do(lambda pages, token=token: pages.read(token))
        with pytest.raises(LinkBrokenError):
            await do(lambda pages, token=token: pages.fill(token, ANSWER))
