"""What every turn asks of PostgreSQL is found by an index, however much lies there."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql import people, records, registrations
from adapters.sql.prepared import Prepared
from tests.support.allotment import NOW
from tests.support.sql import DATABASES

ASKED = {
    f"{module.__name__.rpartition('.')[2]}.{name}": asked
    for module in (people, records, registrations)
    for name, asked in vars(module).items()
    if isinstance(asked, Prepared)
}


@pytest.mark.parametrize("engine", DATABASES[1:], indirect=True)
@pytest.mark.parametrize("name", ASKED)
async def test_no_table_is_read_from_end_to_end(engine: AsyncEngine, name: str) -> None:
    wire = ASKED[name].wire
    unknown = {one: NOW if one == "at" else "x" for one in wire.names if wire.given[one] is None}
    async with engine.connect() as connection:
        # So small a table is read whole, unless that is made to look dear: then an index is
        # used where there is one that serves.
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await connection.exec_driver_sql(
            f"EXPLAIN {wire.text}", tuple(wire.arguments(unknown))
        )
        steps = "\n".join(plan.scalars())
    assert "Index" in steps
    assert "Seq Scan" not in steps


def test_what_every_turn_asks_is_known() -> None:
    assert {"people._SIGNED_IN", "records._EFFECT", "registrations._OF_FAMILY"} <= {*ASKED}
