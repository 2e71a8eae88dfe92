"""Officers fetch files: masked unless they may see more, their own only, and not for long."""

import asyncio
import csv
import io
import re
from datetime import timedelta

import httpx
import pytest

from adapters.sheets import PressedTables
from bot.jobs.exports import make_exports
from domain.officers.model import Role
from domain.registrations.exports import EXPORT_LEASE, EXPORT_STRIKES, ExportState
from domain.shared.errors import UnavailableError
from tests.support.console import open_console, signed_in_officer
from tests.support.town import Resident, Town, residents

EXPORTS = "/console/exports"
BOTH = (Role.OPERATOR, Role.REVIEWER)


@pytest.fixture
async def who(town: Town) -> Resident:
    """Lend a resident whose family has registered."""
    who = residents()["周安然"]
    await town.sign_up(who)
    await town.verify(who)
    await town.bind(who)
    await town.register(who, "青禾家园", "二居室")
    return who


async def ask(console: httpx.AsyncClient, **chosen: str) -> httpx.Response:
    form = {"subject": "registrations", "form": "csv", "plan": ""} | chosen
    return await console.post(EXPORTS, data=form)


async def link(console: httpx.AsyncClient) -> str:
    page = await console.get(EXPORTS)
    found = re.search(rf'href="({EXPORTS}/[^"/]+/file)"', page.text)
    assert found, page.text
    return found[1]


async def rows(console: httpx.AsyncClient) -> list[list[str]]:
    text = (await console.get(await link(console))).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


async def test_a_file_has_a_row_for_each_registration_and_hides_who_it_is(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    """Source: S0-77."""
    await signed_in_officer(console, Role.OPERATOR)
    assert (await ask(console)).status_code == 303
    assert await make_exports(town.house) == 1
    heading, row = await rows(console)
    told = dict(zip(heading, (cell.strip() for cell in row), strict=True))
    [registration] = await town.registrations(who)
    assert told["登记编号"] == registration.number
    assert told["状态"] == "已登记"
    assert told["手机号"] == f"199****{who.phone[-4:]}"
    assert told["姓名"] == "周某某"
    for secret in (who.phone, who.id_number, who.filing, who.name):
        assert secret not in ",".join(row)


async def test_whoever_may_and_says_why_gets_the_whole_file(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    await signed_in_officer(console, *BOTH)
    unmasked = {"unmasked": "yes", "form": "xlsx"}
    assert (await ask(console, **unmasked)).status_code == 422
    assert (await ask(console, **unmasked, reason="公证处核验名单")).status_code == 303
    assert await make_exports(town.house) == 1
    raw = (await console.get(await link(console))).content
    table = await PressedTables().read(raw)
    told = dict(zip(table.rows[0], table.rows[1], strict=True))
    assert (told["身份证号"], told["手机号"]) == (who.id_number, who.phone)
    assert (told["姓名"], told["备案编号"]) == (who.name, who.filing)


async def test_whoever_may_not_see_more_gets_a_masked_file_whatever_they_send(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    assert (await ask(console, unmasked="yes", reason="公证处核验名单")).status_code == 303
    assert await make_exports(town.house) == 1
    assert who.id_number not in str(await rows(console))


@pytest.mark.parametrize("subject", ["units", "families"])
async def test_units_and_families_can_be_fetched(
    console: httpx.AsyncClient, town: Town, who: Resident, subject: str
) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    assert (await ask(console, subject=subject)).status_code == 303
    assert await make_exports(town.house) == 1
    table = await rows(console)
    assert len(table) > 1
    assert who.filing not in str(table)


async def test_a_file_is_its_officers_alone_and_for_a_day(town: Town, who: Resident) -> None:
    assert who.filing
    async with open_console(town.app) as one, open_console(town.app) as other:
        await signed_in_officer(one, Role.OPERATOR)
        await signed_in_officer(other, Role.OPERATOR)
        await ask(one)
        assert await make_exports(town.house) == 1
        address = await link(one)
        assert (await other.get(address)).status_code == 404
        answer = await one.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "attachment" in answer.headers["content-disposition"]
    town.clock.forward(24 * 3600)
    async with open_console(town.app) as one:
        await signed_in_officer(one, Role.OPERATOR)
        assert (await one.get(address)).status_code == 404


async def test_one_at_a_time(console: httpx.AsyncClient, town: Town) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    assert (await ask(console)).status_code == 303
    again = await ask(console)
    assert again.status_code == 422
    assert "正在生成" in again.text
    assert 'hx-trigger="every 2s"' in (await console.get(f"{EXPORTS}/progress")).text
    assert await make_exports(town.house) == 1
    assert "hx-trigger" not in (await console.get(f"{EXPORTS}/progress")).text


async def test_another_worker_takes_over_from_a_dead_one(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    assert who.filing
    await signed_in_officer(console, Role.OPERATOR)
    await ask(console)
    async with town.house.open_work() as work:
        assert await work.exports.claim(now=town.clock.now())  # and then it dies
        await work.commit()
    assert await make_exports(town.house) == 0
    town.clock.forward(EXPORT_LEASE.total_seconds())
    assert await make_exports(town.house) == 1
    assert len(await rows(console)) == 2


async def test_after_three_the_officer_is_asked(console: httpx.AsyncClient, town: Town) -> None:
    await signed_in_officer(console, Role.OPERATOR)
    await ask(console)
    for _ in range(EXPORT_STRIKES):
        async with town.house.open_work() as work:
            assert await work.exports.claim(now=town.clock.now())
            await work.commit()
        town.clock.forward(EXPORT_LEASE.total_seconds())
    assert await make_exports(town.house) == 0
    page = await console.get(EXPORTS)
    found = re.search(rf'action="({EXPORTS}/[^"]+/again)"', page.text)
    assert found
    assert (await console.post(found[1])).status_code == 303
    assert await make_exports(town.house) == 1


async def test_a_file_that_cannot_be_made_is_failed_at_once(
    console: httpx.AsyncClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = await signed_in_officer(console, Role.OPERATOR)
    await ask(console)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(town.house.table_writer), "write", broken)
    assert await make_exports(town.house) == 0
    async with town.house.open_work() as work:
        [export] = await work.exports.of_officer(officer.id)
    assert export.state is ExportState.FAILED


async def test_silent_records_leave_it_to_whoever_looks_next(
    console: httpx.AsyncClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = await signed_in_officer(console, Role.OPERATOR)
    await ask(console)

    async def silent(*_: object) -> None:
        await asyncio.sleep(0)
        raise UnavailableError

    with monkeypatch.context() as patched:
        patched.setattr("adapters.sql.cases.SqlListings.registrations", silent)
        assert await make_exports(town.house) == 0
    async with town.house.open_work() as work:
        [export] = await work.exports.of_officer(officer.id)
    assert export.state is ExportState.RUNNING
    town.clock.forward(EXPORT_LEASE.total_seconds())
    assert await make_exports(town.house) == 1


async def test_old_files_are_swept(console: httpx.AsyncClient, town: Town) -> None:
    officer = await signed_in_officer(console, Role.OPERATOR)
    await ask(console)
    assert await make_exports(town.house) == 1
    town.clock.forward(timedelta(hours=25).total_seconds())
    await town.house.sweep()
    async with town.house.open_work() as work:
        assert await work.exports.of_officer(officer.id) == []
