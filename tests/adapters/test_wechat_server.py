"""The platform that tests talk to is as strict as its documentation; each no has its own code.

Source: S0-01, S0-11, S0-17.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from adapters.platform.agents import Record
from tests.support.clock import FakeClock
from tests.support.wechat.server import APP_ID, SECRET, WechatServer, wechat

ALICE = "oTestAlice000000000000000001"
SEND = "/cgi-bin/message/custom/send"
JPEG = b"\xff\xd8\xff" + b"0" * 100


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[WechatServer]:
    with wechat(clock) as server:
        yield server


@pytest.fixture
def caller(server: WechatServer) -> Iterator["Caller"]:
    with httpx.Client(base_url=server.http.base) as client:
        yield Caller(client)


class Caller:
    """Somebody who talks to the platform by hand."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.word = ""

    def token(self, **more: object) -> dict[str, Any]:
        asked = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, **more}
        found: dict[str, Any] = self.client.post("/cgi-bin/stable_token", json=asked).json()
        self.word = found.get("access_token", self.word)
        return found

    def post(self, path: str, body: object, *, escaped: bool = False) -> dict[str, Any]:
        if not self.word:
            self.token()
        found: dict[str, Any] = self.client.post(
            path,
            params={"access_token": self.word},
            content=json.dumps(body, ensure_ascii=escaped).encode(),
        ).json()
        return found

    def get(self, path: str, **params: str) -> httpx.Response:
        if not self.word:
            self.token()
        return self.client.get(path, params={"access_token": self.word, **params})

    def says(self, text: str = "x") -> int:
        body = {"touser": ALICE, "msgtype": "text", "text": {"content": text}}
        return int(self.post(SEND, body)["errcode"])


def test_a_token_is_the_same_until_five_minutes_before_its_end(
    caller: Caller, clock: FakeClock
) -> None:
    first = caller.token()
    assert first["expires_in"] == 7200
    clock.forward(6899)
    assert caller.token()["access_token"] == first["access_token"]
    clock.forward(2)
    second = caller.token()
    assert second["access_token"] != first["access_token"]
    assert caller.get("/cgi-bin/getcallbackip").json()["ip_list"]
    caller.word = first["access_token"]
    assert caller.get("/cgi-bin/getcallbackip").json()["ip_list"]
    clock.forward(299)
    assert caller.get("/cgi-bin/getcallbackip").json()["errcode"] == 42001


def test_a_forced_token_kills_the_one_before_but_not_twice_in_half_a_minute(
    caller: Caller, clock: FakeClock
) -> None:
    first = caller.token()["access_token"]
    second = caller.token(force_refresh=True)["access_token"]
    assert second != first
    assert caller.token(force_refresh=True)["access_token"] == second
    caller.word = first
    assert caller.get("/cgi-bin/getcallbackip").json()["errcode"] == 40001
    for _ in range(19):
        clock.forward(30)
        caller.token(force_refresh=True)
    clock.forward(30)
    assert caller.token(force_refresh=True)["errcode"] == 45009


def test_whoever_has_no_right_gets_no_token(caller: Caller, server: WechatServer) -> None:
    assert caller.token(secret="wrong")["errcode"] == 40125  # noqa: S106 (wrong on purpose)
    assert caller.token(appid="wx0")["errcode"] == 40013
    assert caller.token(grant_type="")["errcode"] == 40002
    server.account.barred = True
    refused = caller.token()
    assert refused["errcode"] == 40164
    assert "203.0.113.7" in refused["errmsg"]
    assert "rid: " in refused["errmsg"]
    assert caller.client.get("/cgi-bin/getcallbackip").json()["errcode"] == 41001


