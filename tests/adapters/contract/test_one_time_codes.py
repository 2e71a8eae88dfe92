"""What whoever makes one-time codes must do. Source: RFC 6238."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from adapters.one_time_codes import TotpCodes
from domain.officers.ports import OneTimeCodes

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The seed of the RFC's own examples, in the alphabet that phones take."""

CODES: OneTimeCodes = TotpCodes()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert CODES.code_at(SEED, at) == code
    assert CODES.step_of(SEED, code, at) == seconds // 30


@pytest.mark.parametrize(
    ("later", "counts"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)]
)
def test_the_half_minutes_beside_count_as_well_and_no_others(later: int, counts: bool) -> None:  # noqa: FBT001 (a verdict)
    at = datetime(2026, 3, 11, 4, 0, 0, tzinfo=UTC)
    step = CODES.step_of(SEED, CODES.code_at(SEED, at), at + timedelta(seconds=later))
    assert step == (int(at.timestamp()) // 30 if counts else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "28708２", "abc", "000000"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert CODES.step_of(SEED, code, datetime.fromtimestamp(59, UTC)) is None


def test_the_address_tells_a_phone_seed_and_name() -> None:
    address = urlsplit(CODES.address(SEED, "wangyan"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == "/安居:wangyan"
    assert parse_qs(address.query) == {"secret": [SEED], "issuer": ["安居"]}
