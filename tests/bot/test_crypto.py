import base64
import json
from dataclasses import replace
from random import Random

import pytest

from bot.wechat.crypto import decrypt, encrypt, sign
from bot.wechat.render import Bubble
from bot.wechat.wire import (
    OfficialAccount,
    check_echo,
    open_envelope,
    seal_envelope,
)
from dialogs.engine.messages import Said, SaidKind
from tests.support.wire import (
    ACCOUNT,
    AES_KEY,
    APP_ID,
    GH,
    NOW,
    OPENID,
    PLATFORM,
    SAMPLE_XML,
    TOKEN,
    opened,
    refusal,
    refused,
)

OTHER_KEY = "0123456789ABCDEFGabcdefghijklmnopqrstuvwxyz"

# --- the published vectors ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timestamp", "nonce", "signature"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        ("1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
    ],
)
def test_published_plain_signatures_match(timestamp: str, nonce: str, signature: str) -> None:
    assert sign("AAAAA", timestamp, nonce) == signature
    account = OfficialAccount("AAAAA", "", "wxba5fad812f8e6fb9", encryption="plain")
    query = {"timestamp": timestamp, "nonce": nonce, "signature": signature}
    assert check_echo(account, query | {"echostr": "4375120948345356249"}) == "4375120948345356249"


OFFICIAL = OfficialAccount("AAAAA", "A" * 43, "wxba5fad812f8e6fb9")
OFFICIAL_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcv"
    "ZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3F"
    "n2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSe"
    "OBrebufAlr7F9mFUPAJGj04="
)


def test_the_official_sample_is_decrypted() -> None:
    signature = sign("AAAAA", "1714112445", "415670741", OFFICIAL_ENCRYPT)
    assert signature == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    plain, key_index = decrypt(OFFICIAL, OFFICIAL_ENCRYPT)
    assert (len(plain), key_index) == (167, 0)
    sample = json.loads(plain)
    assert (sample["ToUserName"], sample["Event"]) == (GH, "debug_demo")


def test_the_official_reply_is_encrypted_to_the_byte() -> None:
    encrypted = encrypt(OFFICIAL, b'{"demo_resp":"good luck"}', salt=b"707722b803182950")
    assert encrypted == (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    signature = sign("AAAAA", "1713424427", "415670741", encrypted)
    assert signature == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


SAMPLE_ENCRYPT = (
    "Q3stYC6hdFzMh9T8HCvyDNsaqyrD/A96lyL1WhvUyNBDpf172sPPDmNZFAt45fpa33sXGLrn6n5kxTBcXYG0jur03Q94"
    "H6iaDy6XIsbvKpOQpELXCF4P8lcKU/PNE+cATejrPZ8OwxsmgkwP+uCCceaJTbzXYjHDVfaRfizEPMRipLKcsvNIC1pl"
    "mkcDd8LyoLDeRDSFDzDwSTc9amJwX2wrcNtCDF1/Bv/77PDDz4XPHzqgE/Picw7csgpfaxKb6JZ5JI6yXLaxI7L4V0/d"
    "dbEwxGy6WwBgAULHD5ctMJeXsApsF7F+517IvwkRm37TFOVNeR/KTWBkaJ/Ce1BQgSYX7lKEh2Gn8Kk7r+a6uzbvtGWj"
    "8QIbHyiAV28PSOt6"
)


def test_the_xml_sample_is_opened_and_encrypted_to_the_byte() -> None:
    account = replace(ACCOUNT, original_id="")
    assert encrypt(account, SAMPLE_XML, salt=b"0123456789abcdef") == SAMPLE_ENCRYPT
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{SAMPLE_ENCRYPT}</Encrypt></xml>".encode()
    signature = "166ecbc9f719356fd17aeb7df05374fecb221fac"
    query = {"timestamp": "1700000000", "nonce": "nonce1", "msg_signature": signature}
    delivery = open_envelope(account, body, query, NOW)
    assert delivery.said == Said(SaidKind.TEXT, text="你好", type="text")
    assert (delivery.key, delivery.openid, delivery.account) == ("o_1:m:1", "o_1", "gh_1")
    assert delivery.sent_at == 1_700_000_000


# --- accounts


def test_an_account_refuses_a_token_or_a_key_that_protects_nothing() -> None:
    for token, aes_key, previous in [
        ("", AES_KEY, None),
        ("  ", AES_KEY, None),
        (TOKEN, "", None),
        (TOKEN, AES_KEY[:-1], None),
        (TOKEN, AES_KEY + "=", None),
        (TOKEN, "密" * 43, None),
        (TOKEN, AES_KEY, "short"),
    ]:
        with pytest.raises(ValueError, match=r"\w"):
            OfficialAccount(token, aes_key, APP_ID, previous_aes_key=previous)
    with pytest.raises(ValueError, match="app id"):
        OfficialAccount(TOKEN, AES_KEY, "")


def test_an_account_shows_no_secret_when_printed() -> None:
    shown = repr(replace(ACCOUNT, previous_aes_key=OTHER_KEY))
    assert not any(secret in shown for secret in (TOKEN, AES_KEY, OTHER_KEY))


# --- damage


def damaged_ciphertexts() -> list[str]:
    sound = encrypt(ACCOUNT, SAMPLE_XML)
    sealed = base64.b64decode(sound)
    flipped = [
        base64.b64encode(sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :]).decode()
        for i in range(16, len(sealed), 8)  # the first block is only salt
        if i >= len(sealed) - 32 or i < 32
    ]
    cut = [base64.b64encode(sealed[:n]).decode() for n in (0, 1, 15, 16, 31, 32, 33, 48, 64, 96)]
    random = Random(0)  # noqa: S311 (reproducible damage)
    noise = [base64.b64encode(random.randbytes(32 * n)).decode() for n in range(1, 31)]
    words = ["密文", "%%%", "====", "a", sound[:-1], "-" + sound[1:], sound + "Å"]
    foreign = [encrypt(replace(ACCOUNT, app_id=f"{APP_ID}x"), SAMPLE_XML)]
    long = [overlong(2**31), overlong(2**32 - 1), overlong(len(SAMPLE_XML) + 1)]
    return [*flipped, *cut, *noise, *words, *foreign, *long, *mispadded()]


