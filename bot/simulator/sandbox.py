"""What the simulator needs from the rest of the process, and who is there to try it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from starlette.types import ASGIApp

from bot.menu import MenuGroup
from bot.simulator.network import NoNetwork, PhoneNetwork
from bot.simulator.phone import Phone
from bot.wechat.crypto import OfficialAccount
from domain.shared.clock import Clock

__all__ = ["CITIZENS", "Agreement", "Citizen", "Poster", "Sandbox"]


@dataclass(frozen=True, slots=True)
class Poster:
    """A poster with a QR code; ``scene`` is what the code carries, 1 to 64 characters."""

    scene: str
    title: str
    subtitle: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A notice that citizens must agree to: its template, and what it is about."""

    template: str
    title: str


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody to try the chat as: a label, and what they would type when asked. All invented."""

    openid: str
    name: str
    phone: str = ""
    real_name: str = ""
    id_number: str = ""
    filing_number: str = ""


CITIZENS = (
    Citizen("oSimAnjuWANG0000000000000000", "王小安", phone="19900001001"),
    Citizen("oSimAnjuZHO00000000000000000", "周建国", phone="19900001002"),
    Citizen("oSimAnjuLI000000000000000000", "李晓雯", phone="19900001003"),
    Citizen("oSimAnjuCHEN0000000000000000", "陈立新", phone="19900001004"),
)
"""Four ready citizens; the demo's own world replaces them with people it knows."""


@dataclass(frozen=True)
class Sandbox:
    """The simulator's only view of the process, kept as ``app.state.sandbox``.

    ``sms`` takes a phone (None: all) and lists ``phone``, ``code``, ``text``, ``sent_at``;
    newest first. ``public_url`` tells the chat which links are our own pages. ``card`` draws the
    sample ID card that belongs to an ID number, if it is anybody's. ``platform`` is what the phone
    is connected to, ``agreements`` what citizens may agree to there.
    """

    account: OfficialAccount
    account_name: str
    app: Callable[[], ASGIApp]
    clock: Clock
    sms: Callable[[str | None], Awaitable[Sequence[Mapping[str, object]]]]
    posters: Callable[[], Awaitable[Sequence[Poster]]]
    menu: Sequence[MenuGroup]
    citizens: Sequence[Citizen] = CITIZENS
    public_url: str = ""
    card: Callable[[str], bytes | None] = lambda _: None
    platform: PhoneNetwork = field(default_factory=NoNetwork)
    agreements: Sequence[Agreement] = ()

    @cached_property
    def phone(self) -> Phone:
        """The one phone that all citizens hold, so that it remembers what to redeliver."""
        return Phone(self.account, self.clock, self.app, self.platform)

    def card_of(self, openid: str) -> bytes | None:
        """Return the picture of a citizen's ID card; ``None`` where the world knows of none."""
        numbers = [one.id_number for one in self.citizens if one.openid == openid]
        return self.card(numbers[0]) if numbers else None
