"""Whoever is outside when citizens are served: one set, opened and closed together."""

from dataclasses import dataclass
from typing import Self

from adapters.filing_register import HttpFamilyRegister, RegisterAccess
from adapters.tencent import TencentAccess, TencentCloud
from adapters.tencent_identity import (
    TencentBankCardCheck,
    TencentFaceCheck,
    TencentIdentityCheck,
)
from adapters.tencent_ocr import TencentIdCardReader
from adapters.tencent_sms import SmsTemplates, TencentSms
from domain.shared.chance import Randomness
from domain.shared.clock import Clock

__all__ = ["Vendors"]


@dataclass(frozen=True, slots=True)
class Vendors:
    """The real ones. Pictures cannot be fetched yet, so that there is no source of them."""

    cloud: TencentCloud
    sms: TencentSms
    identity_check: TencentIdentityCheck
    face_check: TencentFaceCheck
    bank_cards: TencentBankCardCheck
    id_cards: TencentIdCardReader
    family_register: HttpFamilyRegister
    pictures: None = None

    @classmethod
    def open(  # noqa: PLR0913 (one for each thing outside)
        cls,
        access: TencentAccess,
        templates: SmsTemplates,
        face_rule_id: str,
        register: RegisterAccess,
        *,
        clock: Clock,
        chance: Randomness,
    ) -> Self:
        """Make them; nobody is asked yet."""
        cloud = TencentCloud(access)
        return cls(
            cloud=cloud,
            sms=TencentSms(cloud, clock, templates),
            identity_check=TencentIdentityCheck(cloud, clock),
            face_check=TencentFaceCheck(cloud, face_rule_id),
            bank_cards=TencentBankCardCheck(cloud, clock),
            id_cards=TencentIdCardReader(cloud),
            family_register=HttpFamilyRegister(register, clock, chance),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self.family_register.aclose()
        await self.cloud.aclose()
