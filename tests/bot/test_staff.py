"""Officers from the command line."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.sql import schema
from bot import cli


@pytest.fixture
def account(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}"
    asyncio.run(schema.upgrade(url))
    return {"ANJU_DATABASE__URL": url, "ANJU_SERVER__PUBLIC_URL": "https://anju.test"}


def run(*arguments: str, env: Mapping[str, str]) -> Result:
    return CliRunner().invoke(cli.app, ["staff", *arguments], env=env)


def add(env: Mapping[str, str], login: str, role: str = "administrator") -> Result:
    return run("add", login, "--name", "王妍", "--role", role, env=env)


def test_an_officer_is_added_listed_reset_and_disabled(account: dict[str, str]) -> None:
    assert "anju staff add" in run("list", env=account).stdout
    added = add(account, "wangyan")
    assert added.exit_code == 0, added.output
    [link] = re.findall(r"https://anju\.test/console/start/[\w-]{22}", added.stdout)
    assert add(account, "lihua").exit_code == 0
    reset = run("reset", "wangyan", env=account)
    assert re.search(r"/console/start/[\w-]{22}", reset.stdout)
    assert link not in reset.stdout
    assert run("disable", "wangyan", env=account).exit_code == 0
    listed = run("list", env=account).stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["lihua", "王妍", "管理员", "待设置"],
        ["wangyan", "王妍", "管理员", "停用"],
    ]


def test_what_must_not_be_is_refused_with_a_sentence(account: dict[str, str]) -> None:
    add(account, "wangyan")
    for refused, said in (
        (add(account, "wangyan"), "已经有人用了"),
        (add(account, "王妍"), "登录名"),
        (run("disable", "wangyan", env=account), "最后一位管理员"),
        (run("reset", "nobody", env=account), "没有找到"),
    ):
        assert refused.exit_code == 1
        assert said in refused.output
    assert add(account, "lihua", "emperor").exit_code == 2


def test_a_database_that_was_never_migrated_is_refused(tmp_path: Path) -> None:
    env = {"ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path / 'other.db'}"}
    refused = add(env, "wangyan")
    assert refused.exit_code == 1
    assert "anju migrate" in refused.output
