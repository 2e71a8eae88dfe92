"""Which catalogue items the code claims, and where.

A module, a rule, a flow or a test claims items in its docstring or a comment: after the word
Source and a colon, or in a numpydoc section of that name, by their ids, separated by commas, or
as a range with the word "to".
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

__all__ = [
    "ROOT",
    "Catalogue",
    "Item",
    "NoCatalogueError",
    "citations",
    "claims",
    "open_lines",
    "read_catalogue",
    "report_lines",
]

ROOT = Path(__file__).parent.parent
"""The source tree; an installed wheel has none."""

_PLACES = ("adapters", "bot", "dialogs", "domain", "tests")
_KINDS = frozenset({".chat", ".html", ".py", ".toml"})
_CITATION = re.compile(r"\bSource(?::|\s*\n\s*-{6})\s*((?:.*[,;]\s*\n)*.*)")
_ITEMS = re.compile(r"(S\d-\d\d)(?:\s*(?:to|…|–)\s*(S\d-\d\d))?")


class NoCatalogueError(Exception):
    """The catalogue is not here: this is an installed program, not a source tree."""


@dataclass(frozen=True, slots=True)
class Item:
    """One testable thing that a manual describes.

    ``kind`` is one letter, ``text`` what it is, ``source`` the manual and its lines.
    """

    id: str
    kind: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All items by id, in order; and why some, or whole manuals, are not served yet."""

    items: Mapping[str, Item]
    reasons: Mapping[str, str]

    def why_open(self, item_id: str) -> str:
        """Return why nobody claims the item yet, in a sentence; empty if no reason is given."""
        manual, _, _ = item_id.partition("-")
        return self.reasons.get(item_id) or self.reasons.get(manual, "")

    def of(self, manual: str) -> Self:
        """Return only one manual's items, such as ``S0``; all if it is empty."""
        chosen = {name: item for name, item in self.items.items() if name.startswith(manual)}
        return replace(self, items=chosen)


def read_catalogue(root: Path = ROOT) -> Catalogue:
    """Read ``docs/catalogue.toml``; `NoCatalogueError` outside a source tree."""
    try:
        kept = tomllib.loads((root / "docs" / "catalogue.toml").read_text("utf-8"))
    except FileNotFoundError as error:
        raise NoCatalogueError from error
    items = {
        name: Item(name, row["kind"], row["item"], row["source"])
        for name, row in kept["items"].items()
    }
    return Catalogue(items, kept["open"])


def claims(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the places that claim each item.

    Returns
    -------
    dict
        Item id to places such as ``domain/filings/model.py:12``, sorted by path, never empty;
        ids stand there as they are written, known to the catalogue or not.
    """
    found: dict[str, list[str]] = {}
    for place in _PLACES:
        for path in sorted((root / place).rglob("*")):
            if path.suffix in _KINDS:
                for line, item_id in citations(path.read_text("utf-8")):
                    found.setdefault(item_id, []).append(f"{path.relative_to(root)}:{line}")
    return found


def citations(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and id of every item cited in a text; ranges are spelt out."""
    for citation in _CITATION.finditer(text):
        for cited in _ITEMS.finditer(citation[1]):
            line = text.count("\n", 0, citation.start(1) + cited.start()) + 1
            for item_id in _spelt_out(cited[1], cited[2] or cited[1]):
                yield line, item_id


def _spelt_out(first: str, last: str) -> Iterator[str]:
    manual, _, start = first.partition("-")
    _, _, end = last.partition("-")
    for number in range(int(start), int(end) + 1):
        yield f"{manual}-{number:02}"


def open_lines(catalogue: Catalogue, found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one line per item that nobody claims, its id first, then what it is and why."""
    return [
        " ".join([item.id, item.text, f"({catalogue.why_open(item.id)})"]).removesuffix(" ()")
        for item in catalogue.items.values()
        if item.id not in found
    ]


def report_lines(catalogue: Catalogue, found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one line per item with its places, or that it is open; then one line per manual."""
    lines = [
        f"{item.id} {item.text}: {', '.join(found.get(item.id, ['open']))}"
        for item in catalogue.items.values()
    ]
    manuals = sorted({name.partition("-")[0] for name in catalogue.items})
    for manual in manuals:
        items = catalogue.of(manual).items
        claimed = sum(name in found for name in items)
        lines.append(f"{manual}: {claimed} of {len(items)} claimed")
    return lines
