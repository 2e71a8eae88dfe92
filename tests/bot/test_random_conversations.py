"""Random talks of several citizens through the real webhook: whatever is said, much must hold.

``ANJU_RANDOM_MESSAGES`` sets how many messages there are at least; without it 2,000, and 20,000
where ``CI`` is ``true``.
"""

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.support.town import found_town, lay_out
from tests.support.wanderers import MOVES, STATES, Move, Wander

_IN_CI: Final = os.environ.get("CI") == "true"  # noqa: TID251 (tests read it, the program does not)
_WANTED: Final = int(
    os.environ.get("ANJU_RANDOM_MESSAGES")  # noqa: TID251 (tests read it, the program does not)
    or ("20000" if _IN_CI else "2000")
)
_BATCHES: Final = 4
"""So that several workers share the work."""

_MOVES_A_TALK: Final = 40
_MOST_EXAMPLES: Final = 100_000


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    asyncio.run(lay_out(folder))
    return folder


async def wander(
    template: Path, tally: Counter[str], states: Sequence[Sequence[str]], moves: Sequence[Move]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with found_town(template, Path(folder)) as town:
            await Wander(town, tally).play(states, moves)


@pytest.mark.parametrize("batch", range(_BATCHES))
def test_whatever_is_said_everything_that_must_hold_holds(template: Path, batch: int) -> None:
    tally: Counter[str] = Counter()
    talks = -(-_WANTED // (_BATCHES * _MOVES_A_TALK))

    @seed(batch)
    @settings(
        max_examples=talks,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(STATES, st.lists(MOVES, min_size=_MOVES_A_TALK, max_size=_MOVES_A_TALK + 20))
    def talk(states: Sequence[Sequence[str]], moves: Sequence[Move]) -> None:
        asyncio.run(wander(template, tally, states, moves))

    talk()
    assert tally["messages"] >= _WANTED // _BATCHES, f"batch {batch} said too little: {tally}"
    # A test that never gets anywhere proves nothing.
    assert tally["registrations"], f"nobody ever registered: {tally}"
    assert tally["pages"], f"nobody ever filled in a page: {tally}"
    assert tally["restarts"], f"the bot was never restarted: {tally}"
