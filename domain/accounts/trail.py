"""What is kept of attempts on accounts: wrong codes and passwords, and what was put to rest."""

from datetime import datetime
from typing import Final

from domain.accounts.model import CodeRequest
from domain.accounts.service_ports import AccountsWork
from domain.shared.clock import Clock, china_time
from domain.shared.pushes import Push, PushKind
from domain.shared.records import Act, OpenId
from domain.shared.throttle import DAY, Limit, SecretStore

__all__ = ["NOBODY", "AccountTrail"]

NOBODY: Final = "nobody"
"""What an act is about that is about no record: a phone without an account leaves one as well."""

_ONCE: Final = Limit(1, DAY)


class AccountTrail:
    """Who tried what in vain, for officers and for whose account it is.

    Parameters
    ----------
    work, clock
        The records and the time.
    secrets
        Counts what is told once a day.
    front
        Through which front it was tried.
    """

    def __init__(
        self, work: AccountsWork, secrets: SecretStore, clock: Clock, *, front: str = "chat"
    ) -> None:
        self._work = work
        self._secrets = secrets
        self._clock = clock
        self._front = front

    async def wrong_code(self, request: CodeRequest) -> None:
        """Keep that a wrong code was given. Source: S0-15; ASVS 16.3.1."""
        about = await self._account_of(request.phone)
        await self._keep("code:wrong", request.openid, about, request.purpose)

    async def wrong_password(self, openid: OpenId, phone: str) -> None:
        """Keep that a wrong password was given. Source: S0-12; ASVS 16.3.1."""
        await self._keep("password:wrong", openid, await self._account_of(phone))

    async def rests(self, openid: OpenId, phone: str, *, what: str, until: datetime) -> None:
        """Keep that no more codes, or passwords, are taken for a phone, and tell it; once a day.

        Nobody is told of passwords whose phone has no account: they cannot be guessed.

        Parameters
        ----------
        openid
            Whose attempt was one too many.
        phone, what, until
            What rests how long: ``codes`` or ``passwords`` of this phone.

        Source: S0-15; reliability 2.3.
        """
        now = self._clock.now()
        told = await self._secrets.take(f"trail:{what}:{phone}", [_ONCE], now)
        if told.until is None:
            about = await self._account_of(phone)
            await self._keep(f"{what}:rest", openid, about, f"until {until.isoformat()}")
            if what == "codes" or about != NOBODY:
                moment = f"{china_time(until):%m-%d %H:%M}"
                push = Push(PushKind.RESTED, (moment,), phone=phone)
                await self._work.outbox.add(push, at=now)

    async def alarm(self, openid: OpenId, *, checked: int, wrong: int) -> None:
        """Keep that too many codes are wrong: somebody is guessing. Source: reliability 2.3."""
        await self._keep("codes:alarm", openid, NOBODY, f"{wrong} of {checked} wrong")

    async def _account_of(self, phone: str) -> str:
        account = await self._work.accounts.of_phone(phone)
        return account.id if account else NOBODY

    async def _keep(self, what: str, openid: OpenId, about: str, note: str = "") -> None:
        await self._work.acts.add(
            Act(f"accounts:{what}", openid, about, self._clock.now(), self._front, note)
        )
