"""The officers of the demo: everybody knows their password, so only a sandbox admits them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import update

from adapters.sql.base import SqlSession
from adapters.sql.officers import OfficerRow, SqlOfficers
from domain.officers.model import Officer, OfficerId, Role

__all__ = ["DEMO_OFFICERS", "DEMO_PASSWORD", "DEMO_SEED", "DemoOfficer", "load_officers"]

DEMO_PASSWORD: Final = "anju-demo-officers"  # noqa: S105 (known to everybody, admitted nowhere else)
DEMO_SEED: Final = "ANJUDEMOANJUDEMOANJUDEMOANJUDEMO"

_KEPT: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$p+qAFQbNwZZ+bUS2S4YzUQ$X/xJpppOJ/LJ"
    "eJp4cN7MZc288qeCv0aJq4WoFrlGxXQ"
)
"""The password as `Argon2Passwords` keeps it: to hash it anew would slow every start down."""


@dataclass(frozen=True, slots=True)
class DemoOfficer:
    """An officer of the demo, as the sandbox's sign-in page shows them."""

    login: str
    name: str
    role: Role


DEMO_OFFICERS: Final = (
    DemoOfficer("kefu", "演示客服", Role.AGENT),
    DemoOfficer("yunying", "演示运营", Role.OPERATOR),
    DemoOfficer("shenhe", "演示审核", Role.REVIEWER),
    DemoOfficer("shenji", "演示审计", Role.AUDITOR),
    DemoOfficer("admin", "演示管理员", Role.ADMINISTRATOR),
)


async def load_officers(session: SqlSession, now: datetime) -> None:
    """Write those that are missing, ready to sign in; commits nothing."""
    store = SqlOfficers(session)
    known = {officer.login for officer in await store.all()}
    for one in DEMO_OFFICERS:
        if one.login in known:
            continue
        officer_id = OfficerId(hashlib.sha256(f"anju demo {one.login}".encode()).hexdigest()[:22])
        officer = Officer(officer_id, one.login, one.name, frozenset({one.role}), now, demo=True)
        if await store.add(officer):
            ready = update(OfficerRow).where(OfficerRow.id == officer_id)
            seed = session.cipher.seal_text(DEMO_SEED)
            await session.write(ready.values(password_hash=_KEPT, seed=seed))
