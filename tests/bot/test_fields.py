"""Fields read the short way and by a parser: whatever is read both ways is read alike."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wechat.crypto import RefusedEnvelopeError
from bot.wechat.fields import read_any_fields, read_fields, read_flat_fields, read_sealed

PIECES = st.sampled_from(
    [
        *("<a>", "</a>", "<b>", "</b>", "<xml>", "</xml>", "<a/>", "<a b='1'>", "<a:b>", "</a:b>"),
        *(
            "<![CDATA[",
            "]]>",
            "]]",
            "]",
            "&amp;",
            "&",
            "<",
            ">",
            "<!---->",
            "<?p?>",
            "<!DOCTYPE x>",
        ),
        *("1", "菜单", " ", "\n", "\t", "\r", "\r\n", "\0", "\x0b", "\x7f", "\x85", "\xa0", "　"),
        *("\ufffe", "\ud800", "😀", "'", '"', "=", "é"),
    ]
)
FIELDS = st.tuples(
    st.sampled_from(["a", "b", "MsgId", "_c", "9", "d-e"]),
    st.booleans(),
    st.lists(PIECES, max_size=4).map("".join),
    st.sampled_from(["", " ", "\n", "x"]),
).map(lambda parts: _field(*parts))


def _field(tag: str, cdata: bool, words: str, tail: str) -> str:  # noqa: FBT001 (built by a strategy)
    content = f"<![CDATA[{words}]]>" if cdata else words
    return f"<{tag}>{content}</{tag}>{tail}"


def parsed(xml: bytes) -> dict[str, str] | None:
    """Read by the parser; ``None`` for a refusal."""
    try:
        return read_any_fields(xml)
    except RefusedEnvelopeError:
        return None


@given(st.lists(FIELDS | PIECES, max_size=6).map("".join))
@example("<a>1</a><a>2</a>")
@example("<a><![CDATA[]]]]></a>")
@example("<a>1</b><b>2</a>")
@example("")
def test_what_is_read_the_short_way_is_what_the_parser_reads(words: str) -> None:
    xml = f"<xml>{words}</xml>".encode(errors="surrogatepass")
    flat = read_flat_fields(xml)
    assert flat is None or flat == parsed(xml)


@given(st.binary(max_size=60))
def test_bytes_are_never_read_the_short_way_unless_a_parser_agrees(xml: bytes) -> None:
    flat = read_flat_fields(xml)
    assert flat is None or flat == parsed(xml)


@pytest.mark.parametrize(
    "xml",
    [
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>17</CreateTime></xml>",
        "<xml>\n  <Content><![CDATA[第一行\n第二行 & 完]]></Content>\n</xml>",
        "<xml><Content><![CDATA[😀]]></Content><MsgId>1</MsgId></xml>",
    ],
)
def test_a_message_as_the_platform_writes_it_needs_no_parser(xml: str) -> None:
    assert read_flat_fields(xml.encode()) == read_any_fields(xml.encode())


@pytest.mark.parametrize(
    ("xml", "fields"),
    [
        ("<xml><a><b>1</b></a><c>2</c></xml>", {"a": "", "c": "2"}),
        ("<?xml version='1.0'?><xml><a>1</a></xml>", {"a": "1"}),
        ("<xml><a>1 &lt; 2</a></xml>", {"a": "1 < 2"}),
    ],
)
def test_whatever_else_is_xml_is_read_by_a_parser(xml: str, fields: dict[str, str]) -> None:
    assert read_flat_fields(xml.encode()) is None
    assert read_fields(xml.encode()) == fields


@pytest.mark.parametrize(
    "space", ["", "\n", "\n    "], ids=["on one line", "on lines", "on lines set in"]
)
def test_an_envelope_is_read_the_short_way_as_any_other(space: str) -> None:
    xml = (
        f"<xml>{space}<ToUserName><![CDATA[gh_1-a]]></ToUserName>"
        f"{space}<Encrypt><![CDATA[ab+/Z9==]]></Encrypt>{space.strip(' ')}</xml>"
    ).encode()
    assert read_sealed(xml) == {"ToUserName": "gh_1-a", "Encrypt": "ab+/Z9=="} == read_fields(xml)


@given(st.lists(PIECES, max_size=6).map("".join), st.sampled_from(["\n", "\n\n", " ", "x", ""]))
def test_an_envelope_with_anything_else_in_it_is_left_to_the_others(words: str, tail: str) -> None:
    xml = (
        f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{words}]]></Encrypt>{tail}"
        "</xml>"
    ).encode(errors="surrogatepass")
    assert read_sealed(xml) in (None, parsed(xml))