def test_a_message_opens_five_places_for_48_hours(
    caller: Caller, server: WechatServer, clock: FakeClock
) -> None:
    server.people.writes(ALICE)
    assert [caller.says() for _ in range(6)] == [0] * 5 + [45047]
    clock.forward(48 * 3600 - 1)
    caller.token()
    server.people.writes(ALICE)
    assert caller.says() == 0
    clock.forward(48 * 3600)
    caller.token()
    assert caller.says() == 45015
    assert server.people.violations == [45047, 45015]


def test_a_tap_opens_three_places_for_a_minute_and_adds_nothing_to_a_message(
    caller: Caller, server: WechatServer, clock: FakeClock
) -> None:
    server.people.taps(ALICE)
    assert [caller.says() for _ in range(4)] == [0, 0, 0, 45047]
    clock.forward(60)
    assert caller.says() == 45015
    server.people.writes(ALICE)
    server.people.taps(ALICE)
    assert [caller.says() for _ in range(6)] == [0] * 5 + [45047]


def test_who_is_unknown_has_left_or_blocks_us_is_not_written_to(
    caller: Caller, server: WechatServer
) -> None:
    assert caller.says() == 40003
    server.people.writes(ALICE).blocks = True
    assert caller.says() == 45087
    server.people.known[ALICE].blocks = False
    server.people.leaves(ALICE)
    assert caller.says() == 45015


def test_what_does_not_fit_is_refused(caller: Caller, server: WechatServer) -> None:
    server.people.writes(ALICE)
    assert caller.says("字" * 682) == 0
    assert caller.says("字" * 683) == 45002
    for kind, payload, code in (
        ("image", {"media_id": "gone"}, 40007),
        ("news", {"articles": [{}, {}]}, 45008),
        ("telegram", {}, 40008),
    ):
        body = {"touser": ALICE, "msgtype": kind, kind: payload}
        assert caller.post(SEND, body)["errcode"] == code
    server.people.test_account = True
    menu = {"touser": ALICE, "msgtype": "msgmenu", "msgmenu": {"list": [{}]}}
    assert caller.post(SEND, menu)["errcode"] == 40200


def test_a_template_takes_fitting_values_only_and_the_same_id_once_in_ten_minutes(
    caller: Caller, server: WechatServer, clock: FakeClock
) -> None:
    path = "/cgi-bin/message/template/send"
    server.people.follows(ALICE)
    server.people.templates = {"T1": ("thing1", "time2")}
    values = {"thing1": {"value": "登记成功"}, "time2": {"value": "9:30"}}
    body = {"touser": ALICE, "template_id": "T1", "client_msg_id": "7", "data": values}
    first = caller.post(path, body)
    assert caller.post(path, body) == first
    assert len(server.people.known[ALICE].received) == 1
    clock.forward(600)
    assert caller.post(path, body)["msgid"] != first["msgid"]
    for bad in ("字" * 21, "两\n行", ""):
        wrong = {**body, "data": {**values, "thing1": {"value": bad}}}
        assert caller.post(path, wrong)["errcode"] == 47003
    assert caller.post(path, {**body, "template_id": "T9"})["errcode"] == 40037
    assert caller.post(path, body, escaped=True)["errcode"] == 40033
    server.people.limited = {"T1"}
    assert caller.post(path, body)["errcode"] == 43116
    server.people.limited = set()
    server.people.leaves(ALICE)
    assert caller.post(path, body)["errcode"] == 43004


def test_a_notice_uses_up_a_consent_unless_that_one_lasts(
    caller: Caller, server: WechatServer
) -> None:
    path = "/cgi-bin/message/subscribe/bizsend"
    person = server.people.follows(ALICE)
    server.people.templates = {"T1": ("phrase1",)}
    body = {"touser": ALICE, "template_id": "T1", "data": {"phrase1": {"value": "已受理"}}}
    person.consents["T1"] = 1
    assert [caller.post(path, body)["errcode"] for _ in range(2)] == [0, 43101]
    person.lasting.add("T1")
    assert [caller.post(path, body)["errcode"] for _ in range(2)] == [0, 0]


