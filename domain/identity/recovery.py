"""Getting an account back: name and ID number, face, one of the person's accounts, a new phone.

Whoever recovers an account, or changes its phone, takes it from whoever holds that phone. So the
old phone is told, and may take it back for a day; until then nothing can be done with the account
that could not be mended.
"""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.accounts.model import Account, Proof, Purpose
from domain.accounts.service import AccountMovedError, AccountService, Agreed, must_cover
from domain.accounts.trail import NOBODY
from domain.identity.model import HOLD, AccountSeen, KnownNumber, Recovery, RecoveryState
from domain.identity.recoveries import (
    FaceNotProvenError,
    NothingToUndoError,
    NumberNotProvenError,
    RecoveryEndedError,
    RecoveryMovedError,
    RecoveryNotFoundError,
    RecoveryWork,
)
from domain.shared.chance import Randomness
from domain.shared.clock import Clock, china_time
from domain.shared.idents import half_width, person_name, resident_id
from domain.shared.records import Act, Consent, OpenId
from domain.shared.throttle import DAY, HOUR, Limit, SecretStore, charge

__all__ = ["RecoveryService"]

_PER_CITIZEN: Final = (Limit(3, HOUR), Limit(5, DAY))
_PER_NUMBER: Final = Limit(5, DAY)
_WORDS: Final = Limit(5, DAY)
"""Of one citizen for one phone: what others guess never stands in the way of the right word."""
_WORDS_PER_CITIZEN: Final = Limit(10, DAY)
_WORD_DIGITS: Final = 8


