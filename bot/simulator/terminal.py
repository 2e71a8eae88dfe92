"""The chat in a terminal: the same phone, the same webhook, no browser."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bot.simulator.phone import Exchange, Gesture, GestureKind, Heard, HeardKind
from bot.simulator.sandbox import Citizen, Sandbox

__all__ = ["Terminal", "run"]

_WIDTH = 46
_SMS_SHOWN = 5
_LINK = re.compile(r'<a\s[^>]*?href="(?P<href>[^"]*)"[^>]*>(?P<label>[^<]*)</a>')
_FAULT = "该公众号提供的服务出现故障，请稍后再试"
_HELP = """直接打字就是发消息，回复数字选择选项。
/follow  关注          /unfollow  取消关注
/scan    看海报        /scan 1    扫第 1 张
/menu    看菜单        /menu 1.2  点第 1 组第 2 个
/photo   发一张照片    /again     平台重发上一条
/sms     看短信        /who       看市民，/who 名字 换人或加人
/raw     看最近一次往来的原文     /quit  离开"""


class Terminal:
    """One chat: read a line, do it as the citizen, print what comes back.

    Parameters
    ----------
    sandbox
        The simulator's view of the process.
    console
        Where everything is printed.
    read
        Gives the next line; raises EOFError when there are no more.
    """

    def __init__(
        self, sandbox: Sandbox, console: Console, read: Callable[[], Awaitable[str]]
    ) -> None:
        self._sandbox = sandbox
        self._console = console
        self._read = read
        self._citizens = list(sandbox.citizens)
        self._citizen = self._citizens[0]
        self._followers: set[str] = set()
        self._exchange: Exchange | None = None
        self._commands: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "follow": self._follow,
            "unfollow": self._unfollow,
            "scan": self._scan,
            "menu": self._menu,
            "photo": self._photo,
            "again": self._again,
            "sms": self._sms,
            "who": self._who,
            "raw": self._raw,
            "help": self._help,
        }

    async def talk(self) -> None:
        """Chat until ``/quit`` or the end of the input."""
        await self._help("")
        while True:
            self._console.print(Text(f"{self._citizen.name} › ", "bold green"), end="")
            try:
                line = (await self._read()).strip()
            except EOFError:
                return
            if line == "/quit":
                return
            if line:
                await self._obey(line)

    async def _obey(self, line: str) -> None:
        name, _, rest = line.removeprefix("/").partition(" ")
        if not line.startswith("/"):
            await self._do(GestureKind.TEXT, text=line)
        elif name in self._commands:
            await self._commands[name](rest.strip())
        else:
            self._note(f"没有 /{name} 这个命令，可以用的有：\n{_HELP}")

    # --- commands ---------------------------------------------------------------------------

    async def _follow(self, _: str) -> None:
        self._followers.add(self._citizen.openid)
        await self._do(GestureKind.FOLLOW)

    async def _unfollow(self, _: str) -> None:
        self._followers.discard(self._citizen.openid)
        await self._do(GestureKind.UNFOLLOW)

    async def _scan(self, which: str) -> None:
        posters = list(await self._sandbox.posters())
        if which.isdecimal() and 0 < int(which) <= len(posters):
            known = self._citizen.openid in self._followers
            self._followers.add(self._citizen.openid)
            kind = GestureKind.SCAN if known else GestureKind.FOLLOW
            await self._do(kind, scene=posters[int(which) - 1].scene)
            return
        lines = [f"{n}. {one.title} {one.subtitle}" for n, one in enumerate(posters, 1)]
        self._note("\n".join([*lines, "用 /scan 加数字扫一张。"]))

    async def _menu(self, which: str) -> None:
        buttons = {
            f"{g}.{b}": button
            for g, group in enumerate(self._sandbox.menu, 1)
            for b, button in enumerate(group.buttons, 1)
        }
        if which in buttons:
            await self._do(GestureKind.MENU, text=buttons[which].key)
            return
        lines = [f"{number} {button.name}" for number, button in buttons.items()]
        self._note("\n".join([*lines, "用 /menu 加编号点一个，例如 /menu 1.1。"]))

    async def _photo(self, _: str) -> None:
        await self._do(GestureKind.IMAGE)

    async def _again(self, _: str) -> None:
        exchange = await self._sandbox.phone.again(self._citizen.openid)
        if exchange is None:
            self._note("还没有可以重发的消息，先发一条。")
            return
        self._note("平台重发同一条消息，回复是：")
        self._show(exchange)

    async def _sms(self, _: str) -> None:
        newest = (await self._sandbox.sms(None))[:_SMS_SHOWN]
        lines = [f"{sms['phone']}  {sms['text']}" for sms in newest]
        self._note("\n".join(lines) or "还没有短信。")

    async def _who(self, name: str) -> None:
        if not name:
            names = "、".join(citizen.name for citizen in self._citizens)
            self._note(f"{names}\n用 /who 加名字换人，新名字会加一位市民。")
            return
        found = [citizen for citizen in self._citizens if citizen.name == name]
        if not found:
            found = [Citizen(f"oTerminal{len(self._citizens):019d}", name)]
            self._citizens += found
        self._citizen = found[0]

    async def _raw(self, _: str) -> None:
        if self._exchange is None:
            self._note("还没有往来，先发一条。")
            return
        raw = self._exchange.raw
        parts = (raw.sent_xml, raw.sent_envelope, f"HTTP {raw.status}", raw.reply_envelope)
        self._note("\n\n".join((*parts, raw.reply_xml)))

    async def _help(self, _: str) -> None:
        self._note(_HELP)

    # --- saying and showing -----------------------------------------------------------------

    async def _do(self, kind: GestureKind, *, text: str = "", scene: str = "") -> None:
        openid = self._citizen.openid
        card = self._sandbox.card_of(openid) if kind is GestureKind.IMAGE else None
        gesture = Gesture(openid, kind, text=text, scene=scene, picture=card or b"")
        self._show(await self._sandbox.phone.send(gesture))

    def _show(self, exchange: Exchange) -> None:
        self._exchange = exchange
        reply = exchange.reply
        if reply.kind is HeardKind.FAULT:
            self._note(_FAULT)
        elif reply.kind is HeardKind.TRANSFER:
            self._note("（已转到微信的多客服，等坐席接入）")
        elif reply.kind is HeardKind.NONE:
            self._note("（没有回复）")
        else:
            bubble = Panel(_words(reply), title=self._sandbox.account_name, width=_WIDTH)
            self._console.print(bubble)

    def _note(self, words: str) -> None:
        self._console.print(Padding(Text(words, "dim"), (0, 2)))


def run(app: FastAPI) -> None:
    """Start an app's stores and chat with it here until ``/quit``.

    Parameters
    ----------
    app
        An app in sandbox mode, not being served by this process.
    """
    asyncio.run(_run(app))


async def _run(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        await Terminal(app.state.sandbox, Console(), lambda: asyncio.to_thread(input)).talk()


def _words(reply: Heard) -> Text:
    """Return an answer with its links marked: taps by colour, pages with their address."""
    if reply.article:
        card = reply.article
        return Text.assemble((card.title, "bold"), "\n", card.description, "\n", (card.url, "blue"))
    shown, end = Text(), 0
    for link in _LINK.finditer(reply.text):
        shown.append(reply.text[end : link.start()])
        shown.append(link["label"], "cyan")
        if link["href"].startswith("http"):
            shown.append(f" {link['href']}", "blue")
        end = link.end()
    return shown.append(reply.text[end:])
