"""Who is signed in to an account: seen and ended by the citizen it belongs to."""

from collections.abc import Sequence

from domain.accounts.model import Account, Session
from domain.accounts.service import AccountsWork
from domain.shared.clock import Clock
from domain.shared.records import Act, OpenId
from domain.shared.throttle import DAY

__all__ = ["SessionService"]


class SessionService:
    """What a citizen may know and do about the WeChats that are signed in."""

    def __init__(self, work: AccountsWork, clock: Clock, *, front: str = "chat") -> None:
        self._work = work
        self._clock = clock
        self._front = front

    async def of(self, account: Account) -> list[Session]:
        """Return who is signed in to an account, oldest first.

        Source: S0-20; ASVS 7.5.2.
        """
        return await self._work.accounts.sessions(account.id)

    async def end(self, *, openid: OpenId, account: Account, others: Sequence[OpenId]) -> int:
        """Sign others out of an account; return how many were signed in to it until now.

        Whoever is signed in to another account stays so.

        Parameters
        ----------
        openid
            Who wishes it.
        account
            The account that this citizen is signed in to.
        others
            Who is to be signed out.

        Source
        ------
        S0-20; ASVS 7.4.3, 7.5.2.
        """
        ended = 0
        for other in others:
            if await self._work.accounts.unlink(other, account_id=account.id):
                ended += 1
                await self._record(openid, account, other)
        return ended

    async def note_use(self, openid: OpenId, account: Account) -> None:
        """Keep that a citizen used their account; at most once a day, since it costs a write.

        Parameters
        ----------
        openid, account
            Who is talking, and the account as it was found through them.
        """
        now = self._clock.now()
        if account.used_at is None or now - account.used_at >= DAY:
            await self._work.accounts.touch(openid, account.id, now)

    async def _record(self, openid: OpenId, account: Account, other: OpenId) -> None:
        await self._work.acts.add(
            Act(
                tag="accounts:session:end",
                actor=openid,
                object_id=account.id,
                at=self._clock.now(),
                front=self._front,
                note=other,
            )
        )
