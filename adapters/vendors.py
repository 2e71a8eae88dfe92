"""Whoever is outside when citizens are served: one set, opened and closed together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from adapters.apprise_staff import AppriseStaff
from adapters.filing_register import HttpFamilyRegister, RegisterAccess
from adapters.tencent import TencentAccess, TencentCloud
from adapters.tencent_identity import (
    TencentBankCardCheck,
    TencentFaceCheck,
    TencentIdentityCheck,
)
from adapters.tencent_ocr import TencentIdCardReader
from adapters.tencent_sms import SmsTemplates, TencentSms
from adapters.wechat_agents import WechatAgents
from adapters.wechat_api import WechatAccess, WechatApi
from adapters.wechat_openers import WechatOpeners
from adapters.wechat_pictures import WechatPictures
from adapters.wechat_pushes import WechatPushes
from adapters.wechat_scenes import WechatSceneCodes
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.throttle import SecretStore

__all__ = ["Vendors"]


@dataclass(frozen=True, slots=True)
class Vendors:
    """The real ones."""

    cloud: TencentCloud
    sms: TencentSms
    identity_check: TencentIdentityCheck
    face_check: TencentFaceCheck
    bank_cards: TencentBankCardCheck
    id_cards: TencentIdCardReader
    family_register: HttpFamilyRegister
    wechat: WechatApi
    pictures: WechatPictures
    pushes: WechatPushes
    openers: WechatOpeners
    scene_codes: WechatSceneCodes
    staff: AppriseStaff
    desk_records: WechatAgents

    @classmethod
    def open(  # noqa: PLR0913 (one for each thing outside)
        cls,
        access: TencentAccess,
        templates: SmsTemplates,
        face_rule_id: str,
        register: RegisterAccess,
        account: WechatAccess,
        *,
        staff: Sequence[str],
        secrets: SecretStore,
        clock: Clock,
        chance: Randomness,
    ) -> Self:
        """Make them; nobody is asked yet."""
        cloud = TencentCloud(access)
        wechat = WechatApi(account, secrets, clock)
        return cls(
            cloud=cloud,
            sms=TencentSms(cloud, clock, templates),
            identity_check=TencentIdentityCheck(cloud, clock),
            face_check=TencentFaceCheck(cloud, face_rule_id),
            bank_cards=TencentBankCardCheck(cloud, clock),
            id_cards=TencentIdCardReader(cloud),
            family_register=HttpFamilyRegister(register, clock, chance),
            wechat=wechat,
            pictures=WechatPictures(wechat),
            pushes=WechatPushes(wechat),
            openers=WechatOpeners(wechat),
            scene_codes=WechatSceneCodes(wechat),
            staff=AppriseStaff(staff),
            desk_records=WechatAgents(wechat),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self.wechat.aclose()
        await self.family_register.aclose()
        await self.cloud.aclose()
