"""A tiny app with the real webhook and the real simulator, and a bot that answers by table."""

from dataclasses import replace

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from adapters.simulated import Inhabitant
from adapters.simulated_cards import draw_card
from bot.menu import STANDARD_MENU
from bot.simulator.network import NoNetwork
from bot.simulator.routes import router
from bot.simulator.sandbox import CITIZENS, Poster, Sandbox
from bot.wechat.crypto import OfficialAccount
from bot.wechat.render import Bubble, render
from bot.wechat.webhook import routes
from bot.wechat.wire import Delivery
from dialogs.engine.messages import Article, Option, Reply, SaidKind
from domain.shared.clock import Clock

__all__ = ["ACCOUNT", "PUBLIC_URL", "EchoBot", "echo_app"]

PUBLIC_URL = "http://anju.example"

ACCOUNT = OfficialAccount(
    token="sandboxtoken",  # noqa: S106 (a made-up account)
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    app_id="wx0123456789abcdef",
    original_id="gh_0123456789ab",
)

_WELCOME = Reply(
    "您好，这里是安居（演示）。\n可以在聊天里看公租房房源、办登记、查进度。\n\n想办哪一件？点一下，或者回复数字：",
    options=(
        Option("快速配租"),
        Option("只看我能登记的"),
        Option("我的登记"),
        Option("备案家庭认证"),
        Option("人工"),
    ),
    closing="随时可以说“菜单”“返回”“人工”。",
    mark="home",
)
_CARD = Reply(
    article=Article(
        title="青禾家园（演示）：一居室登记确认单",
        description="登记号 DJ202603110000017\n10 月 12 日 09:00 开始选房，请带身份证原件。",
        url=f"{PUBLIC_URL}/h5/paper",
        picture=f"{PUBLIC_URL}/simulator/static/house.svg",
    )
)
_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>填写身份信息</title>
<meta name="viewport" content="width=device-width"><main><h1>填写身份信息</h1>
<p>这一页只能用一次。</p><label>身份证号 <input name="id"></label>
<button onclick="WeixinJSBridge.call('closeWindow')">回到聊天</button>
</main></html>"""


class EchoBot:
    """Answers by table, and keeps what arrived."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.sms: list[dict[str, object]] = []
        self.pushed: list[dict[str, object]] = []
        self.pictures: dict[str, bytes] = {}

    async def answer(self, delivery: Delivery) -> Bubble:
        """Return the reply of the table, or the words that came."""
        self.deliveries.append(delivery)
        return render(self._reply(delivery), tap_links=True).bubble

    def _reply(self, delivery: Delivery) -> Reply:
        said = delivery.said
        if said.kind is SaidKind.FOLLOW:
            return _WELCOME.after(f"欢迎您从海报 {said.text} 来。" if said.text else "")
        if said.kind is not SaidKind.TEXT:
            return Reply(f"收到：{said.kind} {said.text}".strip())
        table = {
            "菜单": _WELCOME,
            "卡片": _CARD,
            "网页": Reply(
                "请打开下面的页面填写，10 分钟内有效。",
                links=(("填写身份信息", f"{PUBLIC_URL}/h5/form"),),
            ),
            "沉默": Reply(),
            "验证码": Reply("验证码已发到 199****1001，请发送 6 位数字。"),
        }
        if said.text == "验证码":
            self.sms.insert(0, _code(delivery))
        return table.get(said.text) or Reply(f"您说的是：{said.text}（{said.tap or '没有编号'}）")


class EchoNetwork(NoNetwork):
    """Keeps pictures, and shows what the bot is said to have pushed."""

    def __init__(self, bot: EchoBot) -> None:
        self._bot = bot

    def keep_picture(self, media_id: str, picture: bytes) -> None:
        """Keep a picture."""
        self._bot.pictures[media_id] = picture

    async def outbox(self, openid: str) -> list[dict[str, object]]:
        """Return what was pushed to a citizen."""
        return [push for push in self._bot.pushed if push["openid"] == openid]


def _code(delivery: Delivery) -> dict[str, object]:
    return {
        "phone": "19900001001",
        "code": "482913",
        "text": "【安居】验证码 482913，10 分钟内有效。请不要告诉别人。",
        "sent_at": f"2026-03-11T04:00:{delivery.sent_at % 60:02d}+00:00",
    }


def echo_app(clock: Clock, account: OfficialAccount = ACCOUNT) -> tuple[FastAPI, EchoBot]:
    """Return an app that only has a webhook, two pages and the simulator."""
    app, bot = FastAPI(), EchoBot()
    app.router.routes.extend(routes)
    app.include_router(router)

    @app.get("/h5/form")
    @app.get("/h5/paper")
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE)

    async def posters() -> list[Poster]:
        return [
            Poster("qinghe", "青禾家园（演示）", "第四批快速配租"),
            Poster("lucheng", "潞城里（演示）", "第四批快速配租"),
        ]

    async def inbox(phone: str | None) -> list[dict[str, object]]:
        return [sms for sms in bot.sms if phone in {None, sms["phone"]}]

    first = CITIZENS[0]
    known = replace(first, id_number="11010019860412001X", filing_number="YS-2026-0001")
    app.state.clock, app.state.account, app.state.answer = clock, account, bot.answer
    app.state.sandbox = Sandbox(
        account=account,
        account_name="安居（演示）",
        app=lambda: app,
        clock=clock,
        sms=inbox,
        posters=posters,
        menu=STANDARD_MENU,
        citizens=(known, *CITIZENS[1:]),
        public_url=PUBLIC_URL,
        card=lambda number: draw_card(Inhabitant(known.name, number)) if number else None,
        platform=EchoNetwork(bot),
    )
    return app, bot
