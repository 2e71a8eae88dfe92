"""An older process on a newer schema: it serves on, and says so."""

from sqlalchemy import text
from structlog.testing import capture_logs

from bot import wiring
from tests.support.town import Town


async def test_an_older_process_starts_on_a_newer_schema_and_says_so(town: Town) -> None:
    with capture_logs() as calm:
        await wiring.check(town.settings)
    async with town.house.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with capture_logs() as said:
        await wiring.check(town.settings)
        assert await town.house.ready()
    assert [line["event"] for line in said] == ["schema_newer_than_this_release"]
    assert calm == []
