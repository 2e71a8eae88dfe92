"""Calls to the platform, put together by wechatpy's client and carried by nobody yet.

The client knows addresses and forms. What it does badly it is not asked to do: it waits in the
thread, without a time limit, fetches tokens without a lock, and repeats itself without end. So
nothing of it ever opens a connection here; `adapters.wechat_api` carries what it composes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from wechatpy.client import WeChatClient

__all__ = ["COMPOSE", "Call"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that can be made: ``path`` below the base, ``params`` without the token.

    ``body`` is sent as JSON; ``files`` as a form: field name to file name and content. ``pick``
    takes out of the answer what the caller wants.
    """

    verb: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    files: Mapping[str, tuple[str, bytes]] | None = field(default=None, repr=False)
    pick: Callable[[Any], Any] = lambda answer: answer


class _Composer(WeChatClient):  # type: ignore[misc] # the kit has no types
    """The kit's client, whose every method returns a `Call`."""

    def __init__(self) -> None:
        super().__init__("", "")
        self._http.close()

    @property
    def access_token(self) -> str:
        """Nothing: whoever carries a call adds the token."""
        return ""

    def fetch_access_token(self) -> None:
        """Do nothing: the kit's way of fetching has neither lock nor limit."""
        raise NotImplementedError

    def _request(self, method: str, url_or_endpoint: str, **form: Any) -> Call:
        base = str(form.get("api_base_url", self.API_BASE_URL))
        absolute = url_or_endpoint.startswith("https://")
        address = urlsplit(url_or_endpoint if absolute else base + url_or_endpoint)
        return Call(
            method.upper(),
            address.path,
            form.get("params", {}),
            form.get("data"),
            form.get("files"),
            form.get("result_processor") or (lambda answer: answer),
        )


COMPOSE: Final = _Composer()
"""Puts calls together; for what the kit does not know, make a `Call` by hand."""
