"""Settings: one TOML file, overruled by the environment, read once and then fixed.

``ANJU_SETTINGS`` names the file; ``ANJU_SERVER__PORT`` overrules ``port`` under ``[server]``.
Secrets come from the environment only.
"""

import base64
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Final

from pydantic import SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.menu import STANDARD_MENU, Menu
from bot.sections import (
    KEY_BYTES,
    SANDBOX_SECRETS,
    Database,
    Encryption,
    Escalation,
    Filings,
    Level,
    Logs,
    Metrics,
    Mode,
    Notices,
    Office,
    Redis,
    Sandbox,
    Security,
    Server,
    Tencent,
    Traces,
    Wechat,
)

__all__ = [
    "Database",
    "Encryption",
    "Escalation",
    "Filings",
    "Level",
    "Logs",
    "Metrics",
    "Mode",
    "Notices",
    "Office",
    "Redis",
    "Sandbox",
    "Security",
    "Server",
    "Settings",
    "SettingsRefusedError",
    "Tencent",
    "Traces",
    "Wechat",
    "data_key",
    "load",
    "read",
    "share_metrics",
    "shared_metrics",
]

_SHIPPED: Final = Path(__file__).parent.parent / "settings.toml"
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""What prometheus-client reads when it is loaded."""

_TOKEN_LENGTH: Final = 24
_SECRET_LENGTH: Final = 32

_NEEDED: Final = (
    ("server", "public_url"),
    *(("wechat", name) for name in SANDBOX_SECRETS),
    ("security", "data_key"),
    ("tencent", "secret_id"),
    ("tencent", "secret_key"),
    ("tencent", "sms_app_id"),
    ("tencent", "sms_sign"),
    ("tencent", "sms_code_template"),
    ("tencent", "sms_phone_changed_template"),
    ("tencent", "sms_recovered_template"),
    ("tencent", "sms_rested_template"),
    ("tencent", "face_rule_id"),
    ("filings", "register_url"),
    ("filings", "register_key_id"),
    ("filings", "register_secret"),
)
"""What only the operator can know: without it there would be nobody outside to ask."""


class SettingsRefusedError(ValueError):
    """The settings cannot be used; the words say why, in Chinese and English."""


class Settings(BaseSettings):
    """Everything an operator may set."""

    model_config = SettingsConfigDict(
        env_prefix="ANJU_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    mode: Mode = Mode.SANDBOX
    """sandbox: stand-ins and simulator; production: neither exists."""
    server: Server = Server()
    wechat: Wechat = Wechat()
    database: Database = Database()
    redis: Redis = Redis()
    security: Security = Security()
    logs: Logs = Logs()
    metrics: Metrics = Metrics()
    traces: Traces = Traces()
    office: Office = Office()
    escalation: Escalation = Escalation()
    filings: Filings = Filings()
    notices: Notices = Notices()
    tencent: Tencent = Tencent()
    sandbox: Sandbox = Sandbox()
    menu: Menu = STANDARD_MENU
    """The menu below the chat: three groups of five at most."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file; nothing else speaks."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=_settings_file())
        return init_settings, env_settings, toml

    @property
    def sandboxed(self) -> bool:
        """Whether stand-ins are in place and the simulator exists."""
        return self.mode is Mode.SANDBOX

    @property
    def shared(self) -> bool:
        """Whether many processes may serve at once: nothing is kept in files of one of them."""
        return self.database.shared and bool(self.redis.url)

    def beside_database(self, name: str) -> Path:
        """Return where an embedded store keeps its file: beside the database, in ``var`` if none.

        All state of one instance lies in one folder, so that two instances never share any.
        """
        file = self.database.file
        if file is None:
            return Path("var") / name
        return file.with_name(name if file.stem == "anju" else f"{file.stem}-{name}")


