"""Stand-ins for the outside: a phone network, an identity register, a family register.

They know one small world, read from a TOML file, and only ever stand in sandbox mode and in tests.
"""

import asyncio
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from adapters.sql.sandbox import Arrivals, Arrived
from domain.accounts.model import Purpose
from domain.filings.model import FamilyState, Filing, Member, UnitType, unit_types_of
from domain.identity.model import Verdict
from domain.shared.clock import Clock, china_time
from domain.shared.errors import InvalidError, UnansweredError, UnavailableError
from domain.shared.idents import long_id, mobile
from domain.shared.pushes import PushKind

__all__ = [
    "DEMO_WORLD",
    "Inhabitant",
    "Line",
    "LineState",
    "SentSms",
    "SimulatedFamilyRegister",
    "SimulatedIdentityCheck",
    "SimulatedSms",
    "World",
    "WorldBrokenError",
]

DEMO_WORLD: Final = Path(__file__).with_name("demo_world.toml")
"""The world that is shipped."""

_DEMO_MARK: Final = "（演示）"
_MESSAGES_KEPT: Final = 200

_UNIT_TYPES: Final = {unit_type.value[0]: unit_type.value for unit_type in UnitType} | {
    "两": "二居室"
}

_SAID_FOR: Final = {
    Purpose.SIGN_IN: "注册或登录",
    Purpose.BIND_FAMILY: "绑定公租房备案家庭",
    Purpose.CANCEL: "取消登记",
    Purpose.CHANGE_PHONE: "修改手机号",
    Purpose.RECOVER: "找回账号",
    Purpose.EXPORT: "导出个人信息",
    Purpose.CLOSE_ACCOUNT: "注销账号",
    Purpose.WITHDRAW: "撤回同意",
    Purpose.RESET_PASSWORD: "设置登录密码",
}


_TOLD: Final = {
    PushKind.PHONE_CHANGED: (
        "您的账号手机号已改为 {0}，这个号码不能再登录。不是您本人改的，请马上联系我们。"
    ),
    PushKind.RESTED: (
        "有人多次输错您手机号的验证码或登录密码，为了安全，{0} 之前不能再试。不是您本人操作的，"
        "请不要把验证码告诉任何人，并联系我们。"
    ),
    PushKind.RECOVERED: (
        "您的账号已改用手机号 {0}，这个号码不能再登录。不是您本人办的，请在 24 小时内到微信里"
        "发送“撤销找回”，撤销码 {1}。请勿告诉任何人。"
    ),
    PushKind.REGISTERED: "您已登记 {0}，编号 {1}，{2}。不是您本人办的，请马上联系我们。",
    PushKind.CANCELLED: "您已取消登记 {0}，编号 {1}，{2}。不是您本人办的，请马上联系我们。",
    PushKind.CASE: "您办理的{0}（编号 {1}）：{2}。详情请到公众号查看。",
    PushKind.ANSWERED: "您办理的{0}（编号 {1}）：{2}。详情请到公众号查看。",
    PushKind.COME_BACK: "工作人员已在公众号里给您回话，请回到公众号，回复任意内容查看。",
}


class WorldBrokenError(Exception):
    """The file of the stand-ins' world cannot be used; the message says why."""


class LineState(StrEnum):
    """How a line to the outside behaves."""

    UP = "up"
    DOWN = "down"
    """Nothing arrives and nobody answers."""
    DEAF = "deaf"
    """What was asked is done, but the answer never comes."""


