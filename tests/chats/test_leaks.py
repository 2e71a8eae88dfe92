"""After a full run nothing that names a citizen lies in clear: not in files, not in logs.

Source: S0-18, S0-24; ASVS 14.2.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import codes

from tests.support.chat import Player
from tests.support.town import Resident, Town, found_town

PASSWORD = "qinghe-yuecai-72"  # noqa: S105 (of a citizen who is not real)
NEW_PHONE = "13912345679"
TOLD = ("周大海", "13812345678", "沈小树", "110101201501010011", "青禾物业有限公司", "13712345678")
RUN = f"""
given citizen 周安然 signed-out
> 注册
> 同意
> {{phone}}
> {{sms}}
> 现在实名认证
! page name={{name}} id_number={{id}}
> 继续
> 备案认证
> {{filing}}
> {{sms}}
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
! later 2 minutes
> 修改密码
> {{sms}}
! page password={PASSWORD} again={PASSWORD}
> 继续
given registration 青禾家园 二居室
> 联系人工
> 我叫周安然，身份证 {{id}}，请打 {{phone}}
> {{phone}}
! later 25 hours
> 修改手机号
! page id_number={{id}}
> 继续
> {NEW_PHONE}
> {{sms on {NEW_PHONE}}}
> 保存
! notices
> 登录管理
> 紧急联系人
> 周大海
"""


def secrets_of(town: Town, who: Resident) -> Iterator[str]:
    """Yield whatever must not lie about."""
    yield from (who.name, who.phone, who.id_number, who.filing, PASSWORD, NEW_PHONE, *TOLD)
    for phone in (who.phone, NEW_PHONE):
        yield from (sms.code for sms in town.inbox(phone) if len(sms.code) >= len("000000"))


def found_in(text: bytes, secrets: set[str]) -> set[str]:
    """Return the secrets that some bytes hold; digits only where they stand alone."""
    return {
        secret
        for secret in secrets
        if re.search(rb"(?<![0-9A-Fa-f])" + re.escape(secret.encode()) + rb"(?![0-9A-Fa-f])", text)
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Return what lies in the files of a folder, by their names."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_nothing_that_names_a_citizen_lies_in_clear(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = b"".join(contents(template).values())
    async with found_town(template, tmp_path) as town:
        player = Player(town)
        for number, line in enumerate(RUN.strip().splitlines(), start=1):
            await player.perform(number, line)
        who = town.residents["周安然"]
        counts = await town.counts()
        told = ("profiles", "people", "registrations", "tickets", "pages", "effects", "accounts")
        assert all(counts[table] for table in told), counts
        secrets = {secret for secret in secrets_of(town, who) if secret}
        assert len(secrets) >= len(TOLD) + 6 + 3, "the run did not bring what is looked for"
        open_pages = []
        for path in ("/healthz", "/readyz", "/version", "/metrics"):
            answer = await town.client.get(path)
            assert answer.status_code in {codes.OK, codes.NOT_FOUND}
            open_pages.append(answer.content)
        await town.house.sweep()
    files = contents(tmp_path)
    assert {"anju.db", "conversations.db", "secrets.db"} <= files.keys()
    # The plans of the demo hold nobody; a word that stood there before is no leak.
    secrets -= found_in(before, secrets)
    assert {who.name, who.phone, who.id_number, PASSWORD} <= secrets
    leaks = {name: found_in(content, secrets) for name, content in files.items()}
    out, err = capfd.readouterr()
    leaks["logs"] = found_in((out + err).encode(), secrets)
    leaks["public pages"] = found_in(b"\n".join(open_pages), secrets)
    assert not {name: found for name, found in leaks.items() if found}


def test_the_search_finds_what_lies_in_clear() -> None:
    assert found_in("发给 13912345679。".encode(), {"13912345679", "周安然"}) == {"13912345679"}
    assert found_in(b"a13912345679f", {"13912345679"}) == set()
