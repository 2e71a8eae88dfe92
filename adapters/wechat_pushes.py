"""What we say to citizens first, through the platform: in their window, or by a template."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final

from adapters.wechat_api import WechatApi, WechatSaidNoError
from adapters.wechat_calls import COMPOSE, Call
from adapters.wechat_outcomes import Outcome
from domain.notices.model import Card, receipt_key
from domain.notices.service import Handed
from domain.shared.errors import UnavailableError
from domain.shared.records import OpenId
from domain.shared.windows import Handover

__all__ = ["WechatPushes"]

_HANDOVERS: Final[Mapping[Outcome, Handover]] = {
    Outcome.CLOSED: Handover.CLOSED,
    Outcome.NO_CONSENT: Handover.CLOSED,
    Outcome.FULL: Handover.FULL,
    Outcome.UNREACHABLE: Handover.UNREACHABLE,
    Outcome.MINOR: Handover.UNREACHABLE,
}
_CARD_HANDOVERS: Final[Mapping[Outcome, Handover]] = {
    # Another way is open, perhaps: what is wrong with this one concerns nobody's notice.
    Outcome.TEMPLATE: Handover.REFUSED,
    Outcome.NOT_GRANTED: Handover.REFUSED,
    Outcome.BANNED: Handover.REFUSED,
    Outcome.DAY_FULL: Handover.FULL,
}
_TEMPLATE_PATH: Final = "/cgi-bin/message/template/send"
_AGREED_PATH: Final = "/cgi-bin/message/subscribe/bizsend"


class WechatPushes:
    """The `PushSender` and `CardSender` of the platform.

    The platform knows no key by which it would tell a repeated message in a window from a new one:
    one that may have arrived is not repeated.
    """

    def __init__(self, api: WechatApi) -> None:
        self._api = api

    async def push(self, openid: OpenId, text: str) -> Handover:
        """Hand a text over."""
        return await self._send(COMPOSE.message.send_text(openid, text))

    async def push_picture(self, openid: OpenId, media_id: str) -> Handover:
        """Hand over a picture that was uploaded; raises as `push`."""
        return await self._send(COMPOSE.message.send_image(openid, media_id))

    async def push_choices(
        self, openid: OpenId, head: str, choices: Sequence[tuple[str, str]], tail: str = ""
    ) -> Handover:
        """Hand over a question with options to tap: each an id and what it says; as `push`."""
        listed = [{"id": key, "content": words} for key, words in choices]
        said = {"head_content": head, "list": listed, "tail_content": tail}
        body = {"touser": openid, "msgtype": "msgmenu", "msgmenu": said}
        return await self._send(Call("POST", "/cgi-bin/message/custom/send", body=body))

    async def push_card(self, openid: OpenId, card: Card) -> Handed:
        """Hand over a card; one for followers is safe to repeat under its key."""
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": card.template,
            "data": {blank: {"value": value} for blank, value in card.values.items()},
        }
        if not card.agreed and card.key:
            # The platform takes a message of the same id once within ten minutes.
            body["client_msg_id"] = card.key
        path = _AGREED_PATH if card.agreed else _TEMPLATE_PATH
        harmless = not card.agreed and bool(card.key)
        try:
            said = await self._api.ask(Call("POST", path, body=body), harmless=harmless)
        except WechatSaidNoError as error:
            return Handed(_meaning({**_HANDOVERS, **_CARD_HANDOVERS}, error))
        # Of a notice that was agreed to, the platform may keep the number to itself.
        serial = said.get("msgid", "")
        return Handed(Handover.TAKEN, receipt_key(serial, openid=openid, template=card.template))

    async def _send(self, call: Call) -> Handover:
        return await _verdict(self._api.ask(call, harmless=False))


def _meaning(meanings: Mapping[Outcome, Handover], error: WechatSaidNoError) -> Handover:
    """Return what a no is to us; `UnavailableError` for one that may pass."""
    if error.outcome in meanings:
        return meanings[error.outcome]
    raise UnavailableError(f"wechat {error.outcome.value} {error.code}") from None


async def _verdict(asked: Awaitable[Any]) -> Handover:
    try:
        await asked
    except WechatSaidNoError as error:
        return _meaning(_HANDOVERS, error)
    return Handover.TAKEN
