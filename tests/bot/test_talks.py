"""A talk as bytes: the same talk again, small though much is still to be read."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.talks import dumped, loaded
from domain.shared.conversations import Conversation, Draft
from domain.shared.records import OpenId

LI = OpenId("oLi")
PAGES = [f"第{number}条 申请人应当如实填写，并对真实性负责。" * 20 for number in range(6)]

words = st.text(max_size=200)


@given(st.lists(words), st.dictionaries(words, words), words, st.booleans())
def test_a_talk_comes_back_as_it_was(
    pages: list[str],
    answers: dict[str, str],
    mark: str,
    opened: bool,  # noqa: FBT001 (Hypothesis gives it)
) -> None:
    draft = Draft("d1", "register", 1, answers={**answers})
    talk = Conversation(LI, drafts=[draft], pages=pages, mark=mark, open=opened)
    assert loaded(dumped(talk)) == talk


def test_a_long_text_is_kept_in_little_room() -> None:
    talk = Conversation(LI, pages=PAGES)
    assert len(dumped(talk)) < sum(len(page.encode()) for page in PAGES) / 4
    assert loaded(dumped(talk)) == talk


def test_a_short_talk_stays_readable() -> None:
    assert json.loads(dumped(Conversation(LI, mark="m")))["mark"] == "m"


@pytest.mark.parametrize(
    "stored",
    [b"", b"rubbish", b"{", b"{}", b"[]", b"7", zlib.compress(b"7"), zlib.compress(b"{}")[:-3]],
)
def test_what_is_no_talk_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (which fault it has is nobody's concern)
        loaded(stored)


def test_a_talk_whose_drafts_are_none_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (as above)
        loaded(b'{"openid": "oLi", "drafts": 7}')
