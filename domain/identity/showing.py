"""Showing one's face in a recovery: one session at a time, three failures a day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from domain.accounts.service import Agreed, ConsentMissingError
from domain.content.model import DocumentKind
from domain.identity.faces import FaceCheck, FaceOutcome, FaceSession
from domain.identity.model import Person, Recovery, RecoveryState
from domain.identity.recoveries import RecoveryEndedError, RecoveryMovedError, RecoveryWork
from domain.shared.clock import Clock
from domain.shared.errors import UnavailableError
from domain.shared.records import Act, Consent, OpenId
from domain.shared.throttle import DAY, Limit, SecretStore, ThrottledError, charge

__all__ = ["FACE_RETURN_PATH", "FaceService"]

FACE_RETURN_PATH: Final = "/h5/face-return"
"""Where the vendor leads citizens afterwards, below the public address."""

_FACES: Final = Limit(3, DAY)
_SESSION_LIFE: Final = timedelta(minutes=15)
"""After which a session that was never finished makes room for another."""


class FaceService:
    """How a recovery learns that the citizen is the person.

    Parameters
    ----------
    back
        Where the vendor leads citizens afterwards: an absolute address.
    """

    def __init__(  # noqa: PLR0913 (one for each thing outside)
        self,
        work: RecoveryWork,
        check: FaceCheck,
        secrets: SecretStore,
        clock: Clock,
        *,
        back: str,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._check = check
        self._secrets = secrets
        self._clock = clock
        self._back = back
        self._front = front

    async def begin(self, recovery: Recovery, agreed: Sequence[Agreed]) -> str:
        """Return where the citizen shows the face; a session that still runs is gone on with.

        Returns
        -------
        str
            The absolute address of the vendor's page.

        Raises
        ------
        RecoveryEndedError
            No face is wanted: it was shown, or the person is gone.
        ConsentMissingError
            The use of the face was not agreed to.
        ThrottledError
            Three sessions of this person or this citizen failed, or wait, within a day.
        UnavailableError
            The vendor is silent; this does not count.

        Source
        ------
        S0-68.
        """
        if DocumentKind.FACE_CONSENT not in {document.kind for document in agreed}:
            raise ConsentMissingError([DocumentKind.FACE_CONSENT.value])
        if recovery.state is RecoveryState.FACING and recovery.face is not None:
            return recovery.face.url
        if recovery.state is not RecoveryState.OPEN:
            raise RecoveryEndedError
        person = await self._person(recovery)
        now = self._clock.now()
        keys = _face_keys(recovery)
        attempt = charge(self._secrets, now)
        for key in keys:
            await attempt.take(key, _FACES)
        try:
            session = await self._check.begin(person.name, person.id_number, back=self._back)
        except UnavailableError:
            await attempt.give_back()
            raise
        counted = tuple(ticket for _, ticket in attempt.tickets)
        await self._keep_session(recovery, session, counted, now)
        for document in agreed:
            # Whose it is turns out with the face: until then it hangs on the recovery.
            await self._work.consents.add(
                Consent(recovery.id, document.kind, document.version, document.text_hash, now)
            )
        return session.url

    async def seen(self, openid: OpenId, recovery_id: str) -> Recovery:
        """Return a citizen's own recovery with the outcome of its face check, if there is one.

        Raises
        ------
        RecoveryEndedError
            It is not this citizen's, or never was.
        UnavailableError
            The vendor is silent.

        Source
        ------
        S0-68.
        """
        found = await self._work.recoveries.find(recovery_id)
        if found is None or found.openid != openid:
            raise RecoveryEndedError
        return await self.look(found) if found.alive(self._clock.now()) else found

    async def look(self, recovery: Recovery) -> Recovery:
        """Ask what has become of a face session, and go on accordingly.

        Raises
        ------
        UnavailableError
            The vendor is silent.

        Source
        ------
        S0-68.
        """
        if recovery.state is not RecoveryState.FACING or recovery.face is None:
            return recovery
        person = await self._person(recovery)
        outcome = await self._check.outcome(
            recovery.face.receipt, name=person.name, id_number=person.id_number
        )
        match outcome:
            case FaceOutcome.PASSED:
                return await self._passed(recovery)
            case FaceOutcome.FAILED:
                return await self._failed(recovery)
            case FaceOutcome.EXPIRED:
                return await self._expired(recovery)
            case FaceOutcome.PENDING:
                started = recovery.faced_at or recovery.opened_at
                late = self._clock.now() - started > _SESSION_LIFE
                return await self._expired(recovery) if late else recovery

    async def called(self, receipt: str) -> None:
        """Look at the session that the vendor says has ended; one that is not ours is no matter.

        Source
        ------
        S0-68.
        """
        found = await self._work.recoveries.of_receipt(receipt)
        if found is not None and found.alive(self._clock.now()):
            await self.look(found)

    async def locked_until(self, recovery: Recovery) -> datetime | None:
        """Return until when no face can be shown after three failures; ``None`` if one can.

        Source
        ------
        S0-68.
        """
        attempt = charge(self._secrets, self._clock.now())
        try:
            for key in _face_keys(recovery):
                await attempt.take(key, _FACES)
        except ThrottledError as full:
            return full.until
        await attempt.give_back()
        return None

    async def _person(self, recovery: Recovery) -> Person:
        person = await self._work.people.find(recovery.person_id)
        if person is None:
            raise RecoveryEndedError
        return person

    async def _keep_session(
        self, recovery: Recovery, session: FaceSession, counted: tuple[str, ...], now: datetime
    ) -> None:
        facing = replace(
            recovery, state=RecoveryState.FACING, face=session, faced_at=now, counted=counted
        )
        await self._move(recovery, facing)
        await self._record("begin", recovery)

    async def _passed(self, recovery: Recovery) -> Recovery:
        of_person, _ = _face_keys(recovery)
        await self._give_back(recovery)
        await self._secrets.forgive(of_person)
        proven = await self._move(recovery, replace(recovery, state=RecoveryState.PROVEN))
        await self._record("pass", recovery, self._check.source)
        return proven

    async def _failed(self, recovery: Recovery) -> Recovery:
        failed = await self._move(recovery, replace(recovery, state=RecoveryState.FAILED))
        await self._record("fail", recovery, self._check.source)
        return failed

    async def _expired(self, recovery: Recovery) -> Recovery:
        await self._give_back(recovery)
        again = replace(recovery, state=RecoveryState.OPEN, face=None, faced_at=None, counted=())
        return await self._move(recovery, again)

    async def _give_back(self, recovery: Recovery) -> None:
        for key, ticket in zip(_face_keys(recovery), recovery.counted, strict=False):
            await self._secrets.give_back(key, ticket)

    async def _move(self, recovery: Recovery, moved: Recovery) -> Recovery:
        if not await self._work.recoveries.save(moved, was=recovery.state):
            raise RecoveryMovedError
        return moved

    async def _record(self, what: str, recovery: Recovery, note: str = "") -> None:
        await self._work.acts.add(
            Act(
                tag=f"identity:face:{what}",
                actor=recovery.openid,
                object_id=recovery.id,
                at=self._clock.now(),
                front=self._front,
                note=note,
            )
        )


def _face_keys(recovery: Recovery) -> tuple[str, str]:
    """Return under what a face session is counted: the person, and the citizen who asks."""
    return (
        f"recovery:faces:person:{recovery.person_id}",
        f"recovery:faces:citizen:{recovery.openid}",
    )
