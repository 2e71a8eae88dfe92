"""Turns: claimed or joined, taken in order, committed once, answered in time."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import event, select
from transitions import Machine

from adapters.sql.schema import METADATA
from bot import thinking, turns
from bot.jobs import deliver
from bot.turns import Turns
from bot.wechat.wire import Delivery
from dialogs.catalog import catalog
from dialogs.engine.messages import Said, SaidKind
from domain.plans.service import PlanService
from domain.shared.conversations import (
    FLOOD_MESSAGES,
    FLOOD_SECONDS,
    Claim,
    ConversationStore,
    Mine,
)
from domain.shared.records import OpenId
from tests.support.platform import Post, ReplySeen
from tests.support.town import Resident, Town, found_town, lay_out

ESTATE = "青禾家园"
SLOW = 0.15
PATIENCE = 0.04


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


@pytest.fixture
async def town(template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with found_town(template, tmp_path) as town:
        yield town


@pytest.fixture
def who(town: Town) -> Resident:
    return town.residents["周安然"]


async def say(town: Town, who: Resident, *texts: str) -> ReplySeen:
    """Say some words one after another; return the last reply."""
    reply = None
    for text in texts:
        town.clock.forward(1)
        reply = await town.deliver(town.platform.text(who.openid, text))
    assert reply
    return reply


async def to_review(town: Town, who: Resident) -> ReplySeen:
    """Bring a citizen to the last page before a registration counts."""
    await town.bring(who, ["signed-up", "verified", "bound"])
    found = await town.project(ESTATE)
    assert found
    await town.deliver(town.platform.scan(who.openid, found[0].scene))
    reply = await say(town, who, "二居室", "去登记")
    while "下一页" in reply.text:
        reply = await say(town, who, "下一页")
    return await say(town, who, "我已阅读并同意")


# --- one delivery, one answer -------------------------------------------------------------------


@pytest.mark.parametrize("said", ["菜单", "快速配租", "常见问题", "随便说说"])
async def test_a_delivery_that_comes_again_gets_the_same_answer(
    town: Town, who: Resident, said: str
) -> None:
    post = town.platform.text(who.openid, said)
    first = await town.deliver(post)
    await say(town, who, "我的登记")
    again = await town.deliver(post)
    assert first
    assert again == replace(first, created=again.created, xml=again.xml)


async def test_a_delivery_that_comes_again_while_it_is_answered_joins(
    town: Town, who: Resident
) -> None:
    post = town.platform.text(who.openid, "快速配租")
    answers = await asyncio.gather(*(town.deliver(post) for _ in range(3)))
    assert len({answer.text for answer in answers if answer}) == 1
    assert all(answers)
    stored = await town.house.conversations.peek(who.openid)
    assert stored


async def test_two_deliveries_of_the_same_words_are_two(town: Town, who: Resident) -> None:
    await say(town, who, "协议与隐私", "1")
    one = await say(town, who, "下一页")
    other = await say(town, who, "下一页")
    assert one.text != other.text


async def test_a_burst_of_one_citizen_is_answered_in_its_order(town: Town, who: Resident) -> None:
    words = ["协议与隐私", "1", *["下一页"] * 4, "菜单", "快速配租", "1", "1", *["返回"] * 3]
    words += ["常见问题", "1", "返回", "2", "菜单", "协议与隐私", "2"]
    assert len(words) == 20
    other = town.residents["林若溪"]
    calm = [(await say(town, other, text)).text for text in words]
    posts = [town.platform.text(who.openid, text) for text in words]
    burst = await asyncio.gather(*(town.deliver(post) for post in posts))
    assert [reply.text if reply else "" for reply in burst] == calm


async def test_a_burst_delivered_three_times_is_still_one_talk(town: Town, who: Resident) -> None:
    posts = [town.platform.text(who.openid, text) for text in ("协议与隐私", "1", "下一页")]
    answers = await asyncio.gather(*(town.deliver(post) for post in posts * 3))
    texts = [answer.text for answer in answers if answer]
    assert texts[:3] == texts[3:6] == texts[6:]
    assert len(set(texts)) == 3


async def test_citizens_do_not_wait_for_each_other(town: Town, who: Resident) -> None:
    await town.bring(who, ["signed-up", "verified"])
    await say(town, who, "备案认证")
    town.house.family_register.line.delay_seconds = SLOW
    slow = asyncio.create_task(town.deliver(town.platform.text(who.openid, who.filing)))
    await asyncio.sleep(0.01)
    other = await say(town, town.residents["林若溪"], "快速配租")
    assert "计划" in other.text
    assert not slow.done()
    await slow


# --- in time ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SlowTurn:
    """A turn that takes longer than a citizen may wait, and what was said meanwhile."""

    post: Post
    waiting: ReplySeen | None


@pytest.fixture
async def slow(town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch) -> SlowTurn:
    await town.bring(who, ["signed-up", "verified"])
    await say(town, who, "备案认证")
    town.house.family_register.line.delay_seconds = SLOW
    post = town.platform.text(who.openid, who.filing)
    with monkeypatch.context() as hurried:
        hurried.setattr(turns, "ANSWER_SECONDS", PATIENCE)
        return SlowTurn(post, await town.deliver(post))


async def ended(town: Town) -> None:
    """Wait until slow turns have ended."""
    town.house.family_register.line.delay_seconds = 0
    await town.app.state.turns.drain(5)


async def test_a_turn_past_its_time_says_so_and_goes_on(town: Town, slow: SlowTurn) -> None:
    assert slow.waiting
    assert "结果" in slow.waiting.text
    await ended(town)
    assert len(town.inbox(town.residents["周安然"].phone)) == 1


async def test_its_answer_is_given_to_the_word_and_to_the_next_try(
    town: Town, who: Resident, slow: SlowTurn
) -> None:
    await ended(town)
    result = await say(town, who, "结果")
    assert "验证码已发到" in result.text
    assert result.taps
    again = await town.deliver(slow.post)
    assert again
    assert (again.text, again.taps) == (result.text, result.taps)
    [sms] = town.inbox(who.phone)
    done = await say(town, who, sms.code)
    assert who.filing in done.text


@pytest.mark.usefixtures("slow")
async def test_its_answer_is_brought_where_the_platform_allows(town: Town, who: Resident) -> None:
    await ended(town)
    assert await deliver(town.house) == 1
    seen = await town.client.get("/simulator/outbox", params={"openid": who.openid})
    [brought] = seen.json()
    result = await say(town, who, "结果")
    assert "验证码已发到" in result.text
    assert "验证码已发到" in brought["text"]


@pytest.mark.usefixtures("slow")
async def test_an_answer_that_could_not_be_brought_soon_is_not_brought_later(
    town: Town, who: Resident
) -> None:
    await ended(town)
    town.wait(11, "minutes")
    assert await deliver(town.house) == 0
    seen = await town.client.get("/simulator/outbox", params={"openid": who.openid})
    assert seen.json() == []


@pytest.mark.usefixtures("slow")
async def test_it_is_told_once_and_then_there_is_nothing_to_wait_for(
    town: Town, who: Resident
) -> None:
    await ended(town)
    first = await say(town, who, "结果")
    second = await say(town, who, "结果")
    assert second.text != first.text
    assert "没有正在等的结果" in second.text


@pytest.mark.usefixtures("slow")
async def test_whoever_writes_meanwhile_is_asked_to_wait(
    town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(turns, "ANSWER_SECONDS", PATIENCE)
        busy = await say(town, who, "菜单")
    assert "还在办理" in busy.text
    await ended(town)
    assert "请选择" in (await say(town, who, "菜单")).text


async def test_a_turn_in_time_leaves_no_result_behind(town: Town, who: Resident) -> None:
    await say(town, who, "快速配租")
    assert "没有正在等的结果" in (await say(town, who, "结果")).text


@pytest.mark.usefixtures("slow")
async def test_stopping_lets_a_slow_turn_end_and_its_result_is_found_after_the_start(
    town: Town, who: Resident
) -> None:
    await town.restart()
    assert "验证码已发到" in (await say(town, who, "结果")).text


# --- faults -------------------------------------------------------------------------------------


async def test_a_turn_that_breaks_gives_a_reference_and_leaves_the_talk_where_it_was(
    town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(town, who, "注册", "同意")
    kept = await town.house.conversations.peek(who.openid)

    async def broken(_service: PlanService) -> None:
        raise ZeroDivisionError

    post = town.platform.text(who.openid, "快速配租")
    with monkeypatch.context() as patched:
        patched.setattr(PlanService, "book", broken)
        failed = await town.deliver(post)
    assert failed
    assert "编号" in failed.text
    assert await town.house.conversations.peek(who.openid) == kept
    mended = await town.deliver(post)
    assert mended
    assert "计划" in mended.text
    assert "手机号" in (await say(town, who, "注册")).text


async def test_a_turn_that_breaks_undoes_what_it_wrote(
    town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    await to_review(town, who)
    before = await town.counts()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(thinking, "render", broken)
        assert "编号" in (await say(town, who, "确定")).text
    assert await town.counts() == before
    assert "登记成功" in (await say(town, who, "确定")).text


async def test_a_talk_that_cannot_be_read_is_begun_anew(town: Town, who: Resident) -> None:
    await say(town, who, "注册", "同意")
    claim = await town.house.conversations.claim("other", who.openid, wait=1)
    assert isinstance(claim, Mine)
    await town.house.conversations.finish(claim, payload=b"rubbish", reply=b"")
    assert "请选择" in (await say(town, who, "菜单")).text
    assert "协议" in (await say(town, who, "注册")).text


async def test_a_talk_of_another_citizen_is_not_gone_on_with(town: Town, who: Resident) -> None:
    other = town.residents["林若溪"]
    await say(town, other, "注册", "同意", other.phone)
    theirs = await town.house.conversations.peek(other.openid)
    assert theirs
    claim = await town.house.conversations.claim("other", who.openid, wait=1)
    assert isinstance(claim, Mine)
    await town.house.conversations.finish(claim, payload=theirs, reply=b"")
    begun = await say(town, who, "继续")
    assert "验证码" not in begun.text
    assert "请选择" in (await say(town, who, "菜单")).text


async def test_a_talk_takes_little_room_though_much_is_still_to_be_read(
    town: Town, who: Resident
) -> None:
    shown = await say(town, who, "协议与隐私", "1")
    kept = await town.house.conversations.peek(who.openid)
    assert kept
    read = shown.text
    while "下一页" in shown.text:
        shown = await say(town, who, "下一页")
        read += shown.text
    assert len(kept) < len(read.encode()) / 2


async def test_a_flood_is_answered_kindly_and_passes(town: Town, who: Resident) -> None:
    posts = [town.platform.text(who.openid, "菜单") for _ in range(FLOOD_MESSAGES + 5)]
    answers = [await town.deliver(post) for post in posts]
    assert len({answer.text for answer in answers[:FLOOD_MESSAGES] if answer}) == 1
    flooded = {answer.text for answer in answers[FLOOD_MESSAGES:] if answer}
    assert flooded == {"您发得有点快，我看不过来了。请歇十来秒再发一次，之前填的都在。"}
    again = await town.deliver(posts[0])
    assert again
    assert "请选择" in again.text
    town.clock.forward(FLOOD_SECONDS)
    assert "计划" in (await say(town, who, "快速配租")).text


# --- what survives the loss of the talk ----------------------------------------------------------


async def lose_talks(town: Town, older: Path | None = None) -> None:
    """Let the conversation store be lost, or go back to an older copy."""
    folder = Path(str(town.settings.database.file)).parent
    await town.close()
    for file in folder.glob("conversations.db*"):
        file.unlink()
    if older:
        shutil.copytree(older, folder, dirs_exist_ok=True)
    await town.open()


async def copy_of_talks(town: Town, folder: Path) -> Path:
    """Return a copy of the conversation store as it stands."""
    source = Path(str(town.settings.database.file)).parent
    await town.close()
    shutil.copytree(source, folder, ignore=lambda _, names: _all_but_talks(names))
    await town.open()
    return folder


def _all_but_talks(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("conversations.db")]


async def test_the_same_delivery_gets_the_same_receipt_after_the_talk_was_lost(
    town: Town, who: Resident
) -> None:
    await to_review(town, who)
    post = town.platform.text(who.openid, "确定")
    told = await town.deliver(post)
    assert told
    await lose_talks(town)
    again = await town.deliver(post)
    assert again
    assert (again.text, again.taps) == (told.text, told.taps)
    assert len(await town.registrations(who)) == 1


@pytest.mark.parametrize("ahead", [-90, 5, 90], ids=["behind", "in time", "ahead"])
async def test_the_platforms_second_try_gets_the_receipt_though_a_new_talk_has_begun(
    town: Town, who: Resident, ahead: int
) -> None:
    """Whatever our clock says: another host's may be wrong by more than a minute."""
    await to_review(town, who)
    post = town.platform.text(who.openid, "确定")
    told = await town.deliver(post)
    assert told
    await lose_talks(town)
    await say(town, who, "菜单")
    town.clock.forward(ahead)
    again = await town.deliver(post)
    assert again
    assert (again.text, again.taps) == (told.text, told.taps)


