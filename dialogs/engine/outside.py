"""Steps that reach outside the chat: one-time pages and codes by SMS."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dialogs.desk import Desk
from dialogs.engine.choosing import number_in, plain
from dialogs.engine.kinds import Kind, UnfitError
from dialogs.engine.messages import Option, Reply
from dialogs.engine.steps import Also, Answers, Condition, Heard, Step
from domain.accounts.codes import CaptchaNeededError, TooSoonError
from domain.accounts.model import CodeRequest, Proof, Purpose, code_length
from domain.accounts.service import CodeNotProvenError
from domain.shared.clock import utc_from_timestamp
from domain.shared.conversations import Json
from domain.shared.errors import DomainError
from domain.shared.idents import Masked, half_width, mask

__all__ = ["AcceptFields", "Carries", "Code", "Field", "Secure"]


@dataclass(frozen=True, slots=True)
class Field:
    """One box of a one-time page.

    ``kind`` reads it; ``hidden`` boxes show dots and are never echoed; ``repeats`` names another
    box that must hold the same; a ``metered`` one shows how hard to guess it is, while it is typed.
    """

    name: str
    label: str
    kind: Kind[str]
    hint: str = ""
    hidden: bool = False
    repeats: str = ""
    autocomplete: str = "off"
    metered: bool = False


class AcceptFields(Protocol):
    """Checks the boxes of a page, or what was typed instead, and says what to keep."""

    async def __call__(self, values: Mapping[str, str], desk: Desk, /) -> Json:
        """Return what to store; `UnfitError` or a domain error leaves the question open."""


Carries = Callable[[Answers, Desk], Awaitable[Mapping[str, str]]]


class Secure(Step[Json]):
    """A question whose answer does not belong in a chat: a one-time page takes it.

    The page is bound to the citizen and the draft; opening it changes nothing, sending it off
    counts once.

    Parameters
    ----------
    fields
        The boxes.
    accept
        Checks what they hold, on the page itself, and says what to keep.
    carries
        What the page knows of the draft: ``accept`` finds it beside the boxes. A domain error
        says why there can be no page.
    typed
        Reads the same answer from words, for citizens who insist.
    warning
        What is said to words that belong on the page.
    button
        What is written on the page's button.
    spoilt
        Errors of the flow's effect after which this must be asked once more.
    """

    def __init__(  # noqa: PLR0913 (see Step)
        self,
        prompt: str,
        *,
        fields: Sequence[Field],
        accept: AcceptFields,
        carries: Carries | None = None,
        typed: Callable[[str], Mapping[str, str]] | None = None,
        warning: str = "为了安全，这一项请在网页里填写，不要发在聊天里。",
        button: str = "提交",
        spoilt: tuple[type[DomainError], ...] = (),
        title: str = "",
        aka: Sequence[str] = (),
        why: str = "",
        hint: str = "",
        when: Condition | None = None,
        also: Also | None = None,
    ) -> None:
        super().__init__(prompt, title=title, aka=aka, why=why, hint=hint, when=when, also=also)
        self.fields = tuple(fields)
        self.accept = accept
        self.carries = carries
        self.typed = typed
        self.warning = warning
        self.button = button
        self.spoilt = spoilt

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Hand out a one-time page; one handed out a moment ago is handed out again.

        A citizen who asks something in between must still be able to send off the open page.
        """
        about = await self._carried(answers, desk)
        url = await self._handed_out(answers, desk, about)
        url = url or await self._issue(answers, desk, about)
        return Reply(
            answers.fill(self.prompt),
            (Option("填好了，继续", say="继续"), *self.offered(answers)),
            links=((f"点这里填写{self.title}", url),),
            closing="页面 10 分钟内有效，填好后回到这里。",
        )

    async def _carried(self, answers: Answers, desk: Desk) -> dict[str, str]:
        return dict(await self.carries(answers, desk)) if self.carries else {}

    async def _handed_out(self, answers: Answers, desk: Desk, about: dict[str, str]) -> str:
        """Return the page that the citizen may have open; ``""`` if it is not good any more.

        A turn that was lost may have handed out a newer one, which nobody knows of.
        """
        now = desk.clock.now().timestamp()
        match answers.draft.answers.get(f"{self.id}.page"):
            case {"url": str(url), "until": float(until), **rest} if (
                until > now and rest.get("about", {}) == about
            ):
                return "" if await desk.pages.is_spent(url) else url
        return ""

    async def _issue(self, answers: Answers, desk: Desk, about: dict[str, str]) -> str:
        draft = answers.draft
        account = (await desk.citizen()).account
        url = await desk.pages.issue(
            openid=desk.openid,
            draft_id=draft.id,
            flow=draft.flow,
            step=self.id,
            about=about,
            account_id=account.id if account else None,
        )
        until = (desk.clock.now() + _HANDED_OUT_AGAIN).timestamp()
        draft.answers[f"{self.id}.page"] = {"url": url, "until": until, "about": {**about}}
        return url

    def awaited(self, answers: Answers) -> str:
        """Say that the page was handed out and has not been sent off."""
        handed_out = f"{self.id}.page" in answers.draft.answers
        return "还没有收到，请在网页里填好，点“提交”。" if handed_out else ""

    async def arrived(self, answers: Answers, desk: Desk) -> Json:
        """Return what the page brought; ``None`` while it was not sent off."""
        return await desk.pages.answer_of(answers.draft.id, self.id)

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Read the answer from words, where that is allowed."""
        if self.typed is None:
            raise UnfitError(self.warning)
        values = self.read(self.typed(heard.text))
        return await self.accept(values | await self._carried(answers, desk), desk)

    def read(self, values: Mapping[str, str]) -> dict[str, str]:
        """Read each box by its kind; `UnfitError` at the first that does not fit."""
        read = {box.name: box.kind.parse(values.get(box.name, "")) for box in self.fields}
        for box in self.fields:
            if box.repeats and read[box.name] != read[box.repeats]:
                raise UnfitError("两次填写的不一样，请再填一次。")
        return read

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether an error of the effect means that this must be asked once more."""
        return isinstance(error, self.spoilt)

    def answered(self, stored: Json) -> bool:
        """Tell whether something was kept."""
        return stored is not None

    def load(self, stored: Json) -> Json:
        """Return what was kept."""
        return stored

    def show(self, stored: Json) -> str:
        """Say that it is there, and no more."""
        return "已填写"

    def texts(self) -> Iterator[str]:
        """Yield the labels of the page too."""
        yield from super().texts()
        yield self.warning
        yield from (box.label for box in self.fields)


