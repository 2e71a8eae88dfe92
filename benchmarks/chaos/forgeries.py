"""Requests that the platform did not sign: they must find the door shut, whatever the weather."""

import asyncio
import random
import time
from collections.abc import Callable

from benchmarks.chaos.history import Event, Forged
from benchmarks.chaos.postman import Postman
from benchmarks.chaos.wire import NothingError, call

__all__ = ["forge"]

_EVERY = 0.5


async def forge(postman: Postman, record: Callable[[Event], None], chance: random.Random) -> None:
    """Knock now and then, until cancelled."""
    while True:
        query, body = _forgery(postman, chance)
        try:
            got = await call(postman.fleet.choose().port, "/wechat", query, body=body)
        except NothingError:
            pass
        else:
            record(Forged(time.monotonic_ns(), got.status, got.body.decode(errors="replace")))
        await asyncio.sleep(_EVERY)


def _forgery(postman: Postman, chance: random.Random) -> tuple[dict[str, str], bytes]:
    """Damage a good message: its signature, its words, its age, or all of it."""
    post = postman.fake.text("oForged", "确定")
    match chance.randrange(4):
        case 0:
            return post.query | {"msg_signature": "0" * 40}, post.body
        case 1:
            return post.query, post.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")
        case 2:
            return {**post.query, "timestamp": str(int(time.time()) - 4000)}, post.body
        case _:
            return post.query, b"<!DOCTYPE x [<!ENTITY y 'z'>]><xml>&y;</xml>"
