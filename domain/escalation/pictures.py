"""Pictures that citizens send to a person: kept as long as what was said around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["TalkPictureStore", "WantedPicture"]


@dataclass(frozen=True, slots=True)
class WantedPicture:
    """A picture that was sent and not fetched yet, by the line of the talk and by the platform."""

    line_id: int
    handover_id: int
    media_id: str


class TalkPictureStore(Protocol):
    """Pictures of talks, sealed."""

    async def wanted(self, *, since: datetime, most: int) -> Sequence[WantedPicture]:
        """Return what was sent since a moment and is not fetched, oldest first, so many at most."""

    async def keep(self, wanted: WantedPicture, picture: bytes | None, *, at: datetime) -> bool:
        """Keep a picture; ``None`` where there is none to be had. ``False`` if that was known.

        Parameters
        ----------
        picture
            A JPEG that was made harmless.
        """

    async def known(self, handover_id: int) -> Mapping[int, bool]:
        """Tell of each line of a talk that was looked after whether its picture is there."""

    async def find(self, handover_id: int, line_id: int) -> bytes | None:
        """Return a picture of a talk; ``None`` if there is none."""

    async def forget(self, *, before: datetime) -> int:
        """Drop the pictures of talks that ended before a moment; return how many."""
