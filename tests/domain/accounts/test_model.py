from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.model import (
    PROOF_LIFE,
    CodeRequest,
    Issued,
    Proof,
    Purpose,
    code_of,
    number_said,
    prefix_of,
    same_code,
    sum_in_words,
)
from tests.support.clock import FakeClock
from tests.support.works import ALICE, BOB, PHONE, a_request, proven

NOW = FakeClock().now()
KEY = bytes(range(32))

seeds = st.text("abcdef0123456789", min_size=22, max_size=22)


def holds(proof: Proof, **changed: object) -> bool:
    asked = {"openid": ALICE, "phone": PHONE, "purpose": Purpose.CANCEL, "now": NOW}
    return proof.holds(**(asked | changed))  # type: ignore[arg-type] # checked by the tests


def test_a_proof_holds_for_half_an_hour_and_not_before_its_time() -> None:
    proof = proven(a_request(purpose=Purpose.CANCEL), NOW)
    assert holds(proof)
    assert holds(proof, now=NOW + PROOF_LIFE)
    assert not holds(proof, now=NOW + PROOF_LIFE + timedelta(microseconds=1))
    assert not holds(proof, now=NOW - timedelta(microseconds=1))


@pytest.mark.parametrize(
    "changed",
    [{"openid": BOB}, {"phone": "+8619900000002"}, {"purpose": Purpose.SIGN_IN}],
)
def test_a_proof_proves_nothing_else(changed: dict[str, object]) -> None:
    assert not holds(proven(a_request(purpose=Purpose.CANCEL), NOW), **changed)


@given(st.sampled_from(Purpose), st.text(max_size=20), st.datetimes(timezones=st.just(UTC)))
def test_a_proof_survives_the_draft(purpose: Purpose, draft_id: str, at: datetime) -> None:
    proof = proven(a_request(purpose=purpose, draft_id=draft_id), at)
    assert Proof.from_json(proof.to_json()) == proof


@given(seeds, st.lists(seeds, max_size=3), st.booleans())
def test_what_is_kept_of_a_code_survives_the_store(
    seed: str,
    older: list[str],
    sent: bool,  # noqa: FBT001 (drawn)
) -> None:
    issued = Issued(seed, NOW, sent=sent, older=tuple(older))
    assert Issued.from_bytes(issued.to_bytes()) == issued


@given(seeds)
def test_a_code_is_six_digits_and_not_in_what_is_kept(seed: str) -> None:
    code = code_of(KEY, a_request(), seed)
    assert len(code) == 6
    assert code.isdecimal()
    assert code.isascii()
    assert code == code_of(KEY, a_request(), seed)


@pytest.mark.parametrize(
    "other",
    [
        a_request(openid=BOB),
        a_request(phone="+8619900000002"),
        a_request(purpose=Purpose.CANCEL),
        a_request(draft_id="another"),
    ],
)
def test_a_seed_gives_another_code_for_any_other_request(other: CodeRequest) -> None:
    many = [f"seed{number}" for number in range(20)]
    assert [code_of(KEY, a_request(), seed) for seed in many] != [
        code_of(KEY, other, seed) for seed in many
    ]
    assert code_of(KEY, a_request(), "a") != code_of(bytes(32), a_request(), "a")


def test_codes_are_spread_over_all_digits() -> None:
    codes = [code_of(KEY, a_request(), str(seed)) for seed in range(4000)]
    for place in range(6):
        counts = [sum(code[place] == digit for code in codes) for digit in "0123456789"]
        # 400 expected, standard deviation 19: six of them would be a broken generator.
        assert all(286 < count < 514 for count in counts)


@pytest.mark.parametrize("said", ["123456", " 123 456 ", "１２３４５６"])
def test_a_code_is_understood_as_people_type_it(said: str) -> None:
    assert same_code(said, "123456")


@pytest.mark.parametrize("said", ["", "12345", "1234567", "123457", "一二三四五六", "😀"])
def test_anything_else_is_not_the_code(said: str) -> None:
    assert not same_code(said, "123456")


def test_a_number_range_is_seven_digits() -> None:
    assert prefix_of("+8613812345678") == "+861381234"


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_sum_can_be_answered_in_figures_and_in_words(left: int, right: int) -> None:
    words = "零 一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八".split()  # noqa: SIM905 (reads better)
    assert sum_in_words(left, right) == f"{words[left]}加{words[right]}等于几"
    total = left + right
    for answer in (str(total), words[total], f"{words[left]}加{words[right]}等于{words[total]}"):
        assert number_said(f" {answer}。") == total


@pytest.mark.parametrize(("said", "number"), [("８", 8), ("两", 2), ("十", 10), ("1+2=3", 3)])
def test_numbers_are_heard_in_other_ways_too(said: str, number: int) -> None:
    assert number_said(said) == number


@pytest.mark.parametrize("said", ["", "不知道", "二十", "十十"])
def test_what_is_no_small_number_is_none(said: str) -> None:
    assert number_said(said) is None
