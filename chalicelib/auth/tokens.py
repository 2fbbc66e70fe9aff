"""JSON Web Tokens: our own are made here, and any is believed only after every check.

The one module that knows python-jose, and it lets that library see nothing but bytes to sign or
to verify, with a key that is bound to one algorithm: its parser gives up on deep nesting, and
its claim checks let missing claims pass.
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from jose.exceptions import JOSEError
from pydantic import SecretStr

from chalicelib.auth.exceptions import InvalidToken

if TYPE_CHECKING:
    from jose.backends.base import Key as JoseKey

ACCESS_TOKEN_SECONDS: Final = 900
MAX_TOKEN_LENGTH: Final = 8192
MAX_KID_LENGTH: Final = 128
MAX_SUB_LENGTH: Final = 255
CLOCK_SKEW_SECONDS: Final = 60
ID_TOKEN_MAX_AGE_SECONDS: Final = 600
TIMES: Final = range(250_000_000_000)
"""Seconds since 1970 that `datetime` can hold with room to spare."""

MIN_SECRET_BYTES: Final = 32
RSA_BITS: Final = range(2048, 8193)

GOOGLE_ISSUER: Final = "https://accounts.google.com"
JWT_IN_ANY_CASE: Final = frozenset(map("".join, product("jJ", "wW", "tT")))

Claims = Mapping[str, Any]


class UnusableKey(ValueError):
    """Key material that no signature may depend on; the message holds none of it."""


@dataclass(frozen=True)
class Key:
    """One key for one algorithm. Of a provider it holds the public half only."""

    kid: str
    algorithm: str
    jose: "JoseKey" = field(repr=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        try:
            return bool(self.jose.verify(message, signature))
        except JOSEError:
            return False


FindKey = Callable[[str], Key | None]


@dataclass(frozen=True)
class Profile:
    """Everything that is expected of a token of one kind."""

    issuers: frozenset[str]
    audience: str
    algorithm: str
    types: frozenset[str | None]
    """Values of the header's `typ`; None when it may be absent."""
    audience_claim: str = "aud"
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Claims that have one permitted value."""
    required: frozenset[str] = frozenset()
    """Further claims that have to be non-empty strings."""
    max_age: int | None = None
    leeway: int = CLOCK_SKEW_SECONDS
    """Seconds for which an expired token still passes."""


def verify(token: str, profile: Profile, keys: FindKey, *, now: int) -> Claims:
    """Return the claims of a token that passes every check, or raise `InvalidToken`.

    Only `keys` may raise something else, when a key cannot be looked up at present.
    """
    message, header, payload, signature = _split(token)
    key = _find_key(_read_object(header), profile, keys)
    if not key.verifies(message, signature):
        raise InvalidToken("signature")
    claims = _read_object(payload)
    _check_parties(claims, profile)
    _check_times(claims, profile, now)
    return claims


def rsa_key(kid: str, *, modulus: str, exponent: str) -> Key:
    """Build a provider's public key from the `n` and `e` of its JWK."""
    from jose import jwk  # noqa: PLC0415 - it costs 50 ms, which a cold start would pay each time

    try:
        bits = int.from_bytes(base64.urlsafe_b64decode(modulus + "==")).bit_length()
        if bits not in RSA_BITS:
            raise UnusableKey("An RSA key has too few or too many bits.")
        public = {"kty": "RSA", "n": modulus, "e": exponent}
        return Key(kid, "RS256", jwk.construct(public, "RS256"))
    except (JOSEError, ValueError) as error:
        raise UnusableKey("An RSA key cannot be read.") from error


def hmac_key(kid: str, secret: SecretStr) -> Key:
    from jose import jwk  # noqa: PLC0415 - see above

    material = secret.get_secret_value()
    if not 0 < len(kid) <= MAX_KID_LENGTH:
        raise UnusableKey(f"The name of a signing key has 1 to {MAX_KID_LENGTH} characters.")
    if len(material.encode()) < MIN_SECRET_BYTES:
        raise UnusableKey(f"The signing key {kid!r} is shorter than {MIN_SECRET_BYTES} bytes.")
    try:
        return Key(kid, "HS256", jwk.construct(material, "HS256"))
    except JOSEError as error:
        raise UnusableKey(f"The signing key {kid!r} is not a random secret.") from error


class AccessKeys:
    """The keys of our own access tokens: the first signs, all verify."""

    def __init__(self, secrets_by_kid: Mapping[str, SecretStr]) -> None:
        self._keys = {kid: hmac_key(kid, secret) for kid, secret in secrets_by_kid.items()}
        if not self._keys:
            raise UnusableKey("There is no signing key.")

    @property
    def current(self) -> Key:
        return next(iter(self._keys.values()))

    def find(self, kid: str) -> Key | None:
        return self._keys.get(kid)


ACCESS: Final = Profile(
    issuers=frozenset({"persona-ai"}),
    audience="persona-ai-api",
    algorithm="HS256",
    types=frozenset({"at+jwt"}),
    required=frozenset({"sid", "jti"}),
    leeway=0,
)


