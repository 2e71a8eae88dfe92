"""By which ways citizens can be told unasked, as the operator was granted them."""

from collections.abc import Mapping

from bot.settings import Settings
from domain.notices.model import CardTemplate, Topic
from domain.shared.pushes import MANNERS, PushKind

__all__ = ["cards_of", "told_by_sms"]

_OPTIONAL = {
    PushKind.REGISTERED: "sms_registered_template",
    PushKind.CANCELLED: "sms_cancelled_template",
    PushKind.CASE: "sms_case_template",
    PushKind.ANSWERED: "sms_case_template",
}


def cards_of(settings: Settings) -> Mapping[Topic, CardTemplate]:
    """Return the card of each topic; in sandbox, one for followers where none is named."""
    return {topic: _card(settings, topic) for topic in Topic}


def told_by_sms(settings: Settings) -> frozenset[PushKind]:
    """Return the kinds that an SMS was approved for; in sandbox, all that are worth one."""
    return frozenset(
        kind
        for kind, manner in MANNERS.items()
        if manner.by_sms
        and (
            settings.sandboxed
            or kind not in _OPTIONAL
            or getattr(settings.tencent, _OPTIONAL[kind])
        )
    )


def _card(settings: Settings, topic: Topic) -> CardTemplate:
    kept = settings.notices
    template = getattr(kept, f"{topic.value}_template")
    subscription = getattr(kept, f"{topic.value}_subscription")
    if settings.sandboxed and not (template or subscription):
        template = f"sandbox-{topic.value}"
    return CardTemplate(
        template,
        subscription,
        kept.lasting,
        tuple(getattr(kept, f"{topic.value}_blanks").split()),
    )
