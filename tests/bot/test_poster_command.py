"""The command `anju poster`: what it makes is read by any reader of codes. Source: S0-61."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner, Result

from bot import cli
from bot.settings import Settings
from bot.wiring import open_records
from domain.posters.model import Poster, TargetKind


def run(*arguments: str, env: Mapping[str, str]) -> Result:
    return CliRunner().invoke(cli.app, ["poster", *arguments], env=env)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return an environment with the demo's plans."""
    env = {"ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert CliRunner().invoke(cli.app, ["demo"], env=env).exit_code == 0
    return env


def on_record() -> list[Poster]:
    async def read() -> list[Poster]:
        async with open_records(Settings()) as records, records.open_work() as work:
            return list((await work.posters.read()).posters())

    return asyncio.run(read())


def seen(picture: Image.Image) -> str:
    [found] = zxingcpp.read_barcodes(picture.convert("L"))
    return found.text


def test_a_projects_poster_is_made_and_its_code_leads_to_the_simulator(
    home: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "made.png"
    words = ["--project", "quick-2026-4-qinghe", "--title", "家门口的青禾家园"]
    made = run(*words, "--format", "png", "--out", str(out), env=home)
    assert made.exit_code == 0, made.output
    [poster] = [one for one in on_record() if one.title == "家门口的青禾家园"]
    assert poster.target == (TargetKind.PROJECT, "quick-2026-4-qinghe")
    assert seen(Image.open(out)) == poster.code.url
    assert poster.code.url == f"http://127.0.0.1:8000/simulator?scan={poster.scene}"


def test_the_same_wish_again_takes_the_same_poster(home: dict[str, str], tmp_path: Path) -> None:
    for size in ("a4", "rollup"):
        out = tmp_path / f"{size}.pdf"
        wish = ("--service", "找回账号", "--size", size, "--out", str(out))
        made = run(*wish, env=home)
        assert made.exit_code == 0, made.output
        assert len(pdfium.PdfDocument(out)) == 1
    assert sum(one.target.kind is TargetKind.SERVICE for one in on_record()) == 1


def test_all_projects_of_a_plan_come_as_one_archive(home: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "posters.zip"
    before = {one.id for one in on_record()}
    made = run("--all-projects-of", "第四批", "--out", str(out), env=home)
    assert made.exit_code == 0, made.output
    # Demo posters hang already and are taken again.
    assert {one.id for one in on_record()} == before
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        codes = set()
        for name in names:
            page = pdfium.PdfDocument(io.BytesIO(archive.read(name)))[0]
            codes.add(seen(page.render(scale=2).to_pil()))
    assert len(names) > 2
    assert names == sorted(names)
    assert len(codes) == len(names)
    assert codes <= {one.code.url for one in on_record()}


@pytest.mark.parametrize(
    "wish",
    [
        ("--project", "没有这个项目"),
        ("--plan", "演示"),
        ("--service", "没有这个服务"),
    ],
)
def test_what_is_not_there_or_could_be_several_is_refused_with_the_choices(
    home: dict[str, str], tmp_path: Path, wish: tuple[str, str]
) -> None:
    out = tmp_path / "made.pdf"
    refused = run(*wish, "--out", str(out), env=home)
    assert refused.exit_code == 1
    assert "请用编号指定" in refused.stderr
    assert not out.exists()


def test_a_folder_that_is_not_there_is_refused_before_a_code_is_made(
    home: dict[str, str], tmp_path: Path
) -> None:
    before = on_record()
    out = tmp_path / "no" / "made.pdf"
    assert run("--person", "--title", "找人", "--out", str(out), env=home).exit_code == 1
    assert on_record() == before


@pytest.mark.parametrize("wish", [(), ("--person", "--plan", "第四批")])
def test_none_or_two_wishes_are_a_misuse(
    home: dict[str, str], tmp_path: Path, wish: tuple[str, ...]
) -> None:
    assert run(*wish, "--out", str(tmp_path / "made.pdf"), env=home).exit_code == 2