class RecoveryService:
    """How a person gets an account back, and how that is taken back."""

    def __init__(  # noqa: PLR0913 (one for each thing outside)
        self,
        work: RecoveryWork,
        accounts: AccountService,
        secrets: SecretStore,
        clock: Clock,
        rng: Randomness,
        *,
        front: str = "chat",
    ) -> None:
        self._work = work
        self._accounts = accounts
        self._secrets = secrets
        self._clock = clock
        self._rng = rng
        self._front = front

    async def open(self, openid: OpenId, name: str, id_number: str) -> Recovery:
        """Begin the recovery of an account of the person with a name and an ID number.

        Every answer counts, a right one too. Nothing outside is asked: the person must have been
        verified here before.

        Parameters
        ----------
        openid
            Who asks: at most 3 answers within an hour and 5 within a day.
        name, id_number
            As typed; at most 5 answers about one number within a day, to all together who were
            never signed in to an account of its person. Whoever once was is not among them: a
            stranger who knows a number does not shut its owner out.

        Raises
        ------
        InvalidIdNumberError, InvalidNameError
            They cannot be right; this does not count.
        ThrottledError
            Too many answers.
        RecoveryNotFoundError
            No such person, another name, or no account: always the same.

        Source
        ------
        S0-66, S0-67.
        """
        now = self._clock.now()
        number = resident_id(id_number, china_time(now).date())
        known_as = person_name(name)
        attempt = charge(self._secrets, now)
        await attempt.take(f"recovery:citizen:{openid}", *_PER_CITIZEN)
        if not await self._work.recoveries.at_home(openid, number):
            await attempt.take(f"recovery:number:{number}", _PER_NUMBER)
        person = await self._work.people.of_number(number)
        if (
            person is None
            or person.name.casefold() != known_as.casefold()
            or not await self._work.recoveries.accounts_of(person.id)
        ):
            # The same act whatever is wrong; whom it is about stays among ourselves.
            await self._record("recovery:refused", openid, person.id if person else NOBODY)
            raise RecoveryNotFoundError
        recovery = Recovery(self._rng.token(), openid, person.id, RecoveryState.OPEN, now)
        await self._work.recoveries.add(recovery)
        await self._record("recovery:open", recovery.openid, recovery.id)
        return recovery

    async def find(self, openid: OpenId, recovery_id: str) -> Recovery:
        """Return a citizen's own recovery while it may still lead to an account.

        Raises
        ------
        RecoveryEndedError
            It may not; or it is not this citizen's, or never was.

        Source
        ------
        S0-66.
        """
        found = await self._work.recoveries.find(recovery_id)
        if found is None or found.openid != openid or not found.alive(self._clock.now()):
            raise RecoveryEndedError
        return found

    async def of(self, account: Account) -> list[Recovery]:
        """Return what was done to recover an account, oldest first.

        Beside what gave it a phone, what was begun by its person, or in the person's name.

        Source: S0-76, S0-82.
        """
        return await self._work.recoveries.of_account(account)

    async def accounts(self, openid: OpenId, recovery_id: str) -> list[AccountSeen]:
        """Return all accounts of a person whose face was known, the last used first.

        Raises
        ------
        RecoveryEndedError
            As `find`.
        FaceNotProvenError
            The face check has not been passed.

        Source
        ------
        S0-69, S0-70.
        """
        recovery = await self._proven(openid, recovery_id)
        return await self._work.recoveries.accounts_of(recovery.person_id)

    async def finish(
        self,
        *,
        openid: OpenId,
        recovery_id: str,
        account_id: str,
        proof: Proof,
        agreed: Sequence[Agreed],
    ) -> Account:
        """Give an account the proven phone and sign the citizen in to it, and nobody else.

        Its password is forgotten, the old phone is told with a word that takes it all back, and
        the account is held for a day.

        Raises
        ------
        RecoveryEndedError, FaceNotProvenError
            As `accounts`.
        ConsentMissingError
            One of the three agreements was not agreed to.
        AccountMovedError
            The account is not, or no longer, the person's.
        CodeNotProvenError, PhoneTakenError, PhoneLostError
            As `AccountService.change_phone`.
        RecoveryMovedError
            The recovery was finished at this very moment.

        Source
        ------
        S0-70 to S0-72, S0-75.
        """
        recovery = await self._proven(openid, recovery_id)
        must_cover(agreed)
        account = await self._account(recovery, account_id)
        now = self._clock.now()
        word = self._rng.digits(_WORD_DIGITS)
        renewed = await self._accounts.change_phone(
            openid=openid,
            account=account,
            proof=proof,
            word=word,
            purpose=Purpose.RECOVER,
        )
        until = now + HOLD
        await self._work.recoveries.hold(account.id, until=until)
        await self._keep_consents(account.id, agreed, now)
        for given in await self._work.consents.of(recovery.id):
            await self._work.consents.add(replace(given, actor=account.id))
        done = replace(
            recovery,
            state=RecoveryState.DONE,
            account_id=account.id,
            old_phone=account.phone,
            new_phone=proof.phone,
            word=word,
            done_at=now,
        )
        await self._move(recovery, done)
        await self._record("account:recover", openid, account.id)
        return replace(renewed, has_password=False, held_until=until)

    async def change_phone(
        self, *, openid: OpenId, account: Account, known: KnownNumber, proof: Proof
    ) -> Account:
        """Give an account that has a real name the proven phone, while it can be signed in to.

        The new phone signs in at once. The old one is told with a word that takes it back, and the
        account is held for a day, as after a recovery; its password stays.

        Parameters
        ----------
        openid, account
            Who is signed in to which account.
        known
            That this citizen knows the ID number of the account's person.
        proof
            That this citizen holds the new phone.

        Raises
        ------
        NumberNotProvenError
            The number is of something else, or was given too long ago.
        CodeNotProvenError, HeldError, PhoneTakenError, PhoneLostError
            As `AccountService.change_phone`.

        Source
        ------
        S0-71 to S0-75; an unlocked phone or one SMS alone must not be enough.
        """
        now = self._clock.now()
        if account.person_id is None or not known.holds(
            openid=openid, account_id=account.id, now=now
        ):
            raise NumberNotProvenError
        word, until = self._rng.digits(_WORD_DIGITS), now + HOLD
        renewed = await self._accounts.change_phone(
            openid=openid, account=account, proof=proof, word=word
        )
        await self._work.recoveries.hold(account.id, until=until, keep_password=True)
        changed = Recovery(
            id=self._rng.token(),
            openid=openid,
            person_id=account.person_id,
            state=RecoveryState.DONE,
            opened_at=now,
            account_id=account.id,
            old_phone=account.phone,
            new_phone=proof.phone,
            word=word,
            done_at=now,
        )
        await self._work.recoveries.add(changed)
        return replace(renewed, held_until=until)

    async def undoable(self, openid: OpenId, phone: str, word: str) -> Recovery:
        """Return the recovery of the last day that a phone and a word take back.

        Parameters
        ----------
        openid
            Who asks: at most 5 wrong answers about one phone, and 10 about all, within a day.
        phone
            The phone that the account had before.
        word
            What that phone was told, as typed.

        Raises
        ------
        ThrottledError
            Too many wrong answers of this citizen; those of others do not count.
        NothingToUndoError
            No such recovery, or another word: always the same.

        Source
        ------
        S0-72; whoever an account was taken from has a day to object.
        """
        now = self._clock.now()
        attempt = charge(self._secrets, now)
        await attempt.take(f"recovery:undo:citizen:{openid}", _WORDS_PER_CITIZEN)
        await attempt.take(f"recovery:undo:phone:{phone}:{openid}", _WORDS)
        found = await self._work.recoveries.of_old_phone(phone, since=now - HOLD)
        said = "".join(half_width(word).split())
        right = hmac.compare_digest(said.encode(), (found.word if found else "-").encode())
        if found is None or not right:
            # Whatever has not the shape of a word is talk, and no guess.
            if len(said) == _WORD_DIGITS and said.isdecimal():
                about = found.id if found else NOBODY
                await self._record("account:unrecover-refused", openid, about)
            raise NothingToUndoError
        await attempt.give_back()
        return found

    async def disputed(self, recovery_id: str) -> Account:
        """Return the account that `undo` is about, as it stands before.

        Raises
        ------
        NothingToUndoError
            As `undo`.

        Source
        ------
        S0-72.
        """
        found = await self._work.recoveries.find(recovery_id)
        if found is None or found.account_id is None:
            raise NothingToUndoError
        return await self._account(found, found.account_id)

    async def undo(self, openid: OpenId, recovery_id: str) -> Account:
        """Give an account its old phone back, sign everybody out of it and hold it for a day.

        Whatever gave it another phone later is undone with it, so that no later word gets it back.

        Parameters
        ----------
        recovery_id
            What `undoable` returned to this citizen.

        Raises
        ------
        NothingToUndoError
            It was taken back before; or the account's phone has come about otherwise since.
        PhoneTakenError
            Somebody else has opened an account with the old phone.

        Source
        ------
        S0-72.
        """
        found = await self._work.recoveries.find(recovery_id)
        if found is None or found.account_id is None or found.done_at is None:
            raise NothingToUndoError
        account = await self._account(found, found.account_id)
        undone = await self._work.recoveries.done_with(account.id, since=found.done_at)
        if found not in undone or undone[-1].new_phone != account.phone:
            raise NothingToUndoError
        await self._accounts.give_phone_back(openid, account, found.old_phone)
        until = self._clock.now() + HOLD
        await self._work.recoveries.hold(account.id, until=until)
        for one in undone:
            await self._move(one, replace(one, state=RecoveryState.UNDONE))
        await self._record("account:unrecover", openid, account.id)
        return replace(account, phone=found.old_phone, has_password=False, held_until=until)

    async def _proven(self, openid: OpenId, recovery_id: str) -> Recovery:
        recovery = await self.find(openid, recovery_id)
        if recovery.state is not RecoveryState.PROVEN:
            raise FaceNotProvenError
        return recovery

    async def _account(self, recovery: Recovery, account_id: str) -> Account:
        for seen in await self._work.recoveries.accounts_of(recovery.person_id):
            if seen.account.id == account_id:
                return seen.account
        raise AccountMovedError

    async def _move(self, recovery: Recovery, moved: Recovery) -> None:
        if not await self._work.recoveries.save(moved, was=recovery.state):
            raise RecoveryMovedError

    async def _keep_consents(self, actor: str, agreed: Sequence[Agreed], now: datetime) -> None:
        for document in agreed:
            await self._work.consents.add(
                Consent(actor, document.kind, document.version, document.text_hash, now)
            )

    async def _record(self, what: str, actor: str, object_id: str, note: str = "") -> None:
        await self._work.acts.add(
            Act(f"identity:{what}", actor, object_id, self._clock.now(), self._front, note)
        )
