import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wechat.wire import (
    MAX_BODY,
    OfficialAccount,
    RefusedEnvelopeError,
    check_echo,
    open_envelope,
    read_fields,
)
from tests.support.platform import Post
from tests.support.wire import (
    ACCOUNT,
    GH,
    NOW,
    OPENID,
    PLAIN_ACCOUNT,
    PLAIN_PLATFORM,
    PLATFORM,
    SAMPLE_XML,
    opened,
    refusal,
    refused,
)

XML = Path(__file__).parent.parent / "data" / "xml"

# --- what is refused ------------------------------------------------------------------------


def test_an_echo_needs_the_right_signature() -> None:
    query = PLATFORM.echo("0042")
    assert check_echo(ACCOUNT, query) == "0042"
    for broken in (
        query | {"signature": "0" * 40},
        query | {"nonce": "1"},
        query | {"echostr": ""},
        {name: value for name, value in query.items() if name != "signature"},
        {},
    ):
        with pytest.raises(RefusedEnvelopeError) as refused:
            check_echo(ACCOUNT, broken)
        assert refused.value.status == 403


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
def test_a_request_without_a_part_of_its_signature_is_refused(missing: str) -> None:
    post = PLATFORM.text(OPENID, "1")
    query = {name: value for name, value in post.query.items() if name != missing}
    assert refusal(post.body, query) == (403, "signature")


def test_the_plain_signature_does_not_vouch_for_an_encrypted_body() -> None:
    post = PLATFORM.text(OPENID, "1")
    swapped = post.query | {"msg_signature": post.query["signature"]}
    assert refusal(post.body, swapped) == (403, "signature")


def test_secure_mode_never_reads_a_plain_body() -> None:
    post = PLAIN_PLATFORM.text(OPENID, "1")
    signature = PLATFORM.sign(post.query["timestamp"], post.query["nonce"])
    assert refused(post)[0] == 403
    assert refusal(post.body, post.query | {"msg_signature": signature})[0] == 403
    assert refusal(post.body, post.query | {"encrypt_type": "raw"})[0] == 403


def test_a_compatible_body_is_read_from_its_encrypted_part() -> None:
    post = PLATFORM.text(OPENID, "sealed")
    forged = PLATFORM.envelope("text", "oAttacker", {"Content": "forged"})
    encrypted = read_fields(post.body)["Encrypt"]
    body = forged.replace("</xml>", f"<Encrypt>{encrypted}</Encrypt></xml>").encode()
    delivery = open_envelope(ACCOUNT, body, post.query, NOW)
    assert (delivery.openid, delivery.said.text) == (OPENID, "sealed")


def test_another_accounts_traffic_is_refused() -> None:
    foreign_app = replace(PLATFORM, app_id="wxffffffffffffffff")
    foreign_gh = replace(PLATFORM, account_id="gh_other")
    assert refused(foreign_app.text(OPENID, "1")) == (403, "ciphertext")
    assert refused(foreign_gh.text(OPENID, "1")) == (403, "account")
    assert refused(replace(foreign_gh, secure=False).text(OPENID, "1"), PLAIN_ACCOUNT)[0] == 403
    outside = PLATFORM.text(OPENID, "1")
    relabelled = outside.body.replace(GH.encode(), b"gh_other")
    assert refusal(relabelled, outside.query) == (403, "account")


