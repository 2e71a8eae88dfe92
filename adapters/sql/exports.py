"""Files for officers in SQL: who asked, how far they are, and their pieces, sealed.

They lie in the records and not in a folder, so that whoever serves the officer finds what any
worker has written, on whatever machine.
"""

import zlib
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.prepared import Found
from domain.registrations.exports import (
    EXPORT_LEASE,
    EXPORT_STRIKES,
    Export,
    ExportState,
    ExportSubject,
)
from domain.shared.tables import TableForm

__all__ = ["ExportPartRow", "ExportRow", "SqlExports"]

_UNDER_WAY: Final = text("state IN ('waiting', 'running')")
_SHOWN: Final = 20
_QUICKLY: Final = 1
"""A table packs to a fifth of it even so."""


class ExportRow(Base):
    """A file that an officer asked for; of those under way an officer has one."""

    __tablename__ = "exports"
    __table_args__ = (
        Index(
            "uq_exports_under_way",
            "officer",
            unique=True,
            sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    officer: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(16))
    plan_id: Mapped[str | None] = mapped_column(String(64))
    form: Mapped[str] = mapped_column(String(8))
    masked: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    strikes: Mapped[int]
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows_written: Mapped[int]
    share: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ExportPartRow(Base):
    """A piece of a file, as the attempt of that number wrote it."""

    __tablename__ = "export_parts"

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


_TABLE: Final = ExportRow.__table__


class SqlExports:
    """The `ExportStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, export: Export) -> bool:
        """Keep a wish; ``False``, with nothing kept, if the officer has one under way."""
        return await self._session.insert_new(
            ExportRow,
            id=export.id,
            officer=export.officer,
            subject=export.subject.value,
            plan_id=export.plan_id,
            form=export.form.value,
            masked=export.masked,
            state=export.state.value,
            asked_at=export.asked_at,
            attempts=0,
            strikes=0,
            rows_written=0,
            share=0,
            size=0,
        )

    async def find(self, export_id: str) -> Export | None:
        """Return one; ``None`` if it is not on record."""
        found = await self._session.read(select(_TABLE).where(ExportRow.id == export_id))
        row = found.mappings().first()
        return None if row is None else _export(row)

    async def of_officer(self, officer: str) -> list[Export]:
        """Return the last twenty of an officer, newest first."""
        theirs = select(_TABLE).where(ExportRow.officer == officer)
        newest = theirs.order_by(ExportRow.asked_at.desc(), ExportRow.id).limit(_SHOWN)
        return [_export(row) for row in (await self._session.read(newest)).mappings()]

    async def claim(self, *, now: datetime) -> Export | None:
        """Begin to write the one that waits longest; ``None`` if none does."""
        silent = (ExportRow.state == ExportState.RUNNING) & (ExportRow.lease_until <= now)
        due = or_(ExportRow.state == ExportState.WAITING, silent)
        waits = select(ExportRow.id).where(due).order_by(ExportRow.asked_at, ExportRow.id).limit(1)
        if (await self._session.read(waits)).first() is None:
            return None  # what is looked for every moment costs no transaction
        await self._session.write(
            update(ExportRow)
            .where(silent, ExportRow.strikes >= EXPORT_STRIKES)
            .values(state=ExportState.FAILED.value, ended_at=now)
        )
        longest = waits.with_for_update(skip_locked=True).scalar_subquery()
        begun = await self._session.write(
            update(ExportRow)
            .where(ExportRow.id == longest)
            .values(
                state=ExportState.RUNNING.value,
                attempts=ExportRow.attempts + 1,
                strikes=ExportRow.strikes + 1,
                lease_until=now + EXPORT_LEASE,
                rows_written=0,
                share=0,
            )
            .returning(*_TABLE.columns)
        )
        row = begun.mappings().first()
        if row is None:
            return None
        await self._session.write(delete(ExportPartRow).where(_of(row["id"])))
        return _export(row)

    async def go_on(self, export: Export, *, rows: int, share: int, now: datetime) -> bool:
        """Say how far we are, and that we live; ``False`` if it is no longer ours."""
        return await self._set(
            export, rows_written=rows, share=share, lease_until=now + EXPORT_LEASE
        )

    async def put(self, export: Export, number: int, piece: bytes) -> None:
        """Keep a piece of the file, from number 0 on."""
        await self._session.write(
            insert(ExportPartRow).values(
                export_id=export.id,
                attempt=export.attempts,
                number=number,
                sealed=self._session.cipher.seal(zlib.compress(piece, _QUICKLY)),
            )
        )

    async def end(self, export: Export, *, size: int, rows: int, now: datetime) -> bool:
        """Say that the file is whole; ``False`` if it is no longer ours."""
        return await self._set(
            export,
            state=ExportState.DONE.value,
            size=size,
            rows_written=rows,
            share=100,
            ended_at=now,
        )

    async def fail(self, export: Export, *, now: datetime) -> bool:
        """Say that it cannot be made; ``False`` if it is no longer ours."""
        return await self._set(export, state=ExportState.FAILED.value, ended_at=now)

    async def again(self, export_id: str, officer: str, *, now: datetime) -> bool:
        """Let a failed one wait again; ``False`` where it is none, or another is under way."""
        mine = (ExportRow.id == export_id) & (ExportRow.officer == officer)
        return await self._session.update_free(
            update(ExportRow)
            .where(mine, ExportRow.state == ExportState.FAILED)
            .values(
                state=ExportState.WAITING.value,
                strikes=0,
                rows_written=0,
                share=0,
                asked_at=now,
                ended_at=None,
            )
        )

    async def piece(self, export: Export, number: int) -> bytes | None:
        """Return a piece of the file; ``None`` behind the last."""
        part = select(ExportPartRow.sealed).where(
            _of(export.id),
            ExportPartRow.attempt == export.attempts,
            ExportPartRow.number == number,
        )
        sealed = (await self._session.read(part)).scalar()
        return None if sealed is None else zlib.decompress(self._session.cipher.open(sealed))

    async def forget(self, *, before: datetime) -> int:
        """Drop files that ended before a moment, and their pieces; return how many."""
        old = select(ExportRow.id).where(ExportRow.ended_at < before)
        await self._session.write(delete(ExportPartRow).where(ExportPartRow.export_id.in_(old)))
        return (await self._session.write(delete(ExportRow).where(ExportRow.id.in_(old)))).rowcount

    async def _set(self, export: Export, **values: object) -> bool:
        changed = await self._session.write(
            update(ExportRow)
            .where(
                ExportRow.id == export.id,
                ExportRow.attempts == export.attempts,
                ExportRow.state == ExportState.RUNNING,
            )
            .values(**values)
        )
        return changed.rowcount == 1


def _of(export_id: str) -> Any:
    return ExportPartRow.export_id == export_id


def _export(row: Found) -> Export:
    return Export(
        id=row["id"],
        officer=row["officer"],
        subject=ExportSubject(row["subject"]),
        plan_id=row["plan_id"],
        form=TableForm(row["form"]),
        masked=row["masked"],
        asked_at=row["asked_at"],
        state=ExportState(row["state"]),
        attempts=row["attempts"],
        strikes=row["strikes"],
        rows=row["rows_written"],
        share=row["share"],
        size=row["size"],
        ended_at=row["ended_at"],
    )
