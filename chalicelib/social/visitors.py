"""Who looks without an account: a random token of ours, signed, of which nothing is stored.

What an event carries instead is another MAC of the same bits; see decision 0046.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from uuid import UUID

from chalicelib.core.config import settings
from chalicelib.core.errors import Invalid

_BYTES = 24
_KEY_BYTES = 16


def new_visitor_token() -> str:
    chance = secrets.token_urlsafe(_BYTES)
    return f"{chance}.{_signature(chance)}"


def visitor_key(token: str) -> UUID:
    """Return the name under which the visitor's events are stored. Raises `Invalid` when the
    token was not issued here."""
    chance, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(chance).encode()):
        message = "was not issued here: leave it out, and take the one that you are given"
        detail = {"loc": ["visitor_token"], "msg": message, "type": "value_error"}
        raise Invalid(details=[detail])
    return UUID(bytes=_mac("stored", chance)[:_KEY_BYTES])


def _signature(chance: str) -> str:
    return urlsafe_b64encode(_mac("issued", chance)).rstrip(b"=").decode()


def _mac(purpose: str, chance: str) -> bytes:
    key = settings().respondent_key.get_secret_value().encode()
    return hmac.digest(key, f"visitor:{purpose}:{chance}".encode(), "sha256")
