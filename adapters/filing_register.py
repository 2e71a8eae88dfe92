"""The operator's register of filed families, asked over HTTP.

Both sides sign with one shared secret; docs/filing-register.zh.md describes the exchange for those
who build the other side.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from adapters.outward import NoAnswerError, OutwardLine, SaidNoError, no_answer
from domain.filings.model import FamilyState, Filing, Member, UnitType, unit_types_of
from domain.shared.chance import Randomness
from domain.shared.clock import Clock

__all__ = ["HttpFamilyRegister", "RegisterAccess", "signature"]

_LARGEST: Final = 64 * 1024
_FIND: Final = "find"


@dataclass(frozen=True, slots=True)
class RegisterAccess:
    """Where the register listens, who we are there, and how long a citizen waits at most."""

    url: str
    key_id: str
    secret: str = field(repr=False)
    seconds: float


class _Asked(BaseModel):
    number: str


class _Member(BaseModel):
    name: str
    id_number: str
    relation: str


class _Family(BaseModel):
    number: str
    district: str
    unit_types: Sequence[UnitType]
    group: str
    state: FamilyState
    members: Sequence[_Member]
    filed_at: date | None = None

    def filing(self) -> Filing:
        """Return it as the rules know it."""
        return Filing(
            number=self.number,
            district=self.district,
            unit_types=unit_types_of(list(self.unit_types)),
            group=self.group,
            state=self.state,
            members=tuple(Member(one.name, one.id_number, one.relation) for one in self.members),
            filed_at=self.filed_at,
        )


class _Answer(BaseModel):
    family: _Family | None


class HttpFamilyRegister:
    """The `FamilyRegister` behind an HTTP address.

    A number stands in the body, never in the address: those end up in logs on the way.
    """

    def __init__(self, access: RegisterAccess, clock: Clock, chance: Randomness) -> None:
        self._access = access
        self._clock = clock
        self._chance = chance
        self._line = OutwardLine("register", access.seconds)
        self._client = httpx.AsyncClient(timeout=access.seconds)

    async def find(self, number: str) -> Filing | None:
        """Return what is filed under a number; ``None`` if nothing is."""
        try:
            answer = await self._line.ask(_FIND, lambda: self._ask(number), harmless=True)
        except SaidNoError as error:
            raise self._line.refused(_FIND, error) from None
        return answer.family.filing() if answer.family else None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, number: str) -> _Answer:
        nonce = self._chance.token()
        body = _Asked(number=number).model_dump_json().encode()
        try:
            status, signed, said = await self._post(body, nonce)
        except httpx.HTTPError as error:
            raise no_answer(error) from None
        if not hmac.compare_digest(signed, self._sign(str(status), nonce, said)):
            raise NoAnswerError(f"unsigned {status}")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NoAnswerError(str(status))
        if status != HTTPStatus.OK:
            raise SaidNoError(str(status))
        return _understood(said, number)

    async def _post(self, body: bytes, nonce: str) -> tuple[int, str, bytes]:
        """Return status, signature and body of the answer."""
        path, time = urlsplit(self._access.url).path, str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Anju-Key": self._access.key_id,
            "X-Anju-Time": time,
            "X-Anju-Nonce": nonce,
            "X-Anju-Signature": self._sign("POST", path, time, nonce, body),
        }
        async with self._client.stream(
            "POST", self._access.url, content=body, headers=headers
        ) as answer:
            said = b""
            async for part in answer.aiter_bytes():
                said += part
                if len(said) > _LARGEST:
                    raise NoAnswerError("too long")
            # Compared as text later, which must be ASCII; anything else is no signature of ours.
            signed = answer.headers.get("X-Anju-Signature", "")
            return answer.status_code, signed if signed.isascii() else "", said

    def _sign(self, *parts: str | bytes) -> str:
        return signature(self._access.secret, *parts)


def signature(secret: str, *parts: str | bytes) -> str:
    """Return the signature of words and, at last, a body.

    Returns
    -------
    str
        HMAC-SHA256 in hexadecimal, over the words and the body's SHA-256, each on a line.
    """
    lines = [
        hashlib.sha256(part).hexdigest() if isinstance(part, bytes) else part for part in parts
    ]
    return hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha256").hex()


def _understood(said: bytes, number: str) -> _Answer:
    try:
        answer = _Answer.model_validate_json(said)
    except ValidationError:
        raise NoAnswerError("not of the agreed form") from None
    if answer.family and answer.family.number != number:
        raise NoAnswerError("another family")
    return answer
