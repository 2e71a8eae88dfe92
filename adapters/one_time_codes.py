"""One-time codes as authenticator apps make them: RFC 6238, six digits, half a minute."""

import hmac
from datetime import datetime
from typing import Final

import pyotp

__all__ = ["TotpCodes"]

_STEP_SECONDS: Final = 30
_ISSUER: Final = "安居"


class TotpCodes:
    """The `OneTimeCodes` of RFC 6238."""

    def step_of(self, seed: str, code: str, at: datetime) -> int | None:
        """Return the number of the half minute whose code this is; ``None`` for a wrong one."""
        now = int(at.timestamp()) // _STEP_SECONDS
        maker = pyotp.TOTP(seed)
        found = [
            step
            for step in (now - 1, now, now + 1)
            if hmac.compare_digest(maker.generate_otp(step).encode(), code.encode())
        ]
        return found[-1] if found else None

    def code_at(self, seed: str, at: datetime) -> str:
        """Return the code that a phone with this seed shows at a moment."""
        return pyotp.TOTP(seed).generate_otp(int(at.timestamp()) // _STEP_SECONDS)

    def address(self, seed: str, login: str) -> str:
        """Return what a phone's camera reads to take up a seed."""
        return pyotp.TOTP(seed).provisioning_uri(name=login, issuer_name=_ISSUER)
