"""What stands in braces in a chat, and what a chat looks up on record."""

import re
from collections.abc import Sequence

from sqlalchemy import func, select

from adapters.sql.schema import METADATA
from domain.registrations.model import RegistrationState
from tests.support.town import Resident, Town

__all__ = ["filled", "on_record"]

_STATES = {
    "registrations": RegistrationState.REGISTERED,
    "cancelled": RegistrationState.CANCELLED,
}


async def filled(words: str, town: Town, who: Resident) -> str:
    """Return a citizen's words with what stands in braces put in."""
    for braced in re.findall(r"\{([^{}]+)\}", words):
        words = words.replace(f"{{{braced}}}", await _value(braced, town, who), 1)
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), words)


async def _value(braced: str, town: Town, who: Resident) -> str:
    text, times, count = braced.rpartition(" × ")
    if times:
        return text * int(count)
    if braced == "number":
        return (await town.registrations(who))[0].number
    if braced.startswith("sms on "):
        return town.inbox(braced.removeprefix("sms on "))[0].code
    if braced == "notice":
        return town.inbox(who.phone)[0].text
    if braced.endswith("sms"):
        return _code(braced, [one.code for one in town.inbox(who.phone) if one.code])
    return {"name": who.name, "phone": who.phone, "id": who.id_number, "filing": who.filing}[braced]


def _code(braced: str, codes: Sequence[str]) -> str:
    assert codes, "no message arrived on the citizen's phone"
    match braced:
        case "old sms":
            return codes[1]
        case "wrong sms":
            return f"{int(codes[0]) + 1:0{len(codes[0])}}"[-len(codes[0]) :]
        case "spaced sms":
            return f" {codes[0][:3]} {codes[0][3:]} "
        case _:
            return codes[0]


async def on_record(what: Sequence[str], town: Town, who: Resident) -> str:
    """Return what there is, as a chat writes it: a number, or yes or no."""
    match what:
        case ["account" | "person" | "family" as known]:
            return "yes" if await _knows(known, town, who) else "no"
        case ["registrations" | "cancelled" as state]:
            kept = await town.registrations(who)
            return str(sum(one.state is _STATES[state] for one in kept))
        case ["sms"]:
            return str(len(town.inbox(who.phone)))
        case ["acts", tag]:
            acts = METADATA.tables["acts"]
            chosen = select(func.count()).select_from(acts).where(acts.c.tag == tag)
            return str(await town.count(chosen))
        case [table]:
            return str((await town.counts())[table])
        case _:
            raise AssertionError("nothing like this can be counted")


async def _knows(known: str, town: Town, who: Resident) -> bool:
    async with town.house.open_work() as work:
        citizen = await town.desk(work, who).citizen()
    about = {"account": citizen.account, "person": citizen.person, "family": citizen.family}
    return about[known] is not None
