"""Pictures that citizens sent to a person, in SQL: sealed, and dropped before their lines are."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from adapters.sql.base import Base, SqlSession, UtcDateTime
from adapters.sql.escalation import HandoverRow, LineRow
from domain.escalation.pictures import WantedPicture

__all__ = ["SqlTalkPictures", "TalkPictureRow"]


class TalkPictureRow(Base):
    """The picture of a line; ``NULL`` where the platform had none, or none that can be shown."""

    __tablename__ = "handover_pictures"

    line_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("handover_lines.id"),
        primary_key=True,
        autoincrement=False,
    )
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlTalkPictures:
    """The `TalkPictureStore` in SQL."""

    def __init__(self, session: SqlSession) -> None:
        self._session = session

    async def wanted(self, *, since: datetime, most: int) -> list[WantedPicture]:
        """Return what was sent since a moment and is not fetched, oldest first."""
        chosen = (
            select(LineRow.id, LineRow.handover_id, LineRow.media_id)
            .join(HandoverRow, HandoverRow.id == LineRow.handover_id)
            .outerjoin(TalkPictureRow, TalkPictureRow.line_id == LineRow.id)
            .where(
                # A line moves its talk's stamp, which has an index.
                HandoverRow.stamped_at >= since,
                LineRow.at >= since,
                LineRow.media_id != "",
                TalkPictureRow.line_id.is_(None),
            )
            .order_by(LineRow.id)
            .limit(most)
        )
        rows = await self._session.read(chosen)
        return [WantedPicture(row.id, row.handover_id, row.media_id) for row in rows]

    async def keep(self, wanted: WantedPicture, picture: bytes | None, *, at: datetime) -> bool:
        """Keep a picture, and have the agents' pages look again."""
        kept = await self._session.insert_new(
            TalkPictureRow,
            line_id=wanted.line_id,
            handover_id=wanted.handover_id,
            picture=None if picture is None else self._session.cipher.seal(picture),
            at=at,
        )
        if kept:
            talk = update(HandoverRow).where(HandoverRow.id == wanted.handover_id)
            await self._session.write(talk.values(stamp=HandoverRow.stamp + 1, stamped_at=at))
        return kept

    async def known(self, handover_id: int) -> Mapping[int, bool]:
        """Tell of each line that was looked after whether its picture is there."""
        chosen = select(
            TalkPictureRow.line_id, TalkPictureRow.picture.is_not(None).label("there")
        ).where(TalkPictureRow.handover_id == handover_id)
        return {row.line_id: bool(row.there) for row in await self._session.read(chosen)}

    async def find(self, handover_id: int, line_id: int) -> bytes | None:
        """Return a picture of a talk."""
        chosen = select(TalkPictureRow.picture).where(
            TalkPictureRow.line_id == line_id, TalkPictureRow.handover_id == handover_id
        )
        sealed = (await self._session.read(chosen)).scalar_one_or_none()
        return None if sealed is None else self._session.cipher.open(sealed)

    async def forget(self, *, before: datetime) -> int:
        """Drop the pictures of talks that ended before a moment."""
        ended = select(HandoverRow.id).where(HandoverRow.ended_at < before)
        gone = await self._session.write(
            delete(TalkPictureRow).where(TalkPictureRow.handover_id.in_(ended))
        )
        return gone.rowcount
