"""Kinds of answers: how to read one, what to say when it does not fit, how to show it."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Generic, TypeVar

import cn2an

from dialogs.engine.choosing import plain
from dialogs.engine.courtesies import POLITE
from dialogs.engine.messages import Option
from domain.filings.model import InvalidFilingNumberError
from domain.filings.model import filing_number as read_filing_number
from domain.shared import idents
from domain.shared.conversations import Json
from domain.shared.idents import IdFault, Masked, mask

__all__ = [
    "Kind",
    "UnfitError",
    "area",
    "day",
    "filing_number",
    "id_fault",
    "money",
    "one_of",
    "person",
    "phone",
    "resident_id",
    "secret",
    "text",
    "whole_number",
    "yes_no",
]

T = TypeVar("T")


class UnfitError(Exception):
    """An answer does not fit; ``sentence`` says in the citizen's words what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of answer.

    ``parse`` takes what was typed and raises `UnfitError`; ``dump`` and ``load`` go to stored
    data and back; ``show`` is what the citizen sees on the check-answers page, masked where it
    must be. ``options`` are offered where the answers are few. ``sensitive`` kinds may be asked
    for only by a one-time page, or typed where the citizen insists.
    """

    parse: Callable[[str], T]
    dump: Callable[[T], Json]
    load: Callable[[Json], T]
    show: Callable[[T], str]
    options: tuple[Option, ...] = ()
    sensitive: bool = False


def _words(stored: Json) -> str:
    if not isinstance(stored, str):
        raise UnfitError("这一项请重新填写。")
    return stored


def _worded(
    parse: Callable[[str], str],
    *,
    show: Callable[[str], str] = str,
    options: tuple[Option, ...] = (),
    sensitive: bool = False,
) -> Kind[str]:
    """Make a kind that is stored as the words it was read as, and read again when loaded."""
    return Kind(parse, str, lambda stored: parse(_words(stored)), show, options, sensitive)


def _read_phone(typed: str) -> str:
    within = re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", re.sub(r"[\s-]", "", idents.half_width(typed)))
    try:
        return idents.mobile(within[0] if len(within) == 1 else typed)
    except idents.InvalidPhoneError as error:
        raise UnfitError("请发送 11 位手机号，例如 13812345678。") from error


phone = _worded(_read_phone, show=lambda value: mask(value, Masked.PHONE))
"""A mainland mobile number, stored as ``+8613812345678``."""


def _read_person(typed: str) -> str:
    if plain(typed) in POLITE:
        raise UnfitError(_NAME_WANTED)
    try:
        return idents.person_name(typed)
    except idents.InvalidNameError as error:
        raise UnfitError(_NAME_WANTED) from error


_NAME_WANTED = "请发送证件上的姓名，例如 王小安。"

person = _worded(_read_person)
"""A person's name as on the identity card."""

_ID_FAULTS = {
    IdFault.SHAPE: "身份证号是 18 位：前 17 位是数字，最后一位是数字或 X，请核对后再发。",
    IdFault.REGION: "身份证号的前两位不是省份代码，请对照证件再发一次。",
    IdFault.BIRTH: "身份证号第 7 到 14 位是出生年月日，您发的这几位不是真实的日期，请核对后再发。",
    IdFault.CHECK: "身份证号的最后一位对不上，很可能有一位打错了，请对照证件再发一次。",
}


def id_fault(fault: IdFault) -> str:
    """Return the sentence for one of the four faults of an identity number."""
    return _ID_FAULTS[fault]


def resident_id(today: Callable[[], date]) -> Kind[str]:
    """Make the kind of an identity number; ``today`` bounds the date of birth."""

    def read(typed: str) -> str:
        try:
            return idents.resident_id(typed, today())
        except idents.InvalidIdNumberError as error:
            raise UnfitError(id_fault(error.fault)) from error

    return _worded(read, show=lambda value: mask(value, Masked.ID_NUMBER), sensitive=True)


def _read_filing_number(typed: str) -> str:
    try:
        return read_filing_number(typed)
    except InvalidFilingNumberError as error:
        raise UnfitError(
            "备案编号由数字和大写字母组成，例如 1101052008000000，请对照备案通知单再发一次。"
        ) from error


filing_number = _worded(_read_filing_number)
"""The number under which a family is filed for public rental. Source: S0-26."""


def text(most: int = 200) -> Kind[str]:
    """Make a kind of free words, 1 to ``most`` characters."""

    def read(typed: str) -> str:
        words = typed.strip()
        if not words:
            raise UnfitError("请用文字写下来发给我。")
        if len(words) > most:
            raise UnfitError(f"请写短一些，最多 {most} 个字，您写了 {len(words)} 个字。")
        return words

    return _worded(read)


