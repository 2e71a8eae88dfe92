"""Reading what somebody sends: no more of it, and no longer, than it may take."""

import asyncio
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

__all__ = ["OversizedError", "SlowError", "read_body", "read_form"]

_SECONDS: Final = 3
_FORM_BYTES: Final = 16 * 1024
_FORM_BOXES: Final = 40


class OversizedError(Exception):
    """More came than could be meant for us."""


class SlowError(Exception):
    """It did not come to its end in time, or the sender went away."""


async def read_body(request: Request, *, most: int) -> bytes:
    """Read a body of at most so many bytes, within three seconds.

    Raises
    ------
    OversizedError
        There is more; the rest is not read.
    SlowError
        It takes too long.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise OversizedError
    except (TimeoutError, ClientDisconnect) as error:
        raise SlowError from error
    return bytes(body)


async def read_form(request: Request) -> dict[str, str]:
    """Read a small form: its boxes by name, the last of each; what is no form has none.

    Raises
    ------
    OversizedError, SlowError
        As `read_body` says; the first also for more boxes than any page of ours has.
    """
    body = await read_body(request, most=_FORM_BYTES)
    try:
        boxes = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FORM_BOXES)
    except UnicodeDecodeError:
        return {}
    except ValueError as error:
        raise OversizedError from error
    return dict(boxes)
