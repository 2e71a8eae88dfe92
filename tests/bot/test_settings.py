"""Settings: read once, judged, and refused with a sentence when they cannot be used."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.settings import Mode, Settings, SettingsRefusedError, data_key, load, read
from tests.support.production import PRODUCTION

KEY = PRODUCTION["ANJU_SECURITY__DATA_KEY"]

SetAll = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: SetAll) -> None:
    """Let no test read or write where we stand."""
    monkeypatch.chdir(tmp_path)


def in_production(monkeypatch: SetAll, **changes: str | None) -> None:
    for name, value in (PRODUCTION | changes).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


def test_without_any_wish_the_sandbox_is_ready_to_run() -> None:
    settings = read()
    assert settings.sandboxed
    assert settings.server.base_url == "http://127.0.0.1:8000"
    assert settings.database.file == Path("var/anju.db")
    assert settings.office.operator == "北京保障房中心有限公司"
    assert len(settings.menu) == 3


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: SetAll) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[server]\nhost = "0.0.0.0"\nport = 9000\n', "utf-8")
    monkeypatch.setenv("ANJU_SETTINGS", str(file))
    monkeypatch.setenv("ANJU_SERVER__PORT", "9100")
    server = read().server
    assert (server.host, server.port) == ("0.0.0.0", 9100)  # noqa: S104 (a value, not an address)
    assert server.base_url == "http://127.0.0.1:9100"


def test_a_file_here_is_read_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[wechat]\ntap_links = false\n", "utf-8")
    assert not read().wechat.tap_links


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("[wechat]\ntokn = 'x'", "wechat.tokn"),
        ("[nonsense]\nx = 1", "nonsense"),
        ("[server]\nport = 'many'", "server.port"),
        ("[server]\npublic_url = 'anju.test'", "server.public_url"),
        ("[wechat]\nencoding_aes_key = 'short'", "wechat.encoding_aes_key"),
        ("[wechat]\ntoken = ''", "wechat.token"),
        ("[security]\ndata_key = 'c2hvcnQ='", "security.data_key"),
        ("[filings]\nnumber_pattern = '('", "filings.number_pattern"),
        ("[filings]\nregister_url = 'http://register.test'", "filings.register_url"),
        ("[filings]\nregister_url = 'https://a.test/?find'", "filings.register_url"),
        ("[tencent]\napi_base = 'http://127.0.0.1.evil.test'", "tencent.api_base"),
        ("[tencent]\ntimeout_seconds = 0", "tencent.timeout_seconds"),
        ("mode = 'prod'", "mode"),
        ("[[menu]]\nname = '一'\nbuttons = []", "menu"),
        ("no toml", "settings.toml"),
    ],
)
def test_a_wrong_setting_is_named_in_both_languages(
    tmp_path: Path, written: str, named: str
) -> None:
    (tmp_path / "settings.toml").write_text(written, "utf-8")
    with pytest.raises(SettingsRefusedError, match=named) as refused:
        read()
    assert "设置" in str(refused.value) or "不是" in str(refused.value)
    assert "lease" in str(refused.value) or "is not" in str(refused.value)


def test_an_unknown_setting_in_the_environment_is_refused(monkeypatch: SetAll) -> None:
    monkeypatch.setenv("ANJU_WECHAT__TOKN", "x")
    with pytest.raises(SettingsRefusedError, match="tokn"):
        read()


def test_a_named_file_that_is_missing_is_refused(monkeypatch: SetAll) -> None:
    monkeypatch.setenv("ANJU_SETTINGS", "nowhere.toml")
    with pytest.raises(SettingsRefusedError, match=r"nowhere\.toml"):
        read()


def test_production_runs_when_everything_is_set(monkeypatch: SetAll) -> None:
    in_production(monkeypatch)
    settings = read()
    assert settings.mode is Mode.PRODUCTION
    assert not settings.sandboxed
    assert data_key(settings) == bytes(range(32))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANJU_SERVER__PUBLIC_URL", None),
        ("ANJU_WECHAT__TOKEN", None),
        ("ANJU_WECHAT__TOKEN", "123456"),
        ("ANJU_WECHAT__TOKEN", "x" * 23),
        ("ANJU_WECHAT__ENCODING_AES_KEY", None),
        ("ANJU_WECHAT__APP_ID", None),
        ("ANJU_WECHAT__APP_SECRET", None),
        ("ANJU_WECHAT__ENCRYPTION", "plain"),
        ("ANJU_SERVER__PUBLIC_URL", "http://anju.test"),
        ("ANJU_WECHAT__API_BASE", "http://api.test"),
        ("ANJU_WECHAT__FRESHNESS_SECONDS", "0"),
        ("ANJU_SECURITY__DATA_KEY", None),
        ("ANJU_SANDBOX__DATA", "world.toml"),
        ("ANJU_SANDBOX__FAILPOINTS", "orders"),
        ("ANJU_FILINGS__REGISTER_SECRET", "x" * 31),
        ("ANJU_DATABASE__URL", "postgresql+asyncpg://anju@127.0.0.1/anju"),  # without Redis
        ("ANJU_REDIS__URL", "redis://127.0.0.1"),  # without PostgreSQL
        *((name, None) for name in PRODUCTION if "TENCENT" in name or "REGISTER" in name),
    ],
)
def test_production_refuses_what_would_endanger_citizens(
    monkeypatch: SetAll, name: str, value: str | None
) -> None:
    in_production(monkeypatch, **{name: value})
    with pytest.raises(SettingsRefusedError, match=name):
        read()


@pytest.mark.parametrize("name", ["token", "encoding_aes_key", "app_id", "app_secret"])
def test_production_refuses_what_everybody_can_read_in_our_code(
    monkeypatch: SetAll, name: str
) -> None:
    known = getattr(read().wechat, name)
    value = known if isinstance(known, str) else known.get_secret_value()
    in_production(monkeypatch, **{f"ANJU_WECHAT__{name.upper()}": value})
    with pytest.raises(SettingsRefusedError, match=name.upper()):
        read()


def test_stores_are_shared_only_where_both_are(monkeypatch: SetAll) -> None:
    assert not read().shared
    monkeypatch.setenv("ANJU_DATABASE__URL", "postgresql+asyncpg://anju@127.0.0.1/anju")
    assert not read().shared
    monkeypatch.setenv("ANJU_REDIS__URL", "redis://127.0.0.1")
    assert read().shared


def test_all_that_is_missing_is_said_at_once(monkeypatch: SetAll) -> None:
    monkeypatch.setenv("ANJU_MODE", "production")
    with pytest.raises(SettingsRefusedError) as refused:
        read()
    for name in PRODUCTION.keys() - {"ANJU_MODE"}:
        assert name in str(refused.value)


def test_the_sandbox_may_be_plain(monkeypatch: SetAll) -> None:
    monkeypatch.setenv("ANJU_WECHAT__ENCRYPTION", "plain")
    assert read().wechat.encryption == "plain"


def test_a_program_that_is_refused_says_why_and_exits_with_2(
    monkeypatch: SetAll, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANJU_MODE", "production")
    with pytest.raises(SystemExit) as exit_:
        load()
    assert exit_.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "生产模式" in said
    assert "Production mode" in said


def test_settings_cannot_be_changed_once_read() -> None:
    settings = read()
    with pytest.raises(ValidationError):
        settings.server.port = 1  # type: ignore[misc] # the point of the test


def test_no_secret_is_printed_with_the_settings(monkeypatch: SetAll) -> None:
    in_production(monkeypatch, ANJU_WECHAT__PREVIOUS_AES_KEY="p" * 43)
    printed = f"{read()!r} {read()} {read().model_dump_json()}"
    for name, value in PRODUCTION.items():
        if name.endswith(("TOKEN", "AES_KEY", "SECRET", "SECRET_KEY", "SECRET_ID")):
            assert value not in printed
    assert "p" * 43 not in printed
    assert KEY not in printed


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=60))
def test_a_refused_secret_is_not_repeated_in_the_refusal(secret: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("ANJU_WECHAT__ENCODING_AES_KEY", f"honey{secret}!honey")
        with pytest.raises(SettingsRefusedError) as refused:
            read()
    assert "honey" not in str(refused.value)


def test_the_sandboxes_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    key = data_key(read())
    assert len(key) == 32
    assert data_key(read()) == key
    file = tmp_path / "var" / "data.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [kept.name for kept in file.parent.iterdir()] == ["data.key"]


def test_a_key_that_another_process_made_meanwhile_is_kept(monkeypatch: SetAll) -> None:
    key = data_key(read())
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert data_key(read()) == key


@pytest.mark.parametrize(
    ("url", "file", "beside"),
    [
        ("sqlite+aiosqlite:///var/anju.db", "var/anju.db", "var/talk.db"),
        ("sqlite:////srv/a/anju.db?mode=rw", "/srv/a/anju.db", "/srv/a/talk.db"),
        ("sqlite:////srv/a/other.db", "/srv/a/other.db", "/srv/a/other-talk.db"),
        ("postgresql+asyncpg://u:p@h/anju", None, "var/talk.db"),
    ],
)
def test_all_state_of_one_instance_lies_beside_its_database(
    monkeypatch: SetAll, url: str, file: str | None, beside: str
) -> None:
    monkeypatch.setenv("ANJU_DATABASE__URL", url)
    settings = Settings()
    assert settings.database.file == (Path(file) if file else None)
    assert settings.beside_database("talk.db") == Path(beside)
