"""Logs never hold up a citizen, name the message they belong to, and quote nobody.

Source: S0-72.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog

from bot import logs
from bot.course import begin, reference
from bot.logs import Lines
from tests.support.house import ROOT


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:
            continue


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """Return what is logged, line by line, as whoever reads the logs gets it."""
    told: list[dict[str, object]] = []
    monkeypatch.setattr(Lines, "put", lambda _, line: told.append(json.loads(line)))
    logs.set_up("info")
    yield told
    structlog.reset_defaults()


def test_lines_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = Lines(writer)
    for number in range(100):
        lines.put(f"第 {number} 行")
    assert lines.flush(5)
    told = os.read(reader, 65_536).decode()
    assert told.splitlines() == [f"第 {number} 行" for number in range(100)]
    assert lines.dropped == 0


def test_a_reader_that_stopped_reading_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    """A pipe takes so much, then whoever writes stands still: not the one who logs."""
    _, writer = pipe
    fill(writer)
    lines = Lines(writer, most=10)
    for number in range(200):
        lines.put(f"line {number}")
    assert not lines.flush(0.01)
    assert lines.dropped in {200 - 10, 200 - 10 - 1}  # one may be in the writer's hands


def fill(writer: int) -> None:
    """Write into a pipe until it takes no more."""
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)


def test_a_reader_that_is_gone_is_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    lines = Lines(writer)
    lines.put("nobody hears this")
    assert lines.flush(5)
    assert lines.dropped == 1


def test_a_full_disk_is_counted() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        lines = Lines(full)
        lines.put("there is no room")
        assert lines.flush(5)
        assert lines.dropped == 1
    finally:
        os.close(full)


def test_a_forked_process_writes_its_own_lines() -> None:
    program = (
        "import os, sys; from bot.logs import Lines; lines = Lines(1); lines.put('before');"
        "lines.flush(); child = os.fork();"
        "lines.put('after in ' + ('parent' if child else 'child')); done = lines.flush();"
        "os._exit(0) if not child else os.waitpid(child, 0)"
    )
    ran = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert sorted(ran.stdout.split("\n")[:-1]) == ["after in child", "after in parent", "before"]


def test_all_lines_of_a_message_carry_the_reference_that_its_citizen_is_told(
    written: list[dict[str, object]],
) -> None:
    begin("text")
    log = structlog.get_logger()
    log.info("first")
    log.error("second")
    assert [line["reference"] for line in written] == [reference()] * 2


def test_two_messages_have_two_references() -> None:
    first = begin("text").reference
    assert begin("text").reference != first


def test_what_is_less_grave_than_the_level_is_not_logged(
    written: list[dict[str, object]],
) -> None:
    logs.set_up("warning")
    log = structlog.get_logger()
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in written] == ["loud"]


def test_the_words_of_an_error_in_a_library_are_not_repeated(
    written: list[dict[str, object]],
) -> None:
    program = logging.getLogger("some.library")
    program.propagate = False
    logs.adopt("info", program)
    try:
        int("11010519491231002X")
    except ValueError:
        program.exception("could not")
    [line] = written
    assert line["event"] == "could not"
    assert line["error"] == "ValueError"
    assert "11010519491231002X" not in json.dumps(line)
    assert line["where"]
