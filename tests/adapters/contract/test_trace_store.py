"""What whoever finds a citizen's traces must do. Source: S0-20."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.base import SqlSession
from adapters.sql.records import SqlPages
from adapters.sql.traces import SqlTraces
from adapters.sql.work import SqlWork
from domain.accounts.leaving import TraceStore
from domain.accounts.model import Account
from domain.content.model import DocumentKind
from domain.filings.model import FamilyState, Filing, Member, UnitType
from domain.identity.model import Recovery, RecoveryState, Verified
from domain.registrations.model import RegistrationState
from domain.shared.pages import OneTimePage
from domain.shared.records import AccountId, Act, Consent, OpenId
from tests.support.allotment import a_plan, a_project, a_registration, a_unit
from tests.support.allotment_sql import keep_plans
from tests.support.clock import FakeClock
from tests.support.sql import open_work
from tests.support.works import ALICE, BOB, PHONE

NOW = FakeClock().now()
LATER = NOW + timedelta(hours=1)
NUMBER, OTHER_NUMBER = "110101198806060023", "110100198809230028"
FACE = DocumentKind.FACE_CONSENT.value


@pytest.fixture
async def work(engine: AsyncEngine) -> AsyncIterator[SqlWork]:
    async with open_work(engine) as work:
        yield work


@pytest.fixture
def traces(work: SqlWork) -> TraceStore:
    assert isinstance(work.traces, SqlTraces)
    return work.traces


def session_of(work: SqlWork) -> SqlSession:
    """Return the work's own session, for rows that no store of it writes."""
    return work._session  # noqa: SLF001 (as above)


async def an_account(work: SqlWork, phone: str = PHONE) -> Account:
    added = await work.accounts.add(phone=phone, at=NOW)
    assert added is not None
    return added


async def a_page(pages: SqlPages, openid: OpenId, token_hash: str) -> None:
    ends = NOW + timedelta(minutes=10)
    await pages.add(token_hash, OneTimePage(openid, "draft", "flow", token_hash[:8], NOW, ends))
    await pages.consume(token_hash, {"name": "周安然"}, now=NOW)


async def test_who_never_registered_is_told_so(work: SqlWork, traces: TraceStore) -> None:
    assert not await traces.has_registered(await an_account(work))


async def test_the_pages_of_some_are_wiped_and_others_stay(
    work: SqlWork, traces: TraceStore
) -> None:
    await a_page(work.pages, ALICE, "a" * 64)
    await a_page(work.pages, BOB, "b" * 64)
    assert await traces.wipe_pages([ALICE]) == 1
    assert await work.pages.find("a" * 64) is None
    assert await work.pages.answer_of("draft", "b" * 8) == {"name": "周安然"}
    assert await traces.wipe_pages([]) == 0


async def test_a_person_is_wiped_only_when_no_account_is_theirs(
    work: SqlWork, traces: TraceStore
) -> None:
    person = await work.people.save(Verified("周安然", NUMBER, NOW, "test"))
    first, second = await an_account(work), await an_account(work, "+8619900000002")
    for account in (first, second):
        assert await work.accounts.set_person(account.id, person.id)
    await work.accounts.close(first.id, keep_person=False)
    assert not await traces.wipe_person(person.id)
    assert await work.people.find(person.id) == person
    await work.accounts.close(second.id, keep_person=False)
    assert await traces.wipe_person(person.id)
    assert await work.people.find(person.id) is None


# Pages


async def given(work: SqlWork, page: OneTimePage) -> None:
    await work.pages.add(f"{page.step:a>64}", page)


def page_of(
    openid: OpenId, step: str, account_id: AccountId | None, phone: str = ""
) -> OneTimePage:
    about = {"phone": phone} if phone else {}
    ends = NOW + timedelta(minutes=10)
    return OneTimePage(openid, "d", "flow", step, NOW, ends, account_id=account_id, about=about)


