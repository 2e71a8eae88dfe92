"""What is noted of a message while it is answered, and that it tells nothing about its sender.

Source: S0-72.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from adapters.simulated import LineState
from bot import metrics
from bot.course import Outcome
from bot.main import create_app
from bot.settings import Mode, Security, Settings
from bot.traces import tracing
from bot.watch import store_of, watched
from bot.wechat.render import Bubble
from bot.wechat.wire import Delivery
from dialogs.catalog import FLOWS
from dialogs.engine.messages import Said, SaidKind
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from tests.support.house import ROOT
from tests.support.outside_server import Answer, served
from tests.support.town import Resident, Town, found_town, lay_out

ESTATE = "青禾家园"


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


async def say(town: Town, who: Resident, *texts: str) -> str:
    """Say some words one after another; return the last reply."""
    reply = None
    for text in texts:
        town.clock.forward(1)
        reply = await town.deliver(town.platform.text(who.openid, text))
    assert reply
    return reply.text


async def register(town: Town, who: Resident) -> str:
    """Register for a unit as somebody who is bound; return the last reply."""
    found = await town.project(ESTATE)
    assert found
    await town.deliver(town.platform.scan(who.openid, found[0].scene))
    told = await say(town, who, "二居室", "去登记")
    while "下一页" in told:
        told = await say(town, who, "下一页")
    return await say(town, who, "我已阅读并同意", "确定")


def figures() -> dict[str, float]:
    """Return every figure of ours by its name and labels."""
    lines = [line for line in metrics.page().decode().splitlines() if line.startswith("anju_")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


class Rise:
    """By how much the figures of one name rise, those that do, by their labels."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._before = figures()

    def __call__(self) -> dict[str, float]:
        return {
            name.removeprefix(self._name): value - self._before.get(name, 0)
            for name, value in figures().items()
            if name.startswith(self._name) and value != self._before.get(name, 0)
        }


def turn(flow: str, outcome: Outcome) -> str:
    return f'{{flow="{flow}",outcome="{outcome}"}}'


async def test_a_turn_is_counted_under_its_flow_and_how_it_ended(town: Town, who: Resident) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    turns = Rise("anju_turn_seconds_count")
    await say(town, who, "菜单")
    assert turns() == {turn("none", Outcome.OK): 1}
    turns = Rise("anju_turn_seconds_count")
    assert "DJ" in await register(town, who)
    assert turns()[turn("register", Outcome.OK)] >= 2
    turns = Rise("anju_turn_seconds_count")
    await register(town, who)  # the same unit once more
    assert turns()[turn("browse", Outcome.REFUSED)] == 1  # from there it was wished


async def test_silence_outside_is_told_apart_from_a_refusal(town: Town, who: Resident) -> None:
    await town.bring(who, ["signed-up", "verified"])
    await say(town, who, "备案认证")
    town.house.family_register.line.state = LineState.DOWN
    turns = Rise("anju_turn_seconds_count")
    await say(town, who, who.filing)
    assert turns() == {turn("bind_family", Outcome.UNAVAILABLE): 1}


async def test_a_repetition_is_counted_as_one(town: Town, who: Resident) -> None:
    post = town.platform.text(who.openid, "菜单")
    turns, kinds = Rise("anju_turn_seconds_count"), Rise("anju_messages_total")
    for _ in range(3):
        await town.deliver(post)
    assert turns() == {turn("none", Outcome.OK): 1, turn("none", Outcome.REPEATED): 2}
    assert kinds() == {'{kind="text"}': 3}


async def test_who_is_not_the_platform_is_counted_by_what_was_wrong(town: Town) -> None:
    refused = Rise("anju_refused_envelopes_total")
    answer = await town.client.post("/wechat", params={"msg_signature": "x"}, content=b"<xml/>")
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert sum(refused().values()) == 1


async def test_the_figures_tell_nothing_about_anybody(town: Town, who: Resident) -> None:
    await town.bring(who, ["signed-up", "verified", "bound"])
    await register(town, who)
    await say(town, who, "我的登记", "我的", "退出", "人工")
    answer = await town.client.get("/metrics")
    assert answer.status_code == httpx.codes.OK
    told = [answer.text.count(one) for one in (who.openid, who.phone, who.name, who.id_number)]
    assert told == [0, 0, 0, 0]
    assert set(re.findall(r'flow="(\w+)"', answer.text)) <= {"none", *(flow.id for flow in FLOWS)}
    assert set(re.findall(r'outcome="(\w+)"', answer.text)) <= set(Outcome)
    assert set(re.findall(r'kind="(\w+)"', answer.text)) <= set(SaidKind)


async def test_production_shows_no_figures_to_the_world() -> None:
    given = Settings(mode=Mode.PRODUCTION, security=Security(data_key=SecretStr("A" * 43 + "=")))
    transport = httpx.ASGITransport(create_app(given))
    async with httpx.AsyncClient(transport=transport, base_url="http://anju.test") as client:
        assert (await client.get("/metrics")).status_code == httpx.codes.NOT_FOUND


# --- faults -------------------------------------------------------------------------------------


DELIVERY = Delivery(
    key="o1", openid=OpenId("o"), account="gh", said=Said(SaidKind.TEXT, text="菜单"), sent_at=0
)


async def broken(error: BaseException) -> None:
    """Let the turn of a message break."""

    async def answer(_: Delivery) -> Bubble:
        raise error

    with pytest.raises(type(error)):
        await watched(answer, None)(DELIVERY)


async def test_a_mistake_of_ours_is_a_fault() -> None:
    turns = Rise("anju_turn_seconds_count")
    await broken(RuntimeError())
    assert turns() == {turn("none", Outcome.FAULT): 1}


async def test_a_silent_store_is_counted_by_its_name() -> None:
    stores = Rise("anju_store_errors_total")
    silent = UnavailableError()
    silent.__cause__ = OperationalError("SELECT 1", {}, OSError())
    await broken(silent)
    await broken(UnavailableError())
    assert stores() == {'{store="records"}': 1, '{store="outside"}': 1}


def test_who_was_silent_is_told_by_where_it_began() -> None:
    first = UnavailableError()
    second = UnavailableError()
    second.__cause__ = first
    first.__cause__ = OperationalError("SELECT 1", {}, None)  # type: ignore[arg-type] # none below
    assert store_of(second) == "records"


# --- traces -------------------------------------------------------------------------------------


async def test_a_collector_gets_a_span_for_each_message_and_nothing_personal() -> None:
    async def answer(_: Delivery) -> Bubble:
        return Bubble("好")

    with served(lambda _: Answer(b"", headers={})) as collector:
        async with tracing(f"{collector.base}/v1/traces", "1.2.3") as spans:
            assert spans
            await watched(answer, spans)(DELIVERY)
    [request] = collector.seen
    told = ExportTraceServiceRequest.FromString(request.body).resource_spans[0]
    [span] = told.scope_spans[0].spans
    attributes = {one.key: one.value.string_value for one in span.attributes}
    assert attributes.pop("anju.reference")
    assert attributes == {"anju.kind": "text", "anju.flow": "", "anju.outcome": "ok"}
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert {one.key for one in told.resource.attributes} == {"service.name", "service.version"}


async def test_a_collector_that_is_gone_holds_nobody_up() -> None:
    async def answer(_: Delivery) -> Bubble:
        return Bubble("好")

    async with tracing("http://127.0.0.1:1/v1/traces", "1.2.3") as spans:
        assert await watched(answer, spans)(DELIVERY) == Bubble("好")


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    program = (
        "import bot.main, sys; print([m for m in sys.modules if 'opentelemetry.exporter' in m])"
    )
    ran = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