@dataclass(slots=True)
class Line:
    """A line to the outside, which tests and demonstrations may slow down or cut."""

    state: LineState = LineState.UP
    delay_seconds: float = 0.0

    async def reach(self) -> None:
        """Get to the other side, or raise `UnavailableError`."""
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self.state is LineState.DOWN:
            raise UnavailableError("simulated")

    def answer(self) -> None:
        """Get the answer back, or raise `UnansweredError`."""
        if self.state is LineState.DEAF:
            raise UnansweredError("simulated")


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """A person of the world. ``face`` tells whether a face check passes."""

    name: str
    id_number: str
    face: str = "pass"
    bank_cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """Who exists: persons by ID number, families by filing number."""

    people: Mapping[str, Inhabitant] = field(default_factory=dict)
    families: Mapping[str, Filing] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = DEMO_WORLD) -> Self:
        """Read a world; tables and keys of services that do not stand yet are passed over.

        A name's mark （演示） is for readers of the file: the person's name is without it.

        Raises
        ------
        WorldBrokenError
            The file is missing, no TOML, or lacks something.
        """
        try:
            tables = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise WorldBrokenError(f"{path}: {error}") from error
        people = (_inhabitant(entry) for entry in _entries(tables, "person"))
        families = (_filing(entry) for entry in _entries(tables, "family"))
        try:
            return cls(
                {long_id(one.id_number): one for one in people},
                {one.number: one for one in families},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise WorldBrokenError(f"{path}: {error!r}") from error


@dataclass(frozen=True, slots=True)
class SentSms:
    """A message as it lies in a phone: 11 digits, the code, the words, and when (ISO 8601)."""

    phone: str
    code: str
    text: str
    sent_at: str

    def to_json(self) -> dict[str, str]:
        """Return plain data under the names of the fields."""
        return {
            "phone": self.phone,
            "code": self.code,
            "text": self.text,
            "sent_at": self.sent_at,
        }


class SimulatedSms:
    """The `SmsSender` and `NoticeSender` of phones that lie here to be read.

    Parameters
    ----------
    arrivals
        Where every process finds what all have sent; ``None``: only this one remembers.
    """

    def __init__(self, clock: Clock, arrivals: Arrivals | None = None) -> None:
        self._clock = clock
        self._arrivals = arrivals
        self._sent: deque[SentSms] = deque(maxlen=_MESSAGES_KEPT)
        self.line = Line()

    async def send(self, phone: str, code: str, purpose: Purpose) -> None:
        """Put a message into the phone."""
        await self.line.reach()
        text = (
            f"【安居】您正在{_SAID_FOR[purpose]}，验证码 {code}，5 分钟内有效。"
            "请勿告诉任何人。（演示）"
        )
        await self._arrive(phone, code, text)
        self.line.answer()

    async def tell(self, phone: str, kind: PushKind, values: Sequence[str]) -> None:
        """Put a notice into the phone; its word, where it has one, is shown as its code."""
        await self.line.reach()
        text = f"【安居】{_TOLD[kind].format(*values)}（演示）"
        word = values[1] if kind is PushKind.RECOVERED else ""
        await self._arrive(phone, word, text)
        self.line.answer()

    async def received(self, phone: str | None = None) -> list[SentSms]:
        """Return the messages of one phone, or of all, whichever process sent them; newest first.

        The last 200 at most.
        """
        if self._arrivals is None:
            return self.inbox(phone)
        try:
            digits = None if phone is None else _digits(phone)
        except InvalidError:
            return []
        return [SentSms(**kept) for kept in await self._arrivals.of(Arrived.SMS, digits)]

    async def _arrive(self, phone: str, code: str, text: str) -> None:
        now = self._clock.now()
        sent_at = china_time(now).isoformat(timespec="seconds")
        sms = SentSms(phone.removeprefix("+86"), code, text, sent_at)
        self._sent.appendleft(sms)
        if self._arrivals is not None:
            await self._arrivals.keep(Arrived.SMS, sms.phone, sms.to_json(), at=now)

    def inbox(self, phone: str | None = None) -> list[SentSms]:
        """Return what this process sent to a phone in any notation, or to all; newest first."""
        if phone is None:
            return list(self._sent)
        try:
            digits = _digits(phone)
        except InvalidError:
            return []
        return [message for message in self._sent if message.phone == digits]


class SimulatedIdentityCheck:
    """The `IdentityCheck` that knows the world's inhabitants."""

    source = "simulated"

    def __init__(self, world: World) -> None:
        self._world = world
        self.line = Line()

    async def compare(self, name: str, id_number: str) -> Verdict:
        """Compare a name with an ID number; a number nobody has is a mismatch."""
        await self.line.reach()
        self.line.answer()
        found = self._world.people.get(long_id(id_number))
        same = found is not None and found.name.casefold() == name.casefold()
        return Verdict.MATCH if same else Verdict.MISMATCH


class SimulatedFamilyRegister:
    """The `FamilyRegister` that knows the world's families."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.line = Line()

    async def find(self, number: str) -> Filing | None:
        """Return what is filed under a number; ``None`` if nothing is."""
        await self.line.reach()
        self.line.answer()
        return self._world.families.get(number)


def _digits(phone: str) -> str:
    return mobile(phone).removeprefix("+86")


def _entries(tables: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    yield from tables.get(name, ())


def _inhabitant(entry: Mapping[str, Any]) -> Inhabitant:
    return Inhabitant(
        name=_name(entry["name"]),
        id_number=long_id(str(entry["id_number"])),
        face=str(entry.get("face", "pass")),
        bank_cards=tuple(str(card) for card in entry.get("bank_cards", ())),
    )


def _filing(entry: Mapping[str, Any]) -> Filing:
    filed_at = entry.get("filed_at")
    return Filing(
        number=str(entry["filing_number"]).strip().upper(),
        district=str(entry["district"]),
        unit_types=unit_types_of([_unit_type(word) for word in entry["unit_types"]]),
        group=str(entry["group"]),
        state=FamilyState(entry.get("status", FamilyState.VALID)),
        members=tuple(_member(one) for one in entry["members"]),
        filed_at=filed_at if isinstance(filed_at, date) else None,
    )


def _member(entry: Mapping[str, Any]) -> Member:
    return Member(_name(entry["name"]), str(entry["id_number"]), str(entry["relation"]))


def _name(name: str) -> str:
    return name.removesuffix(_DEMO_MARK)


def _unit_type(word: str) -> str:
    # 二居, 二居室 and 两居室 are the same to people, and so to whoever writes such a file.
    return _UNIT_TYPES.get(word[:1], word)
