"""Draw the README's picture anew: ``.venv/bin/python -m tests.browser.picture``."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.chromium import DESKTOP, open_chromium
from tests.support.house import ROOT
from tests.support.journey import open_stage

__all__ = ["draw"]

PICTURE = ROOT / "docs" / "pictures" / "chat.png"


async def draw(picture: Path) -> None:
    """Walk from a poster to a registration, and keep what is seen then."""
    with TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage, open_chromium() as chromium:
            page = await chromium.new_page(viewport=DESKTOP, timezone_id="Asia/Shanghai")
            walker = await stage.walker(page)
            await walker.come_to_a_unit()
            await walker.open_an_account()
            await walker.prove_the_name()
            await walker.bind_the_family()
            await walker.register()
            await walker.chat.panel.evaluate("panel => panel.scrollTo(0, 0)")
            await page.mouse.move(0, 0)
            await page.screenshot(path=picture)


if __name__ == "__main__":
    asyncio.run(draw(PICTURE))
