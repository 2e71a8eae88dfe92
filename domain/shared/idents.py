"""Identity numbers, phones and names: read as people write them, shown as little as possible."""

import re
from datetime import date
from enum import StrEnum
from typing import Final, assert_never

from stdnum.iso7064 import mod_11_2

from domain.shared.errors import InvalidError

__all__ = [
    "IdFault",
    "InvalidIdNumberError",
    "InvalidNameError",
    "InvalidPhoneError",
    "Masked",
    "half_width",
    "long_id",
    "mask",
    "mobile",
    "person_name",
    "resident_id",
]

_HALF: Final = {
    **{0xFF10 + step: ord("0") + step for step in range(10)},
    **{0xFF21 + step: ord("A") + step for step in range(26)},
    **{0xFF41 + step: ord("a") + step for step in range(26)},
    0x3000: ord(" "),
}

_PROVINCE: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""The county behind it is not looked up: people keep the code of an abolished one for life."""

_ID_SHAPE: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLD_ID_SHAPE: Final = re.compile(r"[0-9]{15}")

_PHONE_MARKS: Final = re.compile(r"[\s\-‐‑‒–—－()（）.·]")
_PHONE: Final = re.compile(r"(?:[+＋]86|0086|86)?(1[3-9][0-9]{9})")

_HAN: Final = "〇㐀-䶿一-鿿豈-\ufaff\U00020000-\U000323af"
_LETTER: Final = f"[{_HAN}A-Za-zÀ-ÖØ-öø-ÿ]"
_NAME: Final = re.compile(f"{_LETTER}+(?:[· '.-]{_LETTER}+)*")
_NAME_DOTS: Final = re.compile("[•‧∙・･．•⋅]")
_SPACE_AT_HAN: Final = re.compile(f"(?<=[{_HAN}·]) +| +(?=[{_HAN}·])")
_NAME_LENGTHS: Final = range(2, 31)

_DOUBLE_SURNAME: Final = re.compile(
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|长孙|宇文|司徒|司空|夏侯|轩辕|独孤|南宫|端木"
    "|百里|呼延|西门|淳于|申屠|公冶|澹台|钟离|濮阳|太史|闻人|赫连|拓跋|万俟|闾丘|东郭|鲜于"
)

_MIN_HIDDEN: Final = 4
"""A mask that would hide fewer characters shows none."""


class IdFault(StrEnum):
    """What is wrong with an ID number: the first of these that applies."""

    SHAPE = "shape"
    """Not 17 digits and a digit or X."""
    REGION = "region"
    """No province has such a code."""
    BIRTH = "birth"
    """Not a day in the calendar, or one still to come."""
    CHECK = "check"
    """The last character does not fit the others: a slip of the pen."""


class InvalidIdNumberError(InvalidError):
    """The text is not a resident ID number.

    Parameters
    ----------
    fault
        What is wrong with it.
    """

    code = "id-number"

    def __init__(self, fault: IdFault) -> None:
        super().__init__(fault)
        self.fault = fault


class InvalidPhoneError(InvalidError):
    """The text is not a mainland mobile number."""

    code = "phone"


class InvalidNameError(InvalidError):
    """The text is not a person's name."""

    code = "name"


class Masked(StrEnum):
    """What may be masked."""

    NAME = "name"
    ID_NUMBER = "id-number"
    PHONE = "phone"
    FILING_NUMBER = "filing-number"
    CERTIFICATE = "certificate"


def half_width(text: str) -> str:
    """Return the text with full-width digits, Latin letters and spaces made half-width.

    Narrower than NFKC on purpose: punctuation and Chinese stay as they were written.

    Source: GB 18030, the rows of full-width forms.
    """
    return text.translate(_HALF)