@pytest.mark.parametrize(("age", "fresh"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_a_request_is_refused_when_it_is_too_old_or_too_early(age: int, *, fresh: bool) -> None:
    post = PLATFORM.text(OPENID, "1")
    if fresh:
        assert opened(post, now=NOW + age).openid == OPENID
    else:
        assert refused(post, now=NOW + age) == (403, "stale")
    assert opened(post, replace(ACCOUNT, freshness=0), NOW + 90_000).openid == OPENID


def test_a_signed_timestamp_that_is_no_number_is_stale() -> None:
    post = PLATFORM.text(OPENID, "1")
    encrypted = read_fields(post.body)["Encrypt"]
    for timestamp in ("1e9", "²", "9" * 5000, "-1700000000", "１７０００００００００"):
        signature = PLATFORM.sign(timestamp, "n", encrypted)
        query = {"timestamp": timestamp, "nonce": "n", "msg_signature": signature}
        assert refusal(post.body, query) == (403, "stale")


def test_an_empty_or_oversized_body_is_refused() -> None:
    query = PLATFORM.text(OPENID, "1").query
    assert refusal(b"", query) == (403, "empty")
    assert refusal(b"x" * (MAX_BODY + 1), query) == (413, "oversized")
    assert refusal(b"x" * MAX_BODY, query)[0] == 403


def mutated(post: Post, random: Random) -> Post:
    """Change one byte, or cut, double or swap a part, of the body or of the signed query."""
    body, query = bytearray(post.body), dict(post.query)
    at, other = random.randrange(len(body)), random.randrange(len(body))
    choice = random.randrange(8)
    if choice == 0:
        body[at] ^= 1 << random.randrange(8)
    elif choice == 1:
        del body[at : at + random.randint(1, 40)]
    elif choice == 2:
        body[at:at] = random.randbytes(random.randint(1, 40))
    elif choice == 3:
        body[at:at] = body[other : other + 40] or b"<"
    elif choice == 4:
        body = body[:at]
    elif choice == 5:
        body[at], body[other] = body[other], body[at]
    else:
        name = random.choice(["timestamp", "nonce", "msg_signature"])
        value = query[name]
        position = random.randrange(len(value))
        query[name] = random.choice(
            [
                value[:position] + random.choice("0123456789abcdefXÿ￿") + value[position + 1 :],
                value[:position],
                value + value[position],
                value[position:] + value[:position],
                "",
            ]
        )
    return Post(bytes(body), query, "")


def test_three_thousand_mutations_of_a_request_are_refused() -> None:
    random = Random(20_231_115)  # noqa: S311 (reproducible mutations)
    post = replace(PLATFORM, entropy=random.randbytes).text(OPENID, "我要登记", msg_id=1)
    signed = (post.query["timestamp"], post.query["nonce"], post.query["msg_signature"])
    refusals = 0
    while refusals < 3000:
        mutant = mutated(post, random)
        parts = (mutant.query["timestamp"], mutant.query["nonce"], mutant.query["msg_signature"])
        if parts == signed and same_to_a_reader(mutant.body, post.body):
            continue
        assert refused(mutant)[0] == 403
        refusals += 1


def same_to_a_reader(one: bytes, other: bytes) -> bool:
    """Whether two bodies hold the same fields: what is not signed and not read may differ."""
    try:
        return read_fields(one) == read_fields(other)
    except RefusedEnvelopeError:
        return False


@given(body=st.binary(max_size=300), query=st.dictionaries(st.text(), st.text()))
def test_no_bytes_and_no_query_bring_anything_but_a_refusal(
    body: bytes, query: dict[str, str]
) -> None:
    assert refusal(body, query)[0] == 403
    assert refusal(body, query, PLAIN_ACCOUNT)[0] == 403


@given(body=st.binary(max_size=300))
@example(b"<xml/>")
@example(b"<xml>" * 20)
@example(SAMPLE_XML.replace(b"<MsgId>", b"<Content>b</Content><MsgId>"))
@example(SAMPLE_XML.replace(b"1700000000", b"soon"))
@example(SAMPLE_XML.replace(b"o_1", b"o 1"))
@example(SAMPLE_XML.replace(b"MsgType>", b"Type>"))
@example(SAMPLE_XML.replace(b"gh_1", b""))
@example(SAMPLE_XML.replace(b"<MsgId>", b"words<MsgId>"))
@example(SAMPLE_XML.replace(b"xml>", b"yml>"))
@example(SAMPLE_XML.replace(b"<MsgId>1", b"<MsgId>&a;"))
@example(SAMPLE_XML + b"words")
def test_signed_bytes_that_are_no_message_are_quietly_accepted(body: bytes) -> None:
    account = replace(ACCOUNT, original_id="")
    assert refused(PLATFORM.seal_bytes(body), account)[0] in {200, 403}
    plain = PLAIN_PLATFORM.seal_bytes(body)
    assert refused(plain, replace(account, encryption="plain"))[0] in {200, 403}


def test_a_doubled_tag_is_refused_inside_and_outside() -> None:
    doubled = PLATFORM.envelope("text", OPENID, {"Content": "a"})
    doubled = doubled.replace("</xml>", "<Content>b</Content></xml>")
    assert refused(PLATFORM.seal(doubled)) == (200, "unreadable")
    post = PLATFORM.text(OPENID, "1")
    encrypted = read_fields(post.body)["Encrypt"]
    body = post.body.replace(b"</xml>", f"<Encrypt>{encrypted}</Encrypt></xml>".encode())
    assert refusal(body, post.query)[0] == 403


def grown_bombs() -> dict[str, bytes]:
    def wrap(inner: bytes) -> bytes:
        return SAMPLE_XML.replace(b"<MsgId>", inner + b"<MsgId>")

    blowup = b'<!DOCTYPE xml [<!ENTITY a "' + b"a" * 20_000 + b'">]>' + wrap(b"&a;" * 9000)
    return {
        "quadratic blow-up": blowup,
        "deep": wrap(b"<a>" * 9000 + b"</a>" * 9000),
        "deep and open": b"<xml>" + b"<a>" * 15_000,
        "attributes": wrap(b"<a " + b" ".join(b'a%d="1"' % i for i in range(5000)) + b"/>"),
        "one attribute": wrap(b'<a b="' + b"x" * 60_000 + b'"/>'),
        "tags": wrap(b"".join(b"<t%d/>" % i for i in range(6000)))[:MAX_BODY],
        "comment": wrap(b"<!--" + b"-x" * 30_000),
        "open data": wrap(b"<a><![CDATA[" + b"]]" * 30_000),
        "brackets": b"<" * 60_000,
        "nothing": b"\x00" * 60_000,
        "other encoding": SAMPLE_XML.decode().encode("utf-16"),
        "namespaces": wrap(b"".join(b'<a xmlns:n%d="u"/>' % i for i in range(3000))),
    }


HOSTILE = {path.stem: path.read_bytes() for path in sorted((XML / "hostile").glob("*.xml"))}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_that_declares_or_instructs_is_refused(name: str) -> None:
    bomb = HOSTILE[name]
    assert refused(PLATFORM.seal_bytes(bomb)) == (403, "markup")
    assert refused(PLAIN_PLATFORM.seal_bytes(bomb), PLAIN_ACCOUNT) == (403, "markup")
    assert refusal(bomb, PLATFORM.text(OPENID, "1").query) == (403, "markup")


@pytest.mark.parametrize("bomb", [*HOSTILE.values(), *grown_bombs().values()])
def test_a_bomb_costs_next_to_nothing(bomb: bytes) -> None:
    posts: list[tuple[Callable[[bytes], Post], OfficialAccount]] = [
        (PLATFORM.seal_bytes, ACCOUNT),
        (PLAIN_PLATFORM.seal_bytes, PLAIN_ACCOUNT),
        (lambda body: Post(body, PLATFORM.text(OPENID, "1").query, ""), ACCOUNT),
    ]
    for seal, account in posts:
        post = seal(bomb)
        tracemalloc.start()
        begun = perf_counter()
        status, _ = refused(post, account)
        elapsed, (_, peak) = perf_counter() - begun, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert status in {200, 403, 413}
        assert elapsed < 0.5  # 0.05 without the tracing, on a quiet machine
        assert peak < 5 * 1024 * 1024
