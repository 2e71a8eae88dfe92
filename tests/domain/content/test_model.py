import pytest

from domain.content.model import Category, category_of, faq_kind, fingerprint


def test_a_fingerprint_is_the_sha256_of_the_text() -> None:
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert fingerprint("告知书") != fingerprint("告知书 ")


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("agreement-user", Category.AGREEMENT),
        ("notice-quick", Category.NOTICE),
        ("consent-face", Category.CONSENT),
        ("announcement-quick-4", Category.ANNOUNCEMENT),
        ("guide-filing", Category.GUIDE),
        (faq_kind("rent"), Category.FAQ),
        ("special", Category.NOTICE),
    ],
)
def test_a_kind_says_what_sort_of_text_it_is(kind: str, category: Category) -> None:
    assert category_of(kind) is category
