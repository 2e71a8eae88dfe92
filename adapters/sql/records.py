"""Records that any subject may leave: acts, consents, effects, kept replies and one-time pages."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.prepared import Prepared
from domain.shared.conversations import Json
from domain.shared.deliveries import Delivered
from domain.shared.pages import OneTimePage
from domain.shared.records import (
    AccountId,
    Act,
    Consent,
    Effect,
    EffectConflictError,
    OpenId,
)

__all__ = [
    "ActRow",
    "ConsentRow",
    "DeliveryRow",
    "EffectRow",
    "PageRow",
    "SqlActs",
    "SqlConsents",
    "SqlDeliveries",
    "SqlEffects",
    "SqlPages",
]

_SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is exactly INTEGER."""


class ActRow(Base):
    """Something of consequence that somebody did; never changed, numbers never reused."""

    __tablename__ = "acts"
    __table_args__ = ({"sqlite_autoincrement": True},)

    serial: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    tag: Mapped[str] = mapped_column(String(80))
    actor: Mapped[str] = mapped_column(String(80), index=True)
    object_id: Mapped[str] = mapped_column(String(80), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    front: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)


class ConsentRow(Base):
    """An agreement to one version of one document; nothing but its withdrawal is ever added."""

    __tablename__ = "consents"
    __table_args__ = ({"sqlite_autoincrement": True},)

    serial: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    actor: Mapped[str] = mapped_column(String(80), index=True)
    document: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    text_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EffectRow(Base):
    """The one effect of a draft; ``receipt`` is sealed."""

    __tablename__ = "effects"

    draft_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    flow: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(64))
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """The reply of a turn that changed a record; ``reply`` was sealed by the edge."""

    __tablename__ = "deliveries"

    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    openid: Mapped[str] = mapped_column(String(64))
    reply: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PageRow(Base):
    """A one-time form; ``answer`` and ``about`` are sealed."""

    __tablename__ = "pages"
    __table_args__ = (
        Index("ix_pages_step", "draft_id", "step"),
        {"sqlite_autoincrement": True},
    )

    serial: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    openid: Mapped[str] = mapped_column(String(64))
    draft_id: Mapped[str] = mapped_column(String(64))
    flow: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    about: Mapped[bytes | None] = mapped_column(LargeBinary)
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)


_EFFECT: Final = Prepared(
    select(EffectRow.__table__).where(EffectRow.draft_id == bindparam("draft_id"))
)
_DELIVERY: Final = Prepared(
    select(DeliveryRow.__table__).where(DeliveryRow.key == bindparam("key"))
)


class SqlActs:
    """The event trail."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, act: Act) -> None:
        """Append an act."""
        await self._session.append(
            ActRow,
            tag=act.tag,
            actor=act.actor,
            object_id=act.object_id,
            at=act.at,
            front=act.front,
            note=act.note,
        )

    async def about(self, object_id: str) -> list[Act]:
        """Return the acts on one record, oldest first."""
        found = await self._session.read(
            select(ActRow.__table__).where(ActRow.object_id == object_id).order_by(ActRow.serial)
        )
        return [
            Act(row.tag, row.actor, row.object_id, row.at, row.front, row.note) for row in found
        ]


class SqlConsents:
    """What citizens agreed to."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, consent: Consent) -> None:
        """Append a consent."""
        await self._session.append(
            ConsentRow,
            actor=consent.actor,
            document=consent.document,
            version=consent.version,
            text_hash=consent.text_hash,
            at=consent.at,
        )

    async def of(self, actor: str) -> list[Consent]:
        """Return what one actor agreed to, oldest first."""
        found = await self._session.read(
            select(ConsentRow.__table__)
            .where(ConsentRow.actor == actor)
            .order_by(ConsentRow.serial)
        )
        return [
            Consent(row.actor, row.document, row.version, row.text_hash, row.at, row.withdrawn_at)
            for row in found
        ]

    async def withdraw(self, actor: str, documents: Sequence[str], *, at: datetime) -> int:
        """Mark one actor's standing consents to some documents; return how many."""
        standing = update(ConsentRow).where(
            ConsentRow.actor == actor,
            ConsentRow.document.in_(documents),
            ConsentRow.withdrawn_at.is_(None),
        )
        return (await self._session.write(standing.values(withdrawn_at=at))).rowcount


