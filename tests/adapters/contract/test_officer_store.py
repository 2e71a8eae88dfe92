"""What whoever keeps officers must do, on SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.officers.model import Credentials, Officer, OfficerId, OfficerStart, Role
from domain.officers.ports import OfficerStore
from tests.support.clock import FakeClock
from tests.support.sql import open_work, written

NOW = FakeClock().now()
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
WANG = Officer(
    OfficerId("o-wang"), "wangyan", "王妍", frozenset({Role.AGENT, Role.ADMINISTRATOR}), NOW
)
LI = Officer(OfficerId("o-li"), "lihua", "李桦", frozenset({Role.AUDITOR}), NOW)


async def keep(engine: AsyncEngine, *officers: Officer) -> None:
    async with open_work(engine) as work:
        for officer in officers:
            assert await work.officers.add(officer)
        await work.commit()


async def begin(engine: AsyncEngine, token_hash: str = "hash") -> None:  # noqa: S107 (no password)
    async with open_work(engine) as work:
        await work.officers.begin(
            WANG.id, token_hash=token_hash, seed=SEED, expires_at=NOW + timedelta(hours=1)
        )
        await work.commit()


async def enrol(engine: AsyncEngine, *codes: str, token_hash: str = "hash") -> bool:  # noqa: S107 (no password)
    async with open_work(engine) as work:
        credentials = Credentials("kept", SEED, 7)
        done = await work.officers.enrol(token_hash, credentials, codes or ("first", "second"))
        await work.commit()
        return done


async def test_officers_come_back_whole_by_id_by_login_and_in_order(engine: AsyncEngine) -> None:
    await keep(engine, WANG, LI)
    async with open_work(engine) as work:
        officers: OfficerStore = work.officers
        assert await officers.find(WANG.id) == WANG
        assert await officers.of_login("lihua") == LI
        assert await officers.of_login("nobody") is None
        assert await officers.all() == [LI, WANG]
        assert await officers.all_for_update() == [LI, WANG]


async def test_a_login_name_is_one_officers(engine: AsyncEngine) -> None:
    await keep(engine, WANG)
    async with open_work(engine) as work:
        assert not await work.officers.add(replace(LI, login=WANG.login))
        assert await work.officers.all() == [WANG]


async def test_roles_and_shutting_out_are_kept(engine: AsyncEngine) -> None:
    await keep(engine, WANG)
    async with open_work(engine) as work:
        await work.officers.set_roles(WANG.id, frozenset({Role.REVIEWER}))
        await work.officers.set_disabled(WANG.id, disabled=True)
        await work.commit()
    async with open_work(engine) as work:
        changed = replace(WANG, roles=frozenset({Role.REVIEWER}), disabled=True)
        assert await work.officers.find(WANG.id) == changed


async def test_a_set_up_link_is_used_once_and_makes_ready(engine: AsyncEngine) -> None:
    await keep(engine, WANG)
    await begin(engine)
    async with open_work(engine) as work:
        start = OfficerStart(WANG, SEED, NOW + timedelta(hours=1))
        assert await work.officers.begun("hash") == start
        assert await work.officers.begun("other") is None
        assert await work.officers.credentials_of(WANG.id) is None
    done = await asyncio.gather(*(enrol(engine) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    async with open_work(engine) as work:
        assert await work.officers.begun("hash") is None
        assert await work.officers.credentials_of(WANG.id) == Credentials("kept", SEED, 7)
        assert await work.officers.find(WANG.id) == replace(WANG, ready=True)
        assert await work.officers.back_ups_left(WANG.id) == 2


async def test_a_new_link_takes_password_codes_and_the_link_before(engine: AsyncEngine) -> None:
    await keep(engine, WANG)
    await begin(engine)
    await enrol(engine)
    await begin(engine, "first")
    await begin(engine, "second")
    async with open_work(engine) as work:
        assert await work.officers.begun("first") is None
        assert await work.officers.begun("second") is not None
        assert await work.officers.credentials_of(WANG.id) is None
        assert await work.officers.back_ups_left(WANG.id) == 0


async def test_of_many_at_once_one_spends_a_code(engine: AsyncEngine) -> None:
    await keep(engine, WANG)
    await begin(engine)
    await enrol(engine)

    async def step(number: int) -> bool:
        async with open_work(engine) as work:
            spent = await work.officers.spend_step(WANG.id, number)
            await work.commit()
            return spent

    async def back_up(code: str) -> bool:
        async with open_work(engine) as work:
            spent = await work.officers.spend_back_up(WANG.id, code)
            await work.commit()
            return spent

    assert not await step(7)
    assert sorted(await asyncio.gather(*(step(9) for _ in range(4)))) == [False] * 3 + [True]
    assert not await step(8)
    assert sorted(await asyncio.gather(*(back_up("first") for _ in range(4)))) == [False] * 3 + [
        True
    ]
    assert not await back_up("third")


async def test_nothing_that_opens_a_door_or_names_anybody_is_written_plainly(
    engine: AsyncEngine,
) -> None:
    await keep(engine, WANG)
    await begin(engine)
    await enrol(engine, "abcde23456")
    kept = await written(engine)
    assert not [word for word in ("王妍", SEED, "abcde23456") if word.encode() in kept]
