"""Connecting the account: what to paste into the platform's back office, and what is still wrong.

Source: S0-01, S0-11.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from bot.menu import on_platform, shows
from bot.sections import SANDBOX_SECRETS, Encryption
from bot.settings import Settings
from bot.wiring import Platform, WechatSaidNoError, open_platform, open_records
from domain.shared.clock import china_time
from domain.shared.errors import UnavailableError
from domain.shared.records import Act

__all__ = [
    "REFUSED_WORDS",
    "Finding",
    "check",
    "is_ours",
    "note_published",
    "publish",
    "refusals",
    "values",
]

_CALLBACK: Final = "/wechat"
_PORTS: Final = frozenset({None, 80, 443})
_TOKEN: Final = re.compile(r"[A-Za-z0-9]{3,32}")
_AES_KEY: Final = re.compile(r"[A-Za-z0-9]{43}")
_SKEW: Final = timedelta(seconds=30)
_WATCHED: Final = (
    "/cgi-bin/message/custom/send",
    "/cgi-bin/message/template/send",
    "/cgi-bin/menu/create",
)
_MODES: Final = {Encryption.SECURE: "安全模式", Encryption.PLAIN: "明文模式"}
_BACK_OFFICE: Final = "公众平台 → 设置与开发 → 开发接口管理"

_REMEDIES: Final = {
    40013: ("ANJU_WECHAT__APP_ID", f"AppID 不对，请对照{_BACK_OFFICE} → 基本配置"),
    41002: ("ANJU_WECHAT__APP_ID", "没有 AppID，请设置"),
    40001: ("ANJU_WECHAT__APP_SECRET", "AppSecret 不对，请在公众平台重置后重新设置"),
    40125: ("ANJU_WECHAT__APP_SECRET", "AppSecret 不对，请在公众平台重置后重新设置"),
    41004: ("ANJU_WECHAT__APP_SECRET", "没有 AppSecret，请设置"),
    40243: ("ANJU_WECHAT__APP_SECRET", "AppSecret 已被冻结，请在公众平台解冻"),
    45009: ("今日额度", "今天的调用次数用完了，明天零点恢复"),
    48001: ("接口权限", "账号没有这项权限，请确认已认证，并查看公众平台的接口权限表"),
    48004: ("接口权限", "这项接口被封禁，请查看公众平台的站内信"),
}
_UNFORESEEN: Final = ("公众平台", "按返回码查平台文档，或把这一行发给我们")


REFUSED_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "signature": (
        "签名对不上",
        "核对令牌 ANJU_WECHAT__TOKEN；不是平台来的可以不管",
    ),
    "stale": ("请求的时间与这台机器差得太多", "打开时间同步（NTP），再到公众平台点一次提交"),
    "ciphertext": (
        "消息解不开",
        "核对 EncodingAESKey；刚换过的，旧的填 ANJU_WECHAT__PREVIOUS_AES_KEY",
    ),
    "account": ("消息是给另一个公众号的", "核对 ANJU_WECHAT__APP_ID 和 ANJU_WECHAT__ORIGINAL_ID"),
    "markup": ("内容不是平台的格式", "不是平台来的，可以不管；一直有就在防火墙上只放行平台的地址"),
    "unreadable": ("平台的消息读不懂", "平台可能有了新的消息类型，请把时间告诉我们"),
    "empty": ("缺少必要的内容", "检查反向代理有没有丢掉参数或正文"),
    "oversized": ("内容太大", "不是平台来的，可以不管"),
    "slow": ("内容没有及时收完", "检查反向代理和网络"),
}
"""Why a call was refused, and what to do about it; by the kinds that the callback knows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what is so, and what to do if it is not as it should be."""

    field: str
    words: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """It as a line of the report."""
        if not self.remedy:
            return f"[通过] {self.field}：{self.words}"
        return f"[失败] {self.field}：{self.words}。请这样做：{self.remedy}"


def values(settings: Settings) -> list[str]:
    """Return what to paste into the platform's back office, a line each; no secret is shown."""
    wechat, base = settings.wechat, settings.server.base_url
    key = "ANJU_WECHAT__ENCODING_AES_KEY 的值，不显示"
    return [
        f"请在{_BACK_OFFICE}填写：",
        f"  服务器地址(URL)：{base}{_CALLBACK}",
        f"  令牌(Token)：{_set_or_not(settings, 'token')}（ANJU_WECHAT__TOKEN 的值，不显示）",
        f"  消息加解密密钥(EncodingAESKey)：{_set_or_not(settings, 'encoding_aes_key')}（{key}）",
        f"  消息加解密方式：{_MODES[wechat.encryption]}；数据格式：XML",
        f"  网页授权域名：{urlsplit(base).hostname}",
        "  IP 白名单：本服务访问外网时的全部出口地址",
    ]


def is_ours(settings: Settings) -> bool:
    """Tell whether an account of ours is set, not the one that everybody knows."""
    return settings.wechat.app_id != SANDBOX_SECRETS["app_id"]


async def publish(settings: Settings) -> None:
    """Put the menu of the settings on the account; no menu where it has no group.

    Raises
    ------
    WechatSaidNoError
        The platform does not want it.
    UnavailableError
        The platform is silent.
    """
    async with open_platform(settings) as platform:
        if settings.menu:
            await platform.account.put_menu(on_platform(settings.menu))
        else:
            await platform.account.drop_menu()