async def some_pages(work: SqlWork) -> tuple[Account, Account]:
    """Give pages to two who share a WeChat, and to one of them elsewhere."""
    mine, theirs = await an_account(work), await an_account(work, "+8619900000002")
    for page in (
        page_of(ALICE, "mine", mine.id),
        page_of(BOB, "elsewhere", mine.id),
        page_of(ALICE, "theirs", theirs.id),
        page_of(ALICE, "nobodys", None),
        page_of(ALICE, "my-phones", None, PHONE),
        page_of(ALICE, "their-phones", None, theirs.phone),
    ):
        await given(work, page)
    return mine, theirs


async def test_the_pages_of_an_account_are_its_own_and_those_for_its_phone(
    work: SqlWork, traces: TraceStore
) -> None:
    mine, theirs = await some_pages(work)
    found = await traces.pages_of(mine, [ALICE])
    assert [page.step for page in found] == ["mine", "elsewhere", "my-phones"]
    assert [page.step for page in await traces.pages_of(theirs, [ALICE])] == [
        "theirs",
        "their-phones",
    ]
    assert [page.step for page in await traces.pages_of(mine, [])] == ["mine", "elsewhere"]


async def test_the_pages_of_an_account_are_wiped_wherever_they_were_given(
    work: SqlWork, traces: TraceStore
) -> None:
    mine, theirs = await some_pages(work)
    assert await traces.wipe_pages([ALICE], of=mine.id) == 5
    assert [page.step for page in await traces.pages_of(theirs, [ALICE])] == ["theirs"]
    assert await traces.pages_of(mine, [ALICE, BOB]) == []


# Acts and consents


def a_recovery(
    recovery_id: str,
    person_id: str,
    state: RecoveryState,
    account_id: AccountId | None = None,
    openid: OpenId = BOB,
) -> Recovery:
    return Recovery(recovery_id, openid, person_id, state, NOW, account_id=account_id)


async def a_person(work: SqlWork, account: Account, number: str = NUMBER) -> Account:
    person = await work.people.save(Verified("周安然", number, NOW, "test"))
    assert await work.accounts.set_person(account.id, person.id)
    return replace(account, person_id=person.id)


async def test_acts_are_found_by_who_did_them_and_whom_they_are_about(
    work: SqlWork, traces: TraceStore
) -> None:
    mine = await a_person(work, await an_account(work))
    stranger = await a_person(work, await an_account(work, "+8619900000002"), OTHER_NUMBER)
    assert mine.person_id is not None
    assert stranger.person_id is not None
    await work.recoveries.add(a_recovery("r-mine", mine.person_id, RecoveryState.FAILED))
    await work.recoveries.add(a_recovery("r-other", stranger.person_id, RecoveryState.FAILED))
    await keep_plans(session_of(work), [a_plan()], [a_project()], [a_unit()])
    registered = replace(a_registration("DJ1"), account_id=mine.id)
    assert await work.registrations.add(registered, limit=None)
    for tag, actor, object_id in (
        ("a:by:me", mine.id, "family-1"),
        ("b:to:me", ALICE, mine.id),
        ("c:to:person", ALICE, mine.person_id),
        ("d:to:recovery", BOB, "r-mine"),
        ("e:to:registration", "officer", "DJ1"),
        ("x:by:stranger", stranger.id, "family-1"),
        ("x:to:stranger", ALICE, stranger.id),
        ("x:to:their:recovery", BOB, "r-other"),
        ("x:by:openid", ALICE, "poster"),
    ):
        await work.acts.add(Act(tag, actor, object_id, NOW, "chat"))
    assert [act.tag[0] for act in await traces.acts_of(mine)] == ["a", "b", "c", "d", "e"]
    nobody = replace(mine, person_id=None)
    assert [act.tag[0] for act in await traces.acts_of(nobody)] == ["a", "b", "e"]


