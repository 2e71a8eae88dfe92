"""Whoever follows the account, what they agreed to, and what may be sent to them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.platform.calls import Asked, SaysNoError
from domain.shared.clock import Clock
from domain.shared.windows import MESSAGE_PLACES, MESSAGE_SPAN, TAP_PLACES, TAP_SPAN, Window

__all__ = ["FITS", "KeptOfPeople", "People", "Person", "places_at"]

_SAME_FOR = timedelta(minutes=10)
_TEXT_BYTES = 2048
_CHOICES = 10
FITS = {
    "thing": r".{1,20}",
    "short_thing": r".{1,5}",
    "number": r"\d{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"\W{1,5}",
    "character_string": r"[\x21-\x7e]{1,32}",
    "time": r"(\d{4}年\d{1,2}月\d{1,2}日 )?\d{1,2}:\d{2}",
    "date": r"\d{4}年\d{1,2}月\d{1,2}日",
    "amount": r"[¥$]?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+-]{1,17}",
    "car_number": r".{1,8}",
    "name": r"[一-鿿]{1,10}|[A-Za-z ]{1,20}",
    "phrase": r"[一-鿿]{1,5}",
}


@dataclass
class Person:
    """A citizen as the platform knows them.

    ``taken`` are the moments of what was sent in their windows; ``consents`` how many notices of a
    template they agreed to be sent; ``due`` what the platform has yet to report of its cards.
    """

    follows: bool = True
    blocks: bool = False
    windows: list[Window] = field(default_factory=list)
    taken: list[datetime] = field(default_factory=list)
    received: list[Mapping[str, Any]] = field(default_factory=list)
    consents: dict[str, int] = field(default_factory=dict)
    lasting: set[str] = field(default_factory=set)
    scene: str = ""
    due: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class KeptOfPeople:
    """What of all citizens together outlasts a process."""

    same: dict[str, tuple[datetime, int]]
    serial: int


@dataclass
class People:
    """All of them, and the templates that were approved.

    ``templates`` names the words of each. ``test_account`` lacks what only a certified account has.
    ``agreements_last`` tells that who agrees does so once and for all (长期订阅).
    """

    clock: Clock
    has_media: Callable[[str], bool]
    known: dict[str, Person] = field(default_factory=dict)
    templates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limited: set[str] = field(default_factory=set)
    test_account: bool = False
    agreements_last: bool = False
    violations: list[int] = field(default_factory=list)
    same: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    serial: int = 0

    def writes(self, openid: str) -> Person:
        """Let a citizen send a message."""
        return self._opens(openid, MESSAGE_SPAN, MESSAGE_PLACES)

    def taps(self, openid: str) -> Person:
        """Let a citizen tap the menu, or scan a code."""
        return self._opens(openid, TAP_SPAN, TAP_PLACES)

    def follows(self, openid: str, *, scene: str = "") -> Person:
        """Let a citizen follow the account."""
        person = self._opens(openid, TAP_SPAN, TAP_PLACES)
        person.scene = scene
        return person

    def leaves(self, openid: str) -> None:
        """Let a citizen follow no more."""
        person = self.known.setdefault(openid, Person())
        person.follows = False
        person.windows.clear()

    def answers(self, openid: str, templates: Iterable[str], *, agrees: bool) -> None:
        """Let a citizen agree to one notice of each of these templates, or refuse them all."""
        person = self.known.setdefault(openid, Person(follows=False))
        for template in templates:
            if agrees and self.agreements_last:
                person.lasting.add(template)
            elif agrees:
                person.consents[template] = person.consents.get(template, 0) + 1
            else:
                person.consents.pop(template, None)
                person.lasting.discard(template)

    def calls(self) -> Mapping[str, Callable[[Asked], Any]]:
        """Return the calls about people."""
        return {
            "POST /cgi-bin/message/custom/send": self._send,
            "POST /cgi-bin/message/custom/typing": self._typing,
            "POST /cgi-bin/message/template/send": self._send_template,
            "POST /cgi-bin/message/subscribe/bizsend": self._send_subscription,
            "GET /cgi-bin/user/info": self._tell_of,
        }

    def _opens(self, openid: str, span: timedelta, places: int) -> Person:
        now = self.clock.now()
        person = self.known.setdefault(openid, Person())
        # Nobody else has a chat to do anything in.
        person.follows = True
        person.windows = [one for one in person.windows if one.closes_at - one.opened_at != span]
        person.windows.append(Window(now, now + span, places))
        return person

    def _person(self, openid: object) -> Person:
        if not isinstance(openid, str) or openid not in self.known:
            raise SaysNoError(40003, "invalid openid")
        return self.known[openid]

    def _send(self, asked: Asked) -> Any:
        body = asked.body()
        person = self._person(body.get("touser"))
        self._must_fit(body)
        if person.blocks:
            raise SaysNoError(45087, "user refuse to receive msg")
        places = places_at(person.windows, self.clock.now()) if person.follows else {}
        if not places:
            raise self._violation(45015, "response out of time limit or subscription is canceled")
        # What came before every open window counts no more.
        person.taken = [at for at in person.taken if at >= min(places)]
        if all(sum(at >= since for at in person.taken) >= most for since, most in places.items()):
            raise self._violation(45047, "out of response count limit")
        person.taken.append(self.clock.now())
        person.received.append(body)
        return {"errcode": 0, "errmsg": "ok"}

    def _violation(self, code: int, words: str) -> SaysNoError:
        self.violations.append(code)
        return SaysNoError(code, words)

    def _must_fit(self, body: Mapping[str, Any]) -> None:
        kind = body.get("msgtype")
        if kind == "msgmenu" and self.test_account:
            raise SaysNoError(40200, "invalid account type")
        objections: Mapping[object, tuple[int, Callable[[Any], bool]]] = {
            "text": (45002, lambda text: len(text["content"].encode()) > _TEXT_BYTES),
            "image": (40007, lambda image: not self.has_media(image["media_id"])),
            "voice": (40007, lambda voice: not self.has_media(voice["media_id"])),
            "news": (45008, lambda news: len(news["articles"]) > 1),
            "msgmenu": (45098, lambda menu: not 1 <= len(menu["list"]) <= _CHOICES),
        }
        if kind not in objections:
            raise SaysNoError(40008, "invalid message type")
        code, objects = objections[kind]
        if objects(body.get(str(kind), {})):
            raise SaysNoError(code, "does not fit")

    def _typing(self, asked: Asked) -> Any:
        body = asked.body()
        self._person(body.get("touser"))
        if body.get("command") not in {"Typing", "CancelTyping"}:
            raise SaysNoError(45072, "invalid command")
        return {"errcode": 0, "errmsg": "ok"}

    def _send_template(self, asked: Asked) -> Any:
        body = asked.body(plain=True)
        person = self._person(body.get("touser"))
        self._must_match(body)
        if body["template_id"] in self.limited:
            raise SaysNoError(43116, "template is limited")
        if not person.follows:
            raise SaysNoError(43004, "require subscribe")
        now, serial = self.clock.now(), self._sent_already(body)
        if serial:
            return {"errcode": 0, "errmsg": "ok", "msgid": serial}
        self.serial += 1
        self.same[_sameness(body)] = (now, self.serial)
        # Whoever blocks the account is taken for reached, and the report says better.
        status = "failed:user block" if person.blocks else "success"
        if not person.blocks:
            person.received.append({"msgtype": "template", **body})
        person.due.append(
            {"Event": "TEMPLATESENDJOBFINISH", "MsgID": self.serial, "Status": status}
        )
        return {"errcode": 0, "errmsg": "ok", "msgid": self.serial}

    def _sent_already(self, body: Mapping[str, Any]) -> int:
        """Return the number of the same message, if it was sent lately; else 0."""
        now = self.clock.now()
        self.same = {word: kept for word, kept in self.same.items() if now - kept[0] < _SAME_FOR}
        _, serial = self.same.get(_sameness(body), (now, 0))
        return serial if body.get("client_msg_id") else 0

    def _send_subscription(self, asked: Asked) -> Any:
        if self.test_account:
            raise SaysNoError(48001, "api unauthorized")
        body = asked.body()
        person = self._person(body.get("touser"))
        self._must_match(body)
        template = body["template_id"]
        if template not in person.lasting:
            if not person.consents.get(template):
                raise self._violation(43101, "user refuse to accept the msg")
            person.consents[template] -= 1
        self.serial += 1
        person.received.append({"msgtype": "subscription", **body})
        entry = {"TemplateId": template, "MsgID": self.serial, "ErrorCode": 0}
        entry["ErrorStatus"] = "success"
        person.due.append(
            {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": entry}}
        )
        return {"errcode": 0, "errmsg": "ok"}

    def _must_match(self, body: Mapping[str, Any]) -> None:
        words = self.templates.get(str(body.get("template_id")))
        if words is None:
            raise SaysNoError(40037, "invalid template_id")
        values = body.get("data", {})
        for word in words:
            pattern = FITS.get(word.rstrip("0123456789"), ".+")
            value = values.get(word, {}).get("value", "")
            if not re.fullmatch(pattern, value):
                raise SaysNoError(47003, f"argument invalid! data.{word}.value invalid")

    def _tell_of(self, asked: Asked) -> Any:
        openid = asked.query.get("openid", "")
        person = self._person(openid)
        if not person.follows:
            return {"subscribe": 0, "openid": openid}
        return {
            "subscribe": 1,
            "openid": openid,
            "subscribe_time": 1_700_000_000,
            "remark": "",
            "subscribe_scene": "ADD_SCENE_QR_CODE" if person.scene else "ADD_SCENE_SEARCH",
            "qr_scene": 0,
            "qr_scene_str": person.scene,
        }


def places_at(windows: Iterable[Window], now: datetime) -> Mapping[datetime, int]:
    """Return how many messages may come after each opening of a window that is open; none if none.

    Openings do not add up, the roomiest counts.
    """
    places: dict[datetime, int] = {}
    for window in windows:
        if window.is_open(now):
            places[window.opened_at] = max(window.places, places.get(window.opened_at, 0))
    return places


def _sameness(body: Mapping[str, Any]) -> str:
    return f"{body['touser']} {body.get('client_msg_id', '')}"
