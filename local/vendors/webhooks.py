"""Webhooks as Replicate signs and sends them (Standard Webhooks)."""

import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2
_TIMEOUT_SECONDS = 5


class Webhooks:
    def __init__(self, state: Path) -> None:
        self.key = _kept_key(state / "webhook-key")

    def send(self, url: str, content: Mapping[str, Any]) -> None:
        """Post until somebody takes it; a receiver that stays away loses it, as with Replicate."""
        body = json.dumps(content).encode()
        message_id = f"msg_{secrets.token_urlsafe(18)}"
        for attempt in range(_ATTEMPTS):
            if _posted(url, body, self.headers(message_id, body)):
                return
            time.sleep(_PAUSE_SECONDS * (attempt + 1))
        logging.getLogger(__name__).warning("A webhook was not taken: %s", message_id)

    def headers(self, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        secret = base64.b64decode(self.key.removeprefix("whsec_"))
        signed = f"{message_id}.{timestamp}.".encode() + body
        digest = hmac.new(secret, signed, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


def _kept_key(path: Path) -> str:
    if not path.exists():
        key = base64.b64encode(secrets.token_bytes(24)).decode()
        path.touch(mode=0o600)
        path.write_text(f"whsec_{key}")
    return path.read_text()


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.post(url, body, headers=headers, timeout=_TIMEOUT_SECONDS).ok
        except requests.RequestException:
            return False
