"""Makes tokens byte by byte, without the library under test, so that each part can be wrong."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from chalicelib.auth.tokens import (
    ACCESS,
    AccessKeys,
    FindKey,
    Key,
    Profile,
    cognito_access_token,
    cognito_id_token,
    google_id_token,
    rsa_key,
)

NOW = 1_800_000_000
KID = "key-1"
CLIENT = "persona-web"
POOL = "https://cognito-idp.eu-north-1.amazonaws.com/eu-north-1_AbCdEfGhI"
SECRET = "an-own-secret-of-more-than-thirty-two-bytes"

Sign = Callable[[bytes], bytes]


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def assemble(header: bytes, payload: bytes, sign: Sign) -> str:
    message = f"{b64(header)}.{b64(payload)}"
    return f"{message}.{b64(sign(message.encode()))}"


def rs256(key: rsa.RSAPrivateKey) -> Sign:
    return lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def hs256(secret: bytes) -> Sign:
    return lambda message: hmac.digest(secret, message, hashlib.sha256)


def es256(message: bytes) -> bytes:
    return EC_KEY.sign(message, ec.ECDSA(hashes.SHA256()))


def jwk_of(key: rsa.RSAPrivateKey, kid: str = KID, **changes: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    n, e = (b64(x.to_bytes((x.bit_length() + 7) // 8)) for x in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e, **changes}


PROVIDER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ATTACKER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())

_PUBLIC = PROVIDER_KEY.public_key()
PUBLIC_TEXTS = {
    "PEM": _PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "PEM without the last line break": _PUBLIC.public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ).strip(),
    "PKCS1 PEM": _PUBLIC.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
    "DER": _PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "PKCS1 DER": _PUBLIC.public_bytes(Encoding.DER, PublicFormat.PKCS1),
    "SSH": _PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "JWK": to_json(jwk_of(PROVIDER_KEY)),
    "modulus": jwk_of(PROVIDER_KEY)["n"].encode(),
}


def finder(*keys: Key) -> FindKey:
    return {key.kid: key for key in keys}.get


def public_key(key: rsa.RSAPrivateKey, kid: str = KID) -> Key:
    jwk = jwk_of(key)
    return rsa_key(kid, modulus=jwk["n"], exponent=jwk["e"])


@dataclass(frozen=True)
class Kind:
    """A profile, and a token that it accepts."""

    name: str
    profile: Profile
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    sign: Sign
    keys: FindKey

    @cached_property
    def token(self) -> str:
        return self.with_claims()

    def with_header(self, **changes: Any) -> str:
        """A change to `...` leaves the entry out, here and in the claims."""
        return self.raw(header=to_json(changed(self.header, changes)))

    def with_claims(self, **changes: Any) -> str:
        return self.raw(payload=to_json(changed(self.claims, changes)))

    def raw(
        self, *, header: bytes | None = None, payload: bytes | None = None, sign: Sign | None = None
    ) -> str:
        return assemble(
            to_json(self.header) if header is None else header,
            to_json(self.claims) if payload is None else payload,
            sign or self.sign,
        )


def changed(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**content, **changes}.items() if value is not ...}


_TIMES = {"iat": NOW - 5, "exp": NOW + 895}
_RS_HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
_PROVIDER_KEYS = finder(public_key(PROVIDER_KEY))

GOOGLE = Kind(
    name="google id",
    profile=google_id_token("https://accounts.google.com", client_id=CLIENT),
    header=_RS_HEADER,
    claims={
        "iss": "https://accounts.google.com",
        "azp": CLIENT,
        "aud": CLIENT,
        "sub": "109204108662421295905",
        "email": "ada@example.com",
        "email_verified": True,
        **_TIMES,
    },
    sign=rs256(PROVIDER_KEY),
    keys=_PROVIDER_KEYS,
)

COGNITO_ID = Kind(
    name="cognito id",
    profile=cognito_id_token(POOL, client_id=CLIENT),
    header={"alg": "RS256", "kid": KID},
    claims={
        "iss": POOL,
        "aud": CLIENT,
        "sub": "6f0c8d1e-4b9a-4c55-9a39-0d7f7b1f2a11",
        "token_use": "id",
        "cognito:username": "ada",
        **_TIMES,
    },
    sign=rs256(PROVIDER_KEY),
    keys=_PROVIDER_KEYS,
)

COGNITO_ACCESS = Kind(
    name="cognito access",
    profile=cognito_access_token(POOL, client_id=CLIENT),
    header={"alg": "RS256", "kid": KID},
    claims={
        "iss": POOL,
        "client_id": CLIENT,
        "sub": "6f0c8d1e-4b9a-4c55-9a39-0d7f7b1f2a11",
        "token_use": "access",
        "scope": "openid",
        **_TIMES,
    },
    sign=rs256(PROVIDER_KEY),
    keys=_PROVIDER_KEYS,
)

OWN = Kind(
    name="own access",
    profile=ACCESS,
    header={"alg": "HS256", "kid": KID, "typ": "at+jwt"},
    claims={
        "iss": "persona-ai",
        "aud": "persona-ai-api",
        "sub": "019a0000-0000-7000-8000-000000000001",
        "sid": "019a0000-0000-7000-8000-000000000002",
        "jti": "a-name-of-this-token",
        **_TIMES,
    },
    sign=hs256(SECRET.encode()),
    keys=AccessKeys({KID: SecretStr(SECRET)}).find,
)

KINDS = (GOOGLE, COGNITO_ID, COGNITO_ACCESS, OWN)
