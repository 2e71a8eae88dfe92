"""The account itself: its menu, codes and rights, and what the platform knows of a follower."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_calls import COMPOSE, Call
from adapters.wechat_outcomes import Outcome
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId

__all__ = ["LONGEST_SCENE", "Follower", "Quota", "SceneCode", "WechatAccount"]

LONGEST_SCENE: Final = 64
_LONGEST_LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SceneCode:
    """What a QR code that carries a scene is drawn from, and by which it can be fetched drawn."""

    url: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How often a call may be made today, and how often it was."""

    most: int
    used: int


@dataclass(frozen=True, slots=True)
class Follower:
    """What the platform tells of a citizen; no name and no picture any more.

    ``came_by`` is its word for how they came; ``scene`` the scene of the code that they scanned.
    """

    follows: bool
    came_by: str = ""
    scene: str = ""
    union_id: str = ""


class WechatAccount:
    """One account's own affairs. Every verb raises what `WechatApi.ask` raises."""

    def __init__(self, api: WechatApi) -> None:
        self._api = api

    async def menu(self) -> Sequence[Mapping[str, Any]] | None:
        """Return the menu's groups in the platform's own form; ``None`` if there is no menu."""
        try:
            said = await self._api.ask(Call("GET", "/cgi-bin/menu/get"), harmless=True)
        except WechatSaidNoError as error:
            if error.outcome is Outcome.MISSING:
                return None
            raise
        groups: Sequence[Mapping[str, Any]] = said["menu"]["button"]
        return groups

    async def put_menu(self, groups: Sequence[Mapping[str, Any]]) -> None:
        """Make this the menu; phones show it within a day."""
        await self._api.ask(COMPOSE.menu.create({"button": [*groups]}), harmless=True)

    async def drop_menu(self) -> None:
        """Take the menu away."""
        await self._api.ask(COMPOSE.menu.delete(), harmless=True)

    async def scene_code(self, scene: str, *, life: timedelta | None = None) -> SceneCode:
        """Make a QR code that carries a scene of 1 to 64 characters.

        Parameters
        ----------
        life
            For how long it works, 30 days at most; ``None``: for ever. An account has 100,000 of
            those, and none can be taken back.
        """
        asked: dict[str, Any] = {
            "action_name": "QR_LIMIT_STR_SCENE" if life is None else "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        if life is not None:
            asked["expire_seconds"] = int(min(life, _LONGEST_LIFE).total_seconds())
        said = await self._api.ask(COMPOSE.qrcode.create(asked), harmless=True)
        return SceneCode(str(said["url"]), str(said["ticket"]))

    async def follower(self, openid: OpenId) -> Follower:
        """Return what the platform tells of a citizen."""
        said = await self._api.ask(COMPOSE.user.get(openid), harmless=True)
        if not said.get("subscribe"):
            return Follower(follows=False)
        return Follower(
            follows=True,
            came_by=str(said.get("subscribe_scene", "")),
            scene=str(said.get("qr_scene_str", "")),
            union_id=str(said.get("unionid", "")),
        )

    async def callback_addresses(self) -> Sequence[str]:
        """Return the addresses from which the platform calls us; some are ranges."""
        return await self._addresses("/cgi-bin/getcallbackip")

    async def api_addresses(self) -> Sequence[str]:
        """Return the addresses at which we call the platform."""
        return await self._addresses("/cgi-bin/get_api_domain_ip")

    async def quota(self, path: str) -> Quota:
        """Return how often the call at a path, as ``/cgi-bin/menu/get``, may be made today."""
        call = Call("POST", "/cgi-bin/openapi/quota/get", body={"cgi_path": path})
        said = (await self._api.ask(call, harmless=True))["quota"]
        return Quota(int(said["daily_limit"]), int(said["used"]))

    async def _addresses(self, path: str) -> Sequence[str]:
        said = await self._api.ask(Call("GET", path), harmless=True)
        found = said.get("ip_list")
        if not isinstance(found, list):
            raise UnavailableError(f"wechat {path}: not of the agreed form")
        return [str(one) for one in found]
