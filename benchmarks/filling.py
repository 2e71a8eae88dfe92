"""Records in which a million families have registered, and hundreds of plans were offered."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.engine import engine_for
from adapters.sql.plans import PlanRow, ProjectRow, UnitRow
from domain.plans.model import PlanKind

__all__ = ["fill", "now"]


def now() -> datetime:
    """Return the present moment."""
    return datetime.fromtimestamp(time.time(), UTC)


async def fill(url: str, registrations: int, plans: int) -> None:
    """Put so many registrations, each with all that belongs to it, and so many plans on record."""
    engine = engine_for(url, connections=1, statement_seconds=0)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        offered = (await connection.execute(text("SELECT count(*) FROM plans"))).scalar_one()
        for number in range(offered, plans):
            await _add_plan(connection, f"bench-{number}")
        kept = (await connection.execute(text("SELECT count(*) FROM registrations"))).scalar_one()
        if kept < registrations:
            for statement in _FILLING:
                await connection.execute(text(statement.format(kept=kept, wanted=registrations)))
        await connection.execute(text("VACUUM ANALYZE"))
    await engine.dispose()


_EACH = "FROM generate_series({kept}, {wanted} - 1) AS n"
_FILLING = (
    "INSERT INTO people SELECT md5('p' || n), md5('i' || n), '\\x00', '\\x00', now(), 'bench', '' "
    + _EACH,
    "INSERT INTO families (id, number, district, unit_types, order_group, state, members)"
    " SELECT 'f' || n, '\\x00', '', '二居室', '', 'valid', '\\x00' " + _EACH,
    "INSERT INTO accounts (id, phone_index, phone, state, created_at, person_id, family_id,"
    " phone_tail) SELECT md5('a' || n), md5('o' || n), '\\x00', 'active', now(), md5('p' || n),"
    " 'f' || n, '' " + _EACH,
    "INSERT INTO openid_links SELECT 'o' || n, md5('a' || n), now(), now() " + _EACH,
    "INSERT INTO registrations (number, family_id, account_id, plan_id, project_id, unit_id,"
    " unit_type, state, notice_version, notice_hash, phone, created_at, check_code, check_index)"
    " SELECT 'DJ2020' || n, 'f' || n, md5('a' || n), j.plan_id, j.id, u.id, u.unit_type,"
    " 'registered', 1, md5('x'), '\\x00', now(), '\\x00', md5('c' || n) " + _EACH + ","
    " units AS u JOIN projects AS j ON j.id = u.project_id"
    " WHERE u.id = 'quick-2026-4-qinghe-two'",
    "INSERT INTO acts (tag, actor, object_id, at, front, note)"
    " SELECT 'bench', md5('a' || n), 'DJ2020' || n, now(), 'chat', '' " + _EACH,
    "INSERT INTO consents (actor, document, version, text_hash, at)"
    " SELECT md5('a' || n), 'notice-quick', 1, md5('x'), now() " + _EACH,
    "INSERT INTO effects SELECT md5('d' || n), 'register', md5('x'), '\\x00', now() " + _EACH,
    "INSERT INTO deliveries SELECT md5('k' || n), 'o' || n, '\\x00', now() " + _EACH,
    (
        "INSERT INTO tallies VALUES ('quick-2026-4-qinghe-two', 0, {wanted} - {kept})"
        " ON CONFLICT (unit_id, shard) DO UPDATE SET live = tallies.live + excluded.live"
    ),
)
"""What a million families leave behind."""


async def _add_plan(connection: AsyncConnection, name: str) -> None:
    opens, closes = now() - timedelta(days=300), now() - timedelta(days=200)
    times = {"choosing_from": closes, "choosing_to": closes}
    await connection.execute(
        insert(PlanRow).values(
            id=name, name=name, kind=PlanKind.QUICK.value, opens_at=opens, closes_at=closes,
            notice="notice-quick", demo=True, **times,
        )
    )  # fmt: skip
    for number in range(3):
        project = f"{name}-{number}"
        await connection.execute(
            insert(ProjectRow).values(
                id=project, plan_id=name, position=number, name=project, district="朝阳",
                address="（演示）", summary="（演示）", scene=project, **times,
            )
        )  # fmt: skip
        await connection.execute(
            insert(UnitRow).values(
                id=f"{project}-two", project_id=project, position=0, unit_type="二居室",
                area_from_hundredths=5000, area_to_hundredths=6000, rent_rate_fen=5000, flats=10,
            )
        )  # fmt: skip
