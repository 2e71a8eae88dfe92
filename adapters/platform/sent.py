"""What the account sent to a citizen, as a phone shows it, and what became of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapters.platform.calls import Answer, Asked
from adapters.platform.people import Person
from domain.shared.clock import china_time

__all__ = ["SEND_PATHS", "Sent", "sent_of"]

_CUSTOM: Final = "/cgi-bin/message/custom/send"
_CARDS: Final = {
    "/cgi-bin/message/template/send": "template",
    "/cgi-bin/message/subscribe/bizsend": "subscription",
}
SEND_PATHS: Final = frozenset({_CUSTOM, *_CARDS})
"""The calls by which something is sent to a citizen."""

_RID: Final = re.compile(r"\s*rid:.*$")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message: its kind, its words, the values of a card by what people call them.

    ``state`` is ``delivered``, ``refused`` with the platform's ``code``, or ``blocked``: taken, but
    the citizen wants to hear nothing.
    """

    kind: str
    text: str = field(repr=False)
    facts: Mapping[str, str] = field(repr=False)
    state: str
    code: int = 0
    why: str = ""

    def to_json(self, openid: str, at: datetime) -> dict[str, Any]:
        """Return plain data, with whom it went to, and when."""
        return {
            "openid": openid,
            "kind": self.kind,
            "text": self.text,
            "data": dict(self.facts),
            "sent_at": china_time(at).isoformat(timespec="seconds"),
            "state": self.state,
            "errcode": self.code,
            "why": self.why,
        }


def sent_of(
    asked: Asked,
    answer: Answer,
    person: Person | None,
    labels: Mapping[str, Mapping[str, str]],
) -> Sent | None:
    """Return what a call sent; ``None`` for a card that was sent already.

    Parameters
    ----------
    person
        Whom it went to, with what they received by it.
    labels
        What people call the blanks of each template.
    """
    body, said = json.loads(asked.raw), json.loads(answer.body)
    code = int(said["errcode"])
    state, why = "refused", _RID.sub("", str(said["errmsg"]))
    if not code and person is not None:
        if not person.received and not person.blocks:
            return None
        state, why = ("delivered", "") if person.received else ("blocked", "user block")
    kind = _CARDS.get(asked.path)
    if kind is None:
        shown = str(body.get("msgtype", ""))
        return Sent("text" if shown == "msgmenu" else shown, _words(body), {}, state, code, why)
    facts = _facts(body, labels.get(str(body.get("template_id")), {}))
    return Sent(kind, next(iter(facts.values()), ""), facts, state, code, why)


def _words(body: Mapping[str, Any]) -> str:
    match body:
        case {"msgtype": "text", "text": {"content": str(words)}}:
            return words
        case {"msgtype": "msgmenu", "msgmenu": {"list": [*choices], **rest}}:
            lines = [str(one.get("content", "")) for one in choices]
            return "\n".join(
                [str(rest.get("head_content", "")), *lines, str(rest.get("tail_content", ""))]
            )
        case _:
            return ""


def _facts(body: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    filled = body.get("data", {}).items()
    return {labels.get(blank, blank): str(one.get("value", "")) for blank, one in filled}
