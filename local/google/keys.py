"""The signing keys, kept below the state directory so that a restart keeps their names."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt
from jose.exceptions import JWKError

ALGORITHM = "RS256"
_PUBLISHED = 3


class UnreadableKey(RuntimeError):
    """A key file in the state directory is damaged."""


class SigningKey:
    def __init__(self, pem: str) -> None:
        self.pem = pem
        # Once: to read the text takes as long as a hundred signatures.
        self._key = jwk.construct(pem, ALGORITHM)
        numbers = self._key.public_key().to_dict()
        self.kid = hashlib.sha1(numbers["n"].encode(), usedforsecurity=False).hexdigest()
        self.public_jwk = {
            "kty": "RSA",
            "use": "sig",
            "alg": ALGORITHM,
            "kid": self.kid,
            "n": numbers["n"],
            "e": numbers["e"],
        }

    def sign(self, claims: Mapping[str, Any], *, access_token: str) -> str:
        return jwt.encode(
            dict(claims),
            self._key,
            algorithm=ALGORITHM,
            headers={"kid": self.kid},
            access_token=access_token,
        )


class KeyRing:
    """The newest key signs; the ones before it stay published, so that their tokens still pass."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "keys"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = Lock()
        self._keys = [_read(path) for path in self._paths()]
        if not self._keys:
            self.rotate()

    @property
    def current(self) -> SigningKey:
        return self._keys[-1]

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.public_jwk for key in reversed(self._keys)]}

    def rotate(self) -> SigningKey:
        with self._lock:
            key = SigningKey(_generate_pem())
            newest = max((int(path.stem) for path in self._paths()), default=0)
            _write(self._folder / f"{newest + 1:06}.pem", key.pem)
            self._keys = [*self._keys, key][-_PUBLISHED:]
            for path in self._paths()[:-_PUBLISHED]:
                path.unlink()
            return key

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.pem"))


def _generate_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _write(path: Path, pem: str) -> None:
    """Nobody else may read the key, and nobody ever sees half of it."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(pem)
    draft.rename(path)


def _read(path: Path) -> SigningKey:
    try:
        return SigningKey(path.read_text())
    except (OSError, ValueError, JWKError) as error:
        message = f"{path} is not a usable signing key. Remove it, and a new one is made."
        raise UnreadableKey(message) from error
