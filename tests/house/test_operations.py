"""What operators read and start names nothing that does not exist."""

import re

import pytest
from prometheus_client import REGISTRY

from bot import metrics
from bot.settings import Settings
from tests.support.house import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
GUIDE = (ROOT / "docs" / "operator-guide.zh.md").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
EXAMPLE = (ROOT / "anju.env.example").read_text("utf-8")


def variables() -> set[str]:
    """Return the variable of every setting."""
    return {
        f"ANJU_{section}__{name}".upper()
        for section, field in Settings.model_fields.items()
        if hasattr(field.annotation, "model_fields")
        for name in field.annotation.model_fields
    } | {"ANJU_MODE"}


def figures() -> set[str]:
    assert metrics.page()  # what is loaded is registered
    return {family.name for family in REGISTRY.collect() if family.name.startswith("anju_")}


def test_every_figure_is_explained_and_none_is_invented() -> None:
    explained = set(re.findall(r"^\| `(anju_\w+)` \|", PAGE, re.MULTILINE))
    assert explained == figures()
    named = set(re.findall(r"\banju_[a-z_]+", PAGE + GUIDE))
    endings = re.compile(r"_(bucket|count|sum|total)$")
    assert {endings.sub("", name) for name in named} <= figures()


@pytest.mark.parametrize("text", [PAGE, GUIDE, EXAMPLE], ids=["operations", "guide", "example"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    assert set(re.findall(r"\bANJU_[A-Z]+__[A-Z_]+", text)) <= variables()


def test_every_setting_has_a_row_in_the_guide() -> None:
    menu = {name for name in variables() if name.startswith("ANJU_MENU__")}
    assert not [name for name in variables() - menu if f"`{name}`" not in GUIDE]


def test_compose_names_settings_that_exist_and_holds_no_secret() -> None:
    set_here = dict(re.findall(r"^ +(ANJU_[A-Z]+(?:__[A-Z_]+)?): (.+)$", COMPOSE, re.MULTILINE))
    assert set(set_here) <= variables()
    given_elsewhere = re.sub(r"\$\{[^}]*\}", "", re.sub(r"#.*", "", COMPOSE))
    assert not re.findall(r"(?:PASSWORD|AUTH): *\S+|requirepass, \"[^\"]+\"", given_elsewhere)
    assert re.search(r"://\w+:@postgres/", given_elsewhere)


def test_what_compose_starts_keeps_what_it_is_given() -> None:
    assert "--appendonly" in COMPOSE
    assert "noeviction" in COMPOSE
    assert "fsync=off" not in COMPOSE
    assert "synchronous_commit" not in COMPOSE.replace("synchronous_commit are on", "")
    assert "service_completed_successfully" in COMPOSE


def test_passwords_that_operators_fill_in_stay_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {".env", "anju.env"} <= set(ignored)
    assert not re.findall(r"^ANJU_\w*(?:KEY|SECRET|TOKEN)=\S", EXAMPLE, re.MULTILINE)
