"""Scripts of Redis, changed."""

import hashlib

from adapters.redis.gather import Script


def script_of(text: str) -> Script:
    """Return a script of this text."""
    return Script(text, hashlib.sha1(text.encode()).hexdigest())  # noqa: S324 (Redis's own choice)