async def note_published(settings: Settings) -> bool:
    """Leave an act of a menu that was published by command; ``False`` if the records are silent."""
    app_id = settings.wechat.app_id
    try:
        async with open_records(settings) as records, records.open_work() as work:
            now = records.clock.now()
            await work.acts.add(Act("connection:menu:push", "operator", app_id, now, "command"))
            await work.commit()
    except UnavailableError:
        return False
    return True


async def refusals(settings: Settings) -> list[str]:
    """Return the calls of the platform that were refused last, a line each, newest first."""
    try:
        async with open_records(settings) as records, records.open_work() as work:
            last = await work.refusals.last()
    except UnavailableError:
        return ["最近被拒绝的来电：数据库还打不开，先运行 anju migrate"]
    return [
        f"最近被拒绝的来电：{len(last) or '没有'}",
        *(
            f"  {china_time(one.at):%m-%d %H:%M:%S}  {one.times} 次  {why}。请这样做：{remedy}"
            for one in last
            for why, remedy in [REFUSED_WORDS.get(one.kind, (one.kind, _UNFORESEEN[1]))]
        ),
    ]


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything between the platform and us, from here outwards; yield what is found."""
    for finding in _set_here(settings):
        yield finding
    if not is_ours(settings):
        return
    try:
        async with open_platform(settings) as platform:
            async for finding in _asked_there(settings, platform):
                yield finding
    except WechatSaidNoError as error:
        yield _refused(error)
    except UnavailableError as error:
        yield Finding(
            "ANJU_WECHAT__API_BASE",
            f"没有得到答复（{error.detail or error.code}）",
            f"检查到 {settings.wechat.api_base} 的网络、域名解析和代理，再试一次",
        )


def _set_here(settings: Settings) -> Iterator[Finding]:
    wechat, base = settings.wechat, urlsplit(settings.server.base_url)
    reachable = base.scheme == "https" and base.port in _PORTS
    yield _judged(
        reachable,
        "ANJU_SERVER__PUBLIC_URL",
        settings.server.base_url,
        "改成外网可访问的 https 地址，端口只能是 443",
    )
    yield _judged(
        is_ours(settings),
        "ANJU_WECHAT__APP_ID",
        wechat.app_id if is_ours(settings) else "还是沙箱自带的账号",
        f"填{_BACK_OFFICE} → 基本配置里的 AppID",
    )
    for name, pattern, what in (
        ("token", _TOKEN, "3 至 32 个字母或数字"),
        ("encoding_aes_key", _AES_KEY, "43 个字母或数字"),
    ):
        right = _set_or_not(settings, name) == "已设置" and pattern.fullmatch(
            getattr(wechat, name).get_secret_value()
        )
        yield _judged(
            bool(right),
            f"ANJU_WECHAT__{name.upper()}",
            "已设置" if right else "没有设置，或不合平台的要求",
            f"设成 {what}，并在公众平台填同一个值",
        )
    yield _judged(
        wechat.encryption is Encryption.SECURE,
        "ANJU_WECHAT__ENCRYPTION",
        _MODES[wechat.encryption],
        "设成 secure，并在公众平台选安全模式",
    )


async def _asked_there(settings: Settings, platform: Platform) -> AsyncIterator[Finding]:
    await platform.try_token()
    yield Finding("access_token", "可以取得")
    yield _clock(platform.clock_ahead)
    callers = await platform.account.callback_addresses()
    yield Finding("平台回调地址", f"{len(callers)} 个，例如 {', '.join(callers[:3])}")
    for path in _WATCHED:
        quota = await platform.account.quota(path)
        yield _judged(
            quota.used < quota.most,
            f"额度 {path}",
            f"今天已用 {quota.used} / {quota.most}",
            "今天的次数用完了，明天零点恢复",
        )
    same = shows(await platform.account.menu(), settings.menu)
    words = "与设置一致" if same else "与 settings.toml 的 [[menu]] 不一致"
    yield _judged(same, "自定义菜单", words, "运行 anju menu push")


def _clock(ahead: timedelta | None) -> Finding:
    if ahead is None:
        return Finding("服务器时钟", "平台没有说它的时间")
    seconds = round(ahead.total_seconds())
    return _judged(
        abs(ahead) <= _SKEW,
        "服务器时钟",
        f"与平台相差 {abs(seconds)} 秒",
        "打开时间同步（NTP），再试一次",
    )


def _refused(error: WechatSaidNoError) -> Finding:
    field, remedy = _REMEDIES.get(error.code, _UNFORESEEN)
    if error.outcome.value == "barred":
        field = "IP 白名单"
        remedy = f"在{_BACK_OFFICE} → 基本配置的 IP 白名单里加上 {error.our_address or '出口地址'}"
    return Finding(field, f"平台拒绝，返回码 {error.code}（{error.words[:120]}）", remedy)


def _set_or_not(settings: Settings, name: str) -> str:
    kept: str = getattr(settings.wechat, name).get_secret_value()
    return "已设置" if kept and kept != SANDBOX_SECRETS[name] else "未设置"


def _judged(right: bool, field: str, words: str, remedy: str) -> Finding:  # noqa: FBT001 (a verdict)
    return Finding(field, words, "" if right else remedy)