_HANDED_OUT_AGAIN = timedelta(minutes=7)
"""So that whoever opens a page has three minutes at least to fill it in."""

PhoneOf = Callable[[Answers, Desk], Awaitable[str]]

_SUM_SAID = "请回复得数，例如 8。"

_RESEND = (
    "重新获取",
    "重新获取验证码",
    "获取验证码",
    "重发",
    "再发一次",
    "没收到",
    "收不到",
    "重新发送",
)


class Code(Step[Proof]):
    """A code by SMS. Asking sends it; the answer kept is the proof, never the code.

    Source: S0-15, S0-25, S0-55, S0-57; reliability: 10 minutes, resend after 60 s, 5 tries.
    """

    def __init__(
        self,
        purpose: Purpose,
        phone: PhoneOf,
        *,
        change: str = "",
        when: Condition | None = None,
        also: Also | None = None,
    ) -> None:
        super().__init__(
            title="验证码",
            aka=("验证码",),
            when=when,
            also=also,
            why="用来确认这个手机号在您手里，别人不能冒用。验证码请不要告诉任何人。",
            hint=f"验证码在短信里，是 {code_length(purpose)} 位数字。",
        )
        self.purpose = purpose
        self.digits = code_length(purpose)
        self.phone = phone
        self.change = change

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Send a code the first time; afterwards say where it went."""
        state = self._state(answers)
        if "captcha" in state:
            asked = f"发短信前请先答一道小题：{state['captcha']}\n{_SUM_SAID}"
            return Reply(asked, self.choices()[1:])
        expires = state.get("expires")
        if not isinstance(expires, float) or utc_from_timestamp(expires) <= desk.clock.now():
            return await self._send(answers, desk)
        return await self._question(answers, desk, "验证码已发到")

    def _state(self, answers: Answers) -> dict[str, Json]:
        stored = answers.stored(self)
        return stored if isinstance(stored, dict) else {}

    async def _question(self, answers: Answers, desk: Desk, words: str) -> Reply:
        phone = mask(await self.phone(answers, desk), Masked.PHONE)
        words = f"{words} {phone}，5 分钟内有效。\n请发送短信里的 {self.digits} 位数字。"
        return Reply(words, self.offered(answers))

    def choices(self) -> tuple[Option, ...]:
        """Offer another code and, where the phone was typed, another phone."""
        another = Option("重新获取验证码", say="重新获取")
        return (
            (another, Option("换一个手机号", say=f"改{self.change}")) if self.change else (another,)
        )

    async def _request(self, answers: Answers, desk: Desk) -> CodeRequest:
        return CodeRequest(
            openid=desk.openid,
            phone=await self.phone(answers, desk),
            purpose=self.purpose,
            draft_id=answers.draft.id,
        )

    async def _send(self, answers: Answers, desk: Desk) -> Reply:
        request = await self._request(answers, desk)
        await desk.let_go()
        try:
            sent = await desk.codes.send(request)
        except CaptchaNeededError as needed:
            answers.keep(self, {"captcha": needed.question})
            return await self.ask(answers, desk)
        answers.keep(self, {"expires": sent.expires_at.timestamp()})
        return await self._question(answers, desk, "验证码已发到")

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Check a code, send another, or take the captcha's answer."""
        state = self._state(answers)
        if "captcha" in state:
            return await self._solve(heard, answers, desk)
        if plain(heard.text) in _RESEND:
            return await self._resend(answers, desk)
        typed = "".join(half_width(heard.text).replace("-", " ").split())
        within = re.findall(rf"(?<!\d)\d{{{self.digits}}}(?!\d)", typed)
        digits = within[0] if len(within) == 1 else typed
        if not (len(digits) == self.digits and digits.isdecimal()):
            raise UnfitError(f"请发送短信里的 {self.digits} 位数字；没收到请回复“重新获取”。")
        proof = await desk.codes.check(await self._request(answers, desk), digits)
        return {"proof": proof.to_json()}

    async def _solve(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        if number_in(heard.text) is None:
            raise UnfitError("请先回复小题的得数，只回复数字，例如 8。")
        if not await desk.codes.solve(desk.openid, half_width(heard.text).strip()):
            # A new one: that on the screen may be solved already, by a turn that was lost, or old.
            answers.keep(self, {"captcha": await desk.codes.another_sum(desk.openid)})
            raise UnfitError(f"得数不对，换一道：{self._state(answers)['captcha']}\n{_SUM_SAID}")
        return {}

    async def _resend(self, answers: Answers, desk: Desk) -> Json:
        request = await self._request(answers, desk)
        await desk.let_go()
        try:
            sent = await desk.codes.send(request)
        except CaptchaNeededError as needed:
            return {"captcha": needed.question}
        except TooSoonError as early:
            seconds = max(1, round((early.until - desk.clock.now()).total_seconds()))
            raise UnfitError(
                f"刚发过一条，请 {seconds} 秒后再回复“重新获取”；"
                f"已收到就请发送 {self.digits} 位数字。"
            ) from early
        return {"expires": sent.expires_at.timestamp()}

    def spoilt_by(self, error: DomainError) -> bool:
        """Tell whether the proof no longer holds."""
        return isinstance(error, CodeNotProvenError)

    def answered(self, stored: Json) -> bool:
        """Tell whether the phone is proven."""
        return isinstance(stored, dict) and "proof" in stored

    def load(self, stored: Json) -> Proof:
        """Return the proof."""
        proof = stored["proof"] if isinstance(stored, dict) else None
        if not isinstance(proof, dict):
            raise UnfitError("请重新获取验证码。")
        return Proof.from_json(proof)

    def texts(self) -> Iterator[str]:
        """Yield the words of the question."""
        yield from super().texts()
        yield f"验证码已发到 186****9021，5 分钟内有效。\n请发送短信里的 {self.digits} 位数字。"
