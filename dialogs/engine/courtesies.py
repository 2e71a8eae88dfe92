"""What people say to be polite: it is answered, and is never an answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["GOODBYES", "GREETINGS", "POLITE"]

GREETINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("你好", "您好", "hi", "hello", "嗨", "在吗", "早上好", "开始"), "您好！"),
        **dict.fromkeys(("谢谢", "谢谢你", "谢谢您", "多谢", "thanks"), "不客气！"),
    }
)
"""Words, as `plain` has them, with what is said to them wherever they come."""

GOODBYES: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(("再见", "拜拜", "好的", "好", "嗯", "知道了", "ok"), "好的，需要时随时找我。")
)
"""The same for words that mean something else where a question is open."""

POLITE: Final = frozenset({*GREETINGS, *GOODBYES})
"""Nobody is called so."""
