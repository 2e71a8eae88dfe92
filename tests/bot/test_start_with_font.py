"""What a start does where the font of printed papers was not installed."""

from pathlib import Path

import pytest

from bot import wiring
from bot.settings import Database, Mode, Settings
from bot.wiring import StartRefusedError, start


@pytest.fixture
async def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(database=Database(url=f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}"))
    await wiring.migrate(settings)
    monkeypatch.setattr(start, "font_file", lambda: None)
    return settings


async def test_production_is_refused_and_told_what_to_install(settings: Settings) -> None:
    """Source: S0-48."""
    production = settings.model_copy(update={"mode": Mode.PRODUCTION})
    with pytest.raises(StartRefusedError, match=r"requirements-fonts\.lock"):
        await wiring.check(production)


async def test_the_sandbox_may_be_tried_without(settings: Settings) -> None:
    await wiring.check(settings)
