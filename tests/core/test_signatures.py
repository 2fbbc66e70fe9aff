"""Signatures of webhooks, held against the library that receivers use."""

import random
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.core.signatures import SignatureInvalid, key_of, shown, signed, verify

KEY, OTHER = b"k" * 32, b"o" * 32
BODY = b'{"id": "ufawqhfynnddngldkgtslldrkq", "status": "succeeded"}'
NOW = 1_790_000_000


def test_a_receivers_library_verifies_ours() -> None:
    now = int(time.time())
    headers = signed("msg_1", BODY, keys=[OTHER, KEY], now=now)
    for key in (KEY, OTHER):
        assert Webhook(shown(key)).verify(BODY, headers)["status"] == "succeeded"
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(b"x" * 32)).verify(BODY, headers)


def test_ours_verifies_what_a_senders_library_signed() -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    signature = Webhook(shown(KEY)).sign("msg_1", at, BODY.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": signature,
    }
    assert verify(headers, BODY, keys=[OTHER, KEY], now=NOW) == "msg_1"


def test_a_secret_is_read_as_it_is_shown() -> None:
    assert key_of(shown(KEY)) == KEY


@pytest.mark.parametrize("secret", ["whsec_!", "whsec_abc", "päss"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        key_of(secret)


GOOD = signed("msg_1", BODY, keys=[KEY], now=NOW)
SIGNATURE = GOOD["webhook-signature"]


def is_taken(headers: dict[str, str], body: bytes = BODY, *, now: int = NOW) -> bool:
    try:
        verify(headers, body, keys=[OTHER, KEY], now=now)
    except SignatureInvalid:
        return False
    return True


@pytest.mark.parametrize("late", [-300, -1, 0, 1, 300])
def test_a_message_is_believed_for_five_minutes(late: int) -> None:
    assert is_taken(GOOD, now=NOW + late)


@pytest.mark.parametrize("late", [-301, 301, 86_400, -86_400, NOW])
def test_a_message_of_another_time_is_not_believed(late: int) -> None:
    assert not is_taken(GOOD, now=NOW + late)


@pytest.mark.parametrize(
    "signature",
    [
        f"v1,AAAA {SIGNATURE}",
        f"{SIGNATURE} v1,AAAA",
        f"v1a,{SIGNATURE[3:]} {SIGNATURE}",
        " ".join(["v1,AAAA"] * 19 + [SIGNATURE]),
    ],
)
def test_one_good_signature_of_several_is_enough(signature: str) -> None:
    assert is_taken(GOOD | {"webhook-signature": signature})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "msg_2"),
        ("webhook-id", "msg_1 "),
        ("webhook-id", "msg.1"),
        ("webhook-id", "m" * 129),
        ("webhook-id", "msg_\u00e9"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", f"0{NOW}"),
        ("webhook-timestamp", f"+{NOW}"),
        ("webhook-timestamp", f" {NOW}"),
        ("webhook-timestamp", f"{NOW}.0"),
        ("webhook-timestamp", f"{NOW}000"),
        ("webhook-timestamp", str(NOW + 1)),
        ("webhook-timestamp", "1" * 5000),
        ("webhook-timestamp", "\u0661\u0667\u0669"),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", "nan"),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", SIGNATURE.removeprefix("v1,")),
        ("webhook-signature", SIGNATURE.replace("v1,", "v2,")),
        ("webhook-signature", SIGNATURE.replace("v1,", "v1=")),
        ("webhook-signature", SIGNATURE.replace("v1,", "V1,")),
        ("webhook-signature", SIGNATURE.rstrip("=")),
        ("webhook-signature", SIGNATURE + "="),
        ("webhook-signature", SIGNATURE.lower()),
        ("webhook-signature", f"{SIGNATURE},{SIGNATURE}"),
        ("webhook-signature", signed("msg_1", BODY, keys=[b""], now=NOW)["webhook-signature"]),
        ("webhook-signature", signed("msg_1", b"", keys=[KEY], now=NOW)["webhook-signature"]),
        ("webhook-signature", "\u00e9\udc80"),
        ("webhook-signature", " ".join(["v1,AAAA"] * 21 + [SIGNATURE])),
    ],
)
def test_a_header_that_is_not_quite_right_is_refused(header: str, value: str) -> None:
    assert not is_taken(GOOD | {header: value})
    assert not is_taken({name: text for name, text in GOOD.items() if name != header})


def test_what_was_signed_cannot_be_cut_elsewhere() -> None:
    """The id, the time and the body are signed as one text, with dots between them."""
    headers = signed("msg_1", f"{NOW}.".encode() + BODY, keys=[KEY], now=NOW)
    assert not is_taken(headers | {"webhook-id": f"msg_1.{NOW}"})


def test_without_a_key_nothing_is_believed() -> None:
    with pytest.raises(SignatureInvalid):
        verify(GOOD, BODY, keys=[], now=NOW)


def test_of_ten_thousand_damaged_messages_none_is_believed() -> None:
    chance = random.Random(20817)  # noqa: S311 - the same damage each time
    assert is_taken(GOOD)
    for _ in range(2500):
        assert not is_taken(GOOD, _flipped(BODY, chance))
        assert not is_taken(GOOD, BODY[: chance.randrange(len(BODY))])
        signature = _flipped(SIGNATURE.encode(), chance).decode("latin-1")
        assert not is_taken(GOOD | {"webhook-signature": signature})
        cut = SIGNATURE[: chance.randrange(len(SIGNATURE))]
        assert not is_taken(GOOD | {"webhook-signature": cut})


def _flipped(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content) * 8)
    damaged = bytearray(content)
    damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)
