"""Whoever follows the account, and what may be sent to them.

The windows are those of the domain and the count is the stand-in's, so that there is one rule.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.simulated_pushes import places_at
from domain.shared.clock import Clock
from domain.shared.windows import MESSAGE_PLACES, MESSAGE_SPAN, TAP_PLACES, TAP_SPAN, Window
from tests.support.wechat.rules import Asked, SaysNoError

__all__ = ["FITS", "People", "Person"]

_SAME_FOR = timedelta(minutes=10)
_TEXT_BYTES = 2048
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
    """A citizen as the platform knows them."""

    follows: bool = True
    blocks: bool = False
    windows: list[Window] = field(default_factory=list)
    taken: list[datetime] = field(default_factory=list)
    received: list[Mapping[str, Any]] = field(default_factory=list)
    consents: dict[str, int] = field(default_factory=dict)
    lasting: set[str] = field(default_factory=set)
    scene: str = ""


@dataclass
class People:
    """All of them, and the templates that were approved.

    ``templates`` names the words of each. ``test_account`` lacks what only a certified account has.
    """

    clock: Clock
    has_media: Callable[[str], bool]
    known: dict[str, Person] = field(default_factory=dict)
    templates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limited: set[str] = field(default_factory=set)
    test_account: bool = False
    violations: list[int] = field(default_factory=list)
    _same: dict[tuple[str, str], tuple[datetime, int]] = field(default_factory=dict)
    _serial: int = 0

    def writes(self, openid: str) -> Person:
        """Let a citizen send a message."""
        return self._opens(openid, MESSAGE_SPAN, MESSAGE_PLACES)

    def taps(self, openid: str) -> Person:
        """Let a citizen tap the menu, or scan a code."""
        return self._opens(openid, TAP_SPAN, TAP_PLACES)

    def follows(self, openid: str, *, scene: str = "") -> Person:
        """Let a citizen follow the account."""
        person = self._opens(openid, TAP_SPAN, TAP_PLACES)
        person.follows, person.scene = True, scene
        return person

    def leaves(self, openid: str) -> None:
        """Let a citizen follow no more."""
        self.known[openid].follows = False
        self.known[openid].windows.clear()

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
            "msgmenu": (45098, lambda menu: not 1 <= len(menu["list"]) <= 10),
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
        same = (body["touser"], body.get("client_msg_id", ""))
        at, serial = self._same.get(same, (None, 0))
        if same[1] and at is not None and self.clock.now() - at < _SAME_FOR:
            return {"errcode": 0, "errmsg": "ok", "msgid": serial}
        self._serial += 1
        self._same[same] = (self.clock.now(), self._serial)
        person.received.append({"msgtype": "template", **body})
        return {"errcode": 0, "errmsg": "ok", "msgid": self._serial}

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
        person.received.append({"msgtype": "subscription", **body})
        return {"errcode": 0, "errmsg": "ok"}

    def _must_match(self, body: Mapping[str, Any]) -> None:
        words = self.templates.get(str(body.get("template_id")))
        if words is None:
            raise SaysNoError(40037, "invalid template_id")
        values = body.get("data", {})
        for word in words:
            pattern = FITS[word.rstrip("0123456789")]
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
