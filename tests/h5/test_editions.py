"""Pages from before an update ask to be reopened; the release says which it is. Source: S0-65."""

import dataclasses
import re
from importlib.metadata import version

import pytest

from bot.h5.forms import edition
from dialogs.accounts.recover import Recover
from dialogs.engine.outside import Secure
from tests.support.town import PUBLIC_URL, Resident, Town

OUTDATED = 409


@pytest.fixture
async def who(town: Town) -> Resident:
    who = town.residents["周安然"]
    await town.bring(who, ["signed-up", "verified", "signed-out"])
    return who


async def a_page(town: Town, who: Resident, step: str = "person") -> str:
    async with town.house.open_work() as work:
        url = await town.desk(work, who).pages.issue(
            openid=who.openid, draft_id="d", flow="recover", step=step
        )
        await work.commit()
    return url.removeprefix(PUBLIC_URL)


def filled(who: Resident, of: str) -> dict[str, str]:
    return {"name": who.name, "id_number": who.id_number, "_edition": of}


async def test_the_release_says_which_it_is(town: Town) -> None:
    answer = await town.client.get("/version")
    assert answer.json() == {"version": version("anju")}


async def test_a_page_knows_its_edition(town: Town, who: Resident) -> None:
    path = await a_page(town, who)
    shown = await town.client.get(path)
    found = re.search(r'name="_edition" value="([0-9a-f]+)"', shown.text)
    assert found
    answer = await town.client.post(path, data=filled(who, found[1]))
    assert answer.status_code == 200


async def test_a_page_from_before_an_update_asks_to_be_reopened(town: Town, who: Resident) -> None:
    path = await a_page(town, who)
    before = await town.counts()
    answer = await town.client.post(path, data=filled(who, "0" * 12))
    assert answer.status_code == OUTDATED
    assert who.id_number not in answer.text
    assert await town.counts() == before
    # Nothing was used up: the same link leads to the new edition.
    again = await town.client.post(path, data=filled(who, edition(Recover.person)))
    assert again.status_code == 200


async def test_a_page_of_a_question_that_is_gone_asks_to_be_reopened(
    town: Town, who: Resident
) -> None:
    path = await a_page(town, who, step="asked_in_an_earlier_release")
    assert (await town.client.get(path)).status_code == OUTDATED
    assert (await town.client.post(path, data={})).status_code == OUTDATED


def test_an_edition_changes_with_what_is_asked_and_with_nothing_else() -> None:
    asked = Recover.person

    def like(*, label: str) -> Secure:
        first, *rest = asked.fields
        fields = (dataclasses.replace(first, label=label), *rest)
        return Secure(asked.prompt + "。", fields=fields, accept=asked.accept, title=asked.title)

    assert edition(like(label=asked.fields[0].label)) == edition(asked)
    assert edition(like(label="曾用名")) != edition(asked)
