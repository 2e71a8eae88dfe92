"""Pictures: those that citizens send, and those that we send."""

from typing import Final

from adapters.wechat_api import Download, WechatApi, WechatSaidNoError
from adapters.wechat_calls import COMPOSE, Call
from adapters.wechat_outcomes import Outcome
from domain.shared.errors import UnavailableError
from domain.shared.pictures import LARGEST_PICTURE, PictureFault, PictureUnfitError

__all__ = ["WechatPictures"]

_NAMES: Final = {b"\xff\xd8\xff": "picture.jpg", b"\x89PNG": "picture.png"}
_LARGEST_SENT: Final = 2 * 1024 * 1024
"""The platform's page says both 2 MB and 10 MB."""


class WechatPictures:
    """The `PictureSource` of the platform, which keeps what citizens send for three days."""

    def __init__(self, api: WechatApi) -> None:
        self._api = api

    async def fetch(self, media_id: str) -> bytes | None:
        """Return a picture as it was sent; ``None`` once it is gone."""
        try:
            found = await self._api.ask(COMPOSE.media.download(media_id), harmless=True)
        except WechatSaidNoError as error:
            if error.outcome is Outcome.MEDIA_GONE:
                return None
            raise UnavailableError(f"wechat media {error.code}") from None
        # A film comes as an address of one, and is no picture; nor is what is none by its bytes.
        if not isinstance(found, Download):
            return b""
        return found.content[: LARGEST_PICTURE + 1]

    async def keep(self, picture: bytes) -> str:
        """Upload a picture for sending; return its media id, good for three days.

        Raises
        ------
        PictureUnfitError
            It is no JPEG or PNG by its content, or larger than 2 MB.
        UnavailableError
            The platform did not take it.
        """
        names = [name for magic, name in _NAMES.items() if picture.startswith(magic)]
        if not names:
            raise PictureUnfitError(PictureFault.UNREADABLE)
        if len(picture) > _LARGEST_SENT:
            raise PictureUnfitError(PictureFault.TOO_LARGE)
        call = Call(
            "POST",
            "/cgi-bin/media/upload",
            {"type": "image"},
            files={"media": (names[0], picture)},
            pick=lambda said: str(said["media_id"]),
        )
        try:
            kept: str = await self._api.ask(call, harmless=True)
        except WechatSaidNoError as error:
            raise UnavailableError(f"wechat media {error.code}") from None
        return kept
