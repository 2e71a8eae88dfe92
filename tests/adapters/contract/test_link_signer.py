"""What whoever makes tokens for links must do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cipher import Cipher
from adapters.links import SealedLinks
from domain.shared.pages import LinkSigner

SIGNER: LinkSigner = SealedLinks(Cipher(bytes(32)))
STRANGER: LinkSigner = SealedLinks(Cipher(bytes([1]) * 32))


@given(words=st.text())
def test_words_come_back_from_a_token_of_url_characters(words: str) -> None:
    token = SIGNER.sign(words)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert SIGNER.read(token) == words


@given(words=st.text())
def test_a_token_made_with_another_key_is_refused(words: str) -> None:
    assert SIGNER.read(STRANGER.sign(words)) is None


@given(token=st.text() | st.text("abcXYZ019-_=+/\n "))
def test_a_guessed_token_is_refused(token: str) -> None:
    assert SIGNER.read(token) is None


@given(words=st.text(), place=st.integers(0), bit=st.integers(0, 7))
def test_a_token_is_refused_when_anything_in_it_changes(words: str, place: int, bit: int) -> None:
    token = SIGNER.sign(words)
    place %= len(token) - 1  # the last character may hold bits that mean nothing
    changed = token[:place] + chr(ord(token[place]) ^ (1 << bit)) + token[place + 1 :]
    assert SIGNER.read(changed) is None


@pytest.mark.parametrize("words", ["陈演示", "11010019900307109X"])
def test_equal_words_get_different_tokens_and_show_in_none(words: str) -> None:
    tokens = {SIGNER.sign(words) for _ in range(10)}
    assert len(tokens) == 10
    assert not any(words in token for token in tokens)
