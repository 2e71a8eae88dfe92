from dataclasses import replace
from unittest.mock import AsyncMock

import pytest

from domain.accounts.model import Proof, Purpose
from domain.accounts.service import CodeNotProvenError
from domain.content.model import fingerprint
from domain.filings.model import FamilyCancelledError, FamilyState, UnitType
from domain.plans.model import UnitNotFoundError
from domain.registrations.model import (
    AlreadyCancelledError,
    AlreadyRegisteredError,
    CancelTooLateError,
    PlanLimitError,
    PlanNotOpenError,
    Registration,
    RegistrationState,
    UnitTypeMismatchError,
    is_registration_number,
)
from domain.registrations.service import (
    ContestedError,
    NoticeUnknownError,
    RegistrationNotFoundError,
    RegistrationService,
)
from tests.support.allotment import (
    NOW,
    OPENID,
    PHONE,
    AllotmentWork,
    a_book,
    a_family,
    a_plan,
    a_proof,
    a_unit,
    an_account,
)
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock

UNITS = [a_unit("unit"), a_unit("other"), a_unit("one", unit_type=UnitType.ONE)]
HASH = fingerprint("告知书")


class House:
    """A service over a work in memory, with a clock to turn."""

    def __init__(self, *, limit: int | None = None, opens: float = -10) -> None:
        self.clock = FakeClock(NOW)
        self.work = AllotmentWork(a_book(a_plan(limit=limit, opens=opens), UNITS))
        self.service = RegistrationService(self.work, self.clock, SeededRandomness())

    async def register(self, unit_id: str = "unit", *, version: int = 1) -> Registration:
        """Register the family of `a_family`."""
        return await self.service.register(
            account=an_account(),
            family=a_family(),
            unit_id=unit_id,
            notice_version=version,
            notice_hash=HASH,
            phone=PHONE,
        )

    async def cancel(self, *numbers: str, proof_purpose: Purpose = Purpose.CANCEL) -> list[str]:
        """Cancel registrations of that family; return their states."""
        cancelled = await self.service.cancel(
            openid=OPENID,
            account=an_account(),
            family=a_family(),
            numbers=numbers,
            proof=a_proof(purpose=proof_purpose, at=self.clock.now()),
        )
        return [one.state.value for one in cancelled]

    def trace(self) -> tuple[int, int, list[tuple[str, str]]]:
        """Return everything a use case may have changed."""
        rows = [(one.number, one.state.value) for one in self.work.registrations.rows.values()]
        return len(self.work.acts.rows), len(self.work.consents.rows), rows


async def test_a_registration_keeps_who_what_when_and_which_notice() -> None:
    """Source: S0-44, S0-60."""
    made = await House().register()
    assert is_registration_number(made.number)
    assert made.number.startswith("DJ20260311")
    assert (made.family_id, made.account_id, made.phone) == ("family", "account", PHONE)
    assert (made.plan_id, made.project_id, made.unit_id) == ("plan", "project", "unit")
    assert (made.unit_type, made.state) == (UnitType.TWO, RegistrationState.REGISTERED)
    assert (made.notice_version, made.notice_hash) == (1, HASH)
    assert (made.created_at, made.cancelled_at) == (NOW, None)


async def test_a_registration_leaves_a_consent_to_the_notice_and_an_act() -> None:
    """Source: S0-43."""
    house = House()
    made = await house.register()
    (consent,) = await house.work.consents.of("account")
    assert (consent.document, consent.version, consent.text_hash) == ("notice-quick", 1, HASH)
    (act,) = await house.work.acts.about(made.number)
    assert (act.tag, act.actor) == ("registrations:registration:create", "account")
    assert (act.front, act.at) == ("chat", NOW)


async def test_a_family_cannot_register_one_unit_twice() -> None:
    """Source: S0-50."""
    house = House()
    made = await house.register()
    before = house.trace()
    with pytest.raises(AlreadyRegisteredError) as refused:
        await house.register()
    assert refused.value.number == made.number
    assert house.trace() == before


async def test_a_family_may_register_several_units() -> None:
    """Source: S0-47."""
    house = House()
    first, second = await house.register("unit"), await house.register("other")
    assert first.number != second.number
    listed = await house.service.of_family("family")
    assert [one.number for one in listed] == [second.number, first.number]


async def test_the_limit_of_a_plan_holds() -> None:
    """Source: Q-01."""
    house = House(limit=1)
    await house.register("unit")
    with pytest.raises(PlanLimitError):
        await house.register("other")


async def test_asking_whether_one_may_register_changes_nothing() -> None:
    """Source: S0-37, S0-39."""
    house, account, family = House(), an_account(), a_family()
    await house.service.may_register(account, family, "unit")
    with pytest.raises(UnitTypeMismatchError):
        await house.service.may_register(account, family, "one")
    with pytest.raises(UnitNotFoundError):
        await house.service.may_register(account, family, "nowhere")
    with pytest.raises(PlanNotOpenError):
        await House(opens=1).service.may_register(account, family, "unit")
    assert house.trace() == (0, 0, [])


