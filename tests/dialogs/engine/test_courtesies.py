"""What people say to be polite is no answer. Source: S0-19."""

import pytest

from dialogs.engine.courtesies import GOODBYES, GREETINGS, POLITE
from dialogs.engine.kinds import UnfitError, person


@pytest.mark.parametrize("words", sorted(POLITE))
def test_nobody_is_called_by_a_courtesy(words: str) -> None:
    with pytest.raises(UnfitError):
        person.parse(words)


@pytest.mark.parametrize("words", ["你好！", " 您 好 ", "好的。"])
def test_marks_and_spaces_make_no_name_of_it(words: str) -> None:
    with pytest.raises(UnfitError):
        person.parse(words)


@pytest.mark.parametrize("name", ["郝好", "谢谢恩", "王你好", "开心"])
def test_names_that_hold_such_words_are_names(name: str) -> None:
    assert person.parse(name) == name


def test_a_greeting_and_a_goodbye_are_never_the_same_words() -> None:
    assert not GREETINGS.keys() & GOODBYES.keys()
