"""Who is outside: vendors, or in sandbox mode their stand-ins, and never one for the other."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cipher import Cipher
from adapters.filing_register import RegisterAccess
from adapters.platform.sandbox import SandboxPlatform
from adapters.sql.sandbox import Arrivals
from adapters.stand_ins import AGREE_PATH, OPENER_PATH, StandIns, sandbox_platform
from adapters.tencent import TencentAccess
from adapters.tencent_sms import SmsTemplates
from adapters.vendors import Vendors
from adapters.wechat_api import WechatAccess
from bot.settings import Settings, data_key
from bot.wiring.notices import labels_of
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.pushes import PushKind
from domain.shared.records import OpenId
from domain.shared.throttle import SecretStore
from domain.shared.windows import Window

__all__ = [
    "AGREE_PATH",
    "OPENER_PATH",
    "InSandbox",
    "open_sandbox_platform",
    "outside",
    "wechat_access",
]


@dataclass(frozen=True, slots=True)
class InSandbox:
    """What only stand-ins need: where to keep what arrives, and what opened a citizen's window."""

    engine: AsyncEngine
    cipher: Cipher
    windows: Callable[[OpenId], Awaitable[Sequence[Window]]]


async def outside(
    settings: Settings,
    secrets: SecretStore,
    clock: Clock,
    chance: Randomness,
    in_sandbox: InSandbox,
) -> StandIns | Vendors:
    """Return whoever answers beyond our walls."""
    if settings.sandboxed:
        arrivals, platform = await open_sandbox_platform(settings, clock, chance, in_sandbox)
        return StandIns.open(
            settings.sandbox.data,
            secrets,
            arrivals,
            platform,
            wechat_access(settings),
            public_url=settings.server.base_url,
            face_key=hmac.digest(data_key(settings), b"anju face calls", hashlib.sha256),
            callers=len(settings.escalation.notify),
            clock=clock,
            chance=chance,
        )
    return _vendors(settings, secrets, clock, chance)


async def open_sandbox_platform(
    settings: Settings, clock: Clock, chance: Randomness, in_sandbox: InSandbox
) -> tuple[Arrivals, SandboxPlatform]:
    """Return the platform that the sandbox plays, and where what it delivers arrives."""
    arrivals = await Arrivals.open(in_sandbox.engine, in_sandbox.cipher)
    return arrivals, sandbox_platform(
        arrivals,
        in_sandbox.windows,
        wechat_access(settings),
        public_url=settings.server.base_url,
        labels=labels_of(settings),
        lasting=settings.notices.lasting,
        clock=clock,
        chance=chance,
    )


def wechat_access(settings: Settings) -> WechatAccess:
    """Return which account we are on the platform, and where that is asked."""
    wechat = settings.wechat
    return WechatAccess(wechat.app_id, wechat.app_secret.get_secret_value(), wechat.api_base)


def _vendors(settings: Settings, secrets: SecretStore, clock: Clock, chance: Randomness) -> Vendors:
    tencent, filings = settings.tencent, settings.filings
    return Vendors.open(
        TencentAccess(
            tencent.secret_id.get_secret_value(),
            tencent.secret_key.get_secret_value(),
            tencent.region,
            tencent.timeout_seconds,
            tencent.api_base,
        ),
        SmsTemplates(
            app_id=tencent.sms_app_id,
            sign=tencent.sms_sign,
            code=tencent.sms_code_template,
            notices={
                PushKind.PHONE_CHANGED: tencent.sms_phone_changed_template,
                PushKind.RECOVERED: tencent.sms_recovered_template,
                PushKind.RESTED: tencent.sms_rested_template,
                PushKind.REGISTERED: tencent.sms_registered_template,
                PushKind.CANCELLED: tencent.sms_cancelled_template,
                PushKind.CASE: tencent.sms_case_template,
                PushKind.ANSWERED: tencent.sms_case_template,
                PushKind.COME_BACK: tencent.sms_come_back_template,
            },
        ),
        tencent.face_rule_id,
        RegisterAccess(
            filings.register_url,
            filings.register_key_id,
            filings.register_secret.get_secret_value(),
            filings.register_timeout_seconds,
        ),
        wechat_access(settings),
        staff=[one.get_secret_value() for one in settings.escalation.notify],
        secrets=secrets,
        clock=clock,
        chance=chance,
    )
