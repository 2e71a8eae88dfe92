"""What every test may count on."""

import os

import pytest
from hypothesis import settings

# Two busy cores make any deadline a coin toss; what is slow is measured elsewhere.
settings.register_profile("anju", deadline=None, print_blob=True)
settings.load_profile("anju")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests from reading how this machine happens to be set up."""
    for name in [*os.environ]:  # noqa: TID251 (cleared so that nobody reads it)
        if name.startswith("ANJU_"):
            monkeypatch.delenv(name)
