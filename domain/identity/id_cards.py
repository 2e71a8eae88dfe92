"""A photo of an ID card in place of typing: what stands on it is read, and nothing is kept."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from domain.shared.clock import Clock
from domain.shared.errors import InvalidError, NotFoundError, UnavailableError
from domain.shared.pictures import PictureCleaner, PictureSource
from domain.shared.records import OpenId
from domain.shared.throttle import DAY, Limit, SecretStore, charge

__all__ = [
    "CardFault",
    "CardUnreadableError",
    "IdCard",
    "IdCardReader",
    "IdCardService",
    "PictureGoneError",
]

_PER_CITIZEN: Final = Limit(10, DAY)


@dataclass(frozen=True, slots=True)
class IdCard:
    """What stands on the front of an ID card, as it was read: it may be misread."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)


class CardFault(StrEnum):
    """Why a card could not be read."""

    NO_CARD = "no-card"
    BACK_SIDE = "back-side"
    """The side with the emblem."""
    SEVERAL = "several"
    UNCLEAR = "unclear"
    """Blurred, cut off, too small or covered."""


class CardUnreadableError(InvalidError):
    """No ID card could be read from the picture.

    Parameters
    ----------
    fault
        What to do better.
    """

    code = "card-unreadable"

    def __init__(self, fault: CardFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class PictureGoneError(NotFoundError):
    """The platform does not keep the picture any more."""

    code = "picture-gone"


class IdCardReader(Protocol):
    """Reads ID cards."""

    async def read(self, picture: bytes) -> IdCard:
        """Read the front of an ID card from a JPEG that was made harmless.

        Raises
        ------
        CardUnreadableError
            There is no card on it that can be read.
        UnavailableError
            The line is down: nothing is known.
        """


class IdCardService:
    """How a photo takes the place of typing a name and an ID number.

    Parameters
    ----------
    source
        Where pictures are fetched; ``None`` where they cannot be.
    cleaner, reader, secrets, clock
        The other things outside.
    """

    def __init__(
        self,
        source: PictureSource | None,
        cleaner: PictureCleaner,
        reader: IdCardReader,
        secrets: SecretStore,
        clock: Clock,
    ) -> None:
        self._source = source
        self._cleaner = cleaner
        self._reader = reader
        self._secrets = secrets
        self._clock = clock

    @property
    def offered(self) -> bool:
        """Whether photos can be taken at all."""
        return self._source is not None

    async def read(self, openid: OpenId, media_id: str) -> IdCard:
        """Read the card on a picture that a citizen sent. Neither is kept.

        Parameters
        ----------
        openid
            Who sent it: at most 10 pictures within a day. A silent line does not count.
        media_id
            What the platform calls it. Never an address: those are not fetched.

        Raises
        ------
        ThrottledError
            Too many pictures within a day.
        PictureGoneError
            It was sent too long ago.
        PictureUnfitError
            It is too large, or no picture.
        CardUnreadableError
            There is no card on it that can be read.
        UnavailableError
            The platform or the reader is silent, or photos are not offered.

        Source
        ------
        S0-21, S0-23.
        """
        if self._source is None:
            raise UnavailableError("no picture source")
        attempt = charge(self._secrets, self._clock.now())
        await attempt.take(f"identity:photos:{openid}", _PER_CITIZEN)
        try:
            raw = await self._source.fetch(media_id)
            if raw is None:
                raise PictureGoneError
            return await self._reader.read(await self._cleaner.clean(raw))
        except UnavailableError:
            await attempt.give_back()
            raise
