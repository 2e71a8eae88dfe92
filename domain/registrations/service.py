"""Registering for units, looking registrations up, cancelling them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from domain.accounts.model import Account, Proof, Purpose
from domain.accounts.service import CodeNotProvenError
from domain.content.service import ContentWork
from domain.filings.model import Family
from domain.plans.model import Plan, PlanBook, Unit
from domain.plans.service import PlansWork
from domain.registrations.model import (
    CHECK_CODE_DIGITS,
    Registration,
    RegistrationState,
    registration_number,
    screen,
    screen_cancel,
)
from domain.shared.chance import Randomness
from domain.shared.clock import Clock, china_day, minute
from domain.shared.errors import ConflictError, NotFoundError, RefusedError
from domain.shared.pushes import Outbox, Push, PushKind
from domain.shared.records import Act, Consent, OpenId

__all__ = [
    "ContestedError",
    "NoticeUnknownError",
    "RegistrationNotFoundError",
    "RegistrationService",
    "RegistrationStore",
    "RegistrationsWork",
]

_TRIES = 8
_SERIAL_DIGITS = 6


class RegistrationNotFoundError(NotFoundError):
    """No registration of this family is on record under that number."""

    code = "registration-not-found"


class NoticeUnknownError(RefusedError):
    """What was agreed to is not a notice of this plan that was ever published."""

    code = "notice-unknown"


class ContestedError(ConflictError):
    """Other registrations of the family kept coming in between."""

    code = "registration-contested"


class RegistrationStore(Protocol):
    """Registrations on record. None is ever deleted."""

    async def add(self, registration: Registration, *, limit: int | None) -> bool:
        """Add a live registration unless a constraint forbids it.

        Parameters
        ----------
        registration
            The new record.
        limit
            The most live registrations its family may have in its plan.

        Returns
        -------
        bool
            False, with nothing written, when this work can see that the family has a live
            registration of the unit or as many as the limit in the plan, or that the number or
            the check code is taken. What it cannot see yet comes to light at its end, which
            then undoes it: `CollidedError`.
        """

    async def find(self, number: str) -> Registration | None:
        """Return one registration; ``None`` if the number is not on record."""

    async def of_check_code(self, code: str) -> Registration | None:
        """Return the registration whose paper carries a check code; ``None`` if none does."""

    async def of_family(self, family_id: str) -> list[Registration]:
        """Return all registrations of a family, newest first."""

    async def cancel(self, numbers: Sequence[str], at: datetime) -> bool:
        """Cancel live registrations, all of them or none.

        Returns
        -------
        bool
            False, with nothing changed, when any of the numbers is not live.
        """


class RegistrationsWork(PlansWork, ContentWork, Protocol):
    """What a registration may touch."""

    @property
    def registrations(self) -> RegistrationStore:
        """Registrations."""

    @property
    def outbox(self) -> Outbox:
        """What is to be told."""


class RegistrationService:
    """What a family may do about its registrations."""

    def __init__(
        self, work: RegistrationsWork, clock: Clock, rng: Randomness, *, front: str = "chat"
    ) -> None:
        self._work = work
        self._clock = clock
        self._rng = rng
        self._front = front

    async def may_register(self, account: Account, family: Family, unit_id: str) -> None:
        """Return quietly when the family may register for the unit now.

        Raises
        ------
        UnitNotFoundError
            There is no such unit.
        AlreadyRegisteredError, PlanNotOpenError, PlanClosedError, FamilyCancelledError, \
UnitTypeMismatchError, PlanLimitError
            As `screen` says.

        Source
        ------
        S0-37, S0-39, S0-50.
        """
        unit, plan = _on_offer(await self._work.plans.book(), unit_id)
        await self._screen(unit, plan, family)

    async def register(  # noqa: PLR0913 (six things make a registration; all are named)
        self,
        *,
        account: Account,
        family: Family,
        unit_id: str,
        notice_version: int,
        notice_hash: str,
        phone: str,
    ) -> Registration:
        """Register a family for a unit and keep its consent to the notice.

        However many try at once, a family gets one live registration of a unit.

        Parameters
        ----------
        account, family
            Who acts, and for which filed family.
        unit_id
            The unit wanted.
        notice_version, notice_hash
            Which notice was shown and agreed to.
        phone
            The account's phone at this moment, ``+86…``.

        Raises
        ------
        UnitNotFoundError
            There is no such unit.
        NoticeUnknownError
            No notice of that version and text was published for the plan.
        AlreadyRegisteredError, PlanNotOpenError, PlanClosedError, FamilyCancelledError, \