def test_a_menu_is_kept_if_it_fits(caller: Caller) -> None:
    def made(*groups: object, escaped: bool = False) -> int:
        answer = caller.post("/cgi-bin/menu/create", {"button": groups}, escaped=escaped)
        return int(answer["errcode"])

    tap = {"type": "click", "name": "我的登记", "key": "我的登记"}
    assert caller.get("/cgi-bin/menu/get").json()["errcode"] == 46003
    assert made({"name": "我的", "sub_button": [tap] * 5}) == 0
    assert caller.get("/cgi-bin/menu/get").json()["menu"]["button"][0]["name"] == "我的"
    assert made(*[tap] * 4) == 40017
    assert made({"name": "我的", "sub_button": [tap] * 6}) == 40023
    assert made({"name": "字" * 6, "sub_button": [tap]}) == 40018
    assert made({**tap, "key": "k" * 129}) == 40019
    assert made({**tap, "type": "dance"}) == 40016
    assert made(tap, escaped=True) == 40033
    assert caller.get("/cgi-bin/menu/delete").json()["errcode"] == 0
    assert caller.get("/cgi-bin/menu/get").json()["errcode"] == 46003


def test_codes_carry_fitting_scenes_and_permanent_ones_run_out(
    caller: Caller, server: WechatServer
) -> None:
    def made(name: str, scene: object, life: int = 60) -> dict[str, Any]:
        info = {"scene": {"scene_str" if "STR" in name else "scene_id": scene}}
        asked = {"action_name": name, "action_info": info, "expire_seconds": life}
        return caller.post("/cgi-bin/qrcode/create", asked)

    assert made("QR_STR_SCENE", "p" * 64, 2_592_000)["expire_seconds"] == 2_592_000
    assert made("QR_STR_SCENE", "p", 2_592_001)["errcode"] == 40052
    assert made("QR_STR_SCENE", "p" * 65)["errcode"] == 40053
    assert made("QR_LIMIT_SCENE", 100_001)["errcode"] == 40053
    assert made("QR_SCENE", 0)["errcode"] == 40053
    server.account.most_permanent = 1
    assert made("QR_LIMIT_STR_SCENE", "a")["ticket"]
    assert made("QR_LIMIT_STR_SCENE", "b")["errcode"] == 45029


def test_media_are_known_by_their_content_and_kept_three_days(
    caller: Caller, server: WechatServer, clock: FakeClock
) -> None:
    def up(content: bytes, kind: str = "image") -> dict[str, Any]:
        caller.token()
        found: dict[str, Any] = caller.client.post(
            "/cgi-bin/media/upload",
            params={"access_token": caller.word, "type": kind},
            files={"media": ("a.jpg", content)},
        ).json()
        return found

    assert up(b"GIF no, text")["errcode"] == 40005
    assert up(JPEG, "film")["errcode"] == 40004
    assert up(JPEG + b"0" * (10 << 20))["errcode"] == 40009
    media_id = up(JPEG)["media_id"]
    clock.forward(3 * 24 * 3600 - 1)
    caller.token()
    got = caller.get("/cgi-bin/media/get", media_id=media_id)
    assert (got.content, got.headers["content-type"]) == (JPEG, "image/jpeg")
    assert "content-disposition" in got.headers
    clock.forward(1)
    assert caller.get("/cgi-bin/media/get", media_id=media_id).json()["errcode"] == 40007
    film = server.account.sent(b"film", "video")
    assert "video_url" in caller.get("/cgi-bin/media/get", media_id=film).json()


