"""The sections of the settings: every value an operator may set, its default and its bounds."""

import base64
import binascii
import re
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from domain.escalation.handovers import DeskKind

__all__ = [
    "KEY_BYTES",
    "SANDBOX_SECRETS",
    "STAFF_LINES",
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
    "Tencent",
    "Traces",
    "Wechat",
]

STAFF_LINES: Final = frozenset({"wecombot", "dingtalk", "feishu", "mailto", "mailtos"})
"""By which officers may be called: within the operator's own company."""

KEY_BYTES: Final = 32
"""The length of the key that seals personal data at rest."""

_SAFE_URL: Final = re.compile(r"(https://|http://(127\.0\.0\.1|localhost)(?=[:/]|$))[^\s?#]*")
"""Encrypted, or to a gateway on this machine."""

_BLANKS: Final = r"^[a-z_]+\d{1,2}( [a-z_]+\d{1,2}){1,4}$"
"""The words of a template's blanks, as the platform numbers them."""

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


def _picture(file: Path | None) -> Path | None:
    """Refuse what is no file of a picture."""
    if file and not (file.is_file() and file.suffix.lower() in {".png", ".jpg", ".jpeg", ".svg"}):
        raise ValueError("应为 PNG、JPEG 或 SVG 文件 (must be a PNG, JPEG or SVG file)")
    return file


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


class Level(StrEnum):
    """How grave something must be to be logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


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
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    """How long a process that is to end still takes messages, in seconds, while `readyz` is 503."""
    most_connections: Annotated[int, Field(ge=16, le=65535)] = 4096
    """How many connections a process holds at most; above, it answers 503."""

    @property
    def base_url(self) -> str:
        """What links sent to citizens begin with, without a final slash."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104 (a comparison)
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


class Wechat(_Section):
    """The official account."""

    account_name: str = "北京保障房"
    """The account's name, as citizens see it."""
    logo: Annotated[Path | None, AfterValidator(_picture)] = None
    """The account's picture for the middle of posters' codes: PNG, JPEG or SVG; absent: ours."""
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
        _, _, path = self.url.partition(":///")
        path = path.partition("?")[0]
        return Path(path) if not self.shared and path not in {"", ":memory:"} else None

    @property
    def shared(self) -> bool:
        """Whether many processes may use it at once: a database server, not a file."""
        return not self.url.startswith("sqlite")


class Redis(_Section):
    """Where conversations are kept when several processes serve."""

    url: str = ""
    """A Redis URL; empty: the embedded store beside the database."""


class Security(_Section):
    """Keys of data at rest."""

    data_key: Annotated[SecretStr, AfterValidator(_base64_key)] = SecretStr("")
    """32 bytes in base64 that seal personal data at rest; secret; made by itself in sandbox."""


class Logs(_Section):
    """What is said to whoever looks after the service."""

    level: Level = Level.INFO
    """debug, info, warning or error: what is less grave is not logged."""


class Metrics(_Section):
    """Where the service is measured. In sandbox the figures are at `/metrics` beside the chat."""

    host: str = "127.0.0.1"
    """The address to bind in production; it must not be reachable from outside."""
    port: Annotated[int, Field(ge=0, le=65535)] = 9100
    """The port to bind in production; 0: none."""


class Traces(_Section):
    """Where each turn's course is sent."""

    endpoint: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """An OTLP/HTTP collector, as http://127.0.0.1:4318/v1/traces; empty: none."""


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


class Escalation(_Section):
    """How citizens reach a person."""

    desk: DeskKind = DeskKind.CONSOLE
    """console: agents answer in our console; wechat: in the platform's own customer service."""
    notify: tuple[SecretStr, ...] = ()
    """Who is called, one after another, when a citizen waits unseen: Apprise addresses; secret."""

    @field_validator("notify")
    @classmethod
    def _known(cls, targets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for target in targets:
            if target.get_secret_value().partition("://")[0] not in STAFF_LINES:
                raise ValueError(
                    "应为 wecombot、dingtalk、feishu 或 mailto 地址 (must be one of these)"
                )
        return targets


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


class Notices(_Section):
    """What is told unasked: the cards that the platform has approved, topic by topic."""

    registration_template: str = ""
    """The template message of registrations made and cancelled; empty: none granted."""
    registration_subscription: str = ""
    """The subscription notice of the same; empty: none granted."""
    registration_blanks: Annotated[str, Field(pattern=_BLANKS)] = (
        "thing1 thing2 character_string3 time4"
    )
    """The blanks of both: what it is about, the unit, its number, when."""
    plans_template: str = ""
    """The template message of plans that open or close soon."""
    plans_subscription: str = ""
    """The subscription notice of the same."""
    plans_blanks: Annotated[str, Field(pattern=_BLANKS)] = "thing1 thing2 time3"
    """The blanks of both: what it is about, the plan, when."""
    drafts_template: str = ""
    """The template message of registrations that were begun and left."""
    drafts_subscription: str = ""
    """The subscription notice of the same."""
    drafts_blanks: Annotated[str, Field(pattern=_BLANKS)] = "thing1 thing2 time3"
    """The blanks of both: what it is about, the plan, when it closes."""
    cases_template: str = ""
    """The template message of how a case stands."""
    cases_subscription: str = ""
    """The subscription notice of the same."""
    cases_blanks: Annotated[str, Field(pattern=_BLANKS)] = "thing1 thing2 character_string3 phrase4"
    """The blanks of both: what it is about, the case, its number, how it stands."""
    lasting: bool = False
    """Whether subscriptions last (长期订阅); otherwise citizens agree to each notice."""
    agree_url: Annotated[str, AfterValidator(_vendor_url)] = ""
    """The article in which citizens agree to subscriptions; empty: none."""


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
    sms_rested_template: str = ""
    """The template that tells of too many guesses; blank: until when no more are taken."""
    sms_registered_template: str = ""
    """The template that confirms a registration; blanks: unit, number, when; empty: no SMS."""
    sms_cancelled_template: str = ""
    """The template that confirms a cancellation; blanks as above; empty: no SMS."""
    sms_case_template: str = ""
    """The template of how a case stands; blanks: case, number, state; empty: no SMS."""
    sms_come_back_template: str = ""
    """The template that calls a citizen back to the chat, without a blank; empty: none is sent."""
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
    failpoints: Path | None = None
    """A folder from which a harness orders faults; absent: nobody does."""
