"""Who is signed in to an account is seen, and ended, by its citizen. Source: S0-20."""

from datetime import timedelta

import pytest

from domain.accounts.model import Account, Session
from domain.accounts.service import AccountService, ConsentMissingError
from domain.accounts.sessions import SessionService
from domain.shared.records import OpenId
from tests.support.clock import FakeClock
from tests.support.works import ALICE, BOB, PHONE, PeopleWork

CARL = OpenId("oTestCarl0000000000000000003")
DAY = 24 * 60 * 60


@pytest.fixture
def sessions(work: PeopleWork, clock: FakeClock) -> SessionService:
    return SessionService(work, clock, front="h5")


@pytest.fixture
async def account(work: PeopleWork, clock: FakeClock) -> Account:
    return await an_account(work, clock, PHONE, ALICE)


async def an_account(work: PeopleWork, clock: FakeClock, phone: str, openid: OpenId) -> Account:
    added = await work.accounts.add(phone=phone, at=clock.now())
    assert added is not None
    await work.accounts.link(openid, added.id, clock.now())
    return added


async def test_sessions_are_listed_oldest_first(
    sessions: SessionService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    first = clock.now()
    clock.forward(60)
    await work.accounts.link(BOB, account.id, clock.now())
    assert await sessions.of(account) == [
        Session(ALICE, first, first),
        Session(BOB, clock.now(), clock.now()),
    ]


async def test_ended_sessions_are_signed_out_and_each_leaves_an_act(
    sessions: SessionService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    await work.accounts.link(BOB, account.id, clock.now())
    await work.accounts.link(CARL, account.id, clock.now())
    assert await sessions.end(openid=ALICE, account=account, others=[BOB, CARL, BOB]) == 2
    assert [one.openid for one in await sessions.of(account)] == [ALICE]
    assert [(act.tag, act.actor, act.object_id, act.note, act.front) for act in work.acts.rows] == [
        ("accounts:session:end", ALICE, account.id, BOB, "h5"),
        ("accounts:session:end", ALICE, account.id, CARL, "h5"),
    ]


async def test_nobody_can_end_a_session_of_another_account(
    sessions: SessionService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    other = await an_account(work, clock, "+8619900000002", BOB)
    assert await sessions.end(openid=ALICE, account=account, others=[BOB]) == 0
    assert await work.accounts.of_openid(BOB) == other
    assert not work.acts.rows


async def test_use_is_kept_once_a_day(
    sessions: SessionService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    begun = clock.now()
    for seconds, expected in ((DAY - 1, begun), (1, begun + timedelta(days=1))):
        clock.forward(seconds)
        found = await work.accounts.of_openid(ALICE)
        assert found is not None
        await sessions.note_use(ALICE, found)
        assert [one.used_at for one in await sessions.of(account)] == [expected]


async def test_use_by_one_citizen_is_not_use_by_another(
    sessions: SessionService, work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    begun = clock.now()
    await work.accounts.link(BOB, account.id, begun)
    clock.forward(DAY)
    found = await work.accounts.of_openid(BOB)
    assert found is not None
    await sessions.note_use(BOB, found)
    used = {one.openid: one.used_at for one in await sessions.of(account)}
    assert used == {ALICE: begun, BOB: clock.now()}


async def test_whoever_shows_otherwise_that_an_account_is_theirs_still_must_agree(
    work: PeopleWork, clock: FakeClock, account: Account
) -> None:
    accounts = AccountService(work, clock)
    with pytest.raises(ConsentMissingError):
        await accounts.admit(openid=BOB, account=account, agreed=[], note="password")
    assert await work.accounts.of_openid(BOB) is None
    assert not work.acts.rows