def test_a_code_of_who_opens_a_page_works_once_and_five_minutes(
    caller: Caller, server: WechatServer, clock: FakeClock
) -> None:
    def exchanged(code: str, secret: str = SECRET) -> dict[str, Any]:
        params = {"appid": APP_ID, "secret": secret, "code": code}
        found: dict[str, Any] = caller.client.get("/sns/oauth2/access_token", params=params).json()
        return found

    code = server.account.opens(ALICE)
    assert exchanged(code)["openid"] == ALICE
    assert exchanged(code)["errcode"] == 40163
    assert exchanged("never")["errcode"] == 40029
    assert exchanged(server.account.opens(ALICE, snapshot=True))["is_snapshotuser"] == 1
    late = server.account.opens(ALICE)
    assert exchanged(late, secret="wrong")["errcode"] == 40125  # noqa: S106 (wrong on purpose)
    clock.forward(301)
    assert exchanged(late)["errcode"] == 42003


def test_a_call_has_so_many_a_day_and_tells_how_many_are_left(
    caller: Caller, server: WechatServer, clock: FakeClock
) -> None:
    server.limits["/cgi-bin/menu/get"] = 2
    codes = [caller.get("/cgi-bin/menu/get").json()["errcode"] for _ in range(3)]
    assert codes == [46003, 46003, 45009]
    told = caller.post("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/menu/get"})
    assert told["quota"] == {"daily_limit": 2, "used": 2, "remain": 0}
    wrong = caller.post("/cgi-bin/openapi/quota/get", {"cgi_path": "cgi-bin/menu/get"})
    assert wrong["errcode"] == 76021
    clock.forward(24 * 3600)
    caller.token()
    assert caller.get("/cgi-bin/menu/get").json()["errcode"] == 46003


def test_an_agent_serves_whom_nobody_else_serves_and_only_while_there(
    caller: Caller, server: WechatServer
) -> None:
    def tell(path: str, **body: str) -> int:
        return int(caller.post(f"/customservice/{path}", body)["errcode"])

    first, second = "one@gh_anju", "two@gh_anju"
    assert tell("kfaccount/add", kf_account="one@elsewhere", nickname="王") == 65404
    assert tell("kfaccount/add", kf_account=first, nickname="王" * 17) == 65403
    assert tell("kfaccount/add", kf_account=first, nickname="王") == 0
    assert tell("kfaccount/add", kf_account=first, nickname="王") == 65406
    assert tell("kfaccount/add", kf_account=second, nickname="李") == 0
    assert tell("kfsession/create", kf_account="who@gh_anju", openid=ALICE) == 65401
    assert tell("kfsession/create", kf_account=first, openid=ALICE) == 65402
    assert tell("kfaccount/inviteworker", kf_account=first, invite_wx="wang") == 0
    assert tell("kfaccount/inviteworker", kf_account=second, invite_wx="li") == 0
    assert tell("kfsession/create", kf_account=first, openid=ALICE) == 65415
    server.agents.online = {first, second}
    assert tell("kfsession/create", kf_account=first, openid=ALICE) == 0
    assert tell("kfsession/create", kf_account=second, openid=ALICE) == 65414
    assert tell("kfsession/close", kf_account=second, openid=ALICE) == 65414
    assert tell("kfsession/close", kf_account=first, openid=ALICE) == 0
    assert tell("kfsession/close", kf_account=first, openid=ALICE) == 65413
    server.agents.switched_off = True
    assert tell("kfsession/close", kf_account=first, openid=ALICE) == 65400


def test_records_are_told_for_a_day_at_most(caller: Caller, server: WechatServer) -> None:
    server.agents.records = [Record(ALICE, "one@gh_anju", "您好", 1000)]
    asked = {"starttime": 0, "endtime": 86_400, "msgid": 1, "number": 10_000}
    path = "/customservice/msgrecord/getmsglist"
    assert caller.post(path, asked)["recordlist"][0]["text"] == "您好"
    assert caller.post(path, {**asked, "endtime": 86_401})["errcode"] == 65417
    assert caller.post(path, {**asked, "msgid": None})["errcode"] == 65416


def test_nothing_else_is_known(caller: Caller) -> None:
    assert caller.post("/cgi-bin/token", {})["errcode"] == 40066
    assert caller.client.post("/cgi-bin/stable_token", content=b"{").json()["errcode"] == 47001
