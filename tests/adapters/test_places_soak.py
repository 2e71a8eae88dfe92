"""Thousands of things happen, and the platform never once has to refuse us anything.

``ANJU_SOAK_INTERACTIONS=50000`` lets fifty thousand of them happen. Source: S0-11.
"""

from pathlib import Path

import pytest

from tests.support.soak import INTERACTIONS, Life
from tests.support.sql import fresh_engine, open_work

REFUSED = {45015, 45047, 43101, 45009}
"""No window; no place left in it; no consent; no card left today."""


@pytest.mark.parametrize("seed", [5, 6])
async def test_of_thousands_of_interactions_none_is_a_violation(seed: int, tmp_path: Path) -> None:
    life = Life(seed)
    async with fresh_engine(tmp_path) as engine, open_work(engine) as work:
        await life.live(work, INTERACTIONS // 2)
    assert life.platform.people.violations == []
    assert set(life.sent) == {"push", "officer", "card", "once", "lasting"}
    assert life.sent.total() > INTERACTIONS / 2 / 20
    assert min(life.sent.values()) > INTERACTIONS / 2 / 200


async def test_without_our_count_the_same_life_is_full_of_violations(tmp_path: Path) -> None:
    life = Life(5, careless=True)
    async with fresh_engine(tmp_path) as engine, open_work(engine) as work:
        await life.live(work, 1500)
    assert set(life.platform.people.violations) >= REFUSED