def resident_id(text: str, today: date) -> str:
    """Read a resident ID number, or the residence permit of a Hong Kong, Macau or Taiwan resident.

    Parameters
    ----------
    text
        As typed: full-width characters, spaces and a small x are understood.
    today
        The day in China, so that nobody is born tomorrow.

    Returns
    -------
    str
        18 characters: 17 digits, then a digit or ``X``.

    Raises
    ------
    InvalidIdNumberError
        It cannot be one; ``fault`` tells why. The 15-digit number went out of use in 2013.

    Source
    ------
    S0-23; GB 11643.
    """
    number = _without_spaces(half_width(text)).upper()
    if not _ID_SHAPE.fullmatch(number):
        raise InvalidIdNumberError(IdFault.SHAPE)
    if not _PROVINCE.match(number):
        raise InvalidIdNumberError(IdFault.REGION)
    born = _calendar_day(number[6:14])
    if born is None or born > today:
        raise InvalidIdNumberError(IdFault.BIRTH)
    if not mod_11_2.is_valid(number):
        raise InvalidIdNumberError(IdFault.CHECK)
    return number


def long_id(number: str) -> str:
    """Return the 18 characters of an ID number, also of a 15-digit one in an old filing.

    Anything else is returned without spaces and in capitals, for comparing.

    Source: GB 11643.
    """
    plain = _without_spaces(half_width(number)).upper()
    if not _OLD_ID_SHAPE.fullmatch(plain):
        return plain
    dated = f"{plain[:6]}19{plain[6:]}"
    return dated + str(mod_11_2.calc_check_digit(dated))


def mobile(text: str) -> str:
    """Read a mainland mobile number.

    Operators' ranges are not checked: they keep growing.

    Parameters
    ----------
    text
        As typed: with or without the country's code; spaces, dashes and brackets are understood.

    Returns
    -------
    str
        ``+86`` and 11 digits.

    Raises
    ------
    InvalidPhoneError
        It cannot be one.

    Source
    ------
    S0-08, S0-11.
    """
    found = _PHONE.fullmatch(_PHONE_MARKS.sub("", half_width(text)))
    if found is None:
        raise InvalidPhoneError
    return f"+86{found[1]}"


def person_name(text: str) -> str:
    """Read a person's name.

    Parameters
    ----------
    text
        As typed: any kind of middle dot, spaces inside a Chinese name.

    Returns
    -------
    str
        2 to 30 characters: Chinese or Latin letters, with ``·``, space, apostrophe, full stop or
        hyphen between them.

    Raises
    ------
    InvalidNameError
        It cannot be one.

    Source
    ------
    S0-23.
    """
    spaced = " ".join(_NAME_DOTS.sub("·", half_width(text)).split())
    name = _SPACE_AT_HAN.sub("", spaced)
    if len(name) not in _NAME_LENGTHS or not _NAME.fullmatch(name):
        raise InvalidNameError
    return name


def mask(value: str, as_: Masked) -> str:
    """Show just enough of a value for its owner to recognise it; the only masking function.

    The number of stars does not tell how much is hidden. A value too short for its mask is hidden
    whole. A filing number is shown whole to its family; this is its form for everybody else.

    Source: S0-76, S0-77.
    """
    match as_:
        case Masked.NAME:
            return f"{_surname(value)}某某"
        case Masked.ID_NUMBER:
            return _ends(value, head=2, stars="*****", tail=2)
        case Masked.PHONE:
            return _ends(value.removeprefix("+86"), head=3, stars="****", tail=4)
        case Masked.FILING_NUMBER:
            return _ends(value, head=6, stars="*****", tail=3)
        case Masked.CERTIFICATE:
            return _ends(value, head=0, stars="****", tail=4)
    assert_never(as_)


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _calendar_day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _surname(name: str) -> str:
    # A name of two characters such as 东方 is one surname and one given name.
    double = len(name) > len("东方") and _DOUBLE_SURNAME.match(name)
    return name[:2] if double else name[:1]


def _ends(value: str, *, head: int, stars: str, tail: int) -> str:
    if len(value) - head - tail < _MIN_HIDDEN:
        return stars
    return f"{value[:head]}{stars}{value[-tail:]}"
