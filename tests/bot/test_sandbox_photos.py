"""Photos in sandbox mode: from the simulator's page to where the bot fetches them.

Source: S0-23.
"""

import base64
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from bot import wiring
from bot.main import create_app
from bot.settings import Settings
from bot.wiring import Resources


@pytest.fixture
async def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    monkeypatch.setenv("ANJU_DATABASE__URL", f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}")
    settings = Settings()
    await wiring.migrate(settings)
    served = create_app(settings)
    async with served.router.lifespan_context(served):
        yield served


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


async def someone(browser: httpx.AsyncClient) -> dict[str, str]:
    citizens: list[dict[str, str]] = (await browser.get("/simulator/citizens")).json()
    return citizens[0]


async def test_a_citizens_card_can_be_had_and_sent_and_is_what_the_bot_fetches(
    app: FastAPI, browser: httpx.AsyncClient
) -> None:
    citizen = await someone(browser)
    card = await browser.get(f"/simulator/cards/{citizen['openid']}.png")
    assert Image.open(io.BytesIO(card.content)).size == (856, 540)
    sent = {
        "openid": citizen["openid"],
        "kind": "image",
        "picture": base64.b64encode(card.content).decode(),
    }
    exchange = (await browser.post("/simulator/send", json=sent)).json()
    found = re.search(r"<MediaId><!\[CDATA\[(.+?)\]\]>", exchange["raw"]["sent_xml"])
    assert found
    house: Resources = app.state.house
    assert house.stand_ins
    assert await house.stand_ins.pictures.fetch(found[1]) == card.content
    read = await house.stand_ins.id_cards.read(card.content)
    assert (read.name, read.id_number) == (citizen["real_name"], citizen["id_number"])


async def test_a_stranger_has_no_card(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/simulator/cards/oNobody.png")).status_code == 404


@pytest.mark.parametrize("picture", ["A", "A" * (14 * 1024 * 1024)])
async def test_a_picture_that_no_phone_would_send_is_refused(
    browser: httpx.AsyncClient, picture: str
) -> None:
    citizen = await someone(browser)
    sent = {"openid": citizen["openid"], "kind": "image", "picture": picture}
    assert (await browser.post("/simulator/send", json=sent)).status_code == 422
