"""What is kept where others might read or change it is encrypted and authenticated."""

import hmac
import os
from typing import TYPE_CHECKING

from chalicelib.core.config import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class Unreadable(Exception):
    """This was sealed under another secret, for another scope, or is nothing that was sealed."""


def seal(content: bytes, *, scope: bytes) -> bytes:
    """Encrypt what can be opened under the same scope alone."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(scope).encrypt(nonce, content, None)


def unseal(sealed: bytes, *, scope: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415

    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return _cipher(scope).decrypt(nonce, ciphertext, None)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def _cipher(scope: bytes) -> "AESGCM":
    """Derive the key from our secret and the scope: neither opens anything alone."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    secret = settings().sealing_key.get_secret_value().encode()
    return AESGCM(hmac.digest(secret, scope, "sha256"))
