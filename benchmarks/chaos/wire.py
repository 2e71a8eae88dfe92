"""The platform's side: bytes to a worker, and what came back, within the five seconds it waits."""

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

__all__ = ["PATIENCE", "Got", "NothingError", "call"]

PATIENCE: Final = 5.0
"""How many seconds the platform waits for an answer."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class NothingError(Exception):
    """No answer: ``refused``, ``reset`` or ``timeout``."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer of HTTP."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a plain yes."""
        return self.status == HTTPStatus.OK


async def call(  # noqa: PLR0913 (all but three are usual)
    port: int,
    path: str,
    query: dict[str, str] | None = None,
    *,
    body: bytes | None = None,
    form: bool = False,
    patience: float = PATIENCE,
) -> Got:
    """Ask a worker of this machine on a connection of its own: get, or post where there is a body.

    Raises
    ------
    NothingError
        There was no answer in time.
    """
    target = f"{path}?{urlencode(query)}" if query else path
    kind = "application/x-www-form-urlencoded" if form else "text/xml"
    head = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\nHost: anju\r\n"
    if body is not None:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    request = f"{head}Connection: close\r\n\r\n".encode() + (body or b"")
    try:
        async with asyncio.timeout(patience):
            return await _exchange(port, request)
    except TimeoutError:
        raise NothingError("timeout") from None
    except ConnectionRefusedError:
        raise NothingError("refused") from None
    except (OSError, asyncio.IncompleteReadError):
        raise NothingError("reset") from None


async def _exchange(port: int, request: bytes) -> Got:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else await reader.read()
        return Got(int(head[9:12]), body)
    finally:
        writer.close()
