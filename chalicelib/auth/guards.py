"""Who may call. A guard reads the headers and names the caller; it asks no database."""

import logging
import time
from collections.abc import Mapping
from functools import cache
from uuid import UUID

from chalicelib.auth.exceptions import InvalidToken
from chalicelib.auth.tokens import ACCESS, AccessKeys, verify
from chalicelib.core.config import settings
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.http import Caller

log = logging.getLogger(__name__)


def signed_in(headers: Mapping[str, str]) -> Caller:
    """Return the caller whom the bearer token names."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    try:
        claims = verify(token.strip(), ACCESS, access_keys().find, now=int(time.time()))
        return Caller(user_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]))
    except InvalidToken as error:
        log.info("token refused", extra={"reason": error.reason})
        raise
    except ValueError as error:
        raise InvalidToken("sub or sid") from error


def signed_in_or_anyone(headers: Mapping[str, str]) -> Caller | None:
    """Name the caller if there is a token. A bad one is refused, not overlooked."""
    return signed_in(headers) if "authorization" in headers else None


@cache
def access_keys() -> AccessKeys:
    return AccessKeys(settings().access_token_keys)
