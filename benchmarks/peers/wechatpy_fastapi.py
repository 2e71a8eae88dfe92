"""wechatpy behind FastAPI, as its users write it: decrypt, parse, one step, encrypt.

The session is in Redis, by redis-py's asyncio client with hiredis; uvicorn with uvloop and
httptools serves it, without an access log.
"""

import json
import os
from typing import Annotated, Final

import redis.asyncio as redis
import uvicorn
from fastapi import FastAPI, Query, Request, Response
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto

from benchmarks.peers.pages import HOME, PAGES, after
from benchmarks.platform import APP_ID, ENCODING_AES_KEY, TOKEN

_REDIS: Final = redis.from_url(os.environ["PEER_REDIS"])  # noqa: TID251 (a program of its own)
_CRYPTO: Final = WeChatCrypto(TOKEN, ENCODING_AES_KEY, APP_ID)

app = FastAPI()


@app.post("/wechat")
async def receive(
    request: Request,
    msg_signature: Annotated[str, Query()],
    timestamp: Annotated[str, Query()],
    nonce: Annotated[str, Query()],
) -> Response:
    """Answer one message."""
    xml = _CRYPTO.decrypt_message(await request.body(), msg_signature, timestamp, nonce)
    message = parse_message(xml)
    kept = await _REDIS.get(f"talk:{message.source}")
    session = json.loads(kept) if kept else {"at": HOME}
    session["at"] = after(session["at"], message.content)
    await _REDIS.set(f"talk:{message.source}", json.dumps(session))
    reply = create_reply(PAGES[session["at"]], message).render()
    sealed = _CRYPTO.encrypt_message(reply, nonce, timestamp)
    return Response(sealed, media_type="application/xml")


if __name__ == "__main__":
    port = int(os.environ["PEER_PORT"])  # noqa: TID251 (a program of its own)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)
