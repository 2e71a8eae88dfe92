"""Fetching what is exported, and talks that tell all there is to tell."""

import io
import json
import re
import zipfile
from dataclasses import dataclass

from sqlalchemy import RowMapping, select

from adapters.sql.schema import METADATA
from tests.support.chat import Player
from tests.support.town import Town

__all__ = ["TOLD", "Export", "fetched", "perform", "rows"]

TOLD = """
> 常用联系人电话
> 13712345678
> 保存
> 紧急联系人
> 周大海
> 父母
> 13812345678
> 保存
> 同住人
> 加一位
> 子女
! page name=沈小树 id_number=110101201501010011
> 继续
> 完成
> 保存
> 采集信息
> 已婚
> 3
> 青禾物业有限公司
> 60000
> 租房
> 保存
"""


@dataclass(frozen=True, slots=True)
class Export:
    """What lies in an export: a page for people, and for programs the same by its parts."""

    page: str
    parts: dict[str, str]

    def says(self, words: str) -> bool:
        """Tell whether both hold some words."""
        return words in self.page and any(words in part for part in self.parts.values())


async def perform(town: Town, lines: str) -> Player:
    """Perform the lines of a talk."""
    player = Player(town)
    for number, line in enumerate(lines.strip().splitlines(), start=1):
        await player.perform(number, line.strip())
    return player


async def rows(town: Town, table: str) -> list[RowMapping]:
    """Return all rows of a table."""
    async with town.house.engine.connect() as connection:
        found = await connection.execute(select(METADATA.tables[table]))
        return list(found.mappings())


async def fetched(town: Town, player: Player) -> Export:
    """Fetch what the last reply's link leads to."""
    assert "/h5/export/" in str(player.last), player.transcript[-9:]
    [path] = set(re.findall(r"/h5/export/[\w-]+", str(player.last)))
    answer = await town.client.post(path)
    assert answer.headers["content-type"] == "application/zip"
    assert "no-store" in answer.headers["cache-control"]
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    page, kept = (packed.read(name).decode() for name in sorted(packed.namelist()))
    told = json.loads(kept)
    return Export(page, {part["title"]: str(part["rows"]) for part in told["parts"]})
