"""What is taken away, and what stays after an account is closed: no less and no more than told.

Source: S0-20, S0-60, S0-76 to S0-82.
"""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import RowMapping, select

from adapters.sql.schema import METADATA
from tests.support.chat import Player
from tests.support.town import Town, found_town

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
"""
CLOSING = """
> 注销账号
> 我要注销
> {sms}
< 账号已注销
"""
ELSEWHERE = """
given citizen 周安然 signed-up
! as 沈玉兰
> 登录
> 19900000001
> {sms on 19900000001}
> 同意
> 紧急联系人
> 周大海
! later 2 minutes
! as 周安然
"""
SIGNED = "given citizen 周安然 signed-up verified bound"
REGISTERED = "given registration 青禾家园 二居室"
GONE_FOR_ALL = {"profiles", "openid_links", "pages", "recoveries"}


async def perform(town: Town, lines: str) -> Player:
    player = Player(town)
    for number, line in enumerate(lines.strip().splitlines(), start=1):
        await player.perform(number, line)
    return player


async def rows(town: Town, table: str) -> list[RowMapping]:
    async with town.house.engine.connect() as connection:
        found = await connection.execute(select(METADATA.tables[table]))
        return list(found.mappings())


async def fetched(town: Town, player: Player) -> zipfile.ZipFile:
    [path] = set(re.findall(r"/h5/export/[\w-]+", str(player.last)))
    answer = await town.client.post(path)
    assert answer.headers["content-type"] == "application/zip"
    assert "no-store" in answer.headers["cache-control"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


async def test_the_export_holds_all_that_was_told_for_people_and_for_programs(town: Town) -> None:
    lines = f"{SIGNED}\n{REGISTERED}\n{TOLD}\n> 导出\n> {{sms}}"
    player = await perform(town, lines)
    packed = await fetched(town, player)
    page_name, kept_name = sorted(packed.namelist())
    page = packed.read(page_name).decode()
    kept = json.dumps(json.loads(packed.read(kept_name)), ensure_ascii=False)
    who = town.residents["周安然"]
    number = (await town.registrations(who))[0].number
    for told in (who.name, who.phone, who.id_number, who.filing, number, who.openid):
        assert told in page
        assert told in kept
    for told in ("13712345678", "周大海", "13812345678", "沈小树", "110101201501010011"):
        assert told in page
        assert told in kept
    assert "accounts:account:create" in kept


async def test_what_is_exported_cannot_break_the_page(town: Town) -> None:
    word = "<script>alert(1)</script>"
    ticket = f"> 联系人工\n> {word}\n> {{phone}}"
    player = await perform(town, f"{SIGNED}\n{ticket}\n> 导出\n> {{sms}}")
    packed = await fetched(town, player)
    page = packed.read(min(packed.namelist())).decode()
    assert word not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("registered", [True, False])
async def test_closing_leaves_only_what_the_citizen_was_told_must_stay(
    town: Town, *, registered: bool
) -> None:
    begin = f"{SIGNED}\n{REGISTERED}" if registered else SIGNED
    await perform(town, f"{begin}\n{TOLD}\n> 快速配租")
    who = town.residents["周安然"]
    await perform(town, f"given citizen 周安然\n{CLOSING}")
    counts = await town.counts()
    assert not {table for table in GONE_FOR_ALL if counts[table]}
    [account] = await rows(town, "accounts")
    opened = town.house.cipher.open_text
    assert account["state"] == "closed"
    assert opened(account["phone"]) == ""
    assert account["password_hash"] is None
    assert (account["person_id"] is not None, account["family_id"] is not None) == (
        registered,
        registered,
    )
    assert counts["people"] == int(registered)
    assert counts["registrations"] == int(registered)
    assert counts["acts"] > 0
    assert counts["consents"] >= len(("user", "privacy", "registration"))
    payload = await town.house.conversations.peek(who.openid)
    assert payload is not None
    assert not json.loads(town.house.cipher.open(payload))["drafts"]


async def test_the_talks_of_all_who_were_signed_in_are_forgotten(
    template: Path, tmp_path: Path
) -> None:
    async with found_town(template, tmp_path) as town:
        await perform(town, ELSEWHERE + CLOSING)
        other = town.residents["沈玉兰"].openid
        assert await town.house.conversations.peek(other) is None
