"""WeRoBot as its manual has it: a handler with a session, sessions in Redis, encryption on.

Its own WSGI application is served by uvicorn's bridge with its pool of threads: of the servers
that are at hand (bottle's own one at a time and without kept-alive connections) the fastest.
"""

import os
import warnings
from typing import Any, Final

import redis
import uvicorn
from werobot import WeRoBot
from werobot.session.redisstorage import RedisStorage

from benchmarks.peers.pages import HOME, PAGES, after
from benchmarks.platform import APP_ID, ENCODING_AES_KEY, TOKEN

_REDIS: Final = redis.Redis.from_url(os.environ["PEER_REDIS"])  # noqa: TID251 (a program of its own)

robot = WeRoBot(
    token=TOKEN,
    encoding_aes_key=ENCODING_AES_KEY,
    app_id=APP_ID,
    enable_session=True,
    session_storage=RedisStorage(_REDIS),
)


@robot.text
def step(message: Any, session: dict[str, str]) -> str:
    """Answer one message."""
    session["at"] = after(session.get("at", HOME), message.content)
    return PAGES[session["at"]]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    port = int(os.environ["PEER_PORT"])  # noqa: TID251 (a program of its own)
    uvicorn.run(robot.wsgi, interface="wsgi", port=port, log_level="warning", access_log=False)
