"""What every store of effects must do: one draft, at most one effect."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.records import SqlEffects
from domain.shared.records import Effect, EffectConflictError, EffectStore
from domain.shared.work import CollidedError
from tests.support.clock import FakeClock
from tests.support.sql import open_work

EFFECT = Effect("draft-1", "register", "f" * 64, '{"text": "登记成功，陈演示"}', FakeClock().now())


async def test_an_effect_comes_back_whole(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        effects: EffectStore = work.effects
        assert isinstance(effects, SqlEffects)
        assert await effects.find("draft-1") is None
        await effects.add(EFFECT)
        await work.commit()
    async with open_work(engine) as work:
        assert await work.effects.find("draft-1") == EFFECT
        assert await work.effects.find("draft-2") is None


@pytest.mark.parametrize("fingerprint", ["f" * 64, "0" * 64])
async def test_a_draft_has_no_second_effect_and_the_first_stays(
    engine: AsyncEngine, fingerprint: str
) -> None:
    async with open_work(engine) as work:
        await work.effects.add(EFFECT)
        with pytest.raises(EffectConflictError):
            await work.effects.add(replace(EFFECT, fingerprint=fingerprint, receipt="other"))
        await work.commit()
    async with open_work(engine) as work:
        assert await work.effects.find("draft-1") == EFFECT


async def test_of_fifty_submissions_at_once_one_has_an_effect(engine: AsyncEngine) -> None:
    async def submit(number: int) -> int:
        async with open_work(engine) as work:
            await work.effects.add(replace(EFFECT, receipt=str(number)))
            await work.commit()
        return number

    outcomes = await asyncio.gather(*map(submit, range(50)), return_exceptions=True)
    done = [number for number in outcomes if isinstance(number, int)]
    assert len(done) == 1
    assert (
        sum(isinstance(outcome, EffectConflictError | CollidedError) for outcome in outcomes) == 49
    )
    async with open_work(engine) as work:
        assert await work.effects.find("draft-1") == replace(EFFECT, receipt=str(done[0]))
