"""Connecting the account, from a terminal: what is shown, and what each failure asks to be done.

Source: S0-01, S0-11.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.sql import schema
from adapters.sql.work import engine_for
from adapters.system import SystemClock
from bot import cli
from domain.shared.refusals import Refusal
from tests.support.sql import open_work
from tests.support.wechat.server import APP_ID, SECRET, WechatServer, wechat

TOKEN, AES_KEY = "aB3" * 10, "k" * 42 + "A"


@pytest.fixture
def server() -> Iterator[WechatServer]:
    with wechat(SystemClock()) as server:
        yield server


@pytest.fixture
def account(tmp_path: Path, server: WechatServer) -> dict[str, str]:
    return {
        "ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}",
        "ANJU_SERVER__PUBLIC_URL": "https://anju.test",
        "ANJU_WECHAT__APP_ID": APP_ID,
        "ANJU_WECHAT__APP_SECRET": SECRET,
        "ANJU_WECHAT__TOKEN": TOKEN,
        "ANJU_WECHAT__ENCODING_AES_KEY": AES_KEY,
        "ANJU_WECHAT__API_BASE": server.http.base,
    }


def run(*arguments: str, env: Mapping[str, str]) -> Result:
    return CliRunner().invoke(cli.app, arguments, env=env)


async def acts_about_the_account(account: Mapping[str, str]) -> list[tuple[str, str]]:
    engine = engine_for(account["ANJU_DATABASE__URL"])
    async with open_work(engine) as work:
        found = [(one.tag, one.actor) for one in await work.acts.about(APP_ID)]
    await engine.dispose()
    return found


def test_a_menu_is_shown_pushed_and_then_found_right(
    account: dict[str, str], server: WechatServer
) -> None:
    shown = json.loads(run("menu", "show", env=account).stdout)
    assert [len(group["sub_button"]) for group in shown["button"]] == [5, 5, 5]
    before = run("wechat", "check", env=account)
    assert before.exit_code == 1
    assert "[失败] 自定义菜单" in before.stdout
    assert "anju menu push" in before.stdout
    assert "没有记下" in run("menu", "push", env=account).output
    asyncio.run(schema.upgrade(account["ANJU_DATABASE__URL"]))
    pushed = run("menu", "push", env=account)
    assert pushed.exit_code == 0, pushed.output
    assert server.account.menu == shown
    assert asyncio.run(acts_about_the_account(account)) == [("connection:menu:push", "operator")]
    after = run("wechat", "check", env=account)
    assert after.exit_code == 0, after.output
    assert "[失败]" not in after.stdout


def test_what_to_paste_is_shown_and_no_secret(account: dict[str, str]) -> None:
    said = run("wechat", "check", env=account).output
    assert "https://anju.test/wechat" in said
    assert "安全模式" in said
    assert re.search(r"网页授权域名：anju\.test$", said, re.MULTILINE)
    for secret in (TOKEN, AES_KEY, SECRET, "token-1"):
        assert secret not in said


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ANJU_WECHAT__APP_ID": "wx0"}, "ANJU_WECHAT__APP_ID"),
        ({"ANJU_WECHAT__APP_SECRET": "wrong"}, "ANJU_WECHAT__APP_SECRET"),
        ({"ANJU_WECHAT__TOKEN": "with-dashes"}, "ANJU_WECHAT__TOKEN"),
        ({"ANJU_WECHAT__ENCODING_AES_KEY": "+" * 43}, "ANJU_WECHAT__ENCODING_AES_KEY"),
        ({"ANJU_WECHAT__ENCRYPTION": "plain"}, "ANJU_WECHAT__ENCRYPTION"),
        ({"ANJU_SERVER__PUBLIC_URL": "http://anju.test"}, "ANJU_SERVER__PUBLIC_URL"),
        ({"ANJU_SERVER__PUBLIC_URL": "https://anju.test:8443"}, "ANJU_SERVER__PUBLIC_URL"),
        ({"ANJU_WECHAT__API_BASE": "http://127.0.0.1:1"}, "ANJU_WECHAT__API_BASE"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    account: dict[str, str], changed: dict[str, str], field: str
) -> None:
    run("menu", "push", env=account)
    found = run("wechat", "check", env={**account, **changed})
    assert found.exit_code == 1
    [line] = [line for line in found.stdout.splitlines() if line.startswith("[失败]")]
    assert line.startswith(f"[失败] {field}：")
    assert "请这样做：" in line


def test_an_address_that_is_not_listed_is_told(
    account: dict[str, str], server: WechatServer
) -> None:
    server.account.barred = True
    found = run("wechat", "check", env=account)
    assert found.exit_code == 1
    assert re.search(r"\[失败\] IP 白名单.*203\.0\.113\.7", found.stdout)


def test_a_frozen_secret_is_told(account: dict[str, str], server: WechatServer) -> None:
    server.account.secret_frozen = True
    assert "解冻" in run("wechat", "check", env=account).stdout


def test_a_clock_that_is_wrong_is_told(account: dict[str, str], server: WechatServer) -> None:
    run("menu", "push", env=account)
    server.skew_seconds = 120
    found = run("wechat", "check", env=account)
    assert found.exit_code == 1
    assert "[失败] 服务器时钟" in found.stdout


def test_a_quota_that_is_used_up_is_told(account: dict[str, str], server: WechatServer) -> None:
    run("menu", "push", env=account)
    server.limits["/cgi-bin/menu/create"] = 1
    found = run("wechat", "check", env=account)
    assert found.exit_code == 1
    assert "[失败] 额度 /cgi-bin/menu/create：今天已用 1 / 1" in found.stdout


def test_without_an_account_nobody_is_asked(account: dict[str, str], server: WechatServer) -> None:
    del account["ANJU_WECHAT__APP_ID"]
    assert run("wechat", "check", env=account).exit_code == 1
    refused = run("menu", "push", env=account)
    assert refused.exit_code == 1
    assert "ANJU_WECHAT__APP_ID" in refused.stderr
    assert not server.calls


def test_a_menu_that_the_platform_refuses_is_told(
    account: dict[str, str], server: WechatServer
) -> None:
    server.say("/cgi-bin/menu/create", 48001)
    refused = run("menu", "push", env=account)
    assert refused.exit_code == 1
    assert "48001" in refused.stderr


def test_a_name_that_is_too_long_never_reaches_the_platform(
    account: dict[str, str], server: WechatServer
) -> None:
    menu = [{"name": "字" * 6, "buttons": [{"name": "a", "key": "a"}]}]
    assert run("menu", "push", env={**account, "ANJU_MENU": json.dumps(menu)}).exit_code == 2
    assert not server.calls


async def _refused(url: str) -> None:
    await schema.upgrade(url)
    engine = engine_for(url)
    async with open_work(engine) as work:
        await work.refusals.add(Refusal(SystemClock().now(), "stale", 403, 7))
        await work.commit()
    await engine.dispose()


def test_the_calls_that_were_refused_last_are_told_with_what_to_do(
    account: dict[str, str],
) -> None:
    assert "anju migrate" in run("wechat", "check", env=account).stdout
    asyncio.run(_refused(account["ANJU_DATABASE__URL"]))
    told = run("wechat", "check", env=account).stdout
    assert re.search(r"7 次  请求的时间与这台机器差得太多。请这样做：打开时间同步", told)