def sign_access_token(keys: AccessKeys, *, user_id: UUID, session_id: UUID, now: int) -> str:
    from jose import jws  # noqa: PLC0415 - see above

    key = keys.current
    claims = {
        "iss": "persona-ai",
        "aud": ACCESS.audience,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": now,
        "exp": now + ACCESS_TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    return jws.sign(claims, key.jose, {"kid": key.kid, "typ": "at+jwt"}, key.algorithm)


def google_id_token(issuer: str, *, client_id: str) -> Profile:
    """Google writes its issuer in two ways; any other provider has exactly the one given."""
    is_google = issuer == GOOGLE_ISSUER
    return Profile(
        issuers=frozenset({issuer, "accounts.google.com"} if is_google else {issuer}),
        audience=client_id,
        algorithm="RS256",
        types=JWT_IN_ANY_CASE | {None},
        max_age=ID_TOKEN_MAX_AGE_SECONDS,
    )


def cognito_id_token(issuer: str, *, client_id: str) -> Profile:
    return Profile(
        issuers=frozenset({issuer}),
        audience=client_id,
        algorithm="RS256",
        types=JWT_IN_ANY_CASE | {None},
        fixed={"token_use": "id"},
        max_age=ID_TOKEN_MAX_AGE_SECONDS,
    )


def cognito_access_token(issuer: str, *, client_id: str) -> Profile:
    """Cognito's access tokens have a `client_id` in the place of `aud`."""
    return Profile(
        issuers=frozenset({issuer}),
        audience=client_id,
        audience_claim="client_id",
        algorithm="RS256",
        types=JWT_IN_ANY_CASE | {None},
        fixed={"token_use": "access"},
    )


def _split(token: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the bytes that are signed, and the header, the payload and the signature."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken("length")
    try:
        encoded = token.encode("ascii")
        header, payload, signature = encoded.split(b".", 3)
        parts = _decode(header), _decode(payload), _decode(signature)
    except ValueError:
        raise InvalidToken("encoding") from None
    return encoded[: encoded.rindex(b".")], *parts


def _decode(part: bytes) -> bytes:
    """Accept the one canonical spelling: no padding, no other alphabet, no spare bits."""
    decoded = base64.urlsafe_b64decode(part + b"==")
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != part:
        raise ValueError
    return decoded


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError
    return content


def _refuse_constant(_: str) -> None:
    raise ValueError


_JSON = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)


def _read_object(data: bytes) -> dict[str, Any]:
    try:
        content = _JSON.decode(data.decode())
    except (ValueError, RecursionError):
        raise InvalidToken("JSON") from None
    if not isinstance(content, dict):
        raise InvalidToken("JSON object")
    return content


def _find_key(header: Mapping[str, Any], profile: Profile, keys: FindKey) -> Key:
    """Strings only: `crit`, `b64`, `jwk` and `x5c` have other types, and none is understood."""
    if not all(type(value) is str for value in header.values()) or "crit" in header:
        raise InvalidToken("header")
    if header.get("alg") != profile.algorithm:
        raise InvalidToken("alg")
    if header.get("typ") not in profile.types:
        raise InvalidToken("typ")
    kid = header.get("kid", "")
    if not 0 < len(kid) <= MAX_KID_LENGTH:
        raise InvalidToken("kid")
    key = keys(kid)
    if key is None or key.algorithm != profile.algorithm:
        raise InvalidToken("key")
    return key


def _check_parties(claims: Claims, profile: Profile) -> None:
    if _text(claims, "iss") not in profile.issuers:
        raise InvalidToken("iss")
    _check_audience(claims, profile)
    if any(claims.get(name) != value for name, value in profile.fixed.items()):
        raise InvalidToken("fixed claim")
    subject = _text(claims, "sub")
    if len(subject) > MAX_SUB_LENGTH or not (subject.isascii() and subject.isprintable()):
        raise InvalidToken("sub")
    for name in profile.required:
        _text(claims, name)


def _check_audience(claims: Claims, profile: Profile) -> None:
    """A token for several clients has to say that it was issued to us."""
    audience = claims.get(profile.audience_claim)
    if isinstance(audience, list):
        is_ours = profile.audience in audience and claims.get("azp") == profile.audience
    else:
        is_ours = audience == profile.audience
    if not is_ours:
        raise InvalidToken("aud")


def _check_times(claims: Claims, profile: Profile, now: int) -> None:
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires <= now - profile.leeway:
        raise InvalidToken("expired")
    if issued > now + CLOCK_SKEW_SECONDS:
        raise InvalidToken("issued in the future")
    if profile.max_age is not None and issued < now - profile.max_age:
        raise InvalidToken("too old")
    if "nbf" in claims and _seconds(claims, "nbf") > now + CLOCK_SKEW_SECONDS:
        raise InvalidToken("not valid yet")


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidToken(name)
    return value


def _seconds(claims: Claims, name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or value not in TIMES:  # a bool is an int, too
        raise InvalidToken(name)
    return value