async def test_a_notice_that_was_never_published_cannot_be_agreed_to() -> None:
    """Source: S0-41."""
    house = House()
    with pytest.raises(NoticeUnknownError):
        await house.register(version=2)
    assert house.trace() == (0, 0, [])


async def test_on_a_day_of_a_hundred_thousand_a_free_number_is_found_soon() -> None:
    """Eight tries is what a registration has; on average it needs hardly more than one."""
    made = await House().register()
    digits = len(made.number) - len("DJ20260311") - 1
    chance, taken, tries = SeededRandomness(), set[str](), [0]
    while len(taken) < 100_000:
        serial = chance.digits(digits)
        tries[-1] += 1
        if serial not in taken:
            taken.add(serial)
            tries.append(0)
    assert max(tries) <= 8
    assert sum(tries) < 1.1 * len(taken)


async def test_a_number_that_is_taken_is_drawn_again() -> None:
    house = House()
    taken = await House().register()  # the same luck draws the same number first
    stranger = replace(taken, family_id="stranger")
    house.work.registrations.rows[taken.number] = stranger
    made = await house.register()
    assert made.number != taken.number
    assert house.work.registrations.rows[taken.number] == stranger


async def test_a_registration_gives_up_when_it_is_refused_again_and_again() -> None:
    house = House()
    house.work.registrations.add = AsyncMock(return_value=False)  # type: ignore[method-assign] # a store that lets nobody in
    with pytest.raises(ContestedError):
        await house.register()
    assert house.trace() == (0, 0, [])


async def test_a_registration_of_another_family_is_not_found() -> None:
    """Source: S0-52."""
    house = House()
    made = await house.register()
    account = an_account("stranger")
    for family in (a_family("stranger"), None):
        with pytest.raises(RegistrationNotFoundError):
            await house.service.find(account, family, made.number)
    assert await house.service.find(an_account(), a_family(), made.number) == made


async def test_several_registrations_are_cancelled_together() -> None:
    """Source: S0-54, S0-58."""
    house = House()
    first, second = await house.register("unit"), await house.register("other")
    house.clock.forward(60)
    assert await house.cancel(second.number, first.number) == ["cancelled", "cancelled"]
    kept = await house.service.of_family("family")
    assert {one.cancelled_at for one in kept} == {house.clock.now()}
    assert {one.created_at for one in kept} == {NOW}
    tags = [act.tag for act in await house.work.acts.about(first.number)]
    assert tags == ["registrations:registration:create", "registrations:registration:cancel"]


async def test_one_that_cannot_be_cancelled_keeps_all_the_others() -> None:
    """Source: S0-54."""
    house = House()
    first, second = await house.register("unit"), await house.register("other")
    await house.cancel(first.number)
    before = house.trace()
    with pytest.raises(AlreadyCancelledError) as refused:
        await house.cancel(second.number, first.number)
    assert refused.value.number == first.number
    with pytest.raises(RegistrationNotFoundError):
        await house.cancel(second.number, "DJ202603119999990")
    assert house.trace() == before


async def test_a_number_named_twice_is_cancelled_once() -> None:
    house = House()
    made = await house.register()
    assert await house.cancel(made.number, made.number) == ["cancelled"]
    assert len(await house.work.acts.about(made.number)) == 2


@pytest.mark.parametrize(
    "proof",
    [
        a_proof(purpose=Purpose.SIGN_IN),
        a_proof(phone="+8619900009999"),
        replace(a_proof(), openid="oTest0000000000000000000002"),
        a_proof(at=NOW.replace(hour=NOW.hour - 1)),
    ],
    ids=["another purpose", "another phone", "another citizen", "an hour old"],
)
async def test_cancelling_needs_a_fresh_code_for_cancelling_to_the_account_phone(
    proof: Proof,
) -> None:
    """Source: S0-55, Q-03."""
    house = House()
    made = await house.register()
    before = house.trace()
    with pytest.raises(CodeNotProvenError):
        await house.service.cancel(
            openid=OPENID,
            account=an_account(),
            family=a_family(),
            numbers=[made.number],
            proof=proof,
        )
    assert house.trace() == before


async def test_nothing_is_cancelled_once_the_plan_has_closed() -> None:
    """Source: Q-06."""
    house = House()
    made = await house.register()
    house.clock.forward(4 * 24 * 3600)
    with pytest.raises(CancelTooLateError):
        await house.cancel(made.number)
    (kept,) = await house.service.of_family("family")
    assert kept.live


async def test_after_cancelling_the_family_may_register_again() -> None:
    """Source: S0-59."""
    house = House(limit=1)
    made = await house.register()
    await house.cancel(made.number)
    again = await house.register()
    assert again.number != made.number
    assert [one.live for one in await house.service.of_family("family")] == [True, False]


async def test_a_cancelled_filing_cannot_register() -> None:
    house = House()
    family = a_family(state=FamilyState.CANCELLED)
    with pytest.raises(FamilyCancelledError):
        await house.service.may_register(an_account(), family, "unit")
