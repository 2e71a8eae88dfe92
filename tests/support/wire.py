"""An account, its platform and its webhook's view of them, for tests of the wire."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.wechat.wire import Delivery, OfficialAccount, RefusedEnvelopeError, open_envelope
from tests.support.platform import FakePlatform, Post

__all__ = [
    "ACCOUNT",
    "AES_KEY",
    "APP_ID",
    "GH",
    "NOW",
    "OPENID",
    "PLAIN_ACCOUNT",
    "PLAIN_PLATFORM",
    "PLATFORM",
    "SAMPLE_XML",
    "TOKEN",
    "opened",
    "refusal",
    "refused",
]

NOW = 1_700_000_000.0
OPENID = "oAbC-1234567890_abcdefghijkl"
GH = "gh_97417a04a28d"
TOKEN = "weixintoken"  # noqa: S105 (a test's)
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wx0123456789abcdef"

ACCOUNT = OfficialAccount(TOKEN, AES_KEY, APP_ID, original_id=GH)
PLAIN_ACCOUNT = replace(ACCOUNT, encryption="plain")
PLATFORM = FakePlatform(TOKEN, AES_KEY, APP_ID, GH, now=lambda: NOW)
PLAIN_PLATFORM = replace(PLATFORM, secure=False)

SAMPLE_XML = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o_1]]></FromUserName>"
    "<CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[你好]]></Content><MsgId>1</MsgId></xml>"
).encode()


def opened(post: Post, account: OfficialAccount = ACCOUNT, now: float = NOW) -> Delivery:
    """Open a request that is sound."""
    return open_envelope(account, post.body, post.query, now)


def refusal(
    body: bytes, query: Mapping[str, str], account: OfficialAccount = ACCOUNT, now: float = NOW
) -> tuple[int, str]:
    """Return status and kind of the refusal that a request must meet."""
    with pytest.raises(RefusedEnvelopeError) as refused:
        open_envelope(account, body, query, now)
    return refused.value.status, refused.value.kind


def refused(post: Post, account: OfficialAccount = ACCOUNT, now: float = NOW) -> tuple[int, str]:
    """Return status and kind of the refusal that a request must meet."""
    return refusal(post.body, post.query, account, now)
