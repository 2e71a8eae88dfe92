"""Nothing but a look before the write keeps a family from holding a unit twice."""

from bot import wiring
from bot.settings import Settings
from tests.chaos.planted.ddl import run_ddl

_DROPS = (
    "DROP INDEX IF EXISTS uq_registrations_live_unit",
    "DROP INDEX IF EXISTS uq_registrations_live_slot",
    "ALTER TABLE effects DROP CONSTRAINT pk_effects",
    "ALTER TABLE deliveries DROP CONSTRAINT pk_deliveries",
)


def plant() -> None:
    load = wiring.load_demo

    async def load_demo(settings: Settings) -> None:
        await load(settings)
        await run_ddl(settings, _DROPS)

    wiring.load_demo = load_demo
