"""A family's registrations for units, and whether one may be made or cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stdnum import luhn

from domain.filings.model import Family, FamilyCancelledError, FamilyState, UnitType
from domain.identity.model import Person
from domain.plans.model import Plan, PlanId, PlanState, Project, ProjectId, Unit, UnitId
from domain.shared.errors import ConflictError, InvalidError, RefusedError
from domain.shared.idents import half_width
from domain.shared.records import AccountId

__all__ = [
    "ALLOWED",
    "CHECK_CODE_DIGITS",
    "AlreadyCancelledError",
    "AlreadyRegisteredError",
    "CancelTooLateError",
    "InvalidCheckCodeError",
    "Paper",
    "PlanClosedError",
    "PlanLimitError",
    "PlanNotOpenError",
    "Registration",
    "RegistrationState",
    "UnitTypeMismatchError",
    "check_code",
    "is_registration_number",
    "may_cancel",
    "registration_number",
    "screen",
    "screen_cancel",
]

_PREFIX = "DJ"
_NUMBER_LENGTH = 17

CHECK_CODE_DIGITS = 20
"""Some 66 bits: nobody guesses one, and everybody can type one."""

_BETWEEN_GROUPS = str.maketrans("", "", " -\t\u00a0\u2013\u2014\uff0d")


class PlanNotOpenError(RefusedError):
    """Registration has not begun; ``opens_at`` tells when it will."""

    code = "plan-not-open"

    def __init__(self, opens_at: datetime) -> None:
        super().__init__()
        self.opens_at = opens_at


class PlanClosedError(RefusedError):
    """Registration is over; ``closes_at`` tells since when."""

    code = "plan-closed"

    def __init__(self, closes_at: datetime) -> None:
        super().__init__()
        self.closes_at = closes_at


class UnitTypeMismatchError(RefusedError):
    """The family has not filed for this type; ``filed`` are its types, ``wanted`` the unit's."""

    code = "unit-type-mismatch"

    def __init__(self, filed: tuple[UnitType, ...], wanted: UnitType) -> None:
        super().__init__()
        self.filed = filed
        self.wanted = wanted


class AlreadyRegisteredError(ConflictError):
    """The family holds a live registration of this unit; ``number`` names it."""

    code = "already-registered"

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class PlanLimitError(RefusedError):
    """The family already has as many live registrations as the plan allows: ``limit``."""

    code = "plan-limit"

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit


class AlreadyCancelledError(ConflictError):
    """The registration ``number`` is cancelled already."""

    code = "already-cancelled"

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class CancelTooLateError(RefusedError):
    """The plan of registration ``number`` closed at ``closes_at``; only staff may cancel now."""

    code = "cancel-too-late"

    def __init__(self, number: str, closes_at: datetime) -> None:
        super().__init__(number)
        self.number = number
        self.closes_at = closes_at


class InvalidCheckCodeError(InvalidError):
    """A text does not have the shape of a paper's check code."""

    code = "check-code-shape"


class RegistrationState(StrEnum):
    """Where a registration stands.

    Source: S0-58.
    """

    REGISTERED = "registered"
    CANCELLED = "cancelled"


ALLOWED: Mapping[RegistrationState, frozenset[RegistrationState]] = {
    RegistrationState.REGISTERED: frozenset({RegistrationState.CANCELLED}),
    RegistrationState.CANCELLED: frozenset(),
}
"""What each state may become. A cancelled registration stays so: the family registers anew.

Source: S0-58, S0-59.
"""


@dataclass(frozen=True, slots=True)
class Registration:
    """A family's wish for a flat of one unit.

    ``notice_version`` and ``notice_hash`` name the notice that was read. ``phone`` is the
    account's phone when registering. ``check_code`` lets whoever holds the paper ask whether it is
    authentic; empty where the registration is older than papers with codes.

    Source: S0-44, S0-48, S0-60, Q-03, Q-32.
    """

    number: str
    family_id: str
    account_id: AccountId
    plan_id: PlanId
    project_id: ProjectId
    unit_id: UnitId
    unit_type: UnitType
    state: RegistrationState
    notice_version: int
    notice_hash: str
    phone: str
    created_at: datetime
    cancelled_at: datetime | None = None
    check_code: str = ""

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.state is RegistrationState.REGISTERED


