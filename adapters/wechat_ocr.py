"""ID cards read from photos by the platform: a hundred a day are free."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_calls import Call
from domain.identity.id_cards import CardFault, CardUnreadableError, IdCard
from domain.shared.errors import UnavailableError

__all__ = ["WechatIdCardReader"]

_FAULTS: Final[Mapping[int, CardFault]] = {
    101001: CardFault.NO_CARD,
    101002: CardFault.NO_CARD,
}


class WechatIdCardReader:
    """The `IdCardReader` of the platform. It reads a photo; it does not say who that is."""

    def __init__(self, api: WechatApi) -> None:
        self._api = api

    async def read(self, picture: bytes) -> IdCard:
        """Read the front of an ID card; the photo goes in the body, never as an address."""
        call = Call("POST", "/cv/ocr/idcard", files={"img": ("card.jpg", picture)})
        try:
            # Each reading counts against the day: one that may have been made is not repeated.
            card: Any = await self._api.ask(call, harmless=False)
        except WechatSaidNoError as error:
            if error.code in _FAULTS:
                raise CardUnreadableError(_FAULTS[error.code]) from None
            raise UnavailableError(f"wechat ocr {error.code}") from None
        if card.get("type") == "Back":
            raise CardUnreadableError(CardFault.BACK_SIDE)
        name, id_number = str(card.get("name") or ""), str(card.get("id") or "")
        if not (name and id_number):
            raise CardUnreadableError(CardFault.UNCLEAR)
        return IdCard(name, id_number)
