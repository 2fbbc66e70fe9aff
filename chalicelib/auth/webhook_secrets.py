"""The secrets that a user's webhooks are signed with. None is stored: each is derived from our key,
the user and a number that rises."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chalicelib.core.config import settings
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.models import User

ROTATION = timedelta(hours=24)
"""How long the secret before the last goes on to sign, beside its successor."""

_STATE = (User.webhook_secret_version, User.webhook_secret_rotated_at, sa.func.now())


@dataclass(frozen=True)
class WebhookKeys:
    """`current` and, while a rotation is under way, `previous` until it ends."""

    current: bytes
    previous: bytes | None
    previous_until: datetime | None

    @property
    def signing(self) -> list[bytes]:
        return [key for key in (self.current, self.previous) if key is not None]


def get_webhook_keys(session: Session, *, user_id: UUID) -> WebhookKeys:
    found = session.execute(sa.select(*_STATE).where(User.id == user_id)).one_or_none()
    return _keys(user_id, found)


def rotate_webhook_keys(session: Session, *, user_id: UUID) -> WebhookKeys:
    """Go on to the next secret. Of the older ones only the last stays, for a day: who rotates twice
    is rid of a secret that got out."""
    found = session.execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(
            webhook_secret_version=User.webhook_secret_version + 1,
            webhook_secret_rotated_at=sa.func.now(),
        )
        .returning(*_STATE)
    ).one_or_none()
    return _keys(user_id, found)


def _keys(user_id: UUID, found: sa.Row[int, datetime | None, datetime] | None) -> WebhookKeys:
    if found is None:
        raise Unauthenticated
    version, rotated_at, now = found
    current = _derived(user_id, version)
    if rotated_at is None or rotated_at + ROTATION <= now:
        return WebhookKeys(current, None, None)
    return WebhookKeys(current, _derived(user_id, version - 1), rotated_at + ROTATION)


def _derived(user_id: UUID, version: int) -> bytes:
    key = settings().webhook_key.get_secret_value().encode()
    return hmac.digest(key, f"user:{user_id}:{version}".encode(), "sha256")