def overlong(claimed: int) -> str:
    framed = b"s" * 16 + claimed.to_bytes(4, "big") + SAMPLE_XML + APP_ID.encode()
    padding = 32 - len(framed) % 32
    return sealed_blocks(framed + bytes([padding]) * padding)


def mispadded() -> list[str]:
    """Seal a sound message whose padding has the right last byte, but is no padding."""
    body = SAMPLE_XML + b" " * ((32 - (38 + len(SAMPLE_XML) + 10)) % 32)
    framed = b"s" * 16 + len(body).to_bytes(4, "big") + body + APP_ID.encode()
    assert len(framed) % 32 == 22
    return [sealed_blocks(framed + b"\0" * 9 + bytes([last])) for last in (10, 0, 33, 255)]


def sealed_blocks(blocks: bytes) -> str:
    encryptor = ACCOUNT.ciphers[0].encryptor()
    return base64.b64encode(encryptor.update(blocks) + encryptor.finalize()).decode()


def test_every_damage_to_a_signed_ciphertext_gets_the_same_refusal() -> None:
    damaged = [text for text in damaged_ciphertexts() if text]
    assert len(damaged) >= 50
    for encrypted in damaged:
        body = f"<xml><ToUserName>{GH}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()
        query = {
            "timestamp": "1700000000",
            "nonce": "n",
            "msg_signature": PLATFORM.sign("1700000000", "n", encrypted),
        }
        assert refusal(body, query) == (403, "ciphertext")


# --- rotation -------------------------------------------------------------------------------


def test_while_rotating_both_keys_open_and_the_reply_takes_the_same() -> None:
    rotating = replace(ACCOUNT, aes_key=OTHER_KEY, previous_aes_key=AES_KEY)
    new_platform = replace(PLATFORM, aes_key=OTHER_KEY)
    for platform, index in ((new_platform, 0), (PLATFORM, 1)):
        delivery = opened(platform.text(OPENID, "1"), rotating)
        assert delivery.aes_key_index == index
        seen = platform.open_reply(seal_envelope(rotating, delivery, Bubble(text="好"), NOW))
        assert seen is not None
        assert seen.text == "好"


def test_after_rotating_the_old_key_opens_nothing() -> None:
    rotated = replace(ACCOUNT, aes_key=OTHER_KEY)
    assert refused(PLATFORM.text(OPENID, "1"), rotated) == (403, "ciphertext")
