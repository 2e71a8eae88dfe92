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


async def test_nothing_matches_where_nothing_was_kept(passwords: PasswordHasher) -> None:
    for said in ("", SAID):
        assert not await passwords.matches(said, None)


async def test_argon2_does_the_same_work_where_nothing_was_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords, compared = Argon2Passwords(), []
    kept = await passwords.hash(SAID)

    def verify(_hasher: object, against: str, _password: str) -> bool:
        compared.append(against.split("$")[1:4])
        return True

    monkeypatch.setattr("argon2.PasswordHasher.verify", verify)
    assert await passwords.matches(SAID, kept)
    assert not await passwords.matches(SAID, None)
    assert compared[0] == compared[1]


async def test_argon2_keeps_each_password_with_its_own_salt() -> None:
    passwords = Argon2Passwords()
    one, other = await passwords.hash(SAID), await passwords.hash(SAID)
    assert one != other
    assert one.startswith("$argon2id$")
    assert SAID not in one
