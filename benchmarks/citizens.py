"""Citizens who have done everything but register: an account, a checked name, a bound family."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cipher import Cipher
from adapters.sql.engine import engine_for
from adapters.sql.people import AccountRow, FamilyRow, OpenIdLinkRow, PersonRow
from adapters.sql.plans import ProjectRow
from adapters.sql.registrations import RegistrationRow
from benchmarks.filling import now
from benchmarks.platform import openid_of
from benchmarks.servers import DATA_KEY

__all__ = ["BROWSED", "PAGES", "WORDS", "number_in", "registered", "scene_of", "settle"]

WORDS: Final = ("二居室", "去登记", "我已阅读并同意", "确定")
"""What a citizen says after scanning the poster of a project, until it is done."""

BROWSED: Final = (
    ("菜单", "请选择要办的事"),
    ("1", "请选择要看的计划"),
    ("1", "请选择项目进行登记"),
    ("1", "请选择房源"),
)
"""What who only looks around says, and what each answer must say."""

PAGES: Final = ("请选择房源", "去登记", "告知书", "请核对", "登记成功")
"""What the answer to the scan, then to each of the words, must say."""

_PROJECT: Final = "quick-2026-4-qinghe"
_NUMBER: Final = re.compile(r"登记成功！\n编号：(DJ\d+)")
_AT_ONCE: Final = 2_000


async def scene_of(database: str) -> str:
    """Return what the poster of the one project carries that everybody registers for."""
    engine = engine_for(database)
    async with engine.connect() as connection:
        found = await connection.execute(select(ProjectRow.scene).where(ProjectRow.id == _PROJECT))
        scene: str = found.scalar_one()
    await engine.dispose()
    return scene


async def settle(database: str, count: int, kind: str) -> list[str]:
    """Put so many citizens on record; return their openids.

    Parameters
    ----------
    kind
        One letter; citizens of two kinds are never the same.
    """
    engine = engine_for(database)
    openids = [openid_of(number, kind) for number in range(count)]
    for first in range(0, count, _AT_ONCE):
        await _insert(engine, openids[first : first + _AT_ONCE])
    await engine.dispose()
    return openids


async def _insert(engine: AsyncEngine, openids: Sequence[str]) -> None:
    cipher, moment = Cipher(base64.b64decode(DATA_KEY)), now()
    async with engine.begin() as connection:
        for row in (PersonRow, FamilyRow, AccountRow, OpenIdLinkRow):
            values = [_values(row, one, cipher, moment) for one in openids]
            await connection.execute(insert(row), values)


def _values(row: type, one: str, cipher: Cipher, moment: datetime) -> Mapping[str, object]:
    seal, index = cipher.seal_text, cipher.index
    members = [{"name": "周演示", "id_number": one, "relation": "申请人"}]
    values: Mapping[type, Mapping[str, object]] = {
        PersonRow: {
            "id": one,
            "number_index": index("id-number", one),
            "number": seal(one),
            "name": seal("周演示"),
            "verified_at": moment,
            "source": "benchmark",
        },
        FamilyRow: {
            "id": one,
            "number": seal(one),
            "district": "朝阳",
            "unit_types": "一居室,二居室",
            "order_group": "2P",
            "state": "valid",
            "members": seal(json.dumps(members)),
            "filed_at": None,
        },
        AccountRow: {
            "id": one,
            "phone_index": index("phone", one),
            "phone": seal("+8619900000001"),
            "state": "active",
            "created_at": moment,
            "person_id": one,
            "family_id": one,
            "used_at": moment,
        },
        OpenIdLinkRow: {"openid": one, "account_id": one, "linked_at": moment, "used_at": moment},
    }
    return values[row]


def number_in(text: str) -> str:
    """Return the number on a receipt; ``""`` where it is none."""
    found = _NUMBER.search(text)
    return found[1] if found else ""


async def registered(database: str) -> Mapping[str, str]:
    """Return every registration on record: number to family, which is the citizen's openid."""
    engine = engine_for(database)
    async with engine.connect() as connection:
        found = await connection.execute(select(RegistrationRow.number, RegistrationRow.family_id))
        kept = dict(found.tuples().all())
        count = (
            await connection.execute(select(func.count()).select_from(RegistrationRow))
        ).scalar_one()
    await engine.dispose()
    if len(kept) != count:
        raise SystemExit(f"{count - len(kept)} numbers were given twice")
    return kept
