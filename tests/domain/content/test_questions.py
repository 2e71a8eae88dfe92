import pytest

from domain.content.questions import SynonymError, synonym
from tests.support.allotment import NOW


def test_a_synonym_is_kept_without_blanks_and_in_small_letters() -> None:
    """Source: S2-14."""
    kept = synonym(" 报 名 ", "ETC登记", by="officer", at=NOW)
    assert (kept.word, kept.means) == ("报名", "etc登记")


@pytest.mark.parametrize(
    ("word", "means"),
    [("租", "租金"), ("报名", "登"), ("登记", "登记"), ("登记", "意向登记"), ("长" * 21, "登记")],
)
def test_what_cannot_stand_for_something_is_refused(word: str, means: str) -> None:
    with pytest.raises(SynonymError):
        synonym(word, means, by="officer", at=NOW)
