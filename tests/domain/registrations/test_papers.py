"""The paper of a registration: whose it is, and whether one that was handed over is authentic."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.registrations.model import (
    CHECK_CODE_DIGITS,
    InvalidCheckCodeError,
    Registration,
    RegistrationState,
    check_code,
)
from domain.registrations.service import RegistrationNotFoundError, RegistrationService
from domain.registrations.service_papers import PaperService, PaperUnknownError
from domain.shared.throttle import ThrottledError
from tests.support.allotment import NOW, PHONE, a_family, a_registration, a_unit, an_account
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.papers import CODE, NUMBER, PERSON, PapersMemory
from tests.support.works import MemorySecrets

WRONG = "99999999999999999999"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Desk:
    """The service over registrations in memory."""

    def __init__(self, *registrations: Registration) -> None:
        self.work = PapersMemory(*registrations)
        self.clock = FakeClock(NOW)
        self.papers = PaperService(self.work, MemorySecrets(), self.clock)

    async def wrong(self, times: int, *, asker: str = HERE) -> None:
        for _ in range(times):
            with pytest.raises(PaperUnknownError):
                await self.papers.check(WRONG, asker=asker)


@pytest.fixture
def kept() -> Registration:
    return a_registration(NUMBER, check_code=CODE)


@given(code=st.text("0123456789", min_size=CHECK_CODE_DIGITS, max_size=CHECK_CODE_DIGITS))
def test_a_check_code_is_read_as_people_copy_it(code: str) -> None:
    """Source: S0-48."""
    groups = [code[at : at + 4] for at in range(0, len(code), 4)]
    wide = code.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    for copied in (
        code,
        " ".join(groups),
        "-".join(groups),
        "\u00a0".join(groups),
        f"\t{code} ",
        wide,
    ):
        assert check_code(copied) == code


@given(text=st.text(max_size=30))
def test_what_is_read_as_a_check_code_is_always_twenty_plain_digits(text: str) -> None:
    try:
        read = check_code(text)
    except InvalidCheckCodeError:
        return
    assert len(read) == CHECK_CODE_DIGITS
    assert set(read) <= set("0123456789")


@pytest.mark.parametrize("text", ["", CODE[:-1], f"{CODE}0", f"{CODE[:-1]}x", "٣" * 20, "五" * 20])
def test_anything_else_is_no_check_code(text: str) -> None:
    with pytest.raises(InvalidCheckCodeError):
        check_code(text)


async def test_a_registration_is_made_with_a_code_of_its_own() -> None:
    """Source: S0-48."""
    work = PapersMemory()
    chance = SeededRandomness()
    service = RegistrationService(work, FakeClock(NOW), chance)
    [notice] = work.documents.published
    made = [
        await service.register(
            account=an_account(),
            family=a_family(name),
            unit_id=a_unit().id,
            notice_version=notice.version,
            notice_hash=notice.text_hash,
            phone=PHONE,
        )
        for name in ("one", "two")
    ]
    codes = {check_code(one.check_code) for one in made}
    assert len(codes) == 2
    assert not [one for one in made if one.number[-7:] in one.check_code]


async def test_a_family_gets_the_paper_of_its_own_registration(kept: Registration) -> None:
    """Source: S0-48, S0-60."""
    paper = await Desk(kept).papers.of(an_account(), a_family(), NUMBER)
    assert (paper.registration, paper.family, paper.person) == (kept, a_family(), PERSON)
    assert (paper.plan.id, paper.project.id, paper.unit.id) == ("plan", "project", "unit")


@pytest.mark.parametrize("number", [NUMBER, "DJ202603110000025"])
async def test_a_family_gets_nobody_elses_paper(kept: Registration, number: str) -> None:
    desk = Desk(replace(kept, family_id="stranger"))
    with pytest.raises(RegistrationNotFoundError):
        await desk.papers.of(an_account(), a_family(), number)


async def test_the_applicant_is_who_registered_and_not_who_prints(kept: Registration) -> None:
    another = an_account("another")
    paper = await Desk(kept).papers.of(replace(another, person_id=None), a_family(), NUMBER)
    assert paper.person == PERSON


async def test_a_paper_outlives_the_account_that_registered(kept: Registration) -> None:
    desk = Desk(kept)
    desk.work.accounts.rows.clear()
    assert (await desk.papers.check(CODE, asker=HERE)).person is None


async def test_the_code_on_a_paper_brings_the_paper(kept: Registration) -> None:
    """Source: S0-48."""
    other = a_registration("DJ202603110000025", check_code=WRONG, family_id="stranger")
    paper = await Desk(other, kept).papers.check("0123 4567 8901 2345 6789", asker=HERE)
    assert (paper.registration, paper.family) == (kept, a_family())


async def test_the_check_tells_how_it_stands_now(kept: Registration) -> None:
    desk = Desk(kept)
    later = NOW + timedelta(days=1)
    assert await desk.work.registrations.cancel([NUMBER], later)
    told = (await desk.papers.check(CODE, asker=HERE)).registration
    assert (told.state, told.cancelled_at) == (RegistrationState.CANCELLED, later)


@pytest.mark.parametrize("code", ["", "x", NUMBER, WRONG, CODE[:-1], "０" * 5000])
async def test_an_unknown_code_brings_nothing(kept: Registration, code: str) -> None:
    with pytest.raises(PaperUnknownError):
        await Desk(kept).papers.check(code, asker=HERE)


async def test_a_registration_without_a_code_is_found_by_no_code() -> None:
    with pytest.raises(PaperUnknownError):
        await Desk(a_registration(NUMBER)).papers.check("", asker=HERE)


async def test_checking_papers_is_never_too_much(kept: Registration) -> None:
    desk = Desk(kept)
    for _ in range(500):
        assert (await desk.papers.check(CODE, asker=HERE)).registration == kept


async def test_after_too_many_wrong_codes_one_is_told_until_when(kept: Registration) -> None:
    desk = Desk(kept)
    await desk.wrong(30)
    for code in (WRONG, CODE):
        with pytest.raises(ThrottledError) as refused:
            await desk.papers.check(code, asker=HERE)
        assert refused.value.until == NOW + timedelta(hours=1)
    assert (await desk.papers.check(CODE, asker=THERE)).registration == kept
    desk.clock.moment = refused.value.until
    assert (await desk.papers.check(CODE, asker=HERE)).registration == kept


async def test_ten_thousand_guesses_find_nothing_and_are_soon_not_even_looked_at(
    kept: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, chance = Desk(kept), SeededRandomness()
    looked: list[str] = []
    look = desk.work.registrations.of_check_code

    async def watched(code: str) -> Registration | None:
        looked.append(code)
        return await look(code)

    monkeypatch.setattr(desk.work.registrations, "of_check_code", watched)
    for guess in range(10_000):
        with pytest.raises((PaperUnknownError, ThrottledError)):
            await desk.papers.check(chance.digits(20), asker=f"192.0.2.{guess % 10}")
    assert len(looked) == 10 * 30