@dataclass(frozen=True, slots=True)
class Paper:
    """A registration with everything that its paper tells about.

    ``person`` is whose account registered; ``None`` where that is no longer known.

    Source: S0-48, S0-60.
    """

    registration: Registration
    plan: Plan
    project: Project
    unit: Unit
    family: Family
    person: Person | None


def registration_number(day: str, serial: str) -> str:
    """Make a registration number.

    Parameters
    ----------
    day
        The day in China, ``YYYYMMDD``.
    serial
        Six digits.

    Returns
    -------
    str
        ``DJ``, the day, the digits and a Luhn check digit: 17 characters. Any one wrong digit
        and nearly any two swapped neighbours are noticed.

    Source
    ------
    S0-44.
    """
    digits = day + serial
    return f"{_PREFIX}{digits}{luhn.calc_check_digit(digits)}"


def is_registration_number(text: str) -> bool:
    """Tell whether a text has the shape and the check digit of a registration number.

    Source: S0-44.
    """
    digits = text.removeprefix(_PREFIX)
    well_formed = text.startswith(_PREFIX) and len(text) == _NUMBER_LENGTH
    return well_formed and digits.isascii() and digits.isdecimal() and bool(luhn.is_valid(digits))


def check_code(text: str) -> str:
    """Read a paper's check code as people copy it.

    Parameters
    ----------
    text
        Twenty digits, perhaps full-width, perhaps in groups with spaces or dashes between.

    Returns
    -------
    str
        The digits alone.

    Raises
    ------
    InvalidCheckCodeError
        It is anything else.

    Source
    ------
    S0-48, Q-32.
    """
    digits = half_width(text).translate(_BETWEEN_GROUPS)
    if len(digits) != CHECK_CODE_DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise InvalidCheckCodeError
    return digits


def screen(
    unit: Unit, plan: Plan, family: Family, live: Sequence[Registration], now: datetime
) -> None:
    """Let a family through that may register for a unit, or say the first reason why not.

    A registration that exists is told before everything else, so that a citizen who asks again
    is shown it even when the window has closed meanwhile.

    Parameters
    ----------
    unit, plan
        What is wanted; the plan is the one the unit's project belongs to.
    family
        Who wants it.
    live
        The family's live registrations, of any plan.
    now
        The present moment.

    Raises
    ------
    AlreadyRegisteredError
        The family has a live registration of this unit.
    PlanNotOpenError, PlanClosedError
        The moment lies outside the plan's window.
    FamilyCancelledError
        The filing is cancelled.
    UnitTypeMismatchError
        The family has not filed for the unit's type.
    PlanLimitError
        The family has reached the plan's limit.

    Source
    ------
    S0-37, S0-39, S0-47, S0-50, Q-01.
    """
    for registration in live:
        if registration.unit_id == unit.id:
            raise AlreadyRegisteredError(registration.number)
    _screen_window(plan, now)
    if family.state is not FamilyState.VALID:
        raise FamilyCancelledError
    if unit.unit_type not in family.unit_types:
        raise UnitTypeMismatchError(family.unit_types, unit.unit_type)
    if plan.limit is not None and _live_in(plan, live) >= plan.limit:
        raise PlanLimitError(plan.limit)


def _screen_window(plan: Plan, now: datetime) -> None:
    match plan.state_at(now):
        case PlanState.COMING:
            raise PlanNotOpenError(plan.opens_at)
        case PlanState.CLOSED:
            raise PlanClosedError(plan.closes_at)
        case PlanState.OPEN:
            return


def _live_in(plan: Plan, live: Sequence[Registration]) -> int:
    return sum(registration.plan_id == plan.id for registration in live)


def screen_cancel(registration: Registration, plan: Plan, now: datetime) -> None:
    """Let a registration through that may be cancelled by its family, or say why not.

    Raises
    ------
    AlreadyCancelledError
        It is cancelled.
    CancelTooLateError
        The plan's registration has closed.

    Source
    ------
    S0-58, Q-06.
    """
    if RegistrationState.CANCELLED not in ALLOWED[registration.state]:
        raise AlreadyCancelledError(registration.number)
    if plan.state_at(now) is PlanState.CLOSED:
        raise CancelTooLateError(registration.number, plan.closes_at)


def may_cancel(registration: Registration, plan: Plan, now: datetime) -> bool:
    """Tell whether the family may still cancel.

    Source: S0-52, Q-06.
    """
    try:
        screen_cancel(registration, plan, now)
    except (AlreadyCancelledError, CancelTooLateError):
        return False
    return True
