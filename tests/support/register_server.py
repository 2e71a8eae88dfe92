"""A register of filed families as docs/filing-register.zh.md describes it, in the operator's place.

Written from that description, not from our adapter, so that each checks the other.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from domain.shared.clock import Clock
from tests.support.outside_server import Answer, OutsideServer, Request, served

__all__ = ["KEY_ID", "PATH", "SECRET", "RegisterServer", "register"]

KEY_ID = "anju-1"
SECRET = "r" * 32
PATH = "/families/find"

_FRESH_SECONDS = 300


@dataclass
class RegisterServer:
    """What the register holds, by number; ``signs_with`` is its secret, ``says`` its whole word."""

    clock: Clock
    http: OutsideServer = field(init=False)
    families: dict[str, dict[str, Any]] = field(default_factory=dict)
    signs_with: str = SECRET
    says: bytes | None = None
    nonces: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.http.base + PATH

    def answer(self, request: Request) -> Answer:
        """Answer a request, signed."""
        status = self._judged(request)
        found = self.families.get(json.loads(request.body)["number"]) if status == 200 else None
        body = json.dumps({"family": found}).encode() if self.says is None else self.says
        nonce = request.headers.get("x-anju-nonce", "")
        lines = f"{status}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
        signed = hmac.new(self.signs_with.encode(), lines.encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Anju-Signature": signed}
        return Answer(body, status, headers)

    def _judged(self, request: Request) -> int:
        headers = request.headers
        stamp, nonce = headers.get("x-anju-time", "0"), headers.get("x-anju-nonce", "")
        body = hashlib.sha256(request.body).hexdigest()
        lines = f"POST\n{PATH}\n{stamp}\n{nonce}\n{body}"
        expected = hmac.new(SECRET.encode(), lines.encode(), hashlib.sha256).hexdigest()
        early = abs(self.clock.now().timestamp() - int(stamp)) > _FRESH_SECONDS
        genuine = hmac.compare_digest(expected, headers.get("x-anju-signature", ""))
        if not genuine or headers.get("x-anju-key") != KEY_ID or early or nonce in self.nonces:
            return 401
        self.nonces.add(nonce)
        return 200


@contextmanager
def register(clock: Clock) -> Iterator[RegisterServer]:
    """Serve the register for as long as the block lasts."""
    server = RegisterServer(clock)
    with served(server.answer) as http:
        server.http = http
        yield server
