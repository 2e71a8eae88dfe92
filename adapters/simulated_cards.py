"""Stand-ins for cards: sample ID cards, somebody who reads them, and a bank that knows its own."""

import io
from typing import Final

from adapters.simulated import Inhabitant, Line, World
from domain.identity.bank_cards import CardVerdict
from domain.identity.id_cards import CardFault, CardUnreadableError, IdCard
from domain.shared.idents import long_id

__all__ = ["SimulatedBankCardCheck", "SimulatedIdCardReader", "draw_card"]

_SIZE: Final = (856, 540)
_CELL: Final = 40
_ROWS: Final = 8
_LEFT, _TOP = 500, 110
_DIGITS: Final = 17
_CHECK: Final = 127
_BITS: Final = _ROWS * _ROWS
_DARK, _LIGHT = 90, 165


def draw_card(person: Inhabitant) -> bytes:
    """Draw the sample ID card of an inhabitant, as a PNG of 856 × 540.

    A pattern carries the number: the stand-in reads it from any copy that fills the picture,
    drawn anew, smaller or larger.
    """
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 (4 MB, seldom needed)

    card = Image.new("L", _SIZE, "white")
    pen = ImageDraw.Draw(card)
    pen.rectangle((8, 8, _SIZE[0] - 9, _SIZE[1] - 9), outline=0, width=4)
    pen.text((40, 40), "SAMPLE ID CARD", fill=0, font=ImageFont.load_default(40))
    pen.text((40, 450), person.id_number, fill=0, font=ImageFont.load_default(48))
    for place, dark in enumerate(_pattern(person.id_number)):
        left, top = _LEFT + place % _ROWS * _CELL, _TOP + place // _ROWS * _CELL
        pen.rectangle((left, top, left + _CELL - 1, top + _CELL - 1), fill=0 if dark else 255)
    drawn = io.BytesIO()
    card.save(drawn, "PNG")
    return drawn.getvalue()


class SimulatedIdCardReader:
    """The `IdCardReader` that reads sample cards of the world's inhabitants."""

    def __init__(self, world: World) -> None:
        self._people = {number[:_DIGITS]: person for number, person in world.people.items()}
        self.line = Line()

    async def read(self, picture: bytes) -> IdCard:
        """Read a sample card; whatever else is on the picture is no card."""
        await self.line.reach()
        self.line.answer()
        person = self._people.get(_number_on(picture))
        if person is None:
            raise CardUnreadableError(CardFault.NO_CARD)
        return IdCard(person.name, person.id_number)


class SimulatedBankCardCheck:
    """The `BankCardCheck` that knows the inhabitants' cards."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.line = Line()

    async def compare(self, name: str, id_number: str, card_number: str) -> CardVerdict:
        """Compare a card with its holder."""
        await self.line.reach()
        self.line.answer()
        holder = self._world.people.get(long_id(id_number))
        theirs = holder is not None and holder.name == name and card_number in holder.bank_cards
        return CardVerdict.MATCH if theirs else CardVerdict.MISMATCH


def _pattern(id_number: str) -> list[bool]:
    """Return the dark and light cells of a number: itself, and a check against chance."""
    number = int(id_number[:_DIGITS])
    word = number * (_CHECK + 1) + number % _CHECK
    return [bool(word >> place & 1) for place in range(_BITS)]


def _number_on(picture: bytes) -> str:
    """Return the first 17 digits on a picture; empty where there is no pattern."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 (as above)

    try:
        with Image.open(io.BytesIO(picture)) as opened:
            shades = opened.convert("L").resize(_SIZE).tobytes()
    except UnidentifiedImageError:
        return ""
    middles = [shades[_middle(place)] for place in range(_BITS)]
    if any(_DARK < shade < _LIGHT for shade in middles):
        raise CardUnreadableError(CardFault.UNCLEAR)
    word = sum(1 << place for place, shade in enumerate(middles) if shade <= _DARK)
    number, check = divmod(word, _CHECK + 1)
    return f"{number:0{_DIGITS}d}" if number and number % _CHECK == check else ""


def _middle(place: int) -> int:
    """Return where the middle of a cell lies among the pixels."""
    row, column = divmod(place, _ROWS)
    return (_TOP + row * _CELL + _CELL // 2) * _SIZE[0] + _LEFT + column * _CELL + _CELL // 2
