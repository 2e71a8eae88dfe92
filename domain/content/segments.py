"""Words and sounds of a Chinese sentence: what the search for frequent questions compares.

Segmentation is jieba's, with a dictionary made from what is published and the words of the house:
its own, of 350,000 words, would take more memory than everything else a process remembers.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

__all__ = ["Segmenter", "initials", "sounds"]

_HAN_RUN: Final = re.compile(r"[\u4e00-\u9fff]+")
_FUNCTION_WORDS: Final = re.compile(
    "怎么办|怎么样|为什么|是不是|能不能|可不可以|怎么|什么|如何|哪里|哪儿|多少|多久|可以|一个|这个|那个"
    "|没有|需要|还能|还要|以后|之后|我们|你们|他们|[的了吗呢吧啊呀我你您他她它是在有和与就都要会能不还把被给让也很]"
)
"""What stands between words that mean something."""

_HOUSE_WORDS: Final = (
    "安居 保障房 公租房 公共租赁住房 配租 配租计划 快速配租 专项配租 备案 "
    "备案编号 备案家庭 备案套型 备案通知单 套型 户型 居室 零居室 一居室 二居室 "
    "三居室 房源 项目 登记 登记编号 登记截止 意向登记 告知书 公告 协议 隐私 "
    "同意 实名 实名认证 人脸 身份证 身份证号 手机号 验证码 短信 密码 账号 "
    "注册 登录 注销 绑定 选房 摇号 顺序 分组 租金 补贴 押金 合同 租期 续租 "
    "入住 签约 看房 户口 户籍 街道 窗口 人工 工作人员 电话 上班时间 家庭成员 "
    "取消登记 打印 房源核验 合同备案 机构备案 网签 审核 权限 管理员 报错 "
    "系统管理 问题单 购房资格 核验 复核 委托书 公示 办事指南 紧急联系人"
)
"""Parted by spaces."""
_MOST_LETTERS: Final = 5
_TOGETHER: Final = 3
"""Letters that stand together in so many wordings are taken for a word."""

_HOUSE_WEIGHT: Final = 1000
_SOUND_BASE: Final = 0xE000
"""Where Unicode leaves room for signs of one's own: one for each syllable."""


class Segmenter:
    """Cuts sentences into words that are in some wordings, or in the house's own list."""

    def __init__(self, wordings: Iterable[str]) -> None:
        self._tokenizer = _tokenizer(_weights(wordings))

    def words(self, text: str) -> list[str]:
        """Return the words of two letters and more, in their order."""
        cut: Iterator[str] = self._tokenizer.cut(text, HMM=False)
        return [word for word in cut if len(word) > 1 and not _FUNCTION_WORDS.fullmatch(word)]


def sounds(text: str) -> str:
    """Return one sign for each syllable, whatever its tone; what is no Chinese stays as it is.

    Letters that are read alike become the same sign, so that «配阻» and «配租» compare as equal.
    """
    return text.translate(_readings())


def initials(text: str) -> str:
    """Return the first letter of each syllable: «选房材料» gives ``xfcl``."""
    return text.translate(_first_letters()).lower()


def _weights(wordings: Iterable[str]) -> Mapping[str, int]:
    """Return the words of a dictionary with how much each speaks for itself."""
    together: Counter[str] = Counter()
    for wording in wordings:
        together.update(set(_neighbours(wording)))
    found = {word: count * len(word) for word, count in together.items() if count >= _TOGETHER}
    return {**found, **dict.fromkeys(_HOUSE_WORDS.split(), _HOUSE_WEIGHT)}


def _neighbours(wording: str) -> Iterator[str]:
    for part in _FUNCTION_WORDS.split(wording):
        for run in _HAN_RUN.findall(part):
            for length in range(2, min(len(run), _MOST_LETTERS) + 1):
                yield from (run[at : at + length] for at in range(len(run) - length + 1))


def _tokenizer(weights: Mapping[str, int]) -> Any:
    tokenizer = _jieba().Tokenizer()
    # Otherwise it would read its own dictionary, and keep that in the folder of temporary files.
    tokenizer.initialized, tokenizer.total = True, 1
    for word, weight in weights.items():
        tokenizer.add_word(word, weight)
    return tokenizer


_LOADING: Final = Lock()
"""Several may search first, each in a thread of its own."""


@cache
def _jieba() -> Any:
    """Return jieba, loaded by whoever searches first, without what it would load beside.

    It looks for a part of setuptools to open files with that are never opened here: half a second
    and 11 MB. Without that part it does as well.
    """
    with _LOADING:
        kept = sys.modules.get("pkg_resources")
        sys.modules["pkg_resources"] = None  # type: ignore[assignment] # Python's word for «not there»
        try:
            import jieba  # noqa: PLC0415 (10 MB that only a process that searches should cost)
        finally:
            del sys.modules["pkg_resources"]
            if kept is not None:
                sys.modules["pkg_resources"] = kept
    return jieba


@cache
def _first_letters() -> Mapping[int, str]:
    return MappingProxyType(
        {ord(letter): syllable[0] for syllable, letters in _syllables() for letter in letters}
    )


def _syllables() -> Iterator[tuple[str, str]]:
    """Yield each syllable and the common letters that are read so."""
    for line in (files("domain.content") / "syllables.txt").read_text("utf-8").splitlines():
        syllable, letters = line.split()
        yield syllable, letters


@cache
def _readings() -> Mapping[int, str]:
    """Return each common letter's sign, from the list of syllables beside this module."""
    return MappingProxyType(
        {
            ord(letter): chr(_SOUND_BASE + number)
            for number, (_, letters) in enumerate(_syllables())
            for letter in letters
        }
    )
