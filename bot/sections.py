"""The sections of the settings: every value an operator may set, its default and its bounds."""

import base64
import binascii
import re
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

__all__ = [
    "KEY_BYTES",
    "SANDBOX_SECRETS",
    "Database",
    "Encryption",
    "Filings",
    "Mode",
    "Office",
    "Redis",
    "Sandbox",
    "Security",
    "Server",
    "Tencent",
    "Wechat",
]

KEY_BYTES: Final = 32
"""The length of the key that seals personal data at rest."""

_SAFE_URL: Final = re.compile(r"(https://|http://(127\.0\.0\.1|localhost)(?=[:/]|$))[^\s?#]*")
"""Encrypted, or to a gateway on this machine."""

SANDBOX_SECRETS: Final = {
    "token": "anjuSandboxTokenForTestsOnly",
    "encoding_aes_key": "YW5qdSBzYW5kYm94IGtleSwgZm9yIHRlc3RzIG9ubHk",
    "app_id": "wxanjusandbox00000",
    "app_secret": "anjuSandboxSecretForTestsOnly000",
}
"""Known to everybody who reads this line, and so refused in production."""


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
        right = not words or len(base64.b64decode(words, validate=True)) == KEY_BYTES
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


def _vendor_url(url: str) -> str:
    """Refuse an address that others could listen to; empty means none."""
    if url and not _SAFE_URL.fullmatch(url):
        raise ValueError("应为 https 地址 (must be an https address)")
    return url


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
    token: Annotated[SecretStr, Field(min_length=1)] = SecretStr(SANDBOX_SECRETS["token"])
    """The shared word of the callback's signature; secret."""
    encoding_aes_key: Annotated[SecretStr, Field(min_length=1), AfterValidator(_aes_key)] = (
        SecretStr(SANDBOX_SECRETS["encoding_aes_key"])
    )
    """The key of the callback's messages, 43 characters; secret."""
    previous_aes_key: Annotated[SecretStr, AfterValidator(_aes_key)] = SecretStr("")
    """The key before, still accepted while rotating; secret; empty: none."""
    app_id: Annotated[str, Field(min_length=1)] = SANDBOX_SECRETS["app_id"]
    """The account's application id, wx…."""
    app_secret: Annotated[SecretStr, Field(min_length=1)] = SecretStr(SANDBOX_SECRETS["app_secret"])
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
    register_url: Annotated[str, AfterValidator(_vendor_url)] = ""
    """The address at which the operator's register is asked."""
    register_key_id: str = ""
    """Which secret signs there."""
    register_secret: SecretStr = SecretStr("")
    """What signs requests and answers, 32 characters at least; secret."""
    register_timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 3.0
    """How long a citizen waits at most for an answer."""


class Tencent(_Section):
    """Tencent Cloud: SMS, real names, faces, ID cards, bank cards."""

    secret_id: SecretStr = SecretStr("")
    """Who we are there; secret."""
    secret_key: SecretStr = SecretStr("")
    """What signs our requests; secret."""
    region: Annotated[str, Field(min_length=1)] = "ap-beijing"
    """Where the services are asked."""
    sms_app_id: str = ""
    """The SMS application's id, 1400…."""
    sms_sign: str = ""
    """The approved signature of messages."""
    sms_code_template: str = ""
    """The approved template of codes, by its number; blanks: code, minutes."""
    sms_phone_changed_template: str = ""
    """The template that tells the old phone of a new one; blank: the new phone, masked."""
    sms_recovered_template: str = ""
    """The template that tells of a recovery; blanks: the new phone, masked, and the word back."""
    face_rule_id: str = ""
    """The face check's business flow (RuleId)."""
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 3.0
    """How long a citizen waits at most for an answer."""
    api_base: Annotated[str, AfterValidator(_vendor_url)] = ""
    """A gateway in the place of the vendor's addresses; empty: none."""


class Sandbox(_Section):
    """What stands in for the outside world in sandbox mode."""

    data: Path | None = None
    """A TOML file with the people and families of the stand-ins; absent: the shipped world."""