def _amount(typed: str) -> Decimal | None:
    """Return the number in «60000», «6万», «六万元», «1,200.5»; ``None`` if there is none."""
    digits = re.sub(r"[,，\s元块圆整平方米㎡]|m²|m2", "", plain(typed))
    times = 1
    if re.fullmatch(r"\d+(\.\d+)?[万千百]", digits):
        times = {"万": 10_000, "千": 1_000, "百": 100}[digits[-1]]
        digits = digits[:-1]
    elif re.fullmatch(r"[零一二两三四五六七八九十百千万亿点]{1,20}", digits):
        try:
            digits = str(cn2an.cn2an(digits.replace("两", "二"), "smart"))
        except (ValueError, KeyError):
            return None
    try:
        return Decimal(digits) * times if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", digits) else None
    except InvalidOperation:  # pragma: no cover (the pattern admits only numbers)
        return None


def _read_quantity(typed: str, *, most: Decimal, unfit: str) -> Decimal:
    amount = _amount(typed)
    if amount is None or amount > most:
        raise UnfitError(unfit)
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _tidy(amount: Decimal) -> str:
    return f"{amount:,.2f}".removesuffix(".00")


def _quantity(most: Decimal, unit: str, unfit: str) -> Kind[Decimal]:
    def read(typed: str) -> Decimal:
        return _read_quantity(typed, most=most, unfit=unfit)

    return Kind(
        read, str, lambda stored: read(_words(stored)), lambda amount: f"{_tidy(amount)} {unit}"
    )


money = _quantity(Decimal(10**9), "元", "请发送金额的数字，例如 60000；没有请回复 0。")
"""An amount in yuan, to the fen."""

area = _quantity(Decimal(10_000), "平方米", "请发送面积的数字，单位平方米，例如 58.5。")
"""A floor area in m², two decimals."""


def whole_number(least: int, most: int) -> Kind[int]:
    """Make a kind of whole numbers between two bounds, both included."""

    def read(typed: str) -> int:
        amount = _amount(typed)
        if amount is None or amount != int(amount) or not least <= amount <= most:
            raise UnfitError(f"请发送 {least} 到 {most} 之间的整数。")
        return int(amount)

    return Kind(read, int, lambda stored: read(str(stored)), str)


def _read_secret(typed: str) -> str:
    # What an input method makes of a key is not what the citizen means.
    words = unicodedata.normalize("NFKC", typed)
    if not words:
        raise UnfitError("请填写密码。")
    if len(words) > _LONGEST_SECRET:
        raise UnfitError(f"密码最多 {_LONGEST_SECRET} 位，请短一些。")
    return words


_LONGEST_SECRET = 64

secret = Kind(_read_secret, str, lambda stored: _read_secret(_words(stored)), lambda _: "已填写")
"""A password, taken as it is: spaces count."""

_YEARS = range(1900, 2101)
"""What lies outside is a slip of the finger."""

_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))")


def _read_day(typed: str) -> date:
    found = _DAY.fullmatch(plain(typed))
    if found:
        year, month, of_month = (int(part) for part in found.groups() if part)
        with suppress(ValueError):
            if year in _YEARS:
                return date(year, month, of_month)
    raise UnfitError("请发送日期，例如 2024-05-01。")


day: Kind[date] = Kind(
    _read_day,
    date.isoformat,
    lambda stored: _read_day(_words(stored)),
    lambda value: f"{value.year}年{value.month}月{value.day}日",
)
"""A calendar day."""


def one_of(*labels: str) -> Kind[str]:
    """Make a kind of a few known answers, each its own label."""

    def read(typed: str) -> str:
        wanted = plain(typed)
        for label in labels:
            if plain(label) == wanted:
                return label
        raise UnfitError("请从下面的选项里选一个，回复数字就可以。")

    return _worded(read, options=tuple(Option(label, value=label) for label in labels))


_YES = {"是", "是的", "对", "对的", "有", "好", "好的", "要", "可以", "嗯", "yes", "y"}
_NO = {"否", "不是", "不对", "不", "没有", "无", "不要", "不用", "没", "no", "n"}


def _read_yes_no(typed: str) -> bool:
    wanted = plain(typed)
    if wanted in _YES:
        return True
    if wanted in _NO:
        return False
    raise UnfitError("请回复“是”或“否”。")


yes_no: Kind[bool] = Kind(
    _read_yes_no,
    bool,
    lambda stored: _read_yes_no("是" if stored in (True, "是") else "否"),
    lambda value: "是" if value else "否",
    options=(Option("是", value="是"), Option("否", value="否")),
)
"""Yes or no."""