async def test_consents_to_face_checks_are_the_persons_once_they_were_recognized(
    work: SqlWork, traces: TraceStore
) -> None:
    mine = await a_person(work, await an_account(work))
    assert mine.person_id is not None
    for recovery_id, state in (
        ("r-proven", RecoveryState.PROVEN),
        ("r-failed", RecoveryState.FAILED),
        ("r-facing", RecoveryState.FACING),
    ):
        await work.recoveries.add(a_recovery(recovery_id, mine.person_id, state))
        await work.consents.add(Consent(recovery_id, FACE, 1, recovery_id, NOW))
    await work.recoveries.add(
        a_recovery("r-done", mine.person_id, RecoveryState.DONE, mine.id, ALICE)
    )
    for actor in ("r-done", mine.id):
        await work.consents.add(Consent(actor, FACE, 2, "done", NOW))
    await work.consents.add(Consent(mine.id, "agreement-user", 1, "user", NOW))
    await work.consents.add(Consent("stranger", "agreement-user", 1, "theirs", NOW))
    found = await traces.consents_of(mine)
    assert [one.text_hash for one in found] == ["r-proven", "done", "user"]
    assert await traces.withdraw_recognition(mine, at=LATER) == 3
    assert {
        one.text_hash for one in await traces.consents_of(mine) if one.withdrawn_at == LATER
    } == {"r-proven", "done"}
    assert not (await work.consents.of("r-failed"))[0].withdrawn_at


# Recoveries


async def test_recoveries_go_with_the_account_and_with_the_last_one_all_of_them(
    work: SqlWork, traces: TraceStore
) -> None:
    first = await a_person(work, await an_account(work))
    second = await a_person(work, await an_account(work, "+8619900000002"))
    assert first.person_id is not None
    for recovery_id, account_id in (("r-1", first.id), ("r-2", second.id), ("r-open", None)):
        await work.recoveries.add(
            a_recovery(recovery_id, first.person_id, RecoveryState.DONE, account_id)
        )
    assert await traces.wipe_recoveries(first) == 1
    assert await work.recoveries.find("r-1") is None
    await work.accounts.close(first.id, keep_person=True)
    assert await traces.wipe_recoveries(second) == 2
    nameless = await an_account(work, "+8619900000003")
    assert await traces.wipe_recoveries(nameless) == 0


# Families


FILING = Filing(
    number="1101052020012345",
    district="朝阳区",
    unit_types=(UnitType.TWO,),
    group="第1组",
    state=FamilyState.VALID,
    members=(Member("周安然", NUMBER, "申请人"),),
)


async def bound(work: SqlWork, phone: str = PHONE) -> tuple[Account, str]:
    account = await an_account(work, phone)
    family = await work.families.save(FILING)
    assert await work.accounts.set_family(account.id, family.id)
    return account, family.id


async def test_a_family_is_wiped_only_when_no_account_is_bound_to_it(
    work: SqlWork, traces: TraceStore
) -> None:
    first, family_id = await bound(work)
    second, _ = await bound(work, "+8619900000002")
    await work.accounts.close(first.id, keep_person=False)
    assert not await traces.wipe_family(family_id)
    assert await work.families.find(family_id) is not None
    await work.accounts.close(second.id, keep_person=False)
    assert await traces.wipe_family(family_id)
    assert await work.families.find(family_id) is None
    assert not await traces.wipe_family(family_id)


async def test_a_family_that_ever_registered_is_kept(work: SqlWork, traces: TraceStore) -> None:
    account, family_id = await bound(work)
    await keep_plans(session_of(work), [a_plan()], [a_project()], [a_unit()])
    cancelled = a_registration(family_id=family_id, state=RegistrationState.CANCELLED)
    assert await work.registrations.add(cancelled, limit=None)
    await work.accounts.close(account.id, keep_person=False)
    assert not await traces.wipe_family(family_id)
    assert await work.families.find(family_id) is not None
