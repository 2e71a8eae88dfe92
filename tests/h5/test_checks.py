"""Whether a paper is authentic: what anybody who holds one is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.registrations.model import RegistrationState
from tests.support.allotment import NOW, a_registration
from tests.support.papers import (
    CODE,
    NUMBER,
    SECRETS,
    PapersHouse,
    Words,
    a_paper,
    a_sheet,
    rows_of,
)

WRONG = "99999999999999999999"


@pytest.fixture
def house() -> PapersHouse:
    return PapersHouse(a_registration(NUMBER, check_code=CODE))


async def test_whoever_holds_a_paper_learns_that_it_is_authentic(house: PapersHouse) -> None:
    """Source: S0-48."""
    answer = await house.get(f"/p/{CODE}")
    assert answer.status_code == 200
    assert NUMBER in answer.text
    assert "已登记" in answer.text
    assert house.work.acts.rows == []


async def test_the_check_tells_no_more_than_the_paper(house: PapersHouse) -> None:
    """Source: S0-48."""
    answer = await house.get(f"/p/{CODE}")
    printed = {row for section in a_sheet().sections for row in section.rows}
    told = rows_of(answer.text).items()
    assert told
    assert told <= printed
    assert not [secret for secret in (*SECRETS, CODE) if secret in answer.text]


async def test_the_check_tells_what_became_of_the_registration_since(house: PapersHouse) -> None:
    """Source: S0-48, S0-58."""
    kept = house.work.registrations.rows[NUMBER]
    later = NOW + timedelta(days=1)
    house.work.registrations.rows[NUMBER] = replace(
        kept, state=RegistrationState.CANCELLED, cancelled_at=later
    )
    answer = await house.get(f"/p/{CODE}")
    assert answer.status_code == 200
    assert "已取消" in answer.text
    assert "2026年3月12日 12:00" in answer.text


async def test_a_paper_of_made_up_plans_is_called_that(house: PapersHouse) -> None:
    [heading] = [
        words for words in Words((await house.get(f"/p/{CODE}")).text).said if "真" in words
    ]
    assert "演示" in heading
    assert a_paper().plan.demo


@pytest.mark.parametrize("code", [WRONG, CODE[:-1], NUMBER, "x", "登记", "9" * 3000, "%00"])
async def test_an_unknown_code_is_kindly_refused(house: PapersHouse, code: str) -> None:
    answer = await house.get(f"/p/{code}")
    assert answer.status_code == 404
    assert "没有查到" in answer.text
    assert NUMBER not in answer.text


async def test_too_many_wrong_codes_are_told_until_when_by_the_place_they_came_from(
    house: PapersHouse,
) -> None:
    for _ in range(30):
        assert (await house.get(f"/p/{WRONG}")).status_code == 404
    answer = await house.get(f"/p/{CODE}")
    assert answer.status_code == 429
    assert "2026年3月11日 13:00" in answer.text
    assert NUMBER not in answer.text
    assert (await house.get(f"/p/{CODE}", from_="192.0.2.2")).status_code == 200


async def test_addresses_of_one_household_count_together(house: PapersHouse) -> None:
    for last in range(30):
        wrong = await house.get(f"/p/{WRONG}", from_=f"2001:db8:1:2::{last:x}")
        assert wrong.status_code == 404
    neighbour, stranger = "2001:db8:1:2:ffff::1", "2001:db8:1:3::1"
    assert (await house.get(f"/p/{CODE}", from_=neighbour)).status_code == 429
    assert (await house.get(f"/p/{CODE}", from_=stranger)).status_code == 200


async def test_a_socket_without_an_address_is_asked_for_none(house: PapersHouse) -> None:
    assert (await house.get(f"/p/{CODE}", from_="local")).status_code == 200


async def test_while_the_records_are_silent_nobody_is_called_a_forger(house: PapersHouse) -> None:
    house.down = True
    answer = await house.get(f"/p/{CODE}")
    assert answer.status_code == 503
    assert "没有查到" not in answer.text


async def test_a_code_may_be_typed_from_paper(house: PapersHouse) -> None:
    """Source: S0-48."""
    assert (await house.get("/p")).status_code == 200
    answer = await house.post("/p", code="0123 4567-8901 2345 6789")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{CODE}")


@pytest.mark.parametrize("typed", ["", "1234", "<b>x", CODE + "0"])
async def test_what_is_no_code_may_be_typed_again(house: PapersHouse, typed: str) -> None:
    answer = await house.post("/p", code=typed)
    assert answer.status_code == 422
    assert "20 位数字" in answer.text
    assert "<b>x" not in answer.text


async def test_a_check_is_kept_by_nobody(house: PapersHouse) -> None:
    for path in ("/p", f"/p/{CODE}", f"/p/{WRONG}"):
        headers = (await house.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
