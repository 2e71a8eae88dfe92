"""The adapters of vendors, made for tests: pointed at servers of our own on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.filing_register import HttpFamilyRegister, RegisterAccess
from adapters.tencent import TencentAccess, TencentCloud
from adapters.tencent_sms import SmsTemplates, TencentSms
from domain.shared.clock import Clock
from domain.shared.pushes import PushKind
from tests.support import register_server, tencent_server
from tests.support.chance import SeededRandomness
from tests.support.register_server import RegisterServer
from tests.support.tencent_server import TencentServer

__all__ = ["TEMPLATES", "cloud_at", "register_at", "sms_at"]

TEMPLATES = SmsTemplates(
    app_id="1400006666",
    sign="安居",
    code="1001",
    notices={
        PushKind.PHONE_CHANGED: "1002",
        PushKind.RECOVERED: "1003",
        PushKind.RESTED: "1004",
        PushKind.COME_BACK: "1005",
        PushKind.REGISTERED: "1006",
        PushKind.CANCELLED: "1007",
        PushKind.CASE: "1008",
        PushKind.ANSWERED: "1008",
    },
)


@asynccontextmanager
async def cloud_at(
    server: TencentServer, *, seconds: float = 5, base: str = "", secret: str = ""
) -> AsyncIterator[TencentCloud]:
    """Lend the vendor's door, opened with the right key unless another is given."""
    cloud = TencentCloud(
        TencentAccess(
            tencent_server.KEY_ID,
            secret or tencent_server.SECRET,
            "ap-beijing",
            seconds,
            base or server.http.base,
        )
    )
    try:
        yield cloud
    finally:
        await cloud.aclose()


def sms_at(server: TencentServer, cloud: TencentCloud, clock: Clock) -> TencentSms:
    """Return a sender whose templates the vendor has approved."""
    server.templates = {"1001": 2, "1002": 1, "1003": 2, "1004": 1, "1005": 0}
    server.templates |= dict.fromkeys(("1006", "1007", "1008"), 3)
    return TencentSms(cloud, clock, TEMPLATES)


@asynccontextmanager
async def register_at(
    server: RegisterServer, *, seconds: float = 5, url: str = "", secret: str = ""
) -> AsyncIterator[HttpFamilyRegister]:
    """Lend the way to a register, with the right secret unless another is given."""
    access = RegisterAccess(
        url or server.url, register_server.KEY_ID, secret or register_server.SECRET, seconds
    )
    found = HttpFamilyRegister(access, server.clock, SeededRandomness())
    try:
        yield found
    finally:
        await found.aclose()
