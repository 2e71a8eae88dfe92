"""Whether what PostgreSQL commits lasts: settings under which citizens must not be served."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sql.engine import translated

__all__ = ["cautions", "objections_to", "safety"]

_LOSING: Final = {
    "fsync": (
        "数据库设置 fsync=off：断电会丢失数据，请改为 on。"
        " PostgreSQL runs with fsync=off and loses data in a power cut: set it to on."
    ),
    "full_page_writes": (
        "数据库设置 full_page_writes=off：断电会损坏数据，请改为 on。"
        " PostgreSQL runs with full_page_writes=off and a power cut damages data: set it to on."
    ),
    "synchronous_commit": (
        "数据库设置 synchronous_commit=off：已告知市民的登记可能丢失，请改为 on。"
        " PostgreSQL runs with synchronous_commit=off and may lose registrations that citizens"
        " were told of: set it to on."
    ),
}
_STANDBY_NOT_AWAITED: Final = (
    "数据库配置了同步备库（synchronous_standby_names），但 synchronous_commit={value} 不等它落盘，"
    "切换后可能丢失已告知市民的登记，请改为 on。"
    " PostgreSQL names a synchronous standby, but synchronous_commit={value} does not wait until"
    " it has written: a failover may lose registrations that citizens were told of. Set it to on."
)
_STANDBY_LAGS: Final = (
    "数据库有备库，但都不是同步的（synchronous_standby_names 为空）：主库损坏后切换到备库，"
    "可能丢失已告知市民的登记。要避免，请设置同步备库，并保持 synchronous_commit=on。"
    " PostgreSQL has a standby and none is synchronous (synchronous_standby_names is empty):"
    " a failover may lose registrations that citizens were told of. Name a synchronous standby and"
    " keep synchronous_commit=on to avoid that."
)
_STANDBYS: Final = text(
    "SELECT current_setting('synchronous_standby_names') = ''"
    " AND EXISTS (SELECT FROM pg_stat_replication)"
)
_SETTINGS: Final = (*_LOSING, "synchronous_standby_names")


async def safety(engine: AsyncEngine) -> list[str]:
    """Return why what is committed here may not last; one sentence for each reason.

    Parameters
    ----------
    engine
        The engine of the records. SQLite is set up by us and gives no reason.

    Raises
    ------
    UnavailableError
        The database is silent.
    """
    if engine.dialect.name == "sqlite":
        return []
    with translated():
        async with engine.connect() as connection:
            shown = await connection.execute(select(*map(func.current_setting, _SETTINGS)))
            return objections_to(dict(zip(_SETTINGS, shown.one(), strict=True)))


async def cautions(engine: AsyncEngine) -> list[str]:
    """Return what the operator should know of a database that may be used; no reason to refuse.

    Source: S0-71.

    Raises
    ------
    UnavailableError
        The database is silent.
    """
    if engine.dialect.name == "sqlite":
        return []
    with translated():
        async with engine.connect() as connection:
            lags = (await connection.execute(_STANDBYS)).scalar_one()
    return [_STANDBY_LAGS] if lags else []


def objections_to(settings: Mapping[str, str]) -> list[str]:
    """Return what is wrong with PostgreSQL's settings, as it shows them by name."""
    objections = [words for name, words in _LOSING.items() if settings[name] == "off"]
    value = settings["synchronous_commit"]
    if settings["synchronous_standby_names"] and value in {"local", "remote_write"}:
        objections.append(_STANDBY_NOT_AWAITED.format(value=value))
    return objections
