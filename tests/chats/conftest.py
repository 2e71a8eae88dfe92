"""What the chats leave behind for one another."""

import pytest

from tests.support.edges import WalkedEdges


@pytest.fixture(scope="session")
def walked_edges() -> WalkedEdges:
    """Remember which edges each chat walked, for the test that asks whether any was left out."""
    return WalkedEdges()
