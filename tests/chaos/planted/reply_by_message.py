"""Answers are kept by what was said, not by who said it."""

import hashlib
from typing import Any

from bot.wechat import wire


def plant() -> None:
    def by_words(_openid: str, said: Any, fields: Any, _xml: bytes) -> str:
        words = f"{said.kind}\0{fields.get('Content', '')}\0{fields.get('EventKey', '')}"
        return f"m:{hashlib.sha256(words.encode()).hexdigest()[:32]}"

    wire._key = by_words
