"""The stand-in for a face check's vendor: a page of ours where a tester decides.

Its sessions live in the short-lived store, so that they outlast a restart as a vendor's would.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.simulated import Line, World
from domain.identity.faces import FaceOutcome, FaceSession
from domain.shared.chance import Randomness
from domain.shared.clock import Clock, utc_from_timestamp
from domain.shared.errors import UnavailableError
from domain.shared.idents import Masked, long_id, mask
from domain.shared.throttle import SecretStore

__all__ = ["FACE_PATH", "SIGNATURE", "AskedFace", "SimulatedFaceCheck"]

FACE_PATH: Final = "/h5/face"
"""Where the stand-in's page lives below the public address; the token follows."""

SIGNATURE: Final = "x-anju-signature"
"""The header under which the stand-in signs its calls."""

_LIFE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class AskedFace:
    """What the stand-in's page shows: whose face, masked, and whether it should be known."""

    name: str
    id_number: str
    likely: bool
    back: str


class SimulatedFaceCheck:
    """The `FaceCheck` whose outcome a tester chooses.

    Parameters
    ----------
    public_url
        What the addresses of its page begin with.
    key
        Signs its calls.
    """

    source = "simulated"

    def __init__(  # noqa: PLR0913 (one for each thing outside)
        self,
        world: World,
        secrets: SecretStore,
        clock: Clock,
        chance: Randomness,
        *,
        public_url: str,
        key: bytes,
    ) -> None:
        self._world = world
        self._secrets = secrets
        self._clock = clock
        self._chance = chance
        self._public_url = public_url
        self._key = key
        self.line = Line()

    async def begin(self, name: str, id_number: str, *, back: str) -> FaceSession:
        """Open a session and return our own page, which leads nowhere afterwards."""
        await self.line.reach()
        token = self._chance.token()
        until = self._clock.now() + _LIFE
        kept: dict[str, str | float] = {
            "name": name,
            "id_number": id_number,
            "back": back,
            "outcome": FaceOutcome.PENDING.value,
            "until": until.timestamp(),
        }
        await self._keep(token, kept)
        self.line.answer()
        return FaceSession(f"{self._public_url}{FACE_PATH}/{token}", token)

    async def outcome(self, receipt: str, *, name: str, id_number: str) -> FaceOutcome:
        """Tell what the tester chose, of the person the session was opened for."""
        await self.line.reach()
        kept = await self._kept(receipt)
        self.line.answer()
        if kept is None:
            return FaceOutcome.EXPIRED
        if (kept["name"], long_id(str(kept["id_number"]))) != (name, long_id(id_number)):
            raise UnavailableError("simulated: another person")
        return FaceOutcome(str(kept["outcome"]))

    def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Read a call that the stand-in signed."""
        if not hmac.compare_digest(headers.get(SIGNATURE, "").encode(), self.sign(body).encode()):
            return None
        return str(json.loads(body)["receipt"])

    def sign(self, body: bytes) -> str:
        """Return the signature that a call with this body bears."""
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()

    async def asked(self, token: str) -> AskedFace | None:
        """Return what the page asks; ``None`` where there is no session, or it has ended."""
        kept = await self._kept(token)
        if kept is None or kept["outcome"] != FaceOutcome.PENDING.value:
            return None
        name, id_number = str(kept["name"]), str(kept["id_number"])
        known = self._world.people.get(long_id(id_number))
        return AskedFace(
            name=mask(name, Masked.NAME),
            id_number=mask(id_number, Masked.ID_NUMBER),
            likely=known is None or known.face == "pass",
            back=str(kept["back"]),
        )

    async def decide(self, token: str, *, passed: bool) -> bool:
        """End a session as the tester says; tell whether one was open."""
        kept = await self._kept(token)
        if kept is None or kept["outcome"] != FaceOutcome.PENDING.value:
            return False
        outcome = FaceOutcome.PASSED if passed else FaceOutcome.FAILED
        await self._keep(token, {**kept, "outcome": outcome.value})
        return True

    async def _keep(self, token: str, kept: Mapping[str, str | float]) -> None:
        await self._secrets.put(
            f"face:{token}",
            json.dumps(kept).encode(),
            expires_at=utc_from_timestamp(float(kept["until"])),
        )

    async def _kept(self, token: str) -> dict[str, str | float] | None:
        kept = await self._secrets.get(f"face:{token}", now=self._clock.now())
        if kept is None:
            return None
        opened: dict[str, str | float] = json.loads(kept)
        return opened
