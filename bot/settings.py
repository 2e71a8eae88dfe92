"""Settings: one TOML file, overruled by the environment, read once and then fixed.

``ANJU_SETTINGS`` names the file; ``ANJU_SERVER__PORT`` overrules ``port`` under ``[server]``.
Secrets come from the environment only.
"""

import base64
import binascii
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import time
from enum import StrEnum
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.menu import STANDARD_MENU, Menu

__all__ = [
    "Database",
    "Encryption",
    "Filings",
    "Mode",
    "Office",
    "Redis",
    "Sandbox",
    "Security",
    "Server",
    "Settings",
    "SettingsRefusedError",
    "Wechat",
    "data_key",
    "load",
    "read",
]

_SHIPPED: Final = Path(__file__).parent.parent / "settings.toml"
_KEY_BYTES: Final = 32
_TOKEN_LENGTH: Final = 24

_SANDBOX_SECRETS: Final = {
    "token": "anjuSandboxTokenForTestsOnly",
    "encoding_aes_key": "YW5qdSBzYW5kYm94IGtleSwgZm9yIHRlc3RzIG9ubHk",
    "app_id": "wxanjusandbox00000",
    "app_secret": "anjuSandboxSecretForTestsOnly000",
}
"""Known to everybody who reads this line, and so refused in production."""


class SettingsRefusedError(ValueError):
    """The settings cannot be used; the words say why, in Chinese and English."""


def _aes_key(key: SecretStr) -> SecretStr:
    """Refuse what the platform would not have given out; an empty key means none."""
    words = key.get_secret_value()
    if words and not re.fullmatch(r"[A-Za-z0-9+/]{43}", words):
        raise ValueError("应为 43 个字母、数字、+ 或 / (must be 43 base64 characters)")
    return key


def _base64_key(key: SecretStr) -> SecretStr:
    """Refuse what is not 32 bytes in base64; an empty key means none."""
    words = key.get_secret_value()
    try:
        right = not words or len(base64.b64decode(words, validate=True)) == _KEY_BYTES
    except binascii.Error:
        right = False
    if not right:
        raise ValueError("应为 32 字节的 base64 (must be 32 bytes in base64)")
    return key


def _pattern(pattern: str) -> str:
    """Refuse what is not a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError("应为正则表达式 (must be a regular expression)") from error
    return pattern


class Mode(StrEnum):
    """Whether citizens or testers are at the other end."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class Encryption(StrEnum):
    """How messages between the platform and us are protected."""

    SECURE = "secure"
    PLAIN = "plain"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Server(_Section):
    """Where we listen, and how citizens reach us."""

    host: str = "127.0.0.1"
    """The address to bind."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to bind."""
    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+[^\s]*)?$")] = ""
    """What links sent to citizens begin with; empty: the bind address."""

    @property
    def base_url(self) -> str:
        """What links sent to citizens begin with, without a final slash."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104 (a comparison)
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


class Wechat(_Section):
    """The official account."""

    account_name: str = "北京保障房"
    """The account's name, as citizens see it."""
    token: Annotated[SecretStr, Field(min_length=1)] = SecretStr(_SANDBOX_SECRETS["token"])
    """The shared word of the callback's signature; secret."""
    encoding_aes_key: Annotated[SecretStr, Field(min_length=1), AfterValidator(_aes_key)] = (
        SecretStr(_SANDBOX_SECRETS["encoding_aes_key"])
    )
    """The key of the callback's messages, 43 characters; secret."""
    previous_aes_key: Annotated[SecretStr, AfterValidator(_aes_key)] = SecretStr("")
    """The key before, still accepted while rotating; secret; empty: none."""
    app_id: Annotated[str, Field(min_length=1)] = _SANDBOX_SECRETS["app_id"]
    """The account's application id, wx…."""
    app_secret: Annotated[SecretStr, Field(min_length=1)] = SecretStr(
        _SANDBOX_SECRETS["app_secret"]
    )
    """The account's password for the platform's API; secret."""
    original_id: str = ""
    """The account's original id, gh_…; empty: not checked."""
    encryption: Encryption = Encryption.SECURE
    """secure: messages are encrypted; plain: for tests only."""
    freshness_seconds: Annotated[int, Field(ge=0)] = 300
    """How old or early a signed request may be, in seconds; 0: not checked."""
    tap_links: bool = True
    """Whether options are tap links; otherwise numbers only."""
    api_base: str = "https://api.weixin.qq.com"
    """The base of the platform's API."""


