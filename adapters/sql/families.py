"""Families in SQL: sealed where they name somebody, found by the blind index of their number."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Final

from sqlalchemy import Date, LargeBinary, String, Text, bindparam, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.cipher import Cipher
from adapters.sql.base import Base, SqlSession
from adapters.sql.prepared import Found, Prepared
from domain.filings.model import Family, FamilyState, Filing, Member, unit_types_of

__all__ = ["FamilyRow", "SqlFamilies", "family_of"]


class FamilyRow(Base):
    """What the register last said about a family; its id is the blind index of its number."""

    __tablename__ = "families"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[bytes] = mapped_column(LargeBinary)
    district: Mapped[str] = mapped_column(Text)
    unit_types: Mapped[str] = mapped_column(String(64))
    order_group: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    members: Mapped[bytes] = mapped_column(LargeBinary)
    filed_at: Mapped[date | None] = mapped_column(Date)


_FAMILY: Final = Prepared(select(FamilyRow.__table__).where(FamilyRow.id == bindparam("id")))


class SqlFamilies:
    """The `FamilyStore` on one transaction."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    def id_of(self, number: str) -> str:
        """Return the id that a number's family has, or would have."""
        return self._session.cipher.index("filing-number", number)

    async def find(self, family_id: str) -> Family | None:
        """Return a family; ``None`` if not on record."""
        row = self._session.memory.get((FamilyRow, family_id))
        row = row or await self._session.row(_FAMILY, id=family_id)
        return None if row is None else family_of(row, self._session.cipher)

    async def save(self, filing: Filing) -> Family:
        """Keep what the register says, in place of what was known."""
        family = Family.of(filing, self.id_of(filing.number))
        known = {
            "number": self._session.cipher.seal_text(filing.number),
            "district": filing.district,
            "unit_types": ",".join(filing.unit_types),
            "order_group": filing.group,
            "state": filing.state.value,
            "members": self._session.cipher.seal_text(_members_text(filing.members)),
            "filed_at": filing.filed_at,
        }
        if not await self._session.insert_new(FamilyRow, id=family.id, **known):
            await self._session.write(
                update(FamilyRow).where(FamilyRow.id == family.id).values(**known)
            )
        return family


def family_of(row: Found, cipher: Cipher) -> Family:
    """Return the family that a row of `FamilyRow` holds."""
    return Family(
        id=row["id"],
        number=cipher.open_text(row["number"]),
        district=row["district"],
        unit_types=unit_types_of([word for word in row["unit_types"].split(",") if word]),
        group=row["order_group"],
        state=FamilyState(row["state"]),
        members=tuple(Member(**kept) for kept in json.loads(cipher.open_text(row["members"]))),
        filed_at=row["filed_at"],
    )


def _members_text(members: Sequence[Member]) -> str:
    return json.dumps([asdict(member) for member in members], ensure_ascii=False)
