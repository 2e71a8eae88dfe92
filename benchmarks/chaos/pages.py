"""The page for a name and an ID number, sent off as an impatient thumb does: twice."""

import asyncio
import html
import random
import re
import time
from typing import Final
from urllib.parse import urlencode, urlsplit

from benchmarks.chaos.history import Posted
from benchmarks.chaos.people import Person
from benchmarks.chaos.postman import Postman
from benchmarks.chaos.wire import NothingError, call

__all__ = ["send_off"]

_INPUT: Final = re.compile(r"<input\b[^>]*>")
_TRAIT: Final = re.compile(r'([a-z-]+)="([^"]*)"')


async def send_off(postman: Postman, person: Person, url: str, chance: random.Random) -> None:
    """Open a page, fill it in, and send it off twice at once."""
    path = urlsplit(url).path
    try:
        page = await call(postman.fleet.choose().port, path)
    except NothingError:
        return
    filled = _filled(page.body.decode(), person)
    if not page.ok or not filled:
        return
    body = urlencode(filled).encode()
    times = 1 + chance.randrange(2)
    await asyncio.gather(*(_post(postman, person, path, body) for _ in range(times)))


def _filled(page: str, person: Person) -> dict[str, str]:
    """Fill in the boxes in the order in which they stand: name, ID number."""
    words = [person.name, person.id_number]
    filled = {}
    for tag in _INPUT.findall(page):
        traits = dict(_TRAIT.findall(tag))
        hidden = traits.get("type") == "hidden"
        if "name" in traits:
            given = html.unescape(traits.get("value", ""))
            filled[traits["name"]] = given if hidden else (words.pop(0) if words else "")
    return filled if not words else {}


async def _post(postman: Postman, person: Person, path: str, body: bytes) -> None:
    try:
        got = await call(postman.fleet.choose().port, path, body=body, form=True)
    except NothingError:
        return
    taken = got.ok and "已收到" in got.body.decode()
    token = path.rpartition("/")[2]
    posted = Posted(time.monotonic_ns(), token, person.openid, person.openid, taken)
    postman.record(posted)
