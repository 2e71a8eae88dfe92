"""Every catalogue item is claimed, or open with a reason; every claim is of a known item."""

from pathlib import Path

import pytest

from bot.sources import (
    Catalogue,
    Item,
    NoCatalogueError,
    citations,
    claims,
    open_lines,
    read_catalogue,
    report_lines,
)
from tests.support.house import ROOT

MARK = "Sou" + "rce"
"""Written in two halves, so that the examples below claim nothing themselves."""

ITEMS_OF_MANUAL = {"S0": 82, "S1": 58, "S2": 72, "S3": 68, "S4": 78}


def cited(text: str) -> list[tuple[int, str]]:
    return list(citations(text))


def test_the_catalogue_holds_every_item_of_the_five_manuals() -> None:
    items = read_catalogue(ROOT).items.values()
    counted = {
        manual: sum(item.id.startswith(manual) for item in items) for manual in ITEMS_OF_MANUAL
    }
    assert counted == ITEMS_OF_MANUAL
    assert all(item.kind in "FDRSLAUN" and item.text and item.source for item in items)


def test_every_claim_is_of_a_known_item() -> None:
    known = read_catalogue(ROOT).items
    assert {name: places for name, places in claims(ROOT).items() if name not in known} == {}


def test_every_item_is_claimed_or_open_with_a_reason() -> None:
    catalogue, found = read_catalogue(ROOT), claims(ROOT)
    silent = [
        name for name in catalogue.items if name not in found and not catalogue.why_open(name)
    ]
    assert not silent, "claim the item where it is done, or give the reason under [open]"


def test_no_claimed_item_is_still_called_open() -> None:
    catalogue, found = read_catalogue(ROOT), claims(ROOT)
    assert not [name for name in catalogue.reasons if name in found]
    manuals = {name.partition("-")[0] for name in catalogue.items}
    assert set(catalogue.reasons) <= manuals | set(catalogue.items)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{MARK}: S9-25 to S9-27, S9-30.", ["S9-25", "S9-26", "S9-27", "S9-30"]),
        (f"Two at once. {MARK}: S9-41; an announcement, item 6.", ["S9-41"]),
        (f"{MARK}\n    ------\n    S9-16; a standard.\n\n    S9-17", ["S9-16"]),
        (f"# {MARK}: S9-01,\n#   S9-02\n# S9-03", ["S9-01", "S9-02"]),
        (f"{MARK}: a standard, then S9-01", ["S9-01"]),
        ("S9-01 is only mentioned", []),
        (f"{MARK}s: S9-01", []),
    ],
)
def test_a_citation_is_read_as_people_write_it(text: str, expected: list[str]) -> None:
    assert [item_id for _, item_id in cited(text)] == expected


def test_a_citation_knows_its_line() -> None:
    assert cited(f"one\ntwo {MARK}: S9-01,\nS9-02\n") == [(2, "S9-01"), (3, "S9-02")]


def test_claims_are_found_in_code_and_in_transcripts(tmp_path: Path) -> None:
    for place in ("domain/a/model.py", "tests/chats/b.chat", "docs/c.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"# {MARK}: S9-01\n", "utf-8")
    assert claims(tmp_path) == {"S9-01": ["domain/a/model.py:1", "tests/chats/b.chat:1"]}


def small_catalogue() -> Catalogue:
    items = {
        name: Item(name, "R", f"rule {name}", "000:L1") for name in ("S8-01", "S9-01", "S9-02")
    }
    return Catalogue(items, {"S8": "Later."})


def test_an_open_item_is_one_line_with_its_id_first_and_its_reason_last() -> None:
    assert open_lines(small_catalogue(), {"S9-01": ["here:1"]}) == [
        "S8-01 rule S8-01 (Later.)",
        "S9-02 rule S9-02",
    ]


def test_the_report_names_the_places_and_counts_each_manual() -> None:
    lines = report_lines(small_catalogue().of("S9"), {"S9-01": ["here:1", "there:2"]})
    assert lines == [
        "S9-01 rule S9-01: here:1, there:2",
        "S9-02 rule S9-02: open",
        "S9: 1 of 2 claimed",
    ]


def test_outside_a_source_tree_there_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(NoCatalogueError):
        read_catalogue(tmp_path)
