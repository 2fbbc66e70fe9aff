"""The two secrets of a survey: its link, and what tells one respondent from another.

Neither is stored. The link is found by its hash. A respondent's token is random and signed for its
survey, so that handing one out writes nothing; see decision 0016.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from chalicelib.analyses.exceptions import InvalidRespondentToken
from chalicelib.core.config import settings

_BYTES = 32


def new_share_token() -> str:
    return secrets.token_urlsafe(_BYTES)


def share_hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def share_url(token: str) -> str:
    return f"{settings().web_url.rstrip('/')}/a/{token}"


def new_respondent_token(analysis_id: UUID) -> str:
    chance = secrets.token_urlsafe(_BYTES)
    return f"{chance}.{_signature(chance, analysis_id)}"


def respondent_hash(token: str, *, analysis_id: UUID) -> bytes:
    """Return the name under which a response is stored. Raises `InvalidRespondentToken` when the
    token was not issued here, for this survey."""
    chance, _, signature = token.partition(".")
    expected = _signature(chance, analysis_id)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise InvalidRespondentToken
    return _mac("stored", chance, analysis_id)


def _signature(chance: str, analysis_id: UUID) -> str:
    mac = _mac("issued", chance, analysis_id)
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def _mac(purpose: str, chance: str, analysis_id: UUID) -> bytes:
    key = settings().respondent_key.get_secret_value().encode()
    return hmac.digest(key, f"{purpose}:{analysis_id}:{chance}".encode(), "sha256")
