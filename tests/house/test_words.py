"""The list of sentences is complete and up to date."""

from pathlib import Path

from bot.words import in_page, in_program, report
from tests.support.house import ROOT


def test_every_spoken_literal_of_a_program_is_listed() -> None:
    program = '''"""文档"""
import re

PATTERN = re.compile("[零一二]")
GREETING = ("您好，" "欢迎\\n请登录")


def greet(name: str, title: str = "市民") -> str:
    """说明。"""
    return f"{title}{name.strip('《书》')}，早上好"
'''
    assert list(in_program(program)) == ["您好，欢迎⏎请登录", "市民", "{…}{…}，早上好", "《书》"]


def test_every_text_and_spoken_attribute_of_a_page_is_listed() -> None:
    page = '<p title="标题" class="类">您好 {{ name }}{% if more %}，\n 再见{% endif %}</p><b>x</b>'
    assert list(in_page(page)) == ["标题", "您好 {{ name }}， 再见"]


def test_the_report_leaves_out_what_is_said_to_operators(tmp_path: Path) -> None:
    for name, word in {
        "dialogs/a.py": "市民",
        "bot/cli.py": "管理员",
        "bot/simulator/b.py": "测试员",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"WORD = {word!r}\n", "utf-8")
    said = report(tmp_path)
    assert "- 市民" in said
    assert "管理员" not in said
    assert "测试员" not in said


def test_the_list_of_sentences_is_up_to_date() -> None:
    kept = (ROOT / "docs" / "words.md").read_text("utf-8")
    assert kept == report(ROOT), "run `make words` and read what changed"
