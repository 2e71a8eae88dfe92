"""A thousand opening days on which everything goes wrong, each repeatable by its seed."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.sql.pushes import SqlPushes
from domain.shared.conversations import Claim
from domain.shared.records import OpenId
from tests.support.simulation.days import Days, laid_out_days
from tests.support.simulation.faults import Fault
from tests.support.simulation.talk import SharedTalk, TalkOf

CHUNKS = 20
DAYS_EACH = 50


@pytest.fixture
def days(laid_out: Days, tmp_path: Path) -> Days:
    """Lend the beginning of a day, to spoil at will."""
    template = tmp_path / "beginning.db"
    shutil.copyfile(laid_out.template, template)
    return replace(laid_out, template=template, scratch=tmp_path / "day.db")


@pytest.fixture(scope="module")
def laid_out(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    """Bring the citizens to where every day begins."""
    with asyncio.Runner() as runner:
        beginning = laid_out_days(template, tmp_path_factory.mktemp("days"))
        yield runner.run(beginning.__aenter__())
        runner.run(beginning.__aexit__(None, None, None))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_told_is_lost_or_doubled_whatever_goes_wrong(days: Days, chunk: int) -> None:
    for seed in range(chunk * DAYS_EACH, (chunk + 1) * DAYS_EACH):
        played = days.play(seed)
        assert not played.violations, str(played)


def test_a_seed_plays_the_same_day_again_whatever_was_played_before(days: Days) -> None:
    for seed in (6, 18, 100):
        days.play(seed - 1)
        assert days.play(seed) == days.play(seed)


def found(days: Days, invariant: str, *kinds: Fault) -> bool:
    """Tell whether some seed finds this invariant broken."""
    return any(
        broken.startswith(invariant)
        for seed in range(150)
        for broken in days.play(seed, kinds).violations
    )


def test_it_would_find_a_commit_that_lasts_only_until_the_process_dies(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_commit(_: object) -> None:
        """Answer as if it had been done."""

    monkeypatch.setattr("tests.support.simulation.records._Line.commit", no_commit)
    assert found(days, "I1", Fault.KILL)


def test_it_would_find_a_reply_kept_by_its_message_and_not_by_its_citizen(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = TalkOf.claim

    async def careless(store: TalkOf, key: str, openid: OpenId, *, wait: float) -> Claim:
        return await claim(store, key.removeprefix(openid), openid, wait=wait)

    monkeypatch.setattr(TalkOf, "claim", careless)
    assert found(days, "I1", Fault.CLOCK)


def test_it_would_find_a_turn_that_is_never_let_go(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SharedTalk, "release", lambda *_: None)
    monkeypatch.setattr("tests.support.simulation.talk._LEASE_SECONDS", 1e9)
    assert found(days, "I13", Fault.FLUSH)


def test_it_would_find_a_push_that_is_sent_again_by_whoever_takes_it_over(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unsaid(*_: object, **__: object) -> bool:
        """Say that it is noted which way it leaves, and note nothing."""
        return True

    monkeypatch.setattr(SqlPushes, "leave", unsaid)
    assert found(days, "I15", Fault.KILL, Fault.PAUSE)
