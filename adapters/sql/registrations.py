"""Registrations in SQL. What must not happen twice is forbidden by an index, not by a look."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from domain.filings.model import UnitType
from domain.plans.model import PlanId, ProjectId, UnitId
from domain.registrations.model import Registration, RegistrationState
from domain.shared.records import AccountId

__all__ = ["RegistrationRow", "SqlRegistrations", "live_counts"]

_LIVE = text(f"state = '{RegistrationState.REGISTERED.value}'")


class RegistrationRow(Base):
    """A registration. ``slot`` is its place under the plan's limit, none without a limit."""

    __tablename__ = "registrations"
    __table_args__ = (
        Index(
            "uq_registrations_live_unit",
            "family_id",
            "unit_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(
            "uq_registrations_live_slot",
            "family_id",
            "plan_id",
            "slot",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(
            "ix_registrations_live_by_unit",
            "unit_id",
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    family_id: Mapped[str] = mapped_column(String(64), index=True)
    account_id: Mapped[str] = mapped_column(String(64))
    plan_id: Mapped[str] = mapped_column(String(64), ForeignKey("plans.id"))
    project_id: Mapped[str] = mapped_column(String(64), ForeignKey("projects.id"))
    unit_id: Mapped[str] = mapped_column(String(64), ForeignKey("units.id"))
    unit_type: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    slot: Mapped[int | None] = mapped_column(Integer)
    notice_version: Mapped[int] = mapped_column(Integer)
    notice_hash: Mapped[str] = mapped_column(String(64))
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    check_index: Mapped[str | None] = mapped_column(String(64), unique=True)


_TABLE = RegistrationRow.__table__


class SqlRegistrations:
    """The `RegistrationStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, registration: Registration, *, limit: int | None) -> bool:
        """Add a live registration; see the port.

        Under a limit each live registration holds one of so many slots, and an index lets no
        slot be held twice. Counting alone would let two at once through.
        """
        slot = None
        if limit is not None:
            slot = await self._free_slot(registration, limit)
            if slot is None:
                return False
        return await self._session.insert_new(
            RegistrationRow,
            number=registration.number,
            family_id=registration.family_id,
            account_id=registration.account_id,
            plan_id=registration.plan_id,
            project_id=registration.project_id,
            unit_id=registration.unit_id,
            unit_type=registration.unit_type.value,
            state=registration.state.value,
            slot=slot,
            notice_version=registration.notice_version,
            notice_hash=registration.notice_hash,
            phone=self._session.cipher.seal_text(registration.phone),
            created_at=registration.created_at,
            cancelled_at=registration.cancelled_at,
            **self._sealed(registration.check_code),
        )

    def _sealed(self, code: str) -> dict[str, object]:
        """Return the columns that keep a check code, so that the records alone make no paper."""
        if not code:
            return {"check_code": None, "check_index": None}
        cipher = self._session.cipher
        return {"check_code": cipher.seal_text(code), "check_index": self._index(code)}

    def _index(self, code: str) -> str:
        return self._session.cipher.index("paper", code)

    async def _free_slot(self, registration: Registration, limit: int) -> int | None:
        """Return the lowest slot that is not held; ``None`` when all are."""
        held = select(RegistrationRow.slot).where(
            RegistrationRow.family_id == registration.family_id,
            RegistrationRow.plan_id == registration.plan_id,
            RegistrationRow.state == RegistrationState.REGISTERED,
        )
        slots = list((await self._session.read(held)).scalars())
        if len(slots) >= limit:
            return None
        return next(slot for slot in range(1, limit + 1) if slot not in slots)

    async def find(self, number: str) -> Registration | None:
        """Return one registration, or ``None``."""
        return await self._one(select(_TABLE).where(RegistrationRow.number == number))

    async def of_check_code(self, code: str) -> Registration | None:
        """Return the registration whose paper carries a check code, or ``None``."""
        mine = RegistrationRow.check_index == self._index(code)
        return await self._one(select(_TABLE).where(mine))

    async def _one(self, chosen: Select[Any]) -> Registration | None:
        row = (await self._session.read(chosen)).one_or_none()
        return None if row is None else self._registration(row)

    async def of_family(self, family_id: str) -> list[Registration]:
        """Return all registrations of a family, newest first."""
        chosen = (
            select(_TABLE)
            .where(RegistrationRow.family_id == family_id)
            .order_by(RegistrationRow.id.desc())
        )
        return [self._registration(row) for row in await self._session.read(chosen)]

    async def cancel(self, numbers: Sequence[str], at: datetime) -> bool:
        """Cancel live registrations, all or none; see the port.

        Two locks, because the databases differ. PostgreSQL holds the rows from the first
        statement on. SQLite holds nothing while it reads, but runs the second statement alone,
        and that one counts again for itself.
        """
        live = _live_among(numbers)
        lock = live.order_by(RegistrationRow.number).with_for_update()
        if len((await self._session.read(lock)).all()) != len(numbers):
            return False
        still = select(func.count()).select_from(live.subquery()).scalar_subquery()
        change = (
            update(RegistrationRow)
            .where(RegistrationRow.number.in_(numbers), still == len(numbers))
            .values(state=RegistrationState.CANCELLED.value, cancelled_at=at)
        )
        changed: int = (await self._session.write(change)).rowcount
        return changed == len(numbers)

    def _registration(self, row: Row[Any]) -> Registration:
        cipher = self._session.cipher
        return Registration(
            number=row.number,
            family_id=row.family_id,
            account_id=AccountId(row.account_id),
            plan_id=PlanId(row.plan_id),
            project_id=ProjectId(row.project_id),
            unit_id=UnitId(row.unit_id),
            unit_type=UnitType(row.unit_type),
            state=RegistrationState(row.state),
            notice_version=row.notice_version,
            notice_hash=row.notice_hash,
            phone=cipher.open_text(row.phone),
            created_at=row.created_at,
            cancelled_at=row.cancelled_at,
            check_code="" if row.check_code is None else cipher.open_text(row.check_code),
        )


def _live_among(numbers: Sequence[str]) -> Select[str]:
    return select(RegistrationRow.number).where(
        RegistrationRow.number.in_(numbers),
        RegistrationRow.state == RegistrationState.REGISTERED,
    )


async def live_counts(session: SqlSession) -> dict[str, int]:
    """Return how many live registrations each unit has; units without any are left out."""
    counted = (
        select(RegistrationRow.unit_id, func.count().label("live"))
        .where(RegistrationRow.state == RegistrationState.REGISTERED)
        .group_by(RegistrationRow.unit_id)
    )
    return {row.unit_id: row.live for row in await session.read(counted)}
