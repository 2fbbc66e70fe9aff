"""What makes a card ours: a signature over everything that we have put into it.

Traits are measured, never invented. A card brings them back only if its signature says that they
were measured here.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.core.config import settings


def signed(block: Mapping[str, Any]) -> dict[str, Any]:
    return {**block, "signature": _signature(block)}


def is_ours(block: object) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("signature"), str):
        return False
    unsigned = {name: value for name, value in block.items() if name != "signature"}
    return hmac.compare_digest(block["signature"].encode(), _signature(unsigned).encode())


def _signature(block: Mapping[str, Any]) -> str:
    """Sign the values, however they are written: JSON has many ways to write one of them."""
    canonical = json.dumps(_normal(block), sort_keys=True, separators=(",", ":"))
    key = settings().card_key.get_secret_value().encode()
    return hmac.digest(key, f"card:{canonical}".encode(), "sha256").hex()


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_normal(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
