"""The command line: what it prints, what it refuses, how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from bot import cli
from domain.shared.errors import RefusedError
from tests.support.house import ROOT
from tests.support.production import PRODUCTION


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli.app, arguments, env=env)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return an environment whose databases lie in a folder of the test's own."""
    return {"ANJU_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path / 'anju.db'}"}


def test_sources_lists_every_item_of_a_manual() -> None:
    shown = run("sources", "S0")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].startswith("S0-01 ")
    assert len(shown.stdout.splitlines()) == 82 + 1


def test_open_items_stand_one_a_line_id_first_and_end_with_one() -> None:
    shown = run("sources", "--open", "S4")
    lines = shown.stdout.splitlines()
    assert lines
    assert all(re.match(r"S4-\d\d \S", line) for line in lines)
    assert shown.exit_code == 1


def test_an_unknown_manual_is_a_misuse() -> None:
    assert run("sources", "S9").exit_code == 2


def test_a_flow_is_drawn_and_an_unknown_one_is_refused_with_the_choices() -> None:
    drawn = run("map", "bind_family")
    assert drawn.exit_code == 0
    assert drawn.stdout.startswith("stateDiagram-v2\n")
    refused = run("map", "no_such_flow")
    assert refused.exit_code == 1
    assert "bind_family" in refused.stderr


def test_all_flows_are_drawn_into_a_folder_and_old_drawings_go(tmp_path: Path) -> None:
    (tmp_path / "gone.mmd").write_text("old", "utf-8")
    assert run("map", "--all", str(tmp_path)).exit_code == 0
    drawn = {path.name for path in tmp_path.iterdir()}
    assert "bind_family.mmd" in drawn
    assert "gone.mmd" not in drawn


def test_words_are_printed_or_written_alike(tmp_path: Path) -> None:
    file = tmp_path / "words.md"
    assert run("words", "--to", str(file)).exit_code == 0
    assert run("words").stdout == file.read_text("utf-8")


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"anju \d+\.\d+\.\d+\n", run("--version").stdout)


def test_migrating_and_loading_the_demo_may_be_repeated(home: dict[str, str]) -> None:
    for command in ("migrate", "migrate", "demo", "demo"):
        done = run(command, env=home)
        assert done.exit_code == 0, done.output


def test_production_gets_neither_demo_data_nor_stand_ins(home: dict[str, str]) -> None:
    for command in (["demo"], ["serve", "--demo"], ["simulate"]):
        assert run(*command, env={**home, **PRODUCTION}).exit_code == 1


def test_production_without_somebody_outside_to_ask_does_not_start(home: dict[str, str]) -> None:
    lacking = {name: value for name, value in PRODUCTION.items() if "TENCENT" not in name}
    refused = run("serve", env={**home, **lacking})
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert "ANJU_TENCENT__SECRET_KEY" in refused.stderr


def test_settings_that_cannot_be_used_are_a_misuse() -> None:
    assert run("migrate", env={"ANJU_MODE": "holiday"}).exit_code == 2


def test_what_the_domain_refuses_ends_with_a_sentence_and_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise RefusedError

    monkeypatch.setattr(cli, "app", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture
def served(home: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the demo in a process of its own; give it and its address."""
    port = free_port()
    environment = {**home, "ANJU_SERVER__PORT": str(port), "PATH": os.defpath}
    with subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve", "--demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process, f"http://127.0.0.1:{port}"
        process.kill()


@pytest.mark.parametrize(("told", "ends"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_serving_tells_where_the_simulator_is_and_stops_when_told(
    served: tuple[subprocess.Popen[str], str], told: signal.Signals, ends: int
) -> None:
    process, address = served
    assert process.stdout
    assert f"{address}/simulator" in process.stdout.readline()
    assert httpx.get(f"{address}/healthz").status_code == 200
    assert httpx.get(f"{address}/simulator").status_code == 200
    process.send_signal(told)
    assert process.wait(timeout=20) == ends
    assert process.stderr
    assert "Traceback" not in process.stderr.read()


def test_serving_on_a_schema_that_is_behind_is_refused_with_a_way_out(home: dict[str, str]) -> None:
    refused = run("serve", env=home)
    assert refused.exit_code == 1
    assert "anju migrate" in refused.stderr


def test_several_processes_on_stores_of_one_are_refused_with_a_way_out(
    home: dict[str, str],
) -> None:
    refused = run("serve", "--workers", "2", env=home)
    assert refused.exit_code == 1
    assert "ANJU_REDIS__URL" in refused.stderr


def test_one_can_chat_in_the_terminal(home: dict[str, str]) -> None:
    chat = CliRunner().invoke(cli.app, ["simulate"], env=home, input="菜单\n/quit\n")
    assert chat.exit_code == 0, chat.output
    assert "快速配租" in chat.stdout


def test_a_taken_port_is_refused_with_a_way_out(home: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = str(held.getsockname()[1])
        refused = run("serve", "--demo", env={**home, "ANJU_SERVER__PORT": port})
    assert refused.exit_code == 1
    assert "ANJU_SERVER__PORT" in refused.stderr


@pytest.mark.parametrize("gone", ["full", "closed"])
def test_nobody_is_held_up_where_no_line_of_the_log_can_be_written(
    home: dict[str, str], gone: str
) -> None:
    """Not a word can be said, from the greeting on; citizens are served all the same."""
    port = free_port()
    if gone == "full":
        nowhere = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, nowhere = os.pipe()
        os.close(reader)
    with subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve", "--demo"],
        cwd=ROOT,
        env={**home, "ANJU_SERVER__PORT": str(port), "PATH": os.defpath},
        stdout=nowhere,
        stderr=nowhere,
    ) as process:
        os.close(nowhere)
        line = httpx.HTTPTransport(retries=20)  # half a minute, a little longer each time
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=line) as client:
            for _ in range(50):
                refused = client.post("/wechat", params={"signature": "x"}, content=b"<xml/>")
                assert refused.status_code == httpx.codes.FORBIDDEN  # each is worth a line
            assert client.get("/healthz").status_code == httpx.codes.OK
            while dropped(client) < 50:
                assert process.poll() is None
        process.kill()


def dropped(client: httpx.Client) -> float:
    """Return how many lines were dropped, as the figures have it: they lag a moment behind."""
    found = re.search(r"^anju_log_lines_dropped (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert found
    return float(found[1])
