"""What every call to the platform has in common: what is asked, and how it is refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Answer", "Asked", "SaysNoError", "asked_of", "refused", "said"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class SaysNoError(Exception):
    """An answer with an ``errcode`` in it."""

    def __init__(self, code: int, words: str = "refused") -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words


@dataclass(frozen=True)
class Asked:
    """A call, taken apart."""

    verb: str
    path: str
    query: Mapping[str, str]
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, *, plain: bool = False) -> dict[str, Any]:
        """Return the JSON of the body; with ``plain``, one without escapes, as some calls want."""
        if plain and re.search(rb"\\u[0-9a-fA-F]{4}", self.raw):
            raise SaysNoError(40033, "invalid charset. please check your request")
        try:
            found = json.loads(self.raw.decode())
        except ValueError:
            raise SaysNoError(47001, "data format error") from None
        if not isinstance(found, dict):
            raise SaysNoError(47001, "data format error")
        return found

    def file(self, name: str) -> tuple[str, bytes]:
        """Return name and content of a file of a form."""
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode()
        form = BytesParser().parsebytes(head + self.raw)
        for part in form.walk():
            if part.get_param("name", header="content-disposition") == name:
                content = part.get_payload(decode=True)
                if part.get_filename() and isinstance(content, bytes):
                    return str(part.get_filename()), content
        raise SaysNoError(41005, "media data missing")


def asked_of(verb: str, target: str, headers: Mapping[str, str], body: bytes) -> Asked:
    """Take a request apart.

    Parameters
    ----------
    target
        Path and query.
    headers
        With names in lower case.
    """
    address = urlsplit(target)
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    return Asked(verb, address.path, query, body, headers)


def said(found: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """Say something as JSON."""
    known = {"Content-Type": "application/json; encoding=utf-8", **(headers or {})}
    return Answer(json.dumps(found, ensure_ascii=False).encode(), 200, known)


def refused(error: SaysNoError, rid: str, headers: Mapping[str, str]) -> Answer:
    """Say no: always with 200, and with words that change every time."""
    return said({"errcode": error.code, "errmsg": f"{error.words} rid: {rid}"}, headers)
