"""Whoever is outside in sandbox mode: one set, in the place of `adapters.vendors`.

Vendors are played by stand-ins. The platform is played too, but the account's own adapters call
it: what the simulator shows went the way that it goes in production.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from adapters.platform.rules import Platform
from adapters.platform.sandbox import Carrier, SandboxPlatform
from adapters.simulated import (
    DEMO_WORLD,
    SimulatedFamilyRegister,
    SimulatedIdentityCheck,
    SimulatedSms,
    World,
)
from adapters.simulated_cards import SimulatedBankCardCheck, SimulatedIdCardReader, draw_card
from adapters.simulated_faces import SimulatedFaceCheck
from adapters.simulated_staff import SimulatedStaff
from adapters.sql.sandbox import Arrivals
from adapters.wechat_agents import WechatAgents
from adapters.wechat_api import WechatAccess, WechatApi
from adapters.wechat_openers import WechatOpeners
from adapters.wechat_pictures import WechatPictures
from adapters.wechat_pushes import WechatPushes
from adapters.wechat_scenes import WechatSceneCodes
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.idents import long_id
from domain.shared.records import OpenId
from domain.shared.throttle import SecretStore
from domain.shared.windows import Window

__all__ = ["AGREE_PATH", "OPENER_PATH", "StandIns", "sandbox_platform"]

OPENER_PATH: Final = "/simulator/authorize"
"""Where the simulator plays the platform and tells who opens a page."""


AGREE_PATH: Final = "/simulator/agree"
"""Where the simulator plays the article in which citizens agree to notices."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """The stand-ins, and the small world that all of them know."""

    world: World
    sms: SimulatedSms
    identity_check: SimulatedIdentityCheck
    face_check: SimulatedFaceCheck
    bank_cards: SimulatedBankCardCheck
    id_cards: SimulatedIdCardReader
    family_register: SimulatedFamilyRegister
    platform: SandboxPlatform
    wechat: WechatApi
    pictures: WechatPictures
    pushes: WechatPushes
    openers: WechatOpeners
    scene_codes: WechatSceneCodes
    staff: SimulatedStaff
    desk_records: WechatAgents
    arrivals: Arrivals

    @classmethod
    def open(  # noqa: PLR0913 (one for each thing outside)
        cls,
        world_file: Path | None,
        secrets: SecretStore,
        arrivals: Arrivals,
        platform: SandboxPlatform,
        account: WechatAccess,
        *,
        public_url: str,
        face_key: bytes,
        callers: int,
        clock: Clock,
        chance: Randomness,
    ) -> Self:
        """Make them; without a file they know the shipped world."""
        world = World.load(world_file or DEMO_WORLD)
        wechat = WechatApi(account, secrets, clock, Carrier(platform))
        return cls(
            world=world,
            sms=SimulatedSms(clock, arrivals),
            identity_check=SimulatedIdentityCheck(world),
            face_check=SimulatedFaceCheck(
                world, secrets, clock, chance, public_url=public_url, key=face_key
            ),
            bank_cards=SimulatedBankCardCheck(world),
            id_cards=SimulatedIdCardReader(world),
            family_register=SimulatedFamilyRegister(world),
            platform=platform,
            wechat=wechat,
            pictures=WechatPictures(wechat),
            pushes=WechatPushes(wechat),
            openers=WechatOpeners(wechat, OPENER_PATH),
            scene_codes=WechatSceneCodes(wechat),
            staff=SimulatedStaff(arrivals, clock, callers),
            desk_records=WechatAgents(wechat),
            arrivals=arrivals,
        )

    def sample_card(self, id_number: str) -> bytes | None:
        """Return the picture of an inhabitant's ID card; ``None`` for anybody else."""
        person = self.world.people.get(long_id(id_number))
        return draw_card(person) if person else None

    async def aclose(self) -> None:
        """Close the line to the platform; nobody else was called."""
        await self.wechat.aclose()


def sandbox_platform(  # noqa: PLR0913 (one for each thing it is made of)
    arrivals: Arrivals,
    windows: Callable[[OpenId], Awaitable[Sequence[Window]]],
    account: WechatAccess,
    *,
    public_url: str,
    labels: Mapping[str, Mapping[str, str]],
    lasting: bool,
    clock: Clock,
    chance: Randomness,
) -> SandboxPlatform:
    """Return the platform on which this account is; see `SandboxPlatform`."""
    rules = Platform(
        clock, app_id=account.app_id, secret=account.app_secret, codes_lead_to=public_url
    )
    rules.people.agreements_last = lasting
    return SandboxPlatform(rules, arrivals, windows, chance, labels)