class SqlEffects:
    """The one effect of each draft."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def find(self, draft_id: str) -> Effect | None:
        """Return the draft's effect; ``None`` while it had none."""
        row = await self._session.row(_EFFECT, draft_id=draft_id)
        if row is None:
            return None
        receipt = self._session.cipher.open_text(row["receipt"])
        return Effect(row["draft_id"], row["flow"], row["fingerprint"], receipt, row["at"])

    async def add(self, effect: Effect) -> None:
        """Keep a draft's effect.

        Raises
        ------
        EffectConflictError
            It already had one.
        """
        kept = await self._session.claim(
            EffectRow,
            draft_id=effect.draft_id,
            flow=effect.flow,
            fingerprint=effect.fingerprint,
            receipt=self._session.cipher.seal_text(effect.receipt),
            at=effect.at,
        )
        if not kept:
            raise EffectConflictError(effect.draft_id)


class SqlDeliveries:
    """Replies that were committed together with a record."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def find(self, key: str) -> Delivered | None:
        """Return what a delivery was answered; ``None`` if it changed no record."""
        row = await self._session.row(_DELIVERY, key=key)
        if row is None:
            return None
        return Delivered(row["key"], OpenId(row["openid"]), row["reply"], row["at"])

    async def add(self, delivered: Delivered) -> bool:
        """Keep a reply; ``False``, and nothing kept, if it can be seen that there is one."""
        return await self._session.claim(
            DeliveryRow,
            key=delivered.key,
            openid=delivered.openid,
            reply=delivered.reply,
            at=delivered.at,
        )

    async def forget(self, *, before: datetime) -> int:
        """Drop replies given before a moment; return how many."""
        gone = await self._session.write(delete(DeliveryRow).where(DeliveryRow.at < before))
        return gone.rowcount


_SENT_KEPT: Final = timedelta(days=30)


class SqlPages:
    """One-time pages; what was sent on them is sealed."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def add(self, token_hash: str, page: OneTimePage) -> None:
        """Keep a new page; the earlier unused ones of the same step expire at its issue."""
        await self._session.write(
            update(PageRow)
            .where(
                PageRow.draft_id == page.draft_id,
                PageRow.step == page.step,
                PageRow.used_at.is_(None),
                PageRow.expires_at > page.issued_at,
            )
            .values(expires_at=page.issued_at)
        )
        await self._session.insert_new(
            PageRow,
            token_hash=token_hash,
            openid=page.openid,
            draft_id=page.draft_id,
            flow=page.flow,
            step=page.step,
            issued_at=page.issued_at,
            expires_at=page.expires_at,
            account_id=page.account_id,
            about=self._session.cipher.seal_text(json.dumps(page.about)) if page.about else None,
        )

    async def find(self, token_hash: str) -> OneTimePage | None:
        """Return a page, changing nothing; ``None`` if there never was one."""
        row = (
            await self._session.read(
                select(PageRow.__table__).where(PageRow.token_hash == token_hash)
            )
        ).first()
        if row is None:
            return None
        return OneTimePage(
            openid=OpenId(row.openid),
            draft_id=row.draft_id,
            flow=row.flow,
            step=row.step,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            answer=self._unsealed(row.answer),
            account_id=None if row.account_id is None else AccountId(row.account_id),
            about=self._known(row.about),
        )

    async def consume(self, token_hash: str, answer: Json, *, now: datetime) -> bool:
        """Use a page up in one statement, so that of many at once one succeeds."""
        used = await self._session.write(
            update(PageRow)
            .where(
                PageRow.token_hash == token_hash,
                PageRow.used_at.is_(None),
                PageRow.expires_at > now,
            )
            .values(used_at=now, answer=self._session.cipher.seal_text(json.dumps(answer)))
        )
        return bool(used.rowcount)

    async def answer_of(self, draft_id: str, step: str) -> Json:
        """Return what was sent on the newest page of a step; ``None`` while nothing was."""
        sealed = await self._session.read(
            select(PageRow.answer)
            .where(PageRow.draft_id == draft_id, PageRow.step == step)
            .order_by(PageRow.serial.desc())
            .limit(1)
        )
        return self._unsealed(sealed.scalar())

    async def forget(self, *, before: datetime) -> int:
        """Drop unsent pages that expired before a moment, and sent ones a month later."""
        unsent = (PageRow.used_at.is_(None)) & (PageRow.expires_at < before)
        # What a citizen was told we hold stays until they come back for it.
        sent = PageRow.used_at < before - _SENT_KEPT
        gone = await self._session.write(delete(PageRow).where(unsent | sent))
        return gone.rowcount

    def _known(self, about: bytes | None) -> dict[str, str]:
        known: dict[str, str] = json.loads(self._session.cipher.open_text(about)) if about else {}
        return known

    def _unsealed(self, answer: bytes | None) -> Json:
        if answer is None:
            return None
        opened: Json = json.loads(self._session.cipher.open_text(answer))
        return opened