async def test_confirming_anew_after_the_talk_went_back_gives_the_same_receipt(
    town: Town, who: Resident, tmp_path: Path
) -> None:
    await to_review(town, who)
    older = await copy_of_talks(town, tmp_path / "older")
    post = town.platform.text(who.openid, "确定")
    told = await town.deliver(post)
    assert told
    await lose_talks(town, older)
    anew = await say(town, who, "确定")
    assert anew.text == told.text
    again = await town.deliver(post)
    assert again
    [registration] = await town.registrations(who)
    assert registration.number in again.text


async def test_the_platforms_second_try_gets_the_receipt_though_the_talk_is_much_older(
    town: Town, who: Resident, tmp_path: Path
) -> None:
    await say(town, who, "菜单")
    older = await copy_of_talks(town, tmp_path / "older")
    await to_review(town, who)
    post = town.platform.text(who.openid, "确定")
    told = await town.deliver(post)
    assert told
    await lose_talks(town, older)
    town.clock.forward(5)
    again = await town.deliver(post)
    assert again
    assert (again.text, again.taps) == (told.text, told.taps)


async def test_two_confirmations_at_once_are_one_registration(town: Town, who: Resident) -> None:
    await to_review(town, who)
    posts = [town.platform.text(who.openid, "确定") for _ in range(4)]
    answers = await asyncio.gather(*(town.deliver(post) for post in posts))
    [registration] = await town.registrations(who)
    assert all(answer and registration.number in answer.text for answer in answers)


