"""A push as a row: its columns, its indexes, and how one is written and read."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    bindparam,
    or_,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adapters.cipher import Cipher
from adapters.sql.base import Base, UtcDateTime
from adapters.sql.prepared import Found, Prepared
from domain.shared.pushes import Push, PushKind
from domain.shared.records import AccountId, OpenId

__all__ = ["OPEN", "PushRow", "adding", "free", "push_of"]

OPEN: Final = text("told IS NOT NULL")
"""Its words are kept: somebody may still have to do with it."""

_OF_ACCOUNT: Final = text("account_id IS NOT NULL")
_RECEIPTED: Final = text("receipt IS NOT NULL")


class PushRow(Base):
    """A push; ``told`` and ``phone`` are gone once nobody needs them."""

    __tablename__ = "pushes"
    __table_args__ = (
        UniqueConstraint("kind", "openid", "topic"),
        # What has ended stays a week and must not slow down who looks for work.
        Index("ix_pushes_due_at", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_pushes_ended_at", "ended_at"),
        Index(
            "uq_pushes_of_account",
            "kind",
            "account_id",
            "topic",
            unique=True,
            sqlite_where=_OF_ACCOUNT,
            postgresql_where=_OF_ACCOUNT,
        ),
        Index("ix_pushes_open_openid", "openid", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_pushes_open_account", "account_id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_pushes_receipt", "receipt", sqlite_where=_RECEIPTED, postgresql_where=_RECEIPTED),
        {"sqlite_autoincrement": True},
    )

    serial: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    openid: Mapped[str | None] = mapped_column(String(64))
    topic: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(String(32))
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    told: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    strikes: Mapped[int]
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_by: Mapped[str | None] = mapped_column(String(8))
    receipt: Mapped[str | None] = mapped_column(String(64))


@lru_cache
def adding(columns: tuple[str, ...], dialect: str) -> Prepared:
    """Return the statement that writes a push down unless there is one of its kind and topic."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = insert(PushRow).inline().values({name: bindparam(name) for name in columns})
    return Prepared(row.on_conflict_do_nothing())


def push_of(row: Found, cipher: Cipher) -> Push:
    """Return the push that a row holds, while its words are kept."""
    return Push(
        kind=PushKind(row["kind"]),
        values=tuple(json.loads(cipher.open_text(row["told"]))),
        openid=None if row["openid"] is None else OpenId(row["openid"]),
        phone=None if row["phone"] is None else cipher.open_text(row["phone"]),
        topic=row["topic"],
        account=None if row["account_id"] is None else AccountId(row["account_id"]),
    )


def free(now: datetime) -> ColumnElement[bool]:
    """Say that nobody is at work on a push."""
    return or_(PushRow.lease_until.is_(None), PushRow.lease_until <= now)
