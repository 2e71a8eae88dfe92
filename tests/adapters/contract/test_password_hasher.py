"""One suite for whoever keeps passwords."""

import pytest

from adapters.passwords import Argon2Passwords
from domain.accounts.service import PasswordHasher
from tests.support.works import PlainPasswords

SAID = "青禾 Home-42"


@pytest.fixture(params=[Argon2Passwords, PlainPasswords])
def passwords(request: pytest.FixtureRequest) -> PasswordHasher:
    hasher: PasswordHasher = request.param()
    return hasher


async def test_the_password_matches_what_was_kept_and_no_other_does(
    passwords: PasswordHasher,
) -> None:
    kept = await passwords.hash(SAID)
    assert await passwords.matches(SAID, kept)
    for other in ("", SAID + " ", SAID.lower()):
        assert not await passwords.matches(other, kept)


async def test_nothing_matches_what_is_no_hash(passwords: PasswordHasher) -> None:
    for kept in ("", SAID, "$argon2id$v=19$broken"):
        assert not await passwords.matches(SAID, kept)


async def test_argon2_keeps_each_password_with_its_own_salt() -> None:
    passwords = Argon2Passwords()
    one, other = await passwords.hash(SAID), await passwords.hash(SAID)
    assert one != other
    assert one.startswith("$argon2id$")
    assert SAID not in one
