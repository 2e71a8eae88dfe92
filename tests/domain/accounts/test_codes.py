"""Source: S0-15, S0-26, S0-55."""

import re
from datetime import timedelta

import pytest

from adapters.simulated import LineState, SimulatedSms
from domain.accounts.codes import (
    CaptchaNeededError,
    CodeExpiredError,
    CodeReplacedError,
    CodeService,
    CodeSpentError,
    PhoneUnreachableError,
    TooSoonError,
    WrongCodeError,
)
from domain.accounts.model import CodeLimits, CodeRequest, Purpose
from domain.shared.errors import DomainError, UnavailableError
from domain.shared.throttle import Limit, ThrottledError
from tests.support.clock import FakeClock
from tests.support.codes import citizen, outcome, phone, send_again, service, solve, wrong
from tests.support.works import ALICE, BOB, PHONE, MemorySecrets, a_request, proven

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.fixture
def codes(secrets: MemorySecrets, sms: SimulatedSms, clock: FakeClock) -> CodeService:
    return service(secrets, sms, clock)


async def test_a_code_that_was_sent_proves_the_phone(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    sent = await codes.send(a_request())
    assert sent.resend_at == clock.now() + timedelta(seconds=60)
    assert sent.expires_at == clock.now() + timedelta(minutes=10)
    message = sms.inbox(PHONE)[0]
    assert re.fullmatch(r"[0-9]{6}", message.code)
    clock.forward(30)
    assert await codes.check(a_request(), message.code) == proven(a_request(), clock.now())


async def test_a_code_works_once(codes: CodeService, sms: SimulatedSms) -> None:
    await codes.send(a_request())
    code = sms.inbox()[0].code
    assert await outcome(codes, a_request(), code) is None
    assert await outcome(codes, a_request(), code) is CodeExpiredError


async def test_another_purpose_need_not_wait_for_the_minute(codes: CodeService) -> None:
    """Whoever just signed up goes straight on to binding the family."""
    await codes.send(a_request())
    await codes.send(a_request(purpose=Purpose.BIND_FAMILY))
    with pytest.raises(TooSoonError):
        await codes.send(a_request())


async def test_codes_to_the_phone_of_ones_own_account_need_no_sum(
    codes: CodeService, clock: FakeClock
) -> None:
    for purpose in (Purpose.BIND_FAMILY, Purpose.CANCEL, Purpose.BIND_FAMILY, Purpose.CANCEL):
        await codes.send(a_request(purpose=purpose))
        clock.forward(MINUTE)


@pytest.mark.parametrize(("waited", "expected"), [(599, None), (600, CodeExpiredError)])
async def test_a_code_lives_for_ten_minutes(
    codes: CodeService,
    sms: SimulatedSms,
    clock: FakeClock,
    waited: int,
    expected: type[DomainError] | None,
) -> None:
    await codes.send(a_request())
    clock.forward(waited)
    assert await outcome(codes, a_request(), sms.inbox()[0].code) is expected


@pytest.mark.parametrize(
    "other",
    [
        a_request(openid=BOB),
        a_request(phone="+8619900000002"),
        a_request(purpose=Purpose.CANCEL),
        a_request(draft_id="another"),
    ],
)
async def test_a_code_is_good_for_its_own_request_only(
    codes: CodeService, sms: SimulatedSms, other: CodeRequest
) -> None:
    await codes.send(a_request())
    code = sms.inbox()[0].code
    assert await outcome(codes, other, code) is CodeExpiredError
    assert await outcome(codes, a_request(), code) is None


async def test_a_wrong_code_tells_how_many_tries_are_left(
    codes: CodeService, sms: SimulatedSms
) -> None:
    await codes.send(a_request())
    code = sms.inbox()[0].code
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCodeError) as caught:
            await codes.check(a_request(), wrong(code))
        assert caught.value.left == left
    for said in (wrong(code), code, code):
        assert await outcome(codes, a_request(), said) is CodeSpentError


