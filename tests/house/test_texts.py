"""What a citizen reads is kind: it never scolds, and never hides behind a code."""

import re

from bot.words import report
from tests.support.house import ROOT

COLD = re.compile(r"无效|非法|抱歉|错误代码|错误码|系统错误|操作失败|输入有误|未知错误")
LATIN_JARGON = re.compile(r"\b(error|invalid|null|none|token|openid|json|id)\b", re.IGNORECASE)


def sentences() -> list[str]:
    return [line[2:] for line in report(ROOT).splitlines() if line.startswith("- ")]


def test_no_sentence_is_cold() -> None:
    assert not [sentence for sentence in sentences() if COLD.search(sentence)]


def test_no_sentence_speaks_the_programmers_language() -> None:
    assert not [
        sentence for sentence in sentences() if LATIN_JARGON.search(re.sub(r"{.*?}", "", sentence))
    ]


def test_there_are_sentences_to_judge() -> None:
    assert len(sentences()) > 100
