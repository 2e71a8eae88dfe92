"""What the platform reports of cards: whether they arrived, and which a citizen wishes to get.

Source: the platform's pages on template messages and on the events of subscription notices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from domain.notices.model import receipt_key
from domain.shared.pushes import Receipt
from domain.shared.records import OpenId

__all__ = ["Report", "report_of"]

_ITEM: Final = 3  # the depth of one entry: <xml><SubscribeMsg…Event><List>
_MOST: Final = 16
"""How many entries of one event are looked at; a citizen can agree to three at once."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one event says; ``wishes`` are templates, each with whether the citizen wants it."""

    receipts: tuple[Receipt, ...] = ()
    wishes: tuple[tuple[str, bool], ...] = ()


def report_of(fields: Mapping[str, str], xml: bytes, openid: OpenId) -> Report | None:
    """Return what an event reports; ``None`` for any other event."""
    match fields.get("Event", "").lower():
        case "templatesendjobfinish":
            status = fields.get("Status", "")
            key = receipt_key(fields.get("MsgID", ""))
            return Report((Receipt((key,), status == "success", _reason(status)),))
        case "subscribe_msg_sent_event":
            return Report(receipts=tuple(_sent(one, openid) for one in _entries(xml)))
        case "subscribe_msg_popup_event" | "subscribe_msg_change_event":
            return Report(
                wishes=tuple(
                    (one["TemplateId"], one.get("SubscribeStatusString") == "accept")
                    for one in _entries(xml)
                )
            )
        case _:
            return None


def _sent(entry: Mapping[str, str], openid: OpenId) -> Receipt:
    by_template = receipt_key(openid=openid, template=entry["TemplateId"])
    number = entry.get("MsgID", "")
    keys = (receipt_key(number), by_template) if number else (by_template,)
    return Receipt(keys, entry.get("ErrorCode") == "0", _reason(entry.get("ErrorStatus", "")))


def _reason(status: str) -> str:
    """Return the platform's words as a reason: ``failed:user block`` is ``user block``."""
    return status.removeprefix("failed:").strip()[:64] or "failed"


def _entries(xml: bytes) -> list[dict[str, str]]:
    """Return the entries of an event that was read before, each with its template, at most 16."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    entries: list[dict[str, str]] = []
    depth, words = 0, ""

    def begin(_tag: str, _: dict[str, str]) -> None:
        nonlocal depth, words
        depth, words = depth + 1, ""
        if depth == _ITEM:
            entries.append({})

    def end(tag: str) -> None:
        nonlocal depth, words
        if depth == _ITEM + 1:
            entries[-1][tag] = words.strip()
        depth, words = depth - 1, ""

    def say(more: str) -> None:
        nonlocal words
        words += more

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = say
    parser.Parse(xml, True)  # noqa: FBT003 (expat takes no keyword)
    return [one for one in entries if 0 < len(one.get("TemplateId", "")) <= _TEMPLATE][:_MOST]


_TEMPLATE: Final = 64
"""The longest id of a template."""
