"""After a full run nothing that names a citizen lies in clear: not in files, not in logs.

Source: S0-18, S0-24; ASVS 14.2.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import pytest
import structlog
from httpx import codes
from prometheus_client import REGISTRY, Counter

from bot import logs
from domain.shared.conversations import Mine
from domain.shared.records import Act, OpenId
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


_ALONE = 8
"""Codes are so short that they stand within hashes and numbers by chance."""


def found_in(text: bytes, secrets: set[str]) -> set[str]:
    """Return the secrets that some bytes hold; codes only where they stand alone."""
    # JSON may spell a Chinese character by its number.
    return {
        secret
        for secret in secrets
        for spelling in {secret.encode(), secret.encode("unicode_escape")}
        if re.search(_pattern(spelling), text)
    }


def _pattern(spelling: bytes) -> bytes:
    """Return what is looked for: in a database file one value may touch the next."""
    plain = re.escape(spelling)
    if len(spelling) > _ALONE:
        return plain
    return rb"(?<![0-9A-Fa-f])" + plain + rb"(?![0-9A-Fa-f])"


def contents(folder: Path) -> dict[str, bytes]:
    """Return what lies in the files of a folder, by their names."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def public_pages(town: Town) -> bytes:
    """Return what anybody may read of the service, its figures too."""
    shown = []
    for path in ("/healthz", "/readyz", "/version", "/metrics"):
        answer = await town.client.get(path)
        assert answer.status_code == codes.OK, path
        shown.append(answer.content)
    return b"\n".join(shown)


def logged(capfd: pytest.CaptureFixture[str]) -> bytes:
    """Return what was said to whoever looks after the service."""
    logs.flush()
    out, err = capfd.readouterr()
    return (out + err).encode()


def scan(places: Mapping[str, bytes], secrets: set[str]) -> dict[str, set[str]]:
    """Return where secrets lie in clear, and which."""
    leaks = {name: found_in(content, secrets) for name, content in places.items()}
    return {name: found for name, found in leaks.items() if found}


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
        pages = await public_pages(town)
        await town.house.sweep()
    files = contents(tmp_path)
    assert {"anju.db", "conversations.db", "secrets.db"} <= files.keys()
    # The plans of the demo hold nobody; a word that stood there before is no leak.
    secrets -= found_in(before, secrets)
    assert {who.name, who.phone, who.id_number, PASSWORD} <= secrets
    assert scan({**files, "logs": logged(capfd), "public pages": pages}, secrets) == {}


# The scan itself: what is planted is found where it was planted, and nowhere else.


async def into_a_log(_: Town, secret: str) -> None:
    """Log a secret, as somebody in a hurry would."""
    structlog.get_logger("planted").warning("sms_failed", phone=f"+86{secret}")


async def into_the_records(town: Town, secret: str) -> None:
    """Write a secret into a column that is not sealed."""
    async with town.house.open_work() as work:
        await work.acts.add(Act("a:b:c", "actor", "object", town.clock.now(), "chat", secret))
        await work.commit()


async def into_a_talk(town: Town, secret: str) -> None:
    """Keep a talk that nobody has sealed."""
    claim = await town.house.conversations.claim("planted", OpenId("oPlanted"), wait=1)
    assert isinstance(claim, Mine)
    await town.house.conversations.finish(claim, payload=secret.encode(), reply=b"")


async def into_a_file(town: Town, secret: str) -> None:
    """Leave a secret in a file beside the records."""
    town.settings.beside_database("dump.json").write_text(f'{{"phone": "{secret}"}}', "utf-8")


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (into_a_log, "logs"),
        (into_the_records, "anju.db"),
        (into_a_talk, "conversations.db"),
        (into_a_file, "dump.json"),
    ],
)
@pytest.mark.parametrize("secret", ["13912345679", "周安然", "11010019860412001X", PASSWORD])
async def test_a_planted_leak_is_found_where_it_was_planted(  # noqa: PLR0913, PLR0917 (fixtures)
    template: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    plant: Callable[[Town, str], Awaitable[None]],
    place: str,
    secret: str,
) -> None:
    async with found_town(template, tmp_path) as town:
        await plant(town, secret)
        pages = await public_pages(town)
    places = {**contents(tmp_path), "logs": logged(capfd), "public pages": pages}
    found = scan(places, {secret, "19900000001"})
    # What was written ahead of the file lies beside it.
    assert {name.removesuffix("-wal"): leaks for name, leaks in found.items()} == {place: {secret}}


async def test_a_leak_in_the_figures_is_found(town: Town) -> None:
    planted = Counter("planted", "By phone.", ["phone"])
    try:
        planted.labels("13912345679").inc()
        found = scan({"public pages": await public_pages(town)}, {"13912345679"})
    finally:
        REGISTRY.unregister(planted)
    assert found == {"public pages": {"13912345679"}}


def test_the_search_finds_what_lies_in_clear() -> None:
    assert found_in("发给 13912345679。".encode(), {"13912345679", "周安然"}) == {"13912345679"}
    assert found_in(b"a13912345679f", {"13912345679"}) == {"13912345679"}
    assert found_in(b"a123456f", {"123456"}) == set()
    assert found_in("验证码 123456，".encode(), {"123456"}) == {"123456"}
    assert found_in("周安然".encode("unicode_escape"), {"周安然"}) == {"周安然"}
