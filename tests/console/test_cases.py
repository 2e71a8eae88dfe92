"""Officers find people and cases by what they are told; they see little, and leave a trace."""

import httpx
import pytest
from sqlalchemy import select

from adapters.sql.schema import METADATA
from domain.officers.model import Role
from domain.registrations.search import SoughtKind, sought
from domain.shared.clock import china_time
from tests.support.console import signed_in_officer
from tests.support.town import Resident, Town, residents

CASES, FAMILIES = "/console/cases", "/console/families"


@pytest.fixture
async def who(town: Town) -> Resident:
    """Lend a resident whose family has registered."""
    who = residents()["周安然"]
    await town.sign_up(who)
    await town.verify(who)
    await town.bind(who)
    await town.register(who, "青禾家园", "二居室")
    return who


async def acts(town: Town, actor: str) -> list[tuple[str, str]]:
    table = METADATA.tables["acts"]
    async with town.house.engine.connect() as connection:
        rows = await connection.execute(
            select(table.c.tag, table.c.note).where(table.c.actor == actor).order_by(table.c.serial)
        )
        return [(row.tag, row.note) for row in rows]


async def search(console: httpx.AsyncClient, words: str) -> str:
    page = await console.post(CASES, data={"words": words})
    assert page.status_code == 200
    return page.text


async def test_a_case_is_found_by_every_number_and_by_name(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    """Source: S0-44."""
    officer = await signed_in_officer(console, Role.OPERATOR)
    [registration] = await town.registrations(who)
    for words, expected in (
        (registration.number, "/registrations/"),
        (registration.number.lower(), "/registrations/"),
        (who.phone, "/accounts/"),
        (f"+86 {who.phone}", "/accounts/"),
        (who.phone[-4:], "/accounts/"),
        (who.id_number, "/accounts/"),
        (who.name, "/accounts/"),
        (who.filing, "/families/"),
    ):
        found = await search(console, words)
        assert expected in found, words
        shown = found.replace(f'value="{words}"', "")
        for secret in (who.phone, who.id_number, who.filing, who.name):
            assert secret not in shown, words
    seen = await acts(town, officer.id)
    assert {tag for tag, _ in seen} == {"registrations:case:search"}
    assert len(seen) == 8
    for secret in (who.phone[-4:], who.id_number, who.filing, who.name):
        assert secret not in str(seen)


async def test_what_is_nowhere_or_nothing_is_said_so(
    console: httpx.AsyncClient, who: Resident
) -> None:
    assert who.name
    await signed_in_officer(console, Role.OPERATOR)
    assert "没有查到" in await search(console, "19999999999")
    assert "看不出这是什么" in await search(console, "？？")


async def test_a_registrations_page_tells_what_happened(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    officer = await signed_in_officer(console, Role.OPERATOR)
    [registration] = await town.registrations(who)
    page = await console.get(f"{CASES}/registrations/{registration.number}")
    assert page.status_code == 200
    assert f"/p/{registration.check_code}" in page.text
    assert "登记" in page.text
    assert who.phone not in page.text
    assert ("registrations:registration:view", "") in await acts(town, officer.id)


async def test_one_field_is_shown_with_a_reason_and_once(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    """Source: S0-77."""
    officer = await signed_in_officer(console, Role.REVIEWER)
    found = await search(console, who.phone)
    account_id = found.split(f"{CASES}/accounts/")[1].split('"')[0]
    address = f"{CASES}/accounts/{account_id}"
    assert who.id_number not in (await console.get(address)).text
    without = await console.post(f"{address}/reveal", data={"field": "id-number", "reason": " "})
    assert without.status_code == 422
    assert who.id_number not in without.text
    asked = {"field": "id-number", "reason": "来电核对本人"}
    shown = (await console.post(f"{address}/reveal", data=asked)).text
    assert who.id_number in shown
    assert who.phone not in shown
    assert who.id_number not in (await console.get(address)).text
    assert ("accounts:account:reveal", "id-number: 来电核对本人") in await acts(town, officer.id)


async def test_families_are_listed_and_looked_at(
    console: httpx.AsyncClient, town: Town, who: Resident
) -> None:
    await signed_in_officer(console, Role.REVIEWER)
    page = await console.get(FAMILIES)
    assert who.filing not in page.text
    family_id = page.text.split(f'href="{FAMILIES}/')[1].split('"')[0]
    family = await console.get(f"{FAMILIES}/{family_id}")
    assert f"{CASES}/accounts/" in family.text
    assert who.filing not in family.text
    asked = {"reason": "来电核对备案"}
    shown = await console.post(f"{FAMILIES}/{family_id}/reveal", data=asked)
    assert who.filing in shown.text
    async with town.house.open_work() as work:
        tags = [act.tag for act in await work.acts.about(family_id)]
    assert "filings:family:reveal" in tags


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("DJ20260311000001", ()),
        ("1234", (SoughtKind.PHONE_TAIL,)),
        ("199 0000 1234", (SoughtKind.PHONE, SoughtKind.FILING)),
        ("１９９００００１２３４", (SoughtKind.PHONE, SoughtKind.FILING)),
        ("11010019860412001x", (SoughtKind.ID_NUMBER, SoughtKind.FILING)),
        ("1101052019000123", (SoughtKind.FILING,)),
        ("周安然", (SoughtKind.NAME,)),
        ("", ()),
        ("12345", ()),
        ("%' OR 1=1 --", ()),
    ],
)
def test_words_are_taken_for_what_they_may_be(
    town: Town, words: str, kinds: tuple[SoughtKind, ...]
) -> None:
    today = china_time(town.clock.now()).date()
    pattern = town.house.settings.filings.number_pattern
    found = {one.kind for one in sought(words, pattern, today)}
    assert found - {SoughtKind.FILING} == set(kinds) - {SoughtKind.FILING}
