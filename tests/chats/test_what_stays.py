"""What stays after an account is closed: no less and no more than told, in every table and file.

Source: S0-20, S0-60, S0-76 to S0-82; PIPL 47.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from adapters.cipher import Cipher, SealBrokenError
from adapters.sql.schema import METADATA
from bot.talks import loaded
from tests.support.export import TOLD, perform, rows
from tests.support.town import KEY, Town, found_town

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
BY_HAND = """
given citizen 周安然 signed-up
> 实名认证
! page name=周安然 id_number={id}
> 继续
> 备案认证
> {filing}
> {sms}
"""
KNOWN = "given password qinghe-yuecai-72"
REGISTERED = "given registration 青禾家园 二居室"
LEFT_BEHIND = """
> 通知设置
> 没办完的登记
> 关闭微信通知
> 联系人工
> 请回电
> 退出登录
> 退出登录
! as 陈晨
> 登录
> 19900000001
> {sms on 19900000001}
> 同意
> 修改手机号
! page id_number=11010019860412001X
> 继续
> 紧急联系人
> 周大海
! as 周安然
! later 2 minutes
> 登录
> {phone}
> {sms}
> 同意
"""
"""The citizen has told things on two WeChats and left a page, a draft and a word behind."""

FAMILY = ("林若溪", "110100198809230028", "周小满", "110100201506010030")
PERSON = ("周安然", "11010019860412001X", "19900000001", "1101052019000123", "$argon2")
FREELY_TOLD = (
    "13712345678",
    "周大海",
    "13812345678",
    "沈小树",
    "110101201501010011",
    "青禾物业有限公司",
)
NOBODYS = {
    "alembic_version",
    # How many cards were sent on a day, by all.
    "daily_limits",
    # The phones of the sandbox: nothing of ours, and not there in production.
    "sandbox_arrivals",
    "sandbox_platform",
    "canned_replies",
    "exports",
    "manuscripts",
    # How often, at which question, and words of which persons were struck out.
    "misheard",
    "passages",
    "synonyms",
    "turn_counts",
    "unanswered",
    "desk_presences",
    "documents",
    "faqs",
    "occurrences",
    "officer_codes",
    "officer_sessions",
    "officers",
    "refusals",
    "plans",
    "posters",
    "projects",
    "revisions",
    # What posters brought, never who was brought.
    "scan_credits",
    "sqlite_sequence",
    "tallies",
    "units",
}
"""Tables that are not about citizens."""

FOR_A_DAY = {"anju.db/deliveries", "conversations.db/replies", "secrets.db/kept"}
TOLD_TO_STAY = {
    "anju.db/tickets",
    "anju.db/effects",
    "anju.db/handovers",
    "anju.db/handover_lines",
    "anju.db/handover_pictures",
}
BY_LAW = {"anju.db/people", "anju.db/families", "anju.db/registrations"}
EMPTIED = {
    "agreed_cards",
    "notice_choices",
    "openid_links",
    "pages",
    "profiles",
    "recoveries",
    "watched_drafts",
}


def opened(value: object) -> str:
    """Return what a stored value says to whoever has the key."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        text = Cipher(KEY).open(value).decode(errors="replace")
    except SealBrokenError:
        return value.decode(errors="replace")
    try:
        # JSON may spell a Chinese character by its number.
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def stored(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every value of every table of every database file, opened, with where it lies."""
    for path in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                if table not in NOBODYS:
                    for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 (our own tables)
                        yield f"{path.name}/{table}", "\n".join(map(opened, row))


def lying_in(folder: Path, words: tuple[str, ...]) -> Mapping[str, set[str]]:
    """Return which of some words lie in which table."""
    found: dict[str, set[str]] = defaultdict(set)
    for place, text in stored(folder):
        found[place].update(word for word in words if word in text)
    return {place: words for place, words in found.items() if words}


async def test_the_search_sees_what_lies_there_before_the_account_is_closed(
    template: Path, tmp_path: Path
) -> None:
    async with found_town(template, tmp_path) as town:
        await perform(town, f"{BY_HAND}\n{REGISTERED}\n{KNOWN}\n{TOLD}\n{LEFT_BEHIND}")
    found = lying_in(tmp_path, (*PERSON, *FAMILY, *FREELY_TOLD))
    assert {"周安然", "11010019860412001X"} <= found["anju.db/people"]
    assert set(FAMILY) <= found["anju.db/families"]
    assert set(FREELY_TOLD) <= found["anju.db/profiles"]
    assert {"11010019860412001X", "沈小树"} <= found["anju.db/pages"]
    assert {"19900000001", "$argon2"} <= found["anju.db/accounts"]
    assert "周大海" in found["conversations.db/conversations"]
    assert set(FAMILY) <= found["secrets.db/kept"]
    assert found.keys() >= FOR_A_DAY | BY_LAW | {"anju.db/tickets"}


@pytest.mark.parametrize("registered", [True, False])
async def test_closing_leaves_only_what_the_citizen_was_told_must_stay(
    template: Path, tmp_path: Path, *, registered: bool
) -> None:
    async with found_town(template, tmp_path) as town:
        begun = f"{BY_HAND}\n{REGISTERED if registered else ''}\n{KNOWN}\n{TOLD}\n{LEFT_BEHIND}"
        await perform(town, f"{begun}\n> 快速配租\n{CLOSING}")
        await check_accounts(town, registered=registered)
    found = lying_in(tmp_path, (*PERSON, *FAMILY, *FREELY_TOLD))
    allowed = FOR_A_DAY | TOLD_TO_STAY | (BY_LAW if registered else set())
    assert not {place: words for place, words in found.items() if place not in allowed}
    # What must stay is there: nothing else would be honest either.
    assert not registered or found.keys() >= BY_LAW


@pytest.mark.parametrize("registered", [True, False])
async def test_what_lingers_is_gone_when_the_citizen_was_told(
    template: Path, tmp_path: Path, *, registered: bool
) -> None:
    async with found_town(template, tmp_path) as town:
        begun = f"{BY_HAND}\n{REGISTERED if registered else ''}\n{TOLD}\n{LEFT_BEHIND}"
        await perform(town, f"{begun}\n{CLOSING}")
        town.wait(25, "hours")
        await town.house.sweep()
        counts = await town.counts()
        assert counts["deliveries"] == 0
        town.wait(30, "days")
        await town.house.sweep()
    places = {place for place, _ in stored(tmp_path)}
    assert not places & (FOR_A_DAY | {"secrets.db/hits"})
    found = lying_in(tmp_path, (*PERSON, *FAMILY, *FREELY_TOLD))
    assert found.keys() <= TOLD_TO_STAY | (BY_LAW if registered else set())


async def check_accounts(town: Town, *, registered: bool) -> None:
    counts = await town.counts()
    assert not {table for table in EMPTIED if counts[table]}
    [account] = await rows(town, "accounts")
    assert account["state"] == "closed"
    assert town.house.cipher.open_text(account["phone"]) == ""
    assert account["password_hash"] is None
    kept = (account["person_id"] is not None, account["family_id"] is not None)
    assert kept == (registered, registered)
    assert (counts["people"], counts["families"]) == (int(registered), int(registered))
    assert counts["registrations"] == int(registered)
    assert counts["acts"] > 0
    assert counts["consents"] >= len(("user", "privacy", "registration"))
    for name in ("周安然", "陈晨"):
        payload = await town.house.conversations.peek(town.residents[name].openid)
        assert payload is None or not loaded(town.house.cipher.open(payload)).drafts


def test_every_table_was_thought_of() -> None:
    kept = {"accounts", "acts", "consents", "deliveries", "effects", "tickets"}
    kept |= {"handovers", "handover_lines", "handover_pictures"}
    # Words until they are told, at most three days; who was told what kind of thing for a week.
    kept |= {"pushes", "push_places"}
    # Who scanned a poster is a keyed hash, forgotten after a month.
    kept |= {"scans"}
    # That somebody was helped by an answer; who it was is a keyed hash, too.
    kept |= {"answer_votes"}
    # An officer's file, sealed, for a day.
    kept |= {"export_parts"}
    by_law = {place.partition("/")[2] for place in BY_LAW}
    elsewhere = {"secret_hits", "secrets"}
    unknown = METADATA.tables.keys() - kept - by_law - EMPTIED - NOBODYS - elsewhere
    assert not unknown, "say in the closing text what becomes of this, and check it here"


async def test_a_family_that_somebody_else_is_bound_to_stays(town: Town) -> None:
    await perform(town, "given citizen 林若溪 signed-up verified bound")
    await perform(town, f"{SIGNED}\n{CLOSING}")
    counts = await town.counts()
    assert (counts["people"], counts["families"]) == (1, 1)
    await perform(town, f"given citizen 林若溪\n{CLOSING}")
    counts = await town.counts()
    assert (counts["people"], counts["families"]) == (0, 0)


async def test_a_family_that_a_member_registered_for_stays_when_all_have_left(town: Town) -> None:
    await perform(town, f"given citizen 林若溪 signed-up verified bound\n{REGISTERED}\n{CLOSING}")
    await perform(town, f"{SIGNED}\n{CLOSING}")
    counts = await town.counts()
    assert (counts["people"], counts["families"], counts["registrations"]) == (1, 1, 1)


async def test_the_talks_of_all_who_were_signed_in_are_forgotten(
    template: Path, tmp_path: Path
) -> None:
    async with found_town(template, tmp_path) as town:
        await perform(town, ELSEWHERE + CLOSING)
        other = town.residents["沈玉兰"].openid
        assert await town.house.conversations.peek(other) is None
