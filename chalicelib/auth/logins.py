"""Sign-in by somebody else's word: check an ID token, and say whom it is about."""

import hmac
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from chalicelib.auth.exceptions import InvalidToken, ProviderNotConfigured
from chalicelib.auth.schemas import Login
from chalicelib.auth.services import Person
from chalicelib.auth.tokens import (
    FindKey,
    Profile,
    cognito_id_token,
    google_id_token,
    verify,
)
from chalicelib.core.config import settings
from chalicelib.core.models import Provider
from chalicelib.core.text import plain

log = logging.getLogger(__name__)

MAX_EMAIL = 320
MAX_URL = 2048


def verify_login(issuer_keys: Mapping[Provider, FindKey], login: Login) -> Person:
    """Check the token against its provider's keys. Raises `InvalidToken`, and `Unavailable` when
    the keys cannot be had."""
    expected = _expected(login.provider)
    try:
        claims = verify(login.token, expected, issuer_keys[login.provider], now=int(time.time()))
        _check_nonce(claims, login)
    except InvalidToken as error:
        log.info("login refused", extra={"provider": login.provider, "reason": error.reason})
        raise
    return _person(claims, login)


def _expected(provider: Provider) -> Profile:
    if provider is Provider.GOOGLE:
        return google_id_token(settings().google_issuer, client_id=settings().google_client_id)
    issuer, client_id = settings().cognito_issuer, settings().cognito_client_id
    if issuer is None or client_id is None or settings().cognito_jwks_url is None:
        raise ProviderNotConfigured
    return cognito_id_token(issuer, client_id=client_id)


def _check_nonce(claims: Mapping[str, Any], login: Login) -> None:
    """The nonce ties the token to the sign-in that asked for it. Cognito's own sign-in forms know
    no nonce, so its tokens may lack one; a token that has one needs the client's."""
    carried = claims.get("nonce")
    if carried is None and login.nonce is None and login.provider is Provider.COGNITO:
        return
    if not isinstance(carried, str) or login.nonce is None:
        raise InvalidToken("nonce missing")
    if not hmac.compare_digest(carried.encode(), login.nonce.encode()):
        raise InvalidToken("nonce")


def _person(claims: Mapping[str, Any], login: Login) -> Person:
    # Google writes its issuer in two ways; the configured one is the identity.
    is_google = login.provider is Provider.GOOGLE
    email = claims.get("email")
    signed, _, _ = login.token.rpartition(".")
    return Person(
        issuer=settings().google_issuer if is_google else claims["iss"],
        subject=claims["sub"],
        email=email if isinstance(email, str) and len(email) <= MAX_EMAIL else None,
        is_email_verified=claims.get("email_verified") is True
        or claims.get("email_verified") == "true",
        name=plain(str(claims.get("name") or ""), limit=80) or "Friend",
        picture_url=_https(claims.get("picture")),
        fingerprint=sha256(signed.encode()).digest(),
        expires_at=datetime.fromtimestamp(claims["exp"] + 60, UTC),
    )


def _https(url: Any) -> str | None:
    is_usable = isinstance(url, str) and url.startswith("https://") and len(url) <= MAX_URL
    return url if is_usable else None
