"""The limit: an ASGI application that reads the body and answers fixed bytes, and does no work.

Whatever uvicorn serves can only be slower. The answer has the size of an encrypted page.
"""

import base64
import os
from typing import Final

import uvicorn
from starlette.types import Receive, Scope, Send

from benchmarks.peers.pages import PAGES

_LONGEST: Final = max(PAGES.values(), key=len).encode()
_ANSWER: Final = (
    b"<xml><Encrypt><![CDATA[" + base64.b64encode(_LONGEST + bytes(400)) + b"]]></Encrypt></xml>"
)
_HEADERS: Final = [
    (b"content-type", b"application/xml"),
    (b"content-length", str(len(_ANSWER)).encode()),
]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request and answer it."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


if __name__ == "__main__":
    port = int(os.environ["PEER_PORT"])  # noqa: TID251 (a program of its own)
    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off")
