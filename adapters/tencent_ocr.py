"""ID cards read from photos, through Tencent Cloud.

https://cloud.tencent.com/document/product/866/33524 (IDCardOCR, version 2018-11-19).
"""

import base64
from typing import Final

from adapters.outward import SaidNoError
from adapters.tencent import TencentCloud
from domain.identity.id_cards import CardFault, CardUnreadableError, IdCard

__all__ = ["TencentIdCardReader"]

_FAULTS: Final = {
    "FailedOperation.CardSideError": CardFault.BACK_SIDE,
    "FailedOperation.IdCardInfoIllegal": CardFault.UNCLEAR,
    "FailedOperation.IdCardTooSmall": CardFault.UNCLEAR,
    "FailedOperation.ImageBlur": CardFault.UNCLEAR,
    "FailedOperation.ImageDecodeFailed": CardFault.NO_CARD,
    "FailedOperation.ImageNoIdCard": CardFault.NO_CARD,
    "FailedOperation.ImageNoSpecifiedCard": CardFault.NO_CARD,
    "FailedOperation.ImageNoText": CardFault.NO_CARD,
    "FailedOperation.MultiCardError": CardFault.SEVERAL,
    "FailedOperation.OcrFailed": CardFault.UNCLEAR,
}


class TencentIdCardReader:
    """The `IdCardReader` of Tencent Cloud."""

    def __init__(self, cloud: TencentCloud) -> None:
        self._cloud = cloud

    async def read(self, picture: bytes) -> IdCard:
        """Read the front of an ID card."""
        asked = {"ImageBase64": base64.b64encode(picture).decode(), "CardSide": "FRONT"}
        kit = await self._cloud.kit()
        try:
            answer = await self._cloud.ask(
                "IDCardOCR",
                lambda: kit.ocr.call_and_deserialize("IDCardOCR", asked),
                harmless=True,
            )
        except SaidNoError as error:
            if error.reason in _FAULTS:
                raise CardUnreadableError(_FAULTS[error.reason]) from None
            raise self._cloud.refused("IDCardOCR", error.reason) from None
        card = answer["Response"]
        name, id_number = str(card.get("Name") or ""), str(card.get("IdNum") or "")
        if not (name and id_number):
            raise CardUnreadableError(CardFault.UNCLEAR)
        return IdCard(name, id_number)
