"""Who opens a page inside WeChat, and what such a page may ask of the app around it."""

import hashlib
from typing import Any, Final
from urllib.parse import quote

from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_calls import Call
from adapters.wechat_outcomes import Outcome
from domain.shared.errors import UnavailableError
from domain.shared.openers import Stranger
from domain.shared.records import OpenId

__all__ = ["WechatOpeners", "page_signature"]

_ASKED_AT: Final = "https://open.weixin.qq.com/connect/oauth2/authorize"


class WechatOpeners:
    """The `OpenerCheck` of the platform, by its web authorisation ``snsapi_base``.

    Parameters
    ----------
    asked_at
        Where the platform is asked.
    """

    def __init__(self, api: WechatApi, asked_at: str = _ASKED_AT) -> None:
        self._api = api
        self._asked_at = asked_at

    def asked_at(self, *, back: str, state: str) -> str:
        """Return the platform's address; it wants its parameters in this order."""
        return (
            f"{self._asked_at}?appid={self._api.app_id}&redirect_uri={quote(back, safe='')}"
            f"&response_type=code&scope=snsapi_base&state={quote(state, safe='')}#wechat_redirect"
        )

    async def who(self, code: str) -> OpenId | Stranger:
        """Exchange a code for who came back with it."""
        params = {"code": code, "grant_type": "authorization_code"}
        call = Call("GET", "/sns/oauth2/access_token", params)
        try:
            # A code works once: were the answer lost, a second request would be told that it is
            # used, and whoever came back is asked anew.
            said: Any = await self._api.ask_as_owner(call, harmless=False)
        except WechatSaidNoError as error:
            if error.outcome is Outcome.RESTART:
                return Stranger.LATE
            raise UnavailableError(f"wechat openers {error.code}") from None
        if said.get("is_snapshotuser"):
            return Stranger.PREVIEW
        openid = said.get("openid")
        if not isinstance(openid, str) or not openid:
            raise UnavailableError("wechat openers: not of the agreed form")
        return OpenId(openid)

    async def signature(self, *, nonce: str, timestamp: int, url: str) -> str:
        """Return what lets the page at an address use the app's abilities; raises as `ask`."""
        ticket = await self._api.ticket.current()
        return page_signature(ticket, nonce=nonce, timestamp=timestamp, url=url)


def page_signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    """Return the signature of a page: SHA-1 in hexadecimal, over the address without its ``#…``."""
    words = (
        f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    )
    return hashlib.sha1(words.encode()).hexdigest()  # noqa: S324 (the platform's own choice)
