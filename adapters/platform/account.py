"""The account's own: token, menu, codes, pictures, addresses, tickets, who opens a page."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapters.platform.calls import Answer, Asked, SaysNoError
from domain.shared.clock import Clock

__all__ = ["Account", "KeptOfAccount", "Token", "code_at"]

_LIFE = timedelta(seconds=7200)
_OVERLAP = timedelta(minutes=5)
_BETWEEN_FORCED = timedelta(seconds=30)
_FORCED_A_DAY = 20
_MEDIA_LIFE = timedelta(days=3)
_CODE_LIFE = timedelta(minutes=5)
_KINDS = {
    "image": (b"\xff\xd8\xff", b"\x89PNG", b"GIF8"),
    "voice": (b"#!AMR", b"ID3", b"\xff\xfb"),
    "video": (b"",),
    "thumb": (b"\xff\xd8\xff",),
}
_LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
_TOO_LARGE = {"image": 40009, "voice": 40006, "video": 40006, "thumb": 40006}
_TAPS = {"click", "scancode_push", "scancode_waitmsg", "location_select", "pic_weixin"}
_CODE_KINDS = {"QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"}
_LONGEST_LIFE = 2_592_000
_PERMANENT = 100_000
_MOST_GROUPS, _MOST_BUTTONS = 3, 5
_KEY_BYTES = 128
_SCENE_CHARACTERS = 64
_CARDS_A_DAY = 100


@dataclass
class Token:
    """A token, and until when it is good."""

    word: str
    until: datetime


@dataclass
class KeptOfAccount:
    """What of an account outlasts a process."""

    tokens: list[Token]
    fetched: int
    forced: list[datetime]
    permanent: set[str]
    openings: dict[str, tuple[datetime, str, bool]]


@dataclass
class Account:
    """What the platform keeps of an account, and what it lets the account do.

    ``secret_frozen`` and ``barred`` (our address is not on the list) are ways to be refused a
    token; ``fixed`` lets the platform give the same token again although it was revoked.
    ``codes_lead_to`` is where the simulator is, for codes that are held before a camera; empty:
    codes are the platform's own. ``most_media`` are held, the newest.
    """

    clock: Clock
    app_id: str
    secret: str = field(repr=False)
    codes_lead_to: str = ""
    most_media: int = 1000
    tokens: list[Token] = field(default_factory=list)
    fetched: int = 0
    forced: list[datetime] = field(default_factory=list)
    secret_frozen: bool = False
    barred: bool = False
    fixed: bool = False
    menu: Mapping[str, Any] | None = None
    menus: int = 0
    permanent: set[str] = field(default_factory=set)
    most_permanent: int = _PERMANENT
    scenes: list[Mapping[str, Any]] = field(default_factory=list)
    media: dict[str, tuple[datetime, str, bytes]] = field(default_factory=dict)
    openings: dict[str, tuple[datetime, str, bool]] = field(default_factory=dict)
    tickets: int = 0
    cards: list[str] = field(default_factory=list)
    card: Mapping[str, str] | None = None
    callback_ips: tuple[str, ...] = ("101.226.103.0/25", "101.89.47.18")

    def untokened(self) -> Mapping[str, Callable[[Asked], Any]]:
        """Return the calls that bear the secret instead of a token."""
        return {
            "POST /cgi-bin/stable_token": self._stable_token,
            "GET /sns/oauth2/access_token": self._who_opened,
        }

    def calls(self) -> Mapping[str, Callable[[Asked], Any]]:
        """Return the calls that bear a token."""
        return {
            "POST /cgi-bin/menu/create": self._create_menu,
            "GET /cgi-bin/menu/get": self._get_menu,
            "GET /cgi-bin/menu/delete": self._delete_menu,
            "POST /cgi-bin/qrcode/create": self._create_code,
            "POST /cgi-bin/media/upload": self._upload,
            "GET /cgi-bin/media/get": self._download,
            "GET /cgi-bin/ticket/getticket": self._ticket,
            "GET /cgi-bin/getcallbackip": lambda _: {"ip_list": [*self.callback_ips]},
            "GET /cgi-bin/get_api_domain_ip": lambda _: {"ip_list": ["101.89.47.19"]},
            "POST /cv/ocr/idcard": self._read_card,
        }

    def check(self, word: str | None) -> None:
        """Refuse a call whose token is missing, unknown, replaced or too old."""
        if not word:
            raise SaysNoError(41001, "access_token missing")
        known = [token for token in self.tokens if token.word == word]
        if not known:
            raise SaysNoError(40001, "invalid credential, access_token is invalid or not latest")
        if known[0].until <= self.clock.now():
            raise SaysNoError(42001, "access_token expired")

    def revoke(self) -> None:
        """Let every token be worth nothing from now on."""
        self._revoked = [*self.tokens]
        self.tokens.clear()

    def opens(self, openid: str, *, snapshot: bool = False, code: str = "") -> str:
        """Let a citizen open a page; return the code that the page is called with."""
        now = self.clock.now()
        code = code or f"code{len(self.openings):028d}"
        # A code that is used up is known as such for as long as one is good.
        self.openings = {
            one: kept for one, kept in self.openings.items() if now - kept[0] <= 2 * _CODE_LIFE
        }
        self.openings[code] = (now, openid, snapshot)
        return code

    def sent(self, picture: bytes, kind: str = "image", *, media_id: str = "") -> str:
        """Keep what a citizen sent; return its media id."""
        media_id = media_id or f"media-{len(self.media)}"
        self.media[media_id] = (self.clock.now(), kind, picture)
        while len(self.media) > self.most_media:
            del self.media[next(iter(self.media))]
        return media_id

    def _stable_token(self, asked: Asked) -> Any:
        body = asked.body()
        if body.get("grant_type") != "client_credential":
            raise SaysNoError(40002, "invalid grant_type")
        self._credentials(body.get("appid"), body.get("secret"))
        self.fetched += 1
        now = self.clock.now()
        if body.get("force_refresh") and self._may_force(now):
            self.tokens.clear()
        elif self.fixed and not self.tokens:
            self.fixed = False
            return {"access_token": self._revoked[-1].word, "expires_in": 7000}
        live = [token for token in self.tokens if token.until - now > _OVERLAP]
        if not live:
            live = [Token(f"token-{self.fetched}-" + "x" * 100, now + _LIFE)]
            self.tokens.extend(live)
        return {
            "access_token": live[-1].word,
            "expires_in": int((live[-1].until - now).total_seconds()),
        }

    def _may_force(self, now: datetime) -> bool:
        day = [at for at in self.forced if now - at < timedelta(days=1)]
        if len(day) >= _FORCED_A_DAY:
            raise SaysNoError(45009, "reach max api daily quota limit")
        if day and now - day[-1] < _BETWEEN_FORCED:
            return False
        self.forced.append(now)
        return True

    def _credentials(self, app_id: object, secret: object) -> None:
        if self.barred:
            raise SaysNoError(40164, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in list")
        if app_id != self.app_id:
            raise SaysNoError(40013, "invalid appid")
        if self.secret_frozen:
            raise SaysNoError(40243, "appsecret is frozen")
        if secret != self.secret:
            raise SaysNoError(40125, "invalid appsecret")

    def _who_opened(self, asked: Asked) -> Any:
        self._credentials(asked.query.get("appid"), asked.query.get("secret"))
        code = asked.query.get("code", "")
        if code not in self.openings:
            raise SaysNoError(40029, "invalid code")
        at, openid, snapshot = self.openings[code]
        if not openid:
            raise SaysNoError(40163, "code been used")
        if self.clock.now() - at > _CODE_LIFE:
            raise SaysNoError(42003, "code expired")
        self.openings[code] = (at, "", snapshot)
        found = {"access_token": "web-token", "expires_in": 7200, "openid": openid}
        return found | {"scope": "snsapi_base"} | ({"is_snapshotuser": 1} if snapshot else {})

    def _create_menu(self, asked: Asked) -> Any:
        body = asked.body(plain=True)
        self.menus += 1
        buttons = body.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= _MOST_GROUPS:
            raise SaysNoError(40017, "invalid button size")
        for button in buttons:
            _named(button, 16, 40018)
            below = button.get("sub_button", [])
            if len(below) > _MOST_BUTTONS:
                raise SaysNoError(40023, "invalid sub button size")
            for one in below or [button]:
                _named(one, 60, 40025)
                _leading(one)
        self.menu = body
        return {"errcode": 0, "errmsg": "ok"}

    def _get_menu(self, _: Asked) -> Any:
        if self.menu is None:
            raise SaysNoError(46003, "menu no exist")
        return {"menu": {**self.menu, "menuid": 1}}

    def _delete_menu(self, _: Asked) -> Any:
        self.menu = None
        return {"errcode": 0, "errmsg": "ok"}

    def _create_code(self, asked: Asked) -> Any:
        body = asked.body()
        name, scene = body.get("action_name"), body.get("action_info", {}).get("scene", {})
        if name not in _CODE_KINDS or not _scene_fits(name, scene):
            raise SaysNoError(40053, "invalid action info")
        life = body.get("expire_seconds", 60)
        if "LIMIT" in name:
            self.permanent.add(str(scene))
            if len(self.permanent) > self.most_permanent:
                raise SaysNoError(45029, "qrcode count out of limit")
        elif not 0 < life <= _LONGEST_LIFE:
            raise SaysNoError(40052, "invalid expire_seconds")
        self.scenes.append(body)
        made = self._code(scene)
        return made if "LIMIT" in name else {**made, "expire_seconds": life}

    def _code(self, scene: Mapping[str, Any]) -> dict[str, Any]:
        if self.codes_lead_to:
            url, ticket = code_at(self.codes_lead_to, str(scene.get("scene_str", "")))
        else:
            url, ticket = f"http://weixin.qq.com/q/{len(self.scenes)}", f"gQ{len(self.scenes)}=="
        return {"ticket": ticket, "url": url}

    def _upload(self, asked: Asked) -> Any:
        kind = asked.query.get("type", "")
        if kind not in _KINDS:
            raise SaysNoError(40004, "invalid media type")
        _, content = asked.file("media")
        if not content.startswith(_KINDS[kind]):
            raise SaysNoError(40005, "invalid file type")
        if len(content) > _LARGEST[kind]:
            raise SaysNoError(_TOO_LARGE[kind], "invalid file size")
        media_id = self.sent(content, kind)
        return {"type": kind, "media_id": media_id, "created_at": int(self.clock.now().timestamp())}

    def has_media(self, media_id: str) -> bool:
        """Tell whether something is kept, and not yet too old."""
        at, _, _ = self.media.get(
            media_id, (datetime.min.replace(tzinfo=self.clock.now().tzinfo), "", b"")
        )
        return self.clock.now() - at < _MEDIA_LIFE

    def _download(self, asked: Asked) -> Any:
        media_id = asked.query.get("media_id", "")
        if not self.has_media(media_id):
            raise SaysNoError(40007, "invalid media_id")
        _, kind, content = self.media[media_id]
        if kind == "video":
            return {"video_url": "http://video.test/1"}
        named = {"Content-Disposition": f'attachment; filename="{media_id}.jpg"'}
        return Answer(content, 200, {"Content-Type": "image/jpeg", **named})

    def _ticket(self, asked: Asked) -> Any:
        if asked.query.get("type") != "jsapi":
            raise SaysNoError(40097, "invalid args")
        self.tickets += 1
        return {"errcode": 0, "errmsg": "ok", "ticket": "sM4AOVdW-ticket", "expires_in": 7200}

    def _read_card(self, asked: Asked) -> Any:
        _, picture = asked.file("img")
        if len(picture) >= 2 << 20 or not picture.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            raise SaysNoError(101002, "image decode fail")
        if len(self.cards) >= _CARDS_A_DAY:
            raise SaysNoError(101003, "not enough market quota")
        self.cards.append("read")
        if self.card is None:
            raise SaysNoError(101001, "certificate not found")
        return {"errcode": 0, "errmsg": "ok", "type": "Front", **self.card}


def code_at(public_url: str, scene: str) -> tuple[str, str]:
    """Return address and ticket of a code of the sandbox: it leads to the simulator."""
    return f"{public_url}/simulator?scan={quote(scene, safe='')}", f"gQSandbox-{scene}"


def _named(button: Mapping[str, Any], most: int, code: int) -> None:
    if not 1 <= len(str(button.get("name", "")).encode()) <= most:
        raise SaysNoError(code, "invalid button name size")


def _leading(button: Mapping[str, Any]) -> None:
    kind = button.get("type")
    if kind in _TAPS:
        if not 1 <= len(str(button.get("key", "")).encode()) <= _KEY_BYTES:
            raise SaysNoError(40019, "invalid button key size")
    elif kind == "view":
        if not re.match(r"https?://", str(button.get("url", ""))):
            raise SaysNoError(40054, "invalid sub button url domain")
    else:
        raise SaysNoError(40016, "invalid button type")


def _scene_fits(name: str, scene: Mapping[str, Any]) -> bool:
    if name.endswith("STR_SCENE"):
        words = scene.get("scene_str")
        return isinstance(words, str) and 1 <= len(words) <= _SCENE_CHARACTERS
    most = _PERMANENT if name == "QR_LIMIT_SCENE" else 2**32 - 1
    return isinstance(scene.get("scene_id"), int) and 1 <= scene["scene_id"] <= most