def read() -> Settings:
    """Read and judge the settings.

    Raises
    ------
    SettingsRefusedError
        They cannot be used.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsRefusedError(_explain(error)) from None
    except TOMLDecodeError as error:
        message = f"{_settings_file()} 不是正确的 TOML。 {_settings_file()} is not TOML: {error}."
        raise SettingsRefusedError(message) from None
    except SettingsError as error:
        raise SettingsRefusedError(f"请检查环境变量。 Check the environment: {error}.") from None
    if not settings.sandboxed:
        for objection in _objections(settings):
            raise SettingsRefusedError(objection)
    return settings


def load() -> Settings:
    """Read the settings for a program; say why and exit with 2 if they cannot be used."""
    try:
        return read()
    except SettingsRefusedError as refused:
        sys.stderr.write(f"{refused}\n")
        raise SystemExit(2) from None


def data_key(settings: Settings) -> bytes:
    """Return the 32 bytes that seal personal data at rest; in sandbox they are made at first need.

    The made key lies beside the database, readable by its owner only.
    """
    key = settings.security.data_key.get_secret_value()
    if not key:
        file = settings.beside_database("data.key")
        if not file.exists():
            _make_key(file)
        key = file.read_text("ascii")
    return base64.b64decode(key, validate=True)


def shared_metrics() -> Path | None:
    """Return the folder where processes put their figures together; ``None``: they do not."""
    folder = os.environ.get(_METRICS_FOLDER)
    return Path(folder) if folder else None


def share_metrics(folder: Path) -> None:
    """Have figures put into a folder; to be called before anything is counted."""
    os.environ[_METRICS_FOLDER] = str(folder)


def _make_key(file: Path) -> None:
    """Write a fresh key whole or not at all; of two processes at once, one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent) as draft:  # born with mode 0600
        draft.write(base64.b64encode(os.urandom(KEY_BYTES)))
        draft.flush()
        os.fsync(draft.fileno())
        try:
            file.hardlink_to(draft.name)
        except FileExistsError:
            return


def _settings_file() -> Path:
    """Return the file to read: the one named, else the one here, else the one we came with."""
    named = os.environ.get("ANJU_SETTINGS")
    if named:
        if not Path(named).is_file():
            message = f"找不到设置文件 {named}。 There is no settings file {named}."
            raise SettingsRefusedError(message)
        return Path(named)
    here = Path("settings.toml")
    return here if here.is_file() else _SHIPPED


def _explain(error: ValidationError) -> str:
    """Name every wrong setting and what is wrong with it, never its value."""
    faults = [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return f"请更正设置。 Please correct these settings: {'; '.join(faults)}."


def _open_doors(settings: Settings) -> Iterator[str]:
    """Yield what would let messages or links be read or repeated by others."""
    wechat = settings.wechat
    for name, url in (
        ("ANJU_SERVER__PUBLIC_URL", settings.server.public_url),
        ("ANJU_WECHAT__API_BASE", wechat.api_base),
    ):
        if url and not url.startswith("https://"):
            yield f"生产模式 {name} 必须以 https:// 开头。 {name} must begin with https://."
    if wechat.freshness_seconds == 0:
        yield (
            "生产模式必须检查消息的时间，请把 ANJU_WECHAT__FRESHNESS_SECONDS 设为 300。 "
            "Production mode needs ANJU_WECHAT__FRESHNESS_SECONDS above 0."
        )
    if wechat.encryption is Encryption.PLAIN:
        yield (
            "生产模式必须使用安全模式，请把 ANJU_WECHAT__ENCRYPTION 设为 secure。 "
            "Production mode needs ANJU_WECHAT__ENCRYPTION=secure."
        )


def _objections(settings: Settings) -> Iterator[str]:
    """Yield every reason why citizens must not be served with these settings."""
    missing = ", ".join(_missing(settings))
    if missing:
        yield f"生产模式请先设置 {missing}。 Production mode needs {missing}."
    wechat = settings.wechat
    for name, secret, length in (
        ("ANJU_WECHAT__TOKEN", wechat.token, _TOKEN_LENGTH),
        ("ANJU_FILINGS__REGISTER_SECRET", settings.filings.register_secret, _SECRET_LENGTH),
    ):
        if len(secret.get_secret_value()) < length:
            yield (
                f"{name} 至少要 {length} 个随机字符。 "
                f"{name} must be at least {length} random characters."
            )
    yield from _open_doors(settings)
    if settings.database.shared != bool(settings.redis.url):
        yield (
            "生产模式中 PostgreSQL 与 Redis 要同时使用，请一并设置 ANJU_DATABASE__URL 和 "
            "ANJU_REDIS__URL。 In production PostgreSQL and Redis go together: set both "
            "ANJU_DATABASE__URL and ANJU_REDIS__URL."
        )
    if settings.sandbox.data is not None:
        yield (
            "生产模式不能使用模拟数据，请去掉 ANJU_SANDBOX__DATA。 "
            "Production mode takes no stand-ins: remove ANJU_SANDBOX__DATA."
        )
    if settings.sandbox.failpoints is not None:
        yield (
            "生产模式不能接受故障演练，请去掉 ANJU_SANDBOX__FAILPOINTS。 "
            "Production mode obeys no harness: remove ANJU_SANDBOX__FAILPOINTS."
        )


def _missing(settings: Settings) -> Iterator[str]:
    """Yield the variable of every value that production cannot do without."""
    for section, name in _NEEDED:
        value = getattr(getattr(settings, section), name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if not value or value == SANDBOX_SECRETS.get(name):
            yield f"ANJU_{section}__{name}".upper()
