"""What went wrong once, and must not again: each talk or page here broke before it was mended."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from adapters.cipher import Cipher
from adapters.simulated import Line
from adapters.sql.base import SqlSession
from adapters.sql.conversations import EmbeddedConversations
from adapters.sql.schema import METADATA
from adapters.sql.secrets import EmbeddedSecrets
from bot import turns
from bot.turns import Turns
from dialogs.engine.dsl import Answers, Ask, Flow, Receipt
from dialogs.engine.kinds import money
from domain.content.model import fingerprint
from domain.shared.errors import UnavailableError
from tests.support.chat import Player
from tests.support.desks import Bench, BenchDesk
from tests.support.town import PUBLIC_URL, Town, found_town, lay_out

NOTICE = "notice-quick"
TICK = "> 我已阅读并同意"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


@pytest.fixture
async def town(template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with found_town(template, tmp_path) as town:
        yield town


@pytest.fixture
def player(town: Town) -> Player:
    return Player(town)


async def perform(player: Player, *lines: str) -> None:
    for number, line in enumerate(lines, start=1):
        await player.perform(number, line)


AT_REVIEW = (
    "given citizen 周安然 signed-up verified bound",
    "! scan 青禾家园",
    "> 3",
    "> 去登记",
    TICK,
    "< 请核对",
)


# --- what lies outside is slow ----------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("given citizen 周安然", "> 注册", "> 同意", "> {phone}"),
        ("given citizen 周安然 signed-up", "> 实名认证", "> {name} {id}"),
        ("given citizen 周安然 signed-up", "> 实名认证", "! page name={name} id_number={id}"),
        ("given citizen 周安然 signed-up verified", "> 备案认证", "> {filing}"),
    ],
    ids=["sms", "identity", "identity page", "register"],
)
async def test_nobody_holds_a_connection_while_waiting_for_the_outside(
    lines: Iterable[str], town: Town, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    reach = Line.reach
    *before, last = lines
    await perform(player, *before)

    async def watched(line: Line) -> None:
        held.append(town.house.engine.pool.checkedout())  # type: ignore[attr-defined] # a queue
        await reach(line)

    monkeypatch.setattr(Line, "reach", watched)
    await perform(player, last)
    assert held
    assert set(held) == {0}


async def test_a_late_result_is_shown_as_it_was_meant_and_can_be_chosen_from(
    town: Town, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def slow(_line: Line) -> None:
        await answered.wait()

    await perform(player, "given citizen 周安然 signed-up verified", "> 备案认证")
    monkeypatch.setattr(Line, "reach", slow)
    monkeypatch.setattr(turns, "ANSWER_SECONDS", 0.05)
    await perform(player, "> {filing}", "< 正在办理")
    answered.set()
    monkeypatch.undo()
    running = town.app.state.turns
    assert isinstance(running, Turns)
    await running.drain(4)
    await perform(player, "> 结果", "< 验证码已发到", "< 1. 重新获取", "<! ＜", "<! 没有正在等")
    await perform(player, "! tap 1", "< 刚发过", "> 1", "< 刚发过")
    await perform(player, "> {sms}", "< 已绑定", "> 结果", "< 没有正在等的结果", "= family yes")


# --- what is stored is lost, broken or old ----------------------------------------------------


async def test_what_a_page_brought_is_kept_for_whoever_comes_back_later(
    town: Town, player: Player
) -> None:
    await perform(player, "given citizen 周安然 signed-up", "> 实名认证")
    await perform(player, "! page name={name} id_number={id}", "! later 75 minutes")
    await town.house.sweep()
    await perform(player, "> 继续", "< 实名认证通过", "= person yes")


def forget_talks(folder: Path) -> None:
    for file in folder.glob("conversations.db*"):
        file.unlink()


async def test_a_repeated_delivery_is_told_the_same_when_the_talks_are_lost(
    town: Town, player: Player, tmp_path: Path
) -> None:
    await perform(player, *AT_REVIEW, "> 确定", "< 登记成功")
    await town.close()
    forget_talks(tmp_path)
    await town.open()
    await perform(player, "! redeliver", "= registrations 1")


async def test_a_talk_that_cannot_be_read_is_begun_anew(
    town: Town, player: Player, tmp_path: Path
) -> None:
    await perform(player, "given citizen 陈晨", "> 注册", "< 三份协议")
    await town.close()
    with sqlite3.connect(tmp_path / "conversations.db") as store:
        assert store.execute("UPDATE conversations SET payload = x'0102'").rowcount == 1
    store.close()
    await town.open()
    await perform(
        player, "> 菜单", "< 请选择要办的事", "> 注册", "< 三份协议", "> 同意", "< 手机号"
    )


async def test_what_had_an_effect_is_not_to_be_guessed_from_the_records(
    town: Town, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    index = Cipher.index

    def watched(cipher: Cipher, purpose: str, value: str) -> str:
        if purpose == "effect":
            hashed.append(value)
        return index(cipher, purpose, value)

    monkeypatch.setattr(Cipher, "index", watched)
    await perform(player, "given citizen 周安然 signed-up", "> 实名认证", "> {name} {id}")
    effects = METADATA.tables["effects"]
    async with town.house.engine.connect() as connection:
        kept = (await connection.execute(select(effects.c.fingerprint))).scalar_one()
    [text] = hashed
    assert player.speaker.id_number in text
    assert kept == index(town.house.cipher, "effect", text)
    assert kept != hashlib.sha256(text.encode()).hexdigest()
    assert kept != index(Cipher(bytes(32)), "effect", text)


# --- what must be read ------------------------------------------------------------------------


async def publish(town: Town, text: str) -> None:
    """Publish the next version of the notice."""
    documents = METADATA.tables["documents"]
    async with town.house.engine.begin() as connection:
        await connection.execute(
            documents.insert().values(
                kind=NOTICE,
                version=2,
                title="公租房快速配租登记告知书（演示）",
                text=text,
                text_hash=fingerprint(text),
                published_at=town.clock.now(),
            )
        )
    town.house.content.invalidate()


async def withdraw_first(town: Town) -> None:
    """Take the first version of the notice off the records."""
    documents = METADATA.tables["documents"]
    first = (documents.c.kind == NOTICE) & (documents.c.version == 1)
    async with town.house.engine.begin() as connection:
        await connection.execute(documents.delete().where(first))
    town.house.content.invalidate()


async def test_no_tick_counts_before_the_end_of_the_notice_was_shown(
    town: Town, player: Player
) -> None:
    lines = "\n".join(f"第{number}条 {'告' * 30}" for number in range(1, 17))
    await publish(town, f"{lines}\n最后一句：隐瞒的取消登记。")
    await perform(player, *AT_REVIEW[:-2], "< 第1条", "> 租金怎么算", "< 租金", "<! 我已阅读并同意")
    await perform(player, TICK, "<! 请核对", "< 最后一句", TICK, "< 请核对", "= registrations 0")


async def test_a_notice_that_is_no_longer_on_record_is_read_once_more(
    town: Town, player: Player
) -> None:
    await perform(player, *AT_REVIEW)
    await publish(town, "新的告知书")
    await withdraw_first(town)
    await perform(player, "> 确定", "< 刚有更新*新的告知书", "= registrations 0")
    await perform(player, TICK, "> 确定", "< 登记成功", "= registrations 1")


# --- numbers and words ------------------------------------------------------------------------


class Income(Flow, id="income", title="收入"):
    review = False
    words = ("报收入",)
    income = Ask(money, "去年收入多少元？", title="收入")

    async def submit(self, answers: Answers, desk: BenchDesk) -> Receipt:
        desk.lodge({"income": str(answers[Income.income])})
        return Receipt("好")


class Somebody(Flow, id="somebody", title="联系人工"):
    review = False
    words = ("0",)
    message = Ask(money, "请说。", title="问题")

    async def submit(self, answers: Answers, desk: BenchDesk) -> Receipt:
        desk.lodge({"message": str(answers[Somebody.message])})
        return Receipt("好")


async def test_nothing_is_an_amount_where_one_is_asked_although_it_means_a_person_elsewhere() -> (
    None
):
    bench = Bench.of(Income, Somebody)
    await bench.say("报收入", "0")
    assert bench.desk.lodged == [{"income": "0.00"}]
    await bench.say("0")
    assert [draft.flow for draft in bench.conversation.drafts] == ["somebody"]


# --- pages ------------------------------------------------------------------------------------


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who sees what a server answers, whatever broke in it."""
    transport = httpx.ASGITransport(town.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


async def test_no_more_of_a_form_is_read_than_a_form_may_hold(browser: httpx.AsyncClient) -> None:
    sent: list[int] = []

    async def flood() -> AsyncIterator[bytes]:
        for number in range(400):
            sent.append(number)
            yield b"&a=" + b"x" * 65_536

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await browser.post("/h5/form/xyz", content=flood(), headers=headers)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(sent) < 4


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OperationalError("x", {}, Exception("locked")), 503),
        (RuntimeError("11010019860412001X"), 500),
    ],
    ids=["silent records", "a mistake of ours"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_fault_behind_a_page_is_told_kindly_and_under_a_reference(
    method: str,
    fault: Exception,
    status: int,
    browser: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def silent(_session: SqlSession, _statement: object) -> None:
        raise fault

    monkeypatch.setattr(SqlSession, "read", silent)
    answer = await browser.request(method, "/h5/form/xyz")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "编号" in answer.text
    assert "11010019860412001X" not in answer.text


async def test_an_address_that_is_none_is_told_to_each_in_their_way(
    browser: httpx.AsyncClient,
) -> None:
    citizen = await browser.get("/h5/nothing")
    assert (citizen.status_code, "菜单" in citizen.text) == (404, True)
    assert citizen.headers["Content-Type"].startswith("text/html")
    program = await browser.get("/nothing")
    assert program.status_code == 404
    assert program.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("store", "verb"),
    [(EmbeddedConversations, "peek"), (EmbeddedSecrets, "count")],
    ids=["conversations", "secrets"],
)
async def test_we_are_not_ready_while_a_store_is_silent(
    store: type, verb: str, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object, **__: object) -> None:
        raise UnavailableError(verb)

    assert (await browser.get("/readyz")).status_code == 200
    monkeypatch.setattr(store, verb, silent)
    answer = await browser.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})
