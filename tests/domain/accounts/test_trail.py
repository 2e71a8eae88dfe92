"""What is kept of attempts on accounts. Source: S0-12, S0-15; reliability 2.3; ASVS 16.3.1."""

from datetime import timedelta

import pytest

from domain.accounts.codes import CodeService, WrongCodeError
from domain.accounts.model import CodeLimits, Purpose
from domain.accounts.passwords import PasswordService, WrongPasswordError
from domain.accounts.strength import Strength, Weakness
from domain.accounts.trail import NOBODY, AccountTrail
from domain.shared.clock import china_time
from domain.shared.errors import DomainError
from domain.shared.pushes import PushKind
from domain.shared.records import Act, OpenId
from domain.shared.throttle import ThrottledError
from tests.support.chance import SeededRandomness
from tests.support.clock import FakeClock
from tests.support.codes import KEY
from tests.support.desks import KeptSms
from tests.support.works import (
    ALICE,
    BOB,
    PHONE,
    MemorySecrets,
    PeopleWork,
    PlainPasswords,
    a_request,
)

UNKNOWN = "+8619900000099"


class AnyMeter:
    async def weigh(self, password: str, known: object) -> Strength:
        return Strength(4, Weakness.PLAIN)


class Desk:
    """Codes and passwords of one account, with the trail that they leave."""

    def __init__(self, limits: CodeLimits = CodeLimits()) -> None:  # noqa: B008 (frozen)
        self.work, self.secrets, self.clock = PeopleWork(), MemorySecrets(), FakeClock()
        self.sms = KeptSms()
        self.trail = AccountTrail(self.work, self.secrets, self.clock)
        self.codes = CodeService(
            self.secrets,
            self.sms,
            self.clock,
            SeededRandomness(),
            KEY,
            trail=self.trail,
            limits=limits,
        )
        self.passwords = PasswordService(
            self.work, self.clock, PlainPasswords(), AnyMeter(), self.secrets
        )

    async def settle(self) -> str:
        account = await self.work.accounts.add(phone=PHONE, at=self.clock.now())
        assert account is not None
        await self.work.accounts.set_password(account.id, "kept:right")
        return account.id

    @property
    def acts(self) -> list[tuple[str, str, str]]:
        return [(act.tag, act.actor, act.object_id) for act in self.work.acts.rows]

    def tagged(self, tag: str) -> list[Act]:
        return [act for act in self.work.acts.rows if act.tag == f"accounts:{tag}"]

    async def guess(self, openid: OpenId = ALICE, phone: str = PHONE) -> None:
        """Have a code sent where none is good, and give a wrong one."""
        request = a_request(openid, phone)
        try:
            await self.codes.check(request, "guess")
        except WrongCodeError:
            return
        except ThrottledError:
            return
        except DomainError:
            self.clock.moment += timedelta(minutes=1)
            await self.codes.send(request)
            await self.guess(openid, phone)


async def test_a_wrong_code_leaves_an_act_about_the_account_and_a_right_one_none() -> None:
    desk = Desk()
    account_id = await desk.settle()
    request = a_request(purpose=Purpose.CLOSE_ACCOUNT)
    await desk.codes.send(request)
    with pytest.raises(WrongCodeError):
        await desk.codes.check(request, "guess")
    assert desk.acts == [("accounts:code:wrong", ALICE, account_id)]
    assert desk.work.acts.rows[0].note == "close-account"
    await desk.codes.check(request, desk.sms.codes[-1][1])
    assert len(desk.acts) == 1


async def test_a_wrong_code_or_password_for_nobodys_phone_leaves_the_same_acts() -> None:
    desk = Desk()
    account_id = await desk.settle()
    for phone in (PHONE, UNKNOWN):
        request = a_request(phone=phone)
        await desk.codes.send(request)
        with pytest.raises(WrongCodeError):
            await desk.codes.check(request, "guess")
        with pytest.raises(WrongPasswordError):
            await desk.passwords.check(BOB, phone, "guess")
    assert desk.acts == [
        ("accounts:code:wrong", ALICE, account_id),
        ("accounts:password:wrong", BOB, account_id),
        ("accounts:code:wrong", ALICE, NOBODY),
        ("accounts:password:wrong", BOB, NOBODY),
    ]
    assert not any(PHONE[-11:] in repr(act) for act in desk.work.acts.rows)


async def test_a_right_password_leaves_no_act() -> None:
    desk = Desk()
    await desk.settle()
    await desk.passwords.check(ALICE, PHONE, "right")
    assert desk.acts == []


async def test_passwords_that_are_put_to_rest_leave_one_act_a_day_and_the_phone_is_told() -> None:
    desk = Desk()
    account_id = await desk.settle()
    for number in range(9):
        with pytest.raises((WrongPasswordError, ThrottledError)):
            await desk.passwords.check(OpenId(f"oTest{number:023d}"), PHONE, "guess")
    assert len(desk.tagged("password:wrong")) == 5
    [rests] = desk.tagged("passwords:rest")
    assert rests.object_id == account_id
    until = desk.clock.now() + timedelta(minutes=15)
    assert rests.note == f"until {until.isoformat()}"
    [push] = desk.work.outbox.to_phones(PushKind.RESTED)
    assert (push.phone, push.values) == (PHONE, (f"{china_time(until):%m-%d %H:%M}",))


async def test_nobody_is_told_of_passwords_that_a_phone_without_an_account_cannot_have() -> None:
    desk = Desk()
    for number in range(9):
        with pytest.raises((WrongPasswordError, ThrottledError)):
            await desk.passwords.check(OpenId(f"oTest{number:023d}"), UNKNOWN, "guess")
    assert [act.object_id for act in desk.tagged("passwords:rest")] == [NOBODY]
    assert desk.work.outbox.to_phones() == []


async def test_a_phone_that_is_put_to_rest_leaves_one_act_and_is_told_once() -> None:
    desk = Desk(CodeLimits(wrong_per_phone=3))
    account_id = await desk.settle()
    for number in range(6):
        await desk.guess(OpenId(f"oTest{number:023d}"))
    [rests] = desk.tagged("codes:rest")
    assert rests.object_id == account_id
    assert len(desk.tagged("code:wrong")) == 3
    [push] = desk.work.outbox.to_phones(PushKind.RESTED)
    assert push.phone == PHONE


async def test_the_breakers_alarm_leaves_one_act_while_it_lasts() -> None:
    desk = Desk(CodeLimits(breaker_checks=2, breaker_wrong=0.3, spacing=timedelta(0)))
    for number in range(6):
        request = a_request(OpenId(f"oTest{number:023d}"), f"+8619900001{number:03d}")
        await desk.codes.send(request)
        with pytest.raises(WrongCodeError):
            await desk.codes.check(request, "guess")
        if desk.tagged("codes:alarm"):
            break
    assert desk.tagged("codes:alarm")[0].note == "3 of 3 wrong"
    with pytest.raises(WrongCodeError):
        await desk.codes.check(request, "guess")
    assert len(desk.tagged("codes:alarm")) == 1
