"""Registrations in SQL. What must not happen twice is forbidden by an index, not by a look."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.cipher import Cipher
from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.prepared import Found, Prepared
from adapters.sql.tallies import add_live, take_live
from domain.filings.model import UnitType
from domain.plans.model import PlanId, ProjectId, UnitId
from domain.registrations.model import Registration, RegistrationState
from domain.shared.records import AccountId

__all__ = ["RegistrationRow", "SqlRegistrations", "registration_of"]

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
    account_id: Mapped[str] = mapped_column(String(64), index=True)
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


_NONE_FREE: Final = 0
"""Slots are counted from 1."""

_TABLE: Final = RegistrationRow.__table__
_OF_FAMILY: Final = Prepared(
    select(_TABLE)
    .where(RegistrationRow.family_id == bindparam("family_id"))
    .order_by(RegistrationRow.id.desc())
)
_OF_NUMBER: Final = Prepared(select(_TABLE).where(RegistrationRow.number == bindparam("number")))
_OF_CHECK_CODE: Final = Prepared(
    select(_TABLE).where(RegistrationRow.check_index == bindparam("check_index"))
)


class SqlRegistrations:
    """The `RegistrationStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, registration: Registration, *, limit: int | None) -> bool:
        """Add a live registration; see the port.

        Under a limit each live registration holds one of so many slots, and an index lets no
        slot be held twice. Counting alone would let two at once through.
        """
        kept = await self._kept_of(registration.family_id)
        live = [row for row in kept if row["state"] == RegistrationState.REGISTERED]
        slot = None if limit is None else _free_slot(live, registration.plan_id, limit)
        if slot == _NONE_FREE or any(row["unit_id"] == registration.unit_id for row in live):
            return False
        added = await self._session.claim(
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
        if added:
            await add_live(self._session, registration.unit_id)
        return added

    def _sealed(self, code: str) -> dict[str, object]:
        """Return the columns that keep a check code, so that the records alone make no paper."""
        if not code:
            return {"check_code": None, "check_index": None}
        cipher = self._session.cipher
        return {"check_code": cipher.seal_text(code), "check_index": self._index(code)}

    def _index(self, code: str) -> str:
        return self._session.cipher.index("paper", code)

    async def _kept_of(self, family_id: str) -> Sequence[Found]:
        """Return all rows of a family, newest first, read once until something is written."""
        memory, key = self._session.memory, (RegistrationRow, family_id)
        if key not in memory:
            memory[key] = await self._session.rows(_OF_FAMILY, family_id=family_id)
        kept: Sequence[Found] = memory[key]
        return kept

    async def find(self, number: str) -> Registration | None:
        """Return one registration, or ``None``."""
        return self._one(await self._session.row(_OF_NUMBER, number=number))

    async def of_check_code(self, code: str) -> Registration | None:
        """Return the registration whose paper carries a check code, or ``None``."""
        index = self._index(code)
        return self._one(await self._session.row(_OF_CHECK_CODE, check_index=index))

    def _one(self, row: Found | None) -> Registration | None:
        return None if row is None else registration_of(row, self._session.cipher)

    async def of_family(self, family_id: str) -> list[Registration]:
        """Return all registrations of a family, newest first."""
        return [
            registration_of(row, self._session.cipher) for row in await self._kept_of(family_id)
        ]

    async def made_on(self, day: str) -> int:
        """Return how many were made on a day in China, ``YYYYMMDD``; cancelled ones count."""
        # Numbers begin with their day: their index tells, and no row is read.
        first, last = (f"DJ{day}{digit * 7}" for digit in "09")
        made = select(func.count()).where(RegistrationRow.number.between(first, last))
        many: int = (await self._session.read(made)).scalar_one()
        return many

    async def cancel(self, numbers: Sequence[str], at: datetime) -> bool:
        """Cancel live registrations, all or none; see the port.

        Two locks, because the databases differ. PostgreSQL holds the rows from the first
        statement on. SQLite holds nothing while it reads, but runs the second statement alone,
        and that one counts again for itself.
        """
        live = _live_among(numbers)
        lock = live.order_by(RegistrationRow.number).with_for_update()
        ended = Counter(row.unit_id for row in await self._session.lock(lock))
        if ended.total() != len(numbers):
            return False
        still = select(func.count()).select_from(live.subquery()).scalar_subquery()
        change = (
            update(RegistrationRow)
            .where(RegistrationRow.number.in_(numbers), still == len(numbers))
            .values(state=RegistrationState.CANCELLED.value, cancelled_at=at)
        )
        changed: int = (await self._session.write(change)).rowcount
        if changed != len(numbers):
            return False
        await take_live(self._session, ended)
        return True


def registration_of(row: Found, cipher: Cipher) -> Registration:
    """Return the registration that a row of `RegistrationRow` holds."""
    return Registration(
        number=row["number"],
        family_id=row["family_id"],
        account_id=AccountId(row["account_id"]),
        plan_id=PlanId(row["plan_id"]),
        project_id=ProjectId(row["project_id"]),
        unit_id=UnitId(row["unit_id"]),
        unit_type=UnitType(row["unit_type"]),
        state=RegistrationState(row["state"]),
        notice_version=row["notice_version"],
        notice_hash=row["notice_hash"],
        phone=cipher.open_text(row["phone"]),
        created_at=row["created_at"],
        cancelled_at=row["cancelled_at"],
        check_code="" if row["check_code"] is None else cipher.open_text(row["check_code"]),
    )


def _free_slot(live: Sequence[Found], plan_id: str, limit: int) -> int:
    """Return the lowest slot of a plan that is not held; `_NONE_FREE` when all are."""
    held = {row["slot"] for row in live if row["plan_id"] == plan_id}
    if len(held) >= limit:
        return _NONE_FREE
    return next(slot for slot in range(1, limit + 1) if slot not in held)


def _live_among(numbers: Sequence[str]) -> Select[str, str]:
    return select(RegistrationRow.number, RegistrationRow.unit_id).where(
        RegistrationRow.number.in_(numbers),
        RegistrationRow.state == RegistrationState.REGISTERED,
    )
