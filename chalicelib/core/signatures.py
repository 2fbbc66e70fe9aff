"""Webhooks are signed and verified by one scheme, ours and the vendors' (Standard Webhooks)."""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 20
PREFIX = "whsec_"

# No dot: it is what parts the id, the time and the body from each other.
IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,128}")
SECONDS = re.compile(r"[1-9][0-9]{0,11}")


class SignatureInvalid(ValueError):
    """The message names the rule that was broken, and holds nothing of what was sent."""


def shown(key: bytes) -> str:
    """Return a key as the receivers' libraries want it."""
    return PREFIX + base64.b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """Raise `ValueError` for what is no secret of this scheme."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError("a webhook secret is whsec_ and base64") from None


def signed(identity: str, content: bytes, *, keys: Sequence[bytes], now: int) -> dict[str, str]:
    """Return the headers that vouch for the content, one signature a key."""
    signatures = [_signature(key, identity, str(now), content) for key in keys]
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(signatures),
    }


def verify(headers: Mapping[str, str], content: bytes, *, keys: Sequence[bytes], now: int) -> str:
    """Return the id of a message that one of the keys vouches for; else `SignatureInvalid`.

    The id stays the same when the message is sent again: whoever acts on it must remember it.
    """
    identity, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not IDENTITY.fullmatch(identity):
        raise SignatureInvalid("id")
    if not SECONDS.fullmatch(sent) or abs(now - int(sent)) > TOLERANCE_SECONDS:
        raise SignatureInvalid("timestamp")
    signatures = headers.get("webhook-signature", "").encode(errors="replace")
    claimed = signatures.split(b" ", MAX_SIGNATURES)
    expected = [_signature(key, identity, sent, content).encode() for key in keys]
    # The spellings are compared: base64 has several for the same bytes.
    found = [hmac.compare_digest(one, other) for one in expected for other in claimed]
    if not any(found):
        raise SignatureInvalid("signature")
    return identity


def _signature(key: bytes, identity: str, seconds: str, content: bytes) -> str:
    digest = hmac.digest(key, f"{identity}.{seconds}.".encode() + content, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"