UnitTypeMismatchError, PlanLimitError
            As `screen` says.
        ContestedError
            The family's own registrations kept coming in between.

        Source
        ------
        S0-37, S0-41, S0-43, S0-44, S0-47, S0-50.
        """
        unit, plan = _on_offer(await self._work.plans.book(), unit_id)
        await self._screen(unit, plan, family)
        if not await self._work.documents.is_on_record(plan.notice, notice_version, notice_hash):
            raise NoticeUnknownError(f"{plan.notice} {notice_version}")
        wish = Registration(
            number=self._number(),
            family_id=family.id,
            account_id=account.id,
            plan_id=plan.id,
            project_id=unit.project_id,
            unit_id=unit.id,
            unit_type=unit.unit_type,
            state=RegistrationState.REGISTERED,
            notice_version=notice_version,
            notice_hash=notice_hash,
            phone=phone,
            created_at=self._clock.now(),
            check_code=self._rng.digits(CHECK_CODE_DIGITS),
        )
        made = await self._add(wish, unit, plan, family)
        await self._consent(made, plan)
        await self._act("create", made.number, account)
        await self._tell(PushKind.REGISTERED, made)
        return made

    async def of_family(self, family_id: str) -> list[Registration]:
        """Return all registrations of a family, newest first.

        Source: S0-51.
        """
        return await self._work.registrations.of_family(family_id)

    async def find(self, account: Account, family: Family | None, number: str) -> Registration:
        """Return one registration of the family.

        Raises
        ------
        RegistrationNotFoundError
            The number is unknown, or belongs to another family: the same answer.

        Source
        ------
        S0-52, S0-60.
        """
        found = await self._work.registrations.find(number)
        if found is None or family is None or found.family_id != family.id:
            raise RegistrationNotFoundError(number)
        return found

    async def cancel(
        self,
        *,
        openid: OpenId,
        account: Account,
        family: Family,
        numbers: Sequence[str],
        proof: Proof,
    ) -> list[Registration]:
        """Cancel some registrations of a family, all of them or none.

        Parameters
        ----------
        openid, account, family
            Who acts, and for which family.
        numbers
            Registration numbers, at least one; a repeated one counts once.
        proof
            That a code for cancelling reached the account's present phone.

        Returns
        -------
        list[Registration]
            As they stand now, in the order of the numbers.

        Raises
        ------
        CodeNotProvenError
            The proof is stale, or for somebody or something else.
        HeldError
            The account was recovered a short while ago.
        RegistrationNotFoundError
            One is unknown or not the family's.
        AlreadyCancelledError, CancelTooLateError
            One may no longer be cancelled.

        Source
        ------
        S0-54, S0-55, S0-56, S0-58, Q-03, Q-06.
        """
        now = self._clock.now()
        if not proof.holds(openid=openid, phone=account.phone, purpose=Purpose.CANCEL, now=now):
            raise CodeNotProvenError
        account.must_be_free(now)
        wanted = list(dict.fromkeys(numbers))
        await self._screen_cancel(account, family, wanted, now)
        if not await self._work.registrations.cancel(wanted, now):
            await self._screen_cancel(account, family, wanted, now)
            raise ContestedError
        cancelled = [await self.find(account, family, number) for number in wanted]
        for registration in cancelled:
            await self._act("cancel", registration.number, account)
            await self._tell(PushKind.CANCELLED, registration)
        return cancelled

    async def _screen(self, unit: Unit, plan: Plan, family: Family) -> None:
        kept = await self._work.registrations.of_family(family.id)
        live = [registration for registration in kept if registration.live]
        screen(unit, plan, family, live, self._clock.now())

    async def _screen_cancel(
        self, account: Account, family: Family, numbers: Sequence[str], now: datetime
    ) -> None:
        book = await self._work.plans.book()
        for number in numbers:
            registration = await self.find(account, family, number)
            screen_cancel(registration, book.plan(registration.plan_id), now)

    async def _add(
        self, wish: Registration, unit: Unit, plan: Plan, family: Family
    ) -> Registration:
        """Add the wish; where a constraint refuses, find out why or try another number."""
        for _ in range(_TRIES):
            if await self._work.registrations.add(wish, limit=plan.limit):
                return wish
            await self._screen(unit, plan, family)
            code = self._rng.digits(CHECK_CODE_DIGITS)
            wish = replace(wish, number=self._number(), check_code=code)
        raise ContestedError

    def _number(self) -> str:
        day = china_day(self._clock.now())
        return registration_number(day, self._rng.digits(_SERIAL_DIGITS))

    async def _consent(self, made: Registration, plan: Plan) -> None:
        consent = Consent(
            actor=made.account_id,
            document=plan.notice,
            version=made.notice_version,
            text_hash=made.notice_hash,
            at=made.created_at,
        )
        await self._work.consents.add(consent)

    async def _tell(self, kind: PushKind, registration: Registration) -> None:
        """Tell the account, so that its citizen knows of what somebody else did there."""
        project = (await self._work.plans.book()).project(registration.project_id)
        at = self._clock.now()
        values = (f"{project.name}{registration.unit_type}", registration.number, minute(at))
        push = Push(kind, values, account=registration.account_id)
        await self._work.outbox.add(push, at=at)

    async def _act(self, action: str, number: str, account: Account) -> None:
        act = Act(
            tag=f"registrations:registration:{action}",
            actor=account.id,
            object_id=number,
            at=self._clock.now(),
            front=self._front,
        )
        await self._work.acts.add(act)


def _on_offer(book: PlanBook, unit_id: str) -> tuple[Unit, Plan]:
    """Return a unit and the plan that offers it."""
    unit = book.unit(unit_id)
    return unit, book.plan(book.project(unit.project_id).plan_id)