# --- overtaken ------------------------------------------------------------------------------------


class Overtaking:
    """A conversation store in which another process saves first, so many times."""

    def __init__(self, store: ConversationStore, times: int) -> None:
        self._store = store
        self._times = times
        self.finished = 0

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        return await self._store.claim(key, openid, wait=wait)

    def holds(self, claim: Mine) -> bool:
        return self._store.holds(claim)

    async def finish(self, claim: Mine, *, payload: bytes, reply: bytes) -> None:
        if self._times:
            self._times -= 1
            await self._store.abandon(claim)
            openid = OpenId(claim.ticket.split("\x1f")[1])
            other = await self._store.claim(f"other {self._times}", openid, wait=1)
            assert isinstance(other, Mine)
            await self._store.finish(other, payload=other.payload or payload, reply=b"other")
        await self._store.finish(claim, payload=payload, reply=reply)
        self.finished += 1

    async def abandon(self, claim: Mine) -> None:
        await self._store.abandon(claim)


def overtaken(town: Town, times: int) -> tuple[Turns, Overtaking]:
    store = Overtaking(town.house.conversations, times)
    return Turns(replace(town.house, conversations=store), catalog()), store  # type: ignore[arg-type] # a stand-in for the part that is used


def delivery(who: Resident, text: str, key: str = "key") -> Delivery:
    return Delivery(key, who.openid, "gh_anjutown0001", Said(SaidKind.TEXT, text), 1_700_000_000)