async def test_a_new_code_kills_the_old_one(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    await codes.send(a_request())
    clock.forward(60)
    await codes.send(a_request())
    new, old = (message.code for message in sms.inbox())
    assert new != old
    assert await outcome(codes, a_request(), old) is CodeReplacedError
    assert await outcome(codes, a_request(), new) is None


@pytest.mark.parametrize(("waited", "early"), [(0, True), (59, True), (60, False)])
async def test_a_phone_gets_one_code_a_minute_whoever_asks(
    codes: CodeService,
    clock: FakeClock,
    waited: int,
    early: bool,  # noqa: FBT001 (a table)
) -> None:
    began = clock.now()
    await codes.send(a_request())
    clock.forward(waited)
    for openid in (ALICE, BOB):
        if early:
            with pytest.raises(TooSoonError) as caught:
                await codes.send(a_request(openid=openid))
            assert caught.value.until == began + timedelta(seconds=60)
    if not early:
        await codes.send(a_request(openid=BOB))


async def test_a_phone_gets_four_codes_an_hour_and_eight_a_day_over_all_citizens(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    began = clock.now()
    refused = []
    for number in range(60):
        try:
            await codes.send(a_request(openid=citizen(number)))
        except ThrottledError as error:
            refused.append(error.until)
        clock.forward(15 * MINUTE if number % 2 else 61)
    assert len(sms.inbox()) == 8
    assert refused[0] == began + timedelta(hours=1)
    assert refused[-1] == began + timedelta(days=1)


async def test_any_hour_holds_at_most_four_codes_also_across_the_full_hour(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    times, refused = [], 0
    for number in range(200):
        try:
            await codes.send(a_request(openid=citizen(number)))
        except (ThrottledError, TooSoonError):
            refused += 1
        else:
            times.append(clock.now())
        clock.forward(70)
    for first in times:
        assert sum(first <= at < first + timedelta(hours=1) for at in times) <= 4
    assert len(times) == len(sms.inbox()) == 8
    assert refused == 192


async def test_a_citizen_may_try_three_phones_a_day(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    began = clock.now()
    for number in (1, 2, 3):
        await send_again(codes, a_request(phone=phone(number)))
        clock.forward(60)
    with pytest.raises(ThrottledError) as caught:
        await codes.send(a_request(phone=phone(4)))
    assert caught.value.until == began + timedelta(days=1)
    await send_again(codes, a_request(phone=phone(1)))
    assert len(sms.inbox()) == 4
    clock.forward(DAY)
    await codes.send(a_request(phone=phone(4)))


async def test_the_third_code_of_a_day_needs_a_sum_to_be_solved(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    for _ in range(2):
        await codes.send(a_request())
        clock.forward(60)
    for _ in range(3):
        with pytest.raises(CaptchaNeededError) as caught:
            await codes.send(a_request())
    assert len(sms.inbox()) == 2
    assert not await codes.solve(ALICE, "99")
    assert not await solve(codes, BOB, caught.value.question)
    assert await solve(codes, ALICE, caught.value.question)
    assert not await solve(codes, ALICE, caught.value.question)
    await codes.send(a_request())
    assert len(sms.inbox()) == 3


async def test_a_solved_sum_is_forgotten_after_five_minutes(
    codes: CodeService, clock: FakeClock
) -> None:
    for _ in range(3):
        await send_again(codes, a_request())
        clock.forward(60)
    await codes.send(a_request())
    clock.forward(HOUR)
    with pytest.raises(CaptchaNeededError):
        await codes.send(a_request())


async def test_a_silent_line_counts_for_nothing(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock, secrets: MemorySecrets
) -> None:
    sms.line.state = LineState.DOWN
    for _ in range(4):
        with pytest.raises(UnavailableError):
            await codes.send(a_request())
    counted = [
        key for key, hits in secrets.hits.items() if hits and not key.startswith("codes:silent")
    ]
    assert counted == []
    sms.line.state = LineState.UP
    await codes.send(a_request())
    assert await outcome(codes, a_request(), sms.inbox()[0].code) is None
    assert clock.now() == FakeClock().now()


class Operator:
    """A sender whose operator lets nothing through, for a reason."""

    def __init__(self, reason: DomainError) -> None:
        self.reason = reason

    async def send(self, phone: str, code: str, purpose: Purpose) -> None:
        raise self.reason


async def test_an_operators_limit_is_told_with_its_time_and_does_not_count(
    secrets: MemorySecrets, sms: SimulatedSms, clock: FakeClock
) -> None:
    until = clock.now() + timedelta(hours=1)
    limited = service(secrets, Operator(ThrottledError(until)), clock)
    with pytest.raises(ThrottledError) as raised:
        await limited.send(a_request())
    assert raised.value.until == until
    await service(secrets, sms, clock).send(a_request())
    assert len(sms.inbox()) == 1


async def test_a_phone_that_takes_no_messages_counts_so_that_nobody_can_list_such_phones(
    secrets: MemorySecrets, clock: FakeClock
) -> None:
    barred = service(secrets, Operator(PhoneUnreachableError()), clock)
    with pytest.raises(PhoneUnreachableError):
        await barred.send(a_request())
    with pytest.raises(TooSoonError):
        await barred.send(a_request())


async def test_a_code_that_may_have_been_lost_is_sent_again_as_it_was(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    sms.line.state = LineState.DEAF
    with pytest.raises(UnavailableError):
        await codes.send(a_request())
    clock.forward(4 * MINUTE)
    sms.line.state = LineState.UP
    sent = await codes.send(a_request())
    first, second = (message.code for message in sms.inbox())
    assert first == second
    assert sent.expires_at == clock.now() + timedelta(minutes=6)
    assert await outcome(codes, a_request(), first) is None


async def test_while_a_code_may_just_have_come_no_other_one_follows(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    """Whose talk got lost begins anew: two codes for one thing would puzzle anybody."""
    sms.line.state = LineState.DEAF
    with pytest.raises(UnavailableError):
        await codes.send(a_request())
    sms.line.state = LineState.UP
    anew = a_request(draft_id="another")
    for waited in (0, MINUTE - 1):
        clock.forward(waited)
        with pytest.raises(TooSoonError) as early:
            await codes.send(anew)
        assert early.value.until == FakeClock().now() + timedelta(seconds=MINUTE)
    await codes.send(a_request())
    assert len({message.code for message in sms.inbox()}) == 1
    clock.forward(MINUTE)
    await codes.send(anew)
    assert await outcome(codes, anew, sms.inbox()[0].code) is None


async def test_nor_does_it_where_the_lost_one_has_little_time_left(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    sms.line.state = LineState.DEAF
    for waited in (0, 5 * MINUTE):
        clock.forward(waited)
        with pytest.raises(UnavailableError):
            await codes.send(a_request())
    sms.line.state = LineState.UP
    clock.forward(1)
    with pytest.raises(TooSoonError):
        await codes.send(a_request())
    clock.forward(MINUTE - 1)
    await codes.send(a_request())
    assert await outcome(codes, a_request(), sms.inbox()[0].code) is None


async def test_a_lost_code_with_little_time_left_is_replaced(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    sms.line.state = LineState.DEAF
    with pytest.raises(UnavailableError):
        await codes.send(a_request())
    clock.forward(5 * MINUTE + 1)
    sms.line.state = LineState.UP
    await codes.send(a_request())
    second, first = (message.code for message in sms.inbox())
    assert first != second
    assert await outcome(codes, a_request(), first) is CodeReplacedError


async def test_a_line_that_delivers_but_never_answers_cannot_flood_a_phone(
    codes: CodeService, sms: SimulatedSms
) -> None:
    sms.line.state = LineState.DEAF
    for _ in range(50):
        with pytest.raises((UnavailableError, TooSoonError)):
            await codes.send(a_request())
    assert len(sms.inbox()) == 6


async def test_a_citizen_has_ten_wrong_codes_an_hour_and_twenty_a_day(
    secrets: MemorySecrets, sms: SimulatedSms, clock: FakeClock
) -> None:
    codes = service(
        secrets, sms, clock, CodeLimits(phones_per_citizen=(Limit(100, timedelta(days=1)),))
    )
    began, tried, until = clock.now(), 0, []
    for number in range(12):
        await send_again(codes, a_request(phone=phone(number)))
        for _ in range(5):
            said = wrong(sms.inbox()[0].code)
            found = await outcome(codes, a_request(phone=phone(number)), said)
            tried += found in {WrongCodeError, CodeSpentError}
            if found is ThrottledError:
                with pytest.raises(ThrottledError) as caught:
                    await codes.check(a_request(phone=phone(number)), sms.inbox()[0].code)
                until.append(caught.value.until)
        clock.forward(10 * MINUTE)
    assert tried == 20
    assert until[0] == began + timedelta(hours=1)
    assert until[-1] == began + timedelta(days=1)


async def test_right_codes_do_not_use_up_the_wrong_ones(
    secrets: MemorySecrets, sms: SimulatedSms, clock: FakeClock
) -> None:
    generous = CodeLimits(sends_per_phone=(), sends_without_captcha=1000)
    codes = service(secrets, sms, clock, generous)
    for _ in range(30):
        await codes.send(a_request())
        assert await outcome(codes, a_request(), sms.inbox()[0].code) is None
        clock.forward(60)


async def test_fifty_wrong_codes_without_a_right_one_give_a_phone_a_days_rest(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    compared = 0
    for number in range(10):
        request = a_request(openid=citizen(number))
        await codes.send(request)
        for _ in range(5):
            found = await outcome(codes, request, wrong(sms.inbox()[0].code))
            compared += found in {WrongCodeError, CodeSpentError}
        clock.forward(3 * HOUR + 1)
    last_wrong = clock.now() - timedelta(seconds=3 * HOUR + 1)
    with pytest.raises(ThrottledError) as caught:
        await codes.send(a_request(openid=BOB))
    assert caught.value.until == last_wrong + timedelta(days=1)
    assert compared == 50
    with pytest.raises(ThrottledError):
        await codes.check(a_request(), "000000")
    clock.forward(DAY)
    await codes.send(a_request(openid=BOB))
    assert await outcome(codes, a_request(openid=BOB), sms.inbox()[0].code) is None


async def test_a_right_code_forgives_the_wrong_ones_of_a_phone(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    for number in range(15):
        request = a_request(openid=citizen(number))
        await codes.send(request)
        code = sms.inbox()[0].code
        for _ in range(4):
            assert await outcome(codes, request, wrong(code)) is WrongCodeError
        assert await outcome(codes, request, code) is None
        clock.forward(4 * HOUR)


async def test_guessing_all_over_the_country_makes_everybody_solve_sums(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    for number in range(41):
        request = a_request(openid=citizen(number), phone=phone(number))
        await codes.send(request)
        for _ in range(5):
            await outcome(codes, request, wrong(sms.inbox()[0].code))
        clock.forward(1)
    honest = a_request(openid=BOB, phone=phone(5000))
    with pytest.raises(CaptchaNeededError) as caught:
        await codes.send(honest)
    assert await solve(codes, BOB, caught.value.question)
    await codes.send(honest)
    clock.forward(10 * MINUTE)
    await codes.send(a_request(openid=citizen(5001), phone=phone(5001)))


async def test_many_slips_among_many_right_codes_alarm_nobody(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    for number in range(180):
        request = a_request(openid=citizen(number), phone=phone(number))
        await codes.send(request)
        code = sms.inbox()[0].code
        if number % 3 == 0:
            assert await outcome(codes, request, wrong(code)) is WrongCodeError
        assert await outcome(codes, request, code) is None
        clock.forward(1)


async def test_a_number_range_whose_citizens_use_their_codes_is_never_paused(
    codes: CodeService, sms: SimulatedSms
) -> None:
    for number in range(100):
        request = a_request(openid=citizen(number), phone=f"+861990000{number:04d}")
        await codes.send(request)
        if number % 4 == 0:
            assert await outcome(codes, request, sms.inbox()[0].code) is None
    assert len(sms.inbox()) == 100


async def test_a_number_range_is_paused_again_when_its_codes_are_used_no_more(
    codes: CodeService, sms: SimulatedSms, clock: FakeClock
) -> None:
    async def ask(number: int) -> CodeRequest:
        request = a_request(openid=citizen(number), phone=f"+861990000{number:04d}")
        await codes.send(request)
        return request

    for number in range(40):
        assert await outcome(codes, await ask(number), sms.inbox()[0].code) is None
    for number in range(40, 201):
        await ask(number)
    with pytest.raises(ThrottledError) as caught:
        await ask(201)
    assert caught.value.until == clock.now() + timedelta(minutes=10)


async def test_a_store_that_is_silent_lets_nothing_through(
    codes: CodeService, sms: SimulatedSms, secrets: MemorySecrets
) -> None:
    await codes.send(a_request())
    secrets.silent = True
    assert await outcome(codes, a_request(), sms.inbox()[0].code) is UnavailableError
    with pytest.raises(UnavailableError):
        await codes.send(a_request(openid=BOB, phone=phone(1)))
    assert len(sms.inbox()) == 1


async def test_the_code_itself_is_kept_nowhere(
    codes: CodeService, sms: SimulatedSms, secrets: MemorySecrets
) -> None:
    await codes.send(a_request())
    code = sms.inbox()[0].code.encode()
    assert secrets.kept
    assert not [value for value, _ in secrets.kept.values() if code in value]
