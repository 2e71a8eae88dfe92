"""What the chats share, and what they leave behind for one another."""

import pytest

from tests.support.edges import WalkedEdges


@pytest.fixture(scope="session")
def walked_edges() -> WalkedEdges:
    """Remember which edges each chat walked, for the test that asks whether any was left out."""
    return WalkedEdges()


@pytest.fixture(autouse=True)
def patient_citizens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a turn take its time: how long one may take is tried elsewhere, on purpose."""
    monkeypatch.setattr("bot.turns.ANSWER_SECONDS", 60.0)
