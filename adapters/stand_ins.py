"""Whoever is outside in sandbox mode: one set, in the place of `adapters.vendors`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from adapters.simulated import (
    DEMO_WORLD,
    SimulatedFamilyRegister,
    SimulatedIdentityCheck,
    SimulatedSms,
    World,
)
from adapters.simulated_cards import (
    SimulatedBankCardCheck,
    SimulatedIdCardReader,
    SimulatedPictures,
    draw_card,
)
from adapters.simulated_faces import SimulatedFaceCheck
from adapters.simulated_openers import SimulatedOpeners
from adapters.simulated_pushes import SimulatedPushes
from adapters.simulated_scenes import SimulatedSceneCodes
from adapters.simulated_staff import SimulatedDeskRecords, SimulatedStaff
from adapters.sql.sandbox import Arrivals
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.idents import long_id
from domain.shared.records import OpenId
from domain.shared.throttle import SecretStore
from domain.shared.windows import Window

__all__ = ["OPENER_PATH", "StandIns"]

OPENER_PATH: Final = "/simulator/authorize"
"""Where the simulator plays the platform and tells who opens a page."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """The stand-ins, and the small world that all of them know."""

    world: World
    sms: SimulatedSms
    pushes: SimulatedPushes
    identity_check: SimulatedIdentityCheck
    face_check: SimulatedFaceCheck
    bank_cards: SimulatedBankCardCheck
    id_cards: SimulatedIdCardReader
    family_register: SimulatedFamilyRegister
    pictures: SimulatedPictures
    openers: SimulatedOpeners
    scene_codes: SimulatedSceneCodes
    staff: SimulatedStaff
    desk_records: SimulatedDeskRecords
    arrivals: Arrivals

    @classmethod
    def open(  # noqa: PLR0913 (one for each thing outside)
        cls,
        world_file: Path | None,
        secrets: SecretStore,
        arrivals: Arrivals,
        windows: Callable[[OpenId], Awaitable[Sequence[Window]]],
        *,
        public_url: str,
        face_key: bytes,
        callers: int,
        clock: Clock,
        chance: Randomness,
    ) -> Self:
        """Make them; without a file they know the shipped world."""
        world = World.load(world_file or DEMO_WORLD)
        return cls(
            world=world,
            sms=SimulatedSms(clock, arrivals),
            pushes=SimulatedPushes(arrivals, windows, clock),
            identity_check=SimulatedIdentityCheck(world),
            face_check=SimulatedFaceCheck(
                world, secrets, clock, chance, public_url=public_url, key=face_key
            ),
            bank_cards=SimulatedBankCardCheck(world),
            id_cards=SimulatedIdCardReader(world),
            family_register=SimulatedFamilyRegister(world),
            pictures=SimulatedPictures(clock),
            openers=SimulatedOpeners(secrets, clock, chance, asks_at=OPENER_PATH),
            scene_codes=SimulatedSceneCodes(public_url),
            staff=SimulatedStaff(arrivals, clock, callers),
            desk_records=SimulatedDeskRecords(),
            arrivals=arrivals,
        )

    def sample_card(self, id_number: str) -> bytes | None:
        """Return the picture of an inhabitant's ID card; ``None`` for anybody else."""
        person = self.world.people.get(long_id(id_number))
        return draw_card(person) if person else None

    async def aclose(self) -> None:
        """Close nothing: nobody was called."""
