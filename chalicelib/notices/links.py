"""Where a vendor tells of an order. Its signature covers what it says and not where it says so:
the order that the URL names is vouched for by us."""

import hmac
from urllib.parse import urlencode
from uuid import UUID

from chalicelib.core.config import settings


def notice_url(job_id: UUID, *, step: str) -> str | None:
    """Return None where no vendor can reach us."""
    if (api := settings().public_api_url) is None:
        return None
    query = urlencode({"job": job_id, "step": step, "token": token(job_id, step=step)})
    return f"{api.rstrip('/')}/webhooks/replicate?{query}"


def token(job_id: UUID, *, step: str) -> str:
    key = settings().webhook_key.get_secret_value().encode()
    return hmac.digest(key, f"order:{job_id}:{step}".encode(), "sha256").hex()