async def test_an_overtaken_turn_is_taken_again(town: Town, who: Resident) -> None:
    await say(town, who, "菜单")
    slower, store = overtaken(town, 1)
    bubble = await slower.answer(delivery(who, "快速配租"))
    assert "计划" in bubble.text
    assert store.finished == 1


async def test_an_overtaken_turn_that_had_its_effect_tells_the_same_and_has_no_second(
    town: Town, who: Resident
) -> None:
    await to_review(town, who)
    slower, store = overtaken(town, 1)
    bubble = await slower.answer(delivery(who, "确定"))
    [registration] = await town.registrations(who)
    assert registration.number in bubble.text
    assert store.finished == 1
    assert (await town.counts())["effects"] == 1


class Sleeping(Overtaking):
    """A conversation store whose first claim lapses while its turn is asleep."""

    def __init__(self, store: ConversationStore, town: Town, who: Resident) -> None:
        super().__init__(store, times=0)
        self._town = town
        self._who = who
        self.made: list[int] = []

    async def claim(self, key: str, openid: OpenId, *, wait: float) -> Claim:
        self.made.append(len(await self._town.registrations(self._who)))
        return await super().claim(key, openid, wait=wait)

    def holds(self, claim: Mine) -> bool:
        return len(self.made) > 1 and super().holds(claim)


