"""Codes asked for and tried by many at once, on a real file. Source: S0-15, S0-55."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.cipher import Cipher
from adapters.simulated import SimulatedSms
from adapters.sql.secrets import EmbeddedSecrets
from domain.accounts import codes as codes_module
from domain.accounts.codes import CodeSpentError, TooSoonError, WrongCodeError
from domain.accounts.model import same_code
from domain.shared.throttle import ThrottledError
from tests.support.clock import FakeClock
from tests.support.codes import KEY, citizen, outcome, service, wrong
from tests.support.works import MemorySecrets, a_request


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[EmbeddedSecrets]:
    store = await EmbeddedSecrets.open(tmp_path / "secrets.db", Cipher(KEY))
    yield store
    await store.aclose()


@pytest.mark.parametrize(("store", "numbers"), [("memory", 5000), ("embedded", 500)])
async def test_thousands_of_adjacent_numbers_get_thirty_one_messages(
    store: str,
    numbers: int,
    embedded: EmbeddedSecrets,
    secrets: MemorySecrets,
    clock: FakeClock,
) -> None:
    sms = SimulatedSms(clock)
    codes = service(embedded if store == "embedded" else secrets, sms, clock)

    async def ask(number: int) -> None:
        request = a_request(openid=citizen(number), phone=f"+861990000{number:04d}")
        try:
            await codes.send(request)
        except ThrottledError:
            return

    await asyncio.gather(*(ask(number) for number in range(numbers)))
    assert len(sms.inbox()) == 31


@pytest.mark.parametrize("store", ["memory", "embedded"])
async def test_sixty_four_checks_at_once_compare_at_most_five_times(
    store: str,
    embedded: EmbeddedSecrets,
    secrets: MemorySecrets,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sms = SimulatedSms(clock)
    codes = service(embedded if store == "embedded" else secrets, sms, clock)
    await codes.send(a_request())
    code = sms.inbox()[0].code
    compared = []

    def counting(said: str, right: str) -> bool:
        compared.append(said)
        return same_code(said, right)

    monkeypatch.setattr(codes_module, "same_code", counting)
    found = await asyncio.gather(*(outcome(codes, a_request(), wrong(code)) for _ in range(64)))
    assert len(compared) == 5
    assert None not in found
    assert await outcome(codes, a_request(), code) is CodeSpentError


async def test_of_sixty_four_right_answers_at_once_one_proves(
    embedded: EmbeddedSecrets, clock: FakeClock
) -> None:
    sms = SimulatedSms(clock)
    codes = service(embedded, sms, clock)
    await codes.send(a_request())
    code = sms.inbox()[0].code
    found = await asyncio.gather(*(outcome(codes, a_request(), code) for _ in range(64)))
    assert found.count(None) == 1


async def test_sixty_four_wishes_at_once_send_one_code(
    embedded: EmbeddedSecrets, clock: FakeClock
) -> None:
    sms = SimulatedSms(clock)
    codes = service(embedded, sms, clock)

    async def ask(number: int) -> bool:
        try:
            await codes.send(a_request(openid=citizen(number)))
        except TooSoonError:
            return False
        return True

    assert sum(await asyncio.gather(*(ask(number) for number in range(64)))) == 1
    assert len(sms.inbox()) == 1


async def test_what_was_counted_and_sent_survives_a_restart(
    tmp_path: Path, clock: FakeClock
) -> None:
    sms = SimulatedSms(clock)
    for expected in (WrongCodeError, WrongCodeError, None):
        store = await EmbeddedSecrets.open(tmp_path / "kept.db", Cipher(KEY))
        codes = service(store, sms, clock)
        if not sms.inbox():
            await codes.send(a_request())
        else:
            with pytest.raises(TooSoonError):
                await codes.send(a_request())
        code = sms.inbox()[0].code
        said = code if expected is None else wrong(code)
        assert await outcome(codes, a_request(), said) is expected
        await store.aclose()