class Database(_Section):
    """Where records are kept."""

    url: Annotated[str, Field(min_length=1)] = "sqlite+aiosqlite:///var/anju.db"
    """An SQLAlchemy URL; it may hold a password, so print it never."""

    @property
    def file(self) -> Path | None:
        """The database's file; ``None`` if it is not SQLite on disk."""
        scheme, _, path = self.url.partition(":///")
        path = path.partition("?")[0]
        return Path(path) if scheme.startswith("sqlite") and path not in {"", ":memory:"} else None


class Redis(_Section):
    """Where conversations are kept when several processes serve."""

    url: str = ""
    """A Redis URL; empty: the embedded store beside the database."""


class Security(_Section):
    """Keys of data at rest."""

    data_key: Annotated[SecretStr, AfterValidator(_base64_key)] = SecretStr("")
    """32 bytes in base64 that seal personal data at rest; secret; made by itself in sandbox."""


class Office(_Section):
    """The people behind the bot."""

    operator: str = "北京保障房中心有限公司"
    """Who runs the service."""
    hotline: str = "010-81120588"
    """The telephone number for questions."""
    opens: time = time(9)
    """When people begin to answer on working days, China time."""
    closes: time = time(17)
    """When they stop."""


class Filings(_Section):
    """The register of filed families."""

    number_pattern: Annotated[str, AfterValidator(_pattern)] = r"^[0-9A-Z-]{8,24}$"
    """What a filing number looks like, as a regular expression."""


class Sandbox(_Section):
    """What stands in for the outside world in sandbox mode."""

    data: Path | None = None
    """A TOML file with the people and families of the stand-ins; absent: the shipped world."""


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
    office: Office = Office()
    filings: Filings = Filings()
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


def _make_key(file: Path) -> None:
    """Write a fresh key whole or not at all; of two processes at once, one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent) as draft:  # born with mode 0600
        draft.write(base64.b64encode(os.urandom(_KEY_BYTES)))
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


def _objections(settings: Settings) -> Iterator[str]:
    """Yield every reason why citizens must not be served with these settings."""
    wechat = settings.wechat
    given = {
        "token": wechat.token.get_secret_value(),
        "encoding_aes_key": wechat.encoding_aes_key.get_secret_value(),
        "app_id": wechat.app_id,
        "app_secret": wechat.app_secret.get_secret_value(),
    }
    missing = [
        f"ANJU_WECHAT__{name.upper()}"
        for name, value in given.items()
        if value == _SANDBOX_SECRETS[name]
    ]
    if not settings.security.data_key.get_secret_value():
        missing.append("ANJU_SECURITY__DATA_KEY")
    if missing:
        names = ", ".join(missing)
        yield f"生产模式请先设置 {names}。 Production mode needs {names}."
    if len(given["token"]) < _TOKEN_LENGTH:
        yield (
            f"ANJU_WECHAT__TOKEN 至少要 {_TOKEN_LENGTH} 个随机字符。 "
            f"ANJU_WECHAT__TOKEN must be at least {_TOKEN_LENGTH} random characters."
        )
    if wechat.encryption is Encryption.PLAIN:
        yield (
            "生产模式必须使用安全模式，请把 ANJU_WECHAT__ENCRYPTION 设为 secure。 "
            "Production mode needs ANJU_WECHAT__ENCRYPTION=secure."
        )
    if settings.sandbox.data is not None:
        yield (
            "生产模式不能使用模拟数据，请去掉 ANJU_SANDBOX__DATA。 "
            "Production mode takes no stand-ins: remove ANJU_SANDBOX__DATA."
        )