async def test_a_turn_that_slept_too_long_begins_anew_before_anything_lasts(
    town: Town, who: Resident
) -> None:
    await to_review(town, who)
    store = Sleeping(town.house.conversations, town, who)
    turns = Turns(replace(town.house, conversations=store), catalog())  # type: ignore[arg-type] # a stand-in for the part that is used
    told = await turns.answer(delivery(who, "确定"))
    assert "登记成功" in told.text
    assert store.made == [0, 0]
    assert len(await town.registrations(who)) == 1
    assert store.finished == 1


async def test_a_turn_overtaken_again_and_again_gives_up_and_locks_nobody_out(
    town: Town, who: Resident
) -> None:
    await say(town, who, "菜单")
    slower, _ = overtaken(town, 9)
    with pytest.raises(turns.OvertakenError):
        await slower.answer(delivery(who, "快速配租"))
    assert "计划" in (await say(town, who, "快速配租")).text


# --- economy --------------------------------------------------------------------------------------


class Statements:
    """What reached the records' database."""

    def __init__(self) -> None:
        self.run: list[str] = []
        self.commits = 0

    @contextmanager
    def watching(self, town: Town) -> Iterator[None]:
        engine = town.house.engine.sync_engine

        def ran(*args: object) -> None:
            self.run.append(str(args[2]))

        def committed(*_: object) -> None:
            self.commits += 1

        event.listen(engine, "before_cursor_execute", ran)
        event.listen(engine, "commit", committed)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", ran)
            event.remove(engine, "commit", committed)


async def test_browsing_with_warm_caches_runs_no_statement_and_builds_no_machine(
    town: Town, who: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = ["快速配租", "1", "1", "1", "返回", "返回", "菜单", "常见问题", "1", "协议与隐私", "1"]
    talk += ["下一页", "帮助", "为什么", "随便说说", "菜单"]
    both = who, town.residents["林若溪"]
    await say(town, both[1], "菜单")  # the records are asked what was said before a talk
    posts = [[town.platform.text(one.openid, text) for text in talk] for one in both]
    cold = [await town.deliver(post) for post in posts[0]]
    built: list[object] = []
    monkeypatch.setattr(Machine, "__init__", lambda *args, **_: built.append(args))
    seen = Statements()
    with seen.watching(town):
        warm = [await town.deliver(post) for post in posts[1]]
    assert [one.text for one in warm if one] == [one.text for one in cold if one]
    assert seen.run == []
    assert built == []


async def test_browsing_never_writes_and_the_counts_are_read_at_most_once_a_second(
    town: Town, who: Resident
) -> None:
    await say(town, who, "快速配租")
    seen = Statements()
    with seen.watching(town):
        for _ in range(3):
            await say(town, who, "快速配租", "1", "1", "1")
    assert seen.commits == 0
    assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen.run)
    assert 0 < len(seen.run) <= 12


async def test_what_watches_would_see_a_write(town: Town, who: Resident) -> None:
    await to_review(town, who)
    seen = Statements()
    with seen.watching(town):
        await say(town, who, "确定")
    assert seen.commits == 1
    assert any("INSERT INTO registrations" in statement for statement in seen.run)


async def test_a_committing_turn_keeps_its_reply_with_its_records(
    town: Town, who: Resident
) -> None:
    await to_review(town, who)
    deliveries = METADATA.tables["deliveries"]
    before = (await town.counts())["deliveries"]
    await say(town, who, "确定")
    async with town.house.engine.connect() as connection:
        kept = (await connection.execute(select(deliveries.c.reply))).scalars().all()
    assert len(kept) == before + 1
    [registration] = await town.registrations(who)
    assert not any(registration.number.encode() in bytes(reply) for reply in kept)
