"""By which ways citizens can be told unasked, as the operator was granted them."""

from collections.abc import Mapping

from bot.settings import Settings
from domain.notices.model import TOPICS, CardTemplate, Topic, card_of
from domain.shared.pushes import MANNERS, PushKind

__all__ = ["cards_of", "labels_of", "told_by_sms"]

_OPTIONAL = {
    PushKind.REGISTERED: "sms_registered_template",
    PushKind.CANCELLED: "sms_cancelled_template",
    PushKind.CASE: "sms_case_template",
    PushKind.ANSWERED: "sms_case_template",
}


def cards_of(settings: Settings) -> Mapping[Topic, CardTemplate]:
    """Return the cards of each topic; in sandbox, one of either sort where none is named."""
    return {topic: _card(settings, topic) for topic in Topic}


def labels_of(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Return what people call the blanks of each template that the account was granted."""
    labels = {}
    for topic, kept in cards_of(settings).items():
        kind = next(one for one, about in TOPICS.items() if about is topic)
        for agreed, template in ((False, kept.template), (True, kept.subscription)):
            card = card_of(kind, [""] * len(kept.blanks), kept, agreed=agreed)
            if card is not None:
                labels[template] = {fact.blank: fact.label for fact in card.facts}
    return labels


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
        template, subscription = f"sandbox-{topic.value}", f"sandbox-{topic.value}-agreed"
    return CardTemplate(
        template,
        subscription,
        kept.lasting,
        tuple(getattr(kept, f"{topic.value}_blanks").split()),
    )
