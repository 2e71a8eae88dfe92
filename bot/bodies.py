"""Reading what somebody sends: no more of it, and no longer, than it may take."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final
from urllib.parse import parse_qsl

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Receive

__all__ = ["OversizedError", "SlowError", "read_body", "read_form", "read_upload"]

_SECONDS: Final = 3
_FORM_BYTES: Final = 16 * 1024
_FORM_BOXES: Final = 40
_UPLOAD_SECONDS: Final = 60
_AROUND_A_FILE: Final = 64 * 1024
"""What a browser writes around the file itself."""


class OversizedError(Exception):
    """More came than could be meant for us."""


class SlowError(Exception):
    """It did not come to its end in time, or the sender went away."""


async def read_body(receive: Receive, *, most: int, seconds: float = _SECONDS) -> bytes:
    """Read a body of at most so many bytes, within three seconds unless more are given.

    Raises
    ------
    OversizedError
        There is more; the rest is not read.
    SlowError
        It takes too long.
    """
    body = b""
    try:
        async with asyncio.timeout(seconds):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise SlowError
                body += message.get("body", b"")
                if len(body) > most:
                    raise OversizedError
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise SlowError from error
    return body


async def read_form(request: Request, *, most: int = _FORM_BYTES) -> dict[str, str]:
    """Read a form of at most so many bytes: its boxes by name, the last of each.

    What is no form has none.

    Raises
    ------
    OversizedError, SlowError
        As `read_body` says; the first also for more boxes than any page of ours has.
    """
    body = await read_body(request.receive, most=most)
    try:
        boxes = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FORM_BOXES)
    except UnicodeDecodeError:
        return {}
    except ValueError as error:
        raise OversizedError from error
    return dict(boxes)


async def read_upload(request: Request, *, most: int) -> tuple[bytes, dict[str, str]]:
    """Read a form with one file of at most so many bytes; return the file and the boxes.

    The file is held in memory and nowhere else; without one it is empty.

    Raises
    ------
    OversizedError, SlowError
        As `read_body` says; an office's line may take a minute.
    """
    body = await read_body(request.receive, most=most + _AROUND_A_FILE, seconds=_UPLOAD_SECONDS)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(
            request.headers, whole(), max_files=1, max_fields=_FORM_BOXES
        ).parse()
    except (MultiPartException, KeyError):
        return b"", {}
    file, boxes = b"", {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            boxes[name] = value
        else:
            file = await value.read()
    await form.close()
    return file, boxes
