"""Codes that carry a scene, made by the platform."""

from datetime import timedelta

from adapters.wechat_account import WechatAccount
from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_outcomes import Outcome
from domain.posters.model import SceneCode
from domain.posters.service import ScenesUsedUpError
from domain.shared.errors import UnavailableError

__all__ = ["WechatSceneCodes"]


class WechatSceneCodes:
    """The `SceneCodes` of the account."""

    def __init__(self, api: WechatApi) -> None:
        self._account = WechatAccount(api)

    async def make(self, scene: str, *, life: timedelta | None) -> SceneCode:
        """Have a code made; see the port."""
        try:
            made = await self._account.scene_code(scene, life=life)
        except WechatSaidNoError as error:
            if error.outcome is Outcome.CODES_FULL and life is None:
                raise ScenesUsedUpError from error
            raise UnavailableError(f"wechat qrcode: {error.code}") from error
        return SceneCode(made.url, made.ticket)
