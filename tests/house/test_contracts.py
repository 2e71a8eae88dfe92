"""The import contracts hold, and would be seen to break."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT, STOREYS

BREACHES = {
    "domain/shared/breach.py": ("import adapters.cipher", "bot over dialogs and adapters"),
    "bot/breach.py": ("import adapters.cipher", "only bot.wiring opens adapters"),
    "domain/content/breach.py": ("import sqlalchemy", "the domain knows no framework"),
    "dialogs/content/breach.py": ("import httpx", "dialogs know no transport and no store"),
    "dialogs/plans/breach.py": ("import dialogs.catalog", "catalog over subjects over engine"),
    "dialogs/filings/breach.py": ("import transitions", "transitions lives in dialogs.engine"),
    "bot/h5/breach.py": ("import sqlalchemy", "sqlalchemy lives in adapters.sql"),
}


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as lint; lint()",
            "--no-cache",
        ],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_is_kept() -> None:
    ran = lint_imports(ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_planted_breach_of_each_contract_is_seen(tmp_path: Path) -> None:
    for storey in STOREYS:
        shutil.copytree(ROOT / storey, tmp_path / storey)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for place, (line, _) in BREACHES.items():
        (tmp_path / place).write_text(f"{line}\n", "utf-8")
    ran = lint_imports(tmp_path)
    broken = [line for line in ran.stdout.splitlines() if line.endswith("BROKEN")]
    for place, (_, contract) in BREACHES.items():
        assert any(line.startswith(contract) for line in broken), (place, ran.stdout + ran.stderr)


@pytest.mark.parametrize("storey", STOREYS)
def test_every_folder_of_a_storey_is_a_package(storey: str) -> None:
    folders = {path.parent for path in (ROOT / storey).rglob("*.py")}
    folders -= {folder for folder in folders if "migrations" in folder.parts}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]
