"""Codes as tests ask for them, solve for them and get them wrong."""

from domain.accounts.codes import CaptchaNeededError, CodeService, SmsSender
from domain.accounts.model import CodeLimits, CodeRequest
from domain.shared.errors import DomainError
from domain.shared.records import OpenId
from domain.shared.throttle import SecretStore
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock

__all__ = ["KEY", "citizen", "outcome", "phone", "send_again", "service", "solve", "wrong"]

KEY = bytes(range(32))
_NUMERALS = {word: number for number, word in enumerate("零一二三四五六七八九")}


def service(
    secrets: SecretStore,
    sms: SmsSender,
    clock: FakeClock,
    limits: CodeLimits = CodeLimits(),  # noqa: B008 (frozen)
) -> CodeService:
    return CodeService(secrets, sms, clock, SeededRandomness(), KEY, limits=limits)


def citizen(number: int) -> OpenId:
    return OpenId(f"oTest{number:023d}")


def phone(number: int) -> str:
    """Return a phone of a number range of its own."""
    return f"+86138{number:04d}0000"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def solve(codes: CodeService, openid: OpenId, question: str) -> bool:
    left, right = (_NUMERALS[word] for word in question[0:3:2])
    return await codes.solve(openid, str(left + right))


async def send_again(codes: CodeService, request: CodeRequest) -> None:
    """Send as a patient citizen does who solves the sum."""
    try:
        await codes.send(request)
    except CaptchaNeededError as needed:
        await solve(codes, request.openid, needed.question)
        await codes.send(request)


async def outcome(codes: CodeService, request: CodeRequest, said: str) -> type[DomainError] | None:
    try:
        await codes.check(request, said)
    except DomainError as error:
        return type(error)
    return None
